"""Sue reviews a month: what was overridden, by whom and against which rule, and the calls behind each number."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from agencies.models import Agency, Member
from calls.actions import answer_approval, override_route
from calls.intake import Override
from calls.models import Call, RuleSet
from calls.states import Route
from dispatch import review
from dispatch.actions import AssignOrder, TransferOrder, assign_unit, transfer_call
from dispatch.models import Unit
from dispatch.review import Reviewed
from tests.conftest import ALL_NO

Take = Callable[..., Call]
SWORN = Override(Route.SWORN, "known_place")


@pytest.fixture
def month(take: Take, dora: Member, sue: Member, coles_unit: Unit, now: datetime) -> dict[str, Call]:
    """A parked car is sent to, one is overridden by dora at intake, one by sue later, one upgraded, one waits."""
    calls = {name: take(address=f"{n} Elm St") for n, name in enumerate(("sent", "changed", "upgraded", "waiting"))}
    calls["typed"] = take(address="8 Elm St", override=SWORN)
    calls["armed"] = take(address="9 Elm St", answers=ALL_NO | {"weapon": "yes"})
    override_route(calls["changed"].pk, SWORN, by=sue, now=now)
    assign_unit(calls["sent"].pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    assign_unit(calls["upgraded"].pk, AssignOrder(coles_unit.callsign, stacked=True), by=dora, now=now)
    transfer_call(calls["upgraded"].pk, TransferOrder(reason="shouting"), by=dora, now=now)
    return calls


@pytest.fixture
def reviewed(agency: Agency, month: dict[str, Call], now: datetime) -> list[Reviewed]:
    return review.reviewed(agency, now - timedelta(days=1), now + timedelta(days=1))


def test_an_override_counts_against_the_rule_that_it_put_aside(reviewed: list[Reviewed]) -> None:
    tallies = {tally.key: tally for tally in review.by_rule(reviewed)}
    cars = tallies["R-abandoned-vehicle"]
    assert (cars.decided, cars.overridden) == (5, 2)
    assert tallies["D-weapon"].overridden == 0


def test_it_counts_for_whoever_made_it(reviewed: list[Reviewed]) -> None:
    tallies = {tally.key: tally for tally in review.by_dispatcher(reviewed)}
    assert (tallies["Dora"].decided, tallies["Dora"].overridden) == (6, 1)
    assert (tallies["Sue"].decided, tallies["Sue"].overridden) == (1, 1)


def test_an_eligible_call_to_which_nobody_was_sent_has_its_reason(
    reviewed: list[Reviewed], month: dict[str, Call]
) -> None:
    why = {call.id: call.why_not for call in reviewed if call.is_eligible_not_sent}
    assert why[month["waiting"].pk] == "waiting"
    assert why[month["typed"].pk] == why[month["changed"].pk] == "override"
    assert month["sent"].pk not in why


def test_a_rule_that_is_overridden_often_is_called_doubtful() -> None:
    assert review.Tally("R", decided=10, overridden=3, sent=0, upgraded=0).is_doubtful
    assert not review.Tally("R", decided=100, overridden=3, sent=0, upgraded=0).is_doubtful
    assert not review.Tally("R", decided=2, overridden=2, sent=0, upgraded=0).is_doubtful


def test_every_number_on_the_page_leads_to_as_many_calls(
    month: dict[str, Call], sue: Member, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(sue)
    Call.objects.filter(pk=month["waiting"].pk).update(taken_by=None)
    page = client.get(f"/a/{sue.agency.slug}/review/").context["page"]
    lines = [*page.rules, *page.types, *page.people]
    numbers = [number for line in lines for number in (line.decided, line.overridden, line.upgraded)]
    numbers += [total.number for total in (*page.totals, *page.not_sent)]
    assert sum(number.part for number in numbers) > 20
    for number in numbers:
        assert client.get(number.href).context["count"] == number.part, number.href


def test_a_supervisors_answers_lead_to_their_calls(
    take: Callable[..., Call], sue: Member, sign_in: Callable[..., Client], now: datetime
) -> None:
    row = RuleSet.objects.get(status="published")
    RuleSet.objects.filter(pk=row.pk).update(status="retired")
    rules = [rule | {"approval": True} for rule in row.document["rules"]]
    document = row.document | {"rules": rules}
    RuleSet.objects.create(version=2, status="published", document=document, drafted_at=now, published_at=now)
    calls = [take(address=f"{n} Elm St") for n in range(3)]
    for call in calls[:2]:
        answer_approval(call.pk, is_granted=True, by=sue, now=now)
    client = sign_in(sue)
    [yes] = client.get(f"/a/{sue.agency.slug}/review/").context["page"].approvals
    assert (yes.number.part, yes.number.whole) == (2, 3)
    behind = client.get(yes.number.href)
    assert {line.number for line in behind.context["rows"]} == {call.number for call in calls[:2]}
    assert b"Supervisor: yes" in behind.content


def test_rules_that_never_decided_are_named(
    month: dict[str, Call], sue: Member, sign_in: Callable[..., Client]
) -> None:
    page = sign_in(sue).get(f"/a/{sue.agency.slug}/review/").context["page"]
    never = {key for key, _ in page.never_fired}
    assert "D-violence" in never
    assert not never & {"R-abandoned-vehicle", "D-weapon"}


def test_a_period_without_calls_says_so(month: dict[str, Call], sue: Member, sign_in: Callable[..., Client]) -> None:
    answer = sign_in(sue).get(f"/a/{sue.agency.slug}/review/?from=2020-01-01&to=2020-01-31")
    assert b"No call came in" in answer.content
    assert sign_in(sue).get(f"/a/{sue.agency.slug}/review/?from=nonsense").status_code == 200


def test_only_a_supervisor_reviews(dora: Member, ada: Member, cole: Member, sign_in: Callable[..., Client]) -> None:
    for member in (dora, ada, cole):
        assert sign_in(member).get(f"/a/{member.agency.slug}/review/").status_code == 403
