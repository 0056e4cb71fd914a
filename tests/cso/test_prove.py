"""`manage.py prove`, as somebody at a shell uses it."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cso import programmes
from tests.conftest import Company


def prove(*arguments: str) -> tuple[int, Any]:
    """The exit status and what stands on stdout."""
    out = io.StringIO()
    try:
        call_command("prove", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """San José's rules without a word about weapons."""
    document = copy.deepcopy(dict(programmes.read("san-jose").rule_set))
    document["disqualifiers"] = [d for d in document["disqualifiers"] if d["id"] != "D-weapon"]
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(document))
    return path


def test_the_rules_in_force_are_proved(ours: Company) -> None:
    assert prove("san-jose", "--json") == (0, '{"proved": true, "failures": []}\n')
    assert prove("san-jose", "--rule-set", "1", "--json")[0] == 0


def test_a_file_that_forgot_the_weapon_fails_with_a_call(ours: Company, file: Path) -> None:
    status, said = prove("san-jose", "--file", str(file), "--json")
    [failure] = json.loads(said)["failures"]

    assert status == 1
    assert (failure["property"], failure["id"]) == ("floor", "F-weapon")
    assert failure["counter_example"]["answers"]["weapon"] == "yes"

    status, said = prove("san-jose", "--file", str(file))
    assert status == 1
    assert "Someone there is armed." in said


def test_what_cannot_be_proved_at_all_says_why(ours: Company, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"rules": [')
    for arguments, why in (
        (("nowhere",), "no agency nowhere"),
        (("san-jose", "--rule-set", "9"), "no rule set 9"),
        (("san-jose", "--file", str(tmp_path / "none.json")), "cannot be read"),
        (("san-jose", "--file", str(broken)), "is not JSON"),
    ):
        with pytest.raises(CommandError, match=why):
            prove(*arguments)
