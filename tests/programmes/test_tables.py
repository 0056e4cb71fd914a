"""Each city's programme as a table of calls: who takes it, how urgent it is, and what decided."""

import pytest

from calls.triage.decide import decide
from tests.programmes.tables import TABLES, Row, floor_of, rows, rule_set_of

EVERY_ROW = [
    pytest.param(slug, row, id=f"{table}: {row.says}") for table, slug in TABLES.items() for row in rows(table)
]


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


@pytest.mark.parametrize("table", TABLES)
def test_a_commander_finds_enough_calls_in_the_table(table: str) -> None:
    told = [row.says for row in rows(table)]

    assert len(told) >= 40
    assert len(set(told)) == len(told)


def test_a_welfare_check_is_for_a_cso_only_if_nothing_is_unknown_and_no_crime_is_behind_it() -> None:
    for row in rows("seattle-welfare"):
        if row.route == "cso" and row.case.source == "phone":
            assert set(row.case.answers.values()) == {"no"}
            assert "legal_matter" in row.case.answers
