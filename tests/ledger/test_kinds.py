"""Who may see which kinds of event."""

import re
from pathlib import Path

import pytest

from agencies.roles import Role
from ledger.kinds import ABOUT_RULES, ON_THE_BOARD, may_see

ROOT = Path(__file__).resolve().parents[2]
_KIND = re.compile(r'"((?:call|note|transfer|assignment|unit|welfare|alarm|deadline|shift|rules|floor)\.[a-z_]+)"')


def recorded() -> set[str]:
    """Every kind that the code writes into the ledger."""
    files = [path for room in ("calls", "dispatch", "ledger") for path in (ROOT / room).rglob("*.py")]
    return {kind for path in files if path.name != "kinds.py" for kind in _KIND.findall(path.read_text())}


def test_every_kind_on_the_board_is_one_that_happens() -> None:
    assert recorded() >= ON_THE_BOARD


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ADMINISTRATOR])
@pytest.mark.parametrize("kind", ["call.decided", "call.amended", "note.added", "note.struck", "something.new"])
def test_why_a_call_went_where_it_did_is_not_for_every_role(role: Role, kind: str) -> None:
    assert not may_see(role, kind)


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.SUPERVISOR])
def test_who_may_read_every_call_sees_every_kind(role: Role) -> None:
    assert all(may_see(role, kind) for kind in recorded() | {"something.new"})


def test_administrators_see_who_works_on_the_rules_and_officers_do_not() -> None:
    assert recorded() >= ABOUT_RULES
    assert all(may_see(Role.ADMINISTRATOR, kind) for kind in ABOUT_RULES)
    assert not any(may_see(Role.OFFICER, kind) for kind in ABOUT_RULES)


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_a_call_for_help(role: Role) -> None:
    assert may_see(role, "alarm.raised")
    assert may_see(role, "alarm.taken")
