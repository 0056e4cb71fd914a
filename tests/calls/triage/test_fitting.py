"""A programme's rules in another agency: what they name and it does not have is told, the rest decides as before."""

import pytest

from calls.triage import rules
from calls.triage.conditions import Vocabulary
from calls.triage.decide import NO_FLOOR, decide
from calls.triage.fitting import ALWAYS, Missing, fitted
from tests.calls.triage.documents import a_document
from tests.programmes.tables import SLUGS, TABLES, programme, rows, vocabulary

CARS = {"field": "type", "is": "VEHABND"}
LASER = {"field": "type", "is": "LASER"}
HERE = Vocabulary(types=frozenset({"VEHABND", "NOISE"}), qualifications=frozenset({"reports"}))


def told_of(when: object, **rule: object) -> tuple[dict | None, tuple[Missing, ...]]:
    """One rule as it fits here, and what is told of it."""
    parts = a_document(
        invariants=[], rules=[{"id": "R1", "when": when, "route": "cso", "priority": 3, "because": {"en": "x"}, **rule}]
    )
    made, missing = fitted(parts, HERE)
    return next(iter(made["rules"]), None), missing


@pytest.mark.parametrize(
    ("when", "left"),
    [
        ({"field": "type", "in": ["VEHABND", "LASER"]}, {"field": "type", "in": ["VEHABND"]}),
        ({"any": [CARS, LASER]}, {"any": [CARS]}),
        ({"all": [CARS, {"not": LASER}]}, {"all": [CARS]}),
        ({"not": LASER}, ALWAYS),
        ({"any": [LASER, {"not": {"all": [LASER, CARS]}}]}, ALWAYS),
    ],
)
def test_a_rule_no_longer_names_a_type_that_is_not_here(when: object, left: object) -> None:
    rule, missing = told_of(when)
    assert rule
    assert rule["when"] == left
    assert missing == (Missing("types", "LASER", "R1", "narrowed"),)


@pytest.mark.parametrize("when", [LASER, {"all": [CARS, LASER]}, {"not": {"any": [CARS, {"not": LASER}]}}])
def test_a_rule_about_nothing_else_is_left_out_and_told(when: object) -> None:
    assert told_of(when) == (None, (Missing("types", "LASER", "R1", "left_out"),))


def test_where_nobody_has_the_training_a_supervisor_is_asked() -> None:
    rule, missing = told_of(CARS, qualification="academy", approval=False)
    assert rule
    assert (rule["qualification"], rule["approval"]) == (None, True)
    assert missing == (Missing("qualifications", "academy", "R1", "asks"),)
    kept, nothing = told_of(CARS, qualification="reports", approval=False)
    assert kept
    assert (kept["qualification"], kept["approval"], nothing) == ("reports", False, ())


@pytest.mark.parametrize("table", TABLES)
def test_calls_of_the_types_that_are_here_are_decided_as_there(table: str) -> None:
    """With every other type of the programme gone, and no qualification in common."""
    city = programme(TABLES[table])
    here = frozenset(sorted(kind.code for kind in city.types)[::2])
    ours_only = Vocabulary(types=here, qualifications=frozenset({"ours"}))
    made, missing = fitted(city.rule_set, ours_only)
    there, ours = rules.parse(city.rule_set), rules.parse(made, vocabulary=ours_only)
    assert {entry.code for entry in missing} & {kind.code for kind in city.types} <= {k.code for k in city.types} - here
    cases = [row.case for row in rows(table) if row.case.type in here or row.case.type is None]
    assert cases
    for case in cases:
        before, after = decide(there, NO_FLOOR, case), decide(ours, NO_FLOOR, case)
        assert (after.route, after.priority) == (before.route, before.priority), case
        assert after.approval or after.route == "sworn" or before.qualification is None


@pytest.mark.parametrize("slug", SLUGS)
def test_at_home_everything_fits(slug: str) -> None:
    city = programme(slug)
    assert fitted(city.rule_set, vocabulary(slug)) == (dict(city.rule_set), ())
