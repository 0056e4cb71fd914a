"""16,538 real rows of two cities through intake and triage: each a call with a decision, or rejected with a reason."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

import pytest

from agencies import hours
from agencies.models import Agency, Member
from agencies.scope import agency_scope
from calls import facts, queries
from calls.actions import take_call
from calls.models import Call
from tests.conftest import company
from tests.real import san_jose, san_luis_obispo
from tests.real.replay import DATA, Outcome, PastCall, exists, replay, rows_of

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (exists(san_jose.FILE) and exists(san_luis_obispo.FILE)),
        reason=f"the cities' files are not in {DATA}; they are no part of the project",
    ),
]
Staffed = Callable[[str], tuple[Agency, dict[str, Member]]]


@pytest.fixture
def staffed(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Staffed:
    """A city's programme with CSOs on duty in its hours, whatever the year. Rules and types do not change meanwhile."""

    def staffed(slug: str) -> tuple[Agency, dict[str, Member]]:
        made = company(slug, now)
        monkeypatch.setattr(facts, "ask_on_duty", lambda moment: lambda: hours.is_open(made.agency, moment))
        monkeypatch.setattr(queries, "rules_in_force", lru_cache(queries.rules_in_force))
        monkeypatch.setattr(queries, "call_type", lru_cache(queries.call_type))
        return made.agency, made.members

    return staffed


def report(name: str, outcome: Outcome) -> None:
    print("\n" + "\n".join(outcome.lines(name)))


def check(outcome: Outcome) -> None:
    """What holds for every city."""
    assert outcome.rows == outcome.calls + len(outcome.rejected)
    assert len(outcome.decided) == outcome.calls
    assert all(row.reason.strip() for row in outcome.rejected)
    for call, decision in outcome.decided:
        assert decision.reasons
        assert decision.route is not None or decision.open_questions
        if "yes" in call.answers.values():
            assert decision.route == "sworn"
    # With nothing but its type, no call of a type that is asked about leaves sworn hands.
    assert outcome.routes["cso"] == outcome.routes["referral"] == 0
    assert sum(outcome.if_no.values()) == outcome.routes["open"]


def test_san_joses_calls_all_come_to_a_decision_or_say_why_not(staffed: Staffed) -> None:
    agency, _ = staffed("san-jose")
    with agency_scope(agency.pk):
        outcome = replay(agency, san_jose.read(rows_of(san_jose.FILE)))
    report("San José, by its own rules", outcome)
    check(outcome)
    assert outcome.rows == 5000
    by_type = {row.type_code for row, decision in outcome.decided if decision.route is None}
    assert {"LARCENY", "VANDAL", "BURG", "VEHABND"} <= by_type
    shares = {route: count / outcome.calls for route, count in outcome.routes.items()}
    assert 0.4 < shares["sworn"] < 0.9
    assert 0.05 < outcome.if_no["cso"] / outcome.calls < 0.3


def test_san_luis_obispos_log_comes_to_decisions_by_eugenes_rules(staffed: Staffed) -> None:
    agency, _ = staffed("eugene")
    with agency_scope(agency.pk):
        outcome = replay(agency, san_luis_obispo.read(rows_of(san_luis_obispo.FILE)))
    report("San Luis Obispo, by the rules of Eugene", outcome)
    check(outcome)
    assert outcome.rows == 11_538
    nowhere = [row for row in outcome.rejected if "location" in row.reason]
    assert len(nowhere) > 1000
    assert 0.1 < outcome.if_no["cso"] / outcome.calls < 0.5


def test_a_missing_person_whose_age_nobody_wrote_down_stays_open_or_sworn(staffed: Staffed) -> None:
    agency, _ = staffed("san-jose")
    with agency_scope(agency.pk):
        missing = [
            c for c in san_jose.read(rows_of(san_jose.FILE)) if isinstance(c, PastCall) and c.type_code == "PERMISS"
        ]
        outcome = replay(agency, missing)
    assert missing
    assert outcome.if_no["cso"] == 0
    assert all("subject_age" in d.open_questions for _, d in outcome.decided if d.route is None)


def test_past_calls_can_be_taken_like_any_other(staffed: Staffed) -> None:
    agency, members = staffed("san-jose")
    with agency_scope(agency.pk):
        some = [c for c in san_jose.read(rows_of(san_jose.FILE)) if isinstance(c, PastCall) and c.address][::150]
        for past in some:
            take_call(past.order(), by=members["dora"], now=past.received_at)
        taken = Call.objects.select_related("decision").exclude(decision=None)
        assert taken.count() == len(some) > 20
        assert {call.status for call in taken} <= {"new", "transferred"}
