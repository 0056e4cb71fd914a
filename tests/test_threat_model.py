"""THREAT_MODEL.md names a test for every threat, and each of them is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "THREAT_MODEL.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", TEXT)))
THREATS = re.findall(r"^\| (?!threat|---)(.+)$", TEXT.split("## Threats")[1].split("## What it does not")[0], re.M)


@pytest.mark.parametrize("named", TESTS)
def test_a_test_that_is_named_is_there(named: str) -> None:
    path, name = named.split("::")
    assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.M)


@pytest.mark.parametrize("row", THREATS)
def test_every_threat_names_its_test(row: str) -> None:
    assert "::test_" in row
