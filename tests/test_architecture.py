"""ARCHITECTURE.md tells the truth: its paths exist, its rooms are all there are, its tables are the code's."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest

from calls.states import MOVES as CALL_MOVES
from dispatch.states import MOVES as ASSIGNMENT_MOVES

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
Status = TypeVar("Status", bound=StrEnum)
PATHS = sorted(set(re.findall(r"`([a-z][a-z_/]*(?:/|\.py))`", TEXT)))


def rows(moves: dict[Status, frozenset[Status]]) -> list[str]:
    """The table of a state machine as it stands in the text, in the order of the code."""
    found = []
    for before, allowed in moves.items():
        after = ", ".join(name for name in moves if name in allowed) or "-"
        found.append(f"| {before} | {after} |".replace("_", " "))
    return found


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_room_is_named() -> None:
    rooms = {folder.parent.name for folder in ROOT.glob("*/__init__.py")}
    assert {f"{room}/" for room in rooms - {"tests"}} <= set(PATHS)


@pytest.mark.parametrize("row", rows(CALL_MOVES) + rows(ASSIGNMENT_MOVES))
def test_the_tables_of_states_are_the_codes(row: str) -> None:
    assert row in TEXT
