"""docs/triage.md says what the code does and what is shipped."""

import json
import re

from calls.triage import rules
from calls.triage.conditions import FIELDS
from cso import programmes
from cso.programmes.describing import PAGE, written

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_templates() -> None:
    assert written(TEXT) == TEXT, "run: python -m cso.programmes.describing"


def test_every_rule_of_every_city_and_every_field_is_told() -> None:
    for slug in programmes.slugs():
        for rule in programmes.read(slug).rule_set["rules"]:
            assert f"| {rule['id']} |" in TEXT
    assert all(f"`{name}`" in TEXT for name in FIELDS)


def test_the_example_is_a_rule_set() -> None:
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.S)

    assert rules.parse(json.loads(example)).rules[0].id == "R1"


def test_every_property_of_a_proof_is_told() -> None:
    folder = PAGE.parents[1] / "calls" / "triage"
    source = (folder / "properties.py").read_text() + (folder / "prove.py").read_text()
    named = set(re.findall(r'(?:Claim|Failure)\("([a-z_0-9]+)"', source)) | {"floor", "invariant", "never_cso"}

    assert len(named) >= 10
    assert all(f"| `{name}` |" in TEXT for name in named)
