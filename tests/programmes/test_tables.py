"""Each city's programme as a table of calls: who takes it, how urgent it is, and what decided."""

import pytest

from calls.triage.decide import decide
from tests.programmes.tables import SLUGS, Row, floor_of, rows, rule_set_of

EVERY_ROW = [pytest.param(slug, row, id=f"{slug}: {row.says}") for slug in SLUGS for row in rows(slug)]


@pytest.mark.parametrize(("slug", "row"), EVERY_ROW)
def test_the_call_goes_where_the_city_says(slug: str, row: Row) -> None:
    decision = decide(rule_set_of(slug), floor_of(slug), row.case)

    assert decision.route == row.route, decision.reasons
    if row.route is None:
        assert decision.open_questions[0] == row.first_open
        assert decision.priority is None
    else:
        assert decision.priority == row.priority
        assert decision.decided_by is not None
        assert decision.decided_by.id == row.decided_by
    assert decision.reasons


@pytest.mark.parametrize(("slug", "least"), [("san-jose", 40), ("seattle", 40), ("virginia-beach", 20), ("eugene", 20)])
def test_a_commander_finds_enough_calls_in_the_table(slug: str, least: int) -> None:
    assert len(list(rows(slug))) >= least
