"""A supervisor's yes, where a rule wants one: in Virginia Beach nobody waits for a tow truck without it."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.test import Client

from agencies.errors import Forbidden, IllegalMove, Invalid, OwnWork
from agencies.models import Member
from agencies.roles import Role
from agencies.scope import agency_scope
from calls.actions import amend_call, answer_approval, override_route, take_call, triage_call
from calls.intake import Amendment, Intake, Override
from calls.models import Approval, Call
from calls.states import Route
from dispatch.actions import ApprovalNeeded, AssignOrder, assign_unit, cancel_call, reopen_call
from dispatch.sweep import sweep
from ledger.models import Alarm
from tests.conftest import ALL_NO, Company, company
from tests.dispatch.clocks import MINUTE, alarms, armed, fresh, missed


@pytest.fixture
def beach(db: None, now: datetime) -> Iterator[Company]:
    made = company("virginia-beach", now)
    with agency_scope(made.agency.pk):
        yield made


@pytest.fixture
def tow(beach: Company, now: datetime) -> Call:
    """Dora takes a call about a car to be towed; nobody is in danger."""
    order = Intake(type_code="TOW", address="1 Atlantic Ave", answers=ALL_NO)
    return fresh(take_call(order, by=beach.members["dora"], now=now))


def send(call: Call, beach: Company, now: datetime) -> str:
    unit = next(iter(beach.units))
    return str(assign_unit(call.pk, AssignOrder(unit), by=beach.members["dora"], now=now).status)


def test_nobody_is_sent_before_a_supervisor_has_said_yes(beach: Company, tow: Call, now: datetime) -> None:
    assert (tow.status, tow.route) == ("queued", "cso")
    assert alarms() == [("approval", "supervisor")]
    assert Alarm.objects.get().about == {"call": tow.number}
    with pytest.raises(ApprovalNeeded):
        send(tow, beach, now)
    answer_approval(tow.pk, is_granted=True, by=beach.members["sue"], now=now)
    assert alarms() == []
    assert "approval_sworn" not in armed(call_id=tow.pk)
    assert send(tow, beach, now) == "assigned"


def test_after_a_no_the_call_is_sworn_and_the_reason_is_kept(beach: Company, tow: Call, now: datetime) -> None:
    with pytest.raises(Invalid):
        answer_approval(tow.pk, is_granted=False, by=beach.members["sue"], now=now)
    answer_approval(tow.pk, is_granted=False, reason="the owner is there", by=beach.members["sue"], now=now)
    assert (fresh(tow).status, fresh(tow).route) == ("transferred", "sworn")
    kept = Approval.objects.get()
    assert (kept.answer, kept.reason, kept.answered_by) == ("refused", "the owner is there", beach.members["sue"])


def test_without_an_answer_a_dispatcher_is_alarmed_and_then_it_is_sworn(
    beach: Company, tow: Call, now: datetime
) -> None:
    sweep(now + 5 * MINUTE)
    assert ("approval_late", "dispatcher") in alarms()
    sweep(now + 10 * MINUTE)
    after = fresh(tow)
    assert (after.status, after.route) == ("transferred", "sworn")
    assert missed()[:2] == ["approval", "approval_sworn"]
    assert Approval.objects.get().answer == "lapsed"
    with pytest.raises(IllegalMove):
        answer_approval(tow.pk, is_granted=True, by=beach.members["sue"], now=now + 11 * MINUTE)


def test_only_a_supervisor_answers_and_never_about_the_own_call(beach: Company, now: datetime) -> None:
    sue = beach.members["sue"]
    call = take_call(Intake(type_code="TOW", address="2 Atlantic Ave", answers=ALL_NO), by=sue, now=now)
    with pytest.raises(OwnWork):
        answer_approval(call.pk, is_granted=True, by=sue, now=now)
    for name in ("dora", "ada", "cole"):
        with pytest.raises(Forbidden):
            answer_approval(call.pk, is_granted=True, by=beach.members[name], now=now)


def test_choosing_a_cso_by_hand_does_not_go_round_the_supervisor(beach: Company, tow: Call, now: datetime) -> None:
    chosen = Override(Route.CSO, "known_place", "we know the place")
    override_route(tow.pk, chosen, by=beach.members["dora"], now=now)
    with pytest.raises(ApprovalNeeded):
        send(tow, beach, now)


def test_a_yes_holds_while_the_same_rule_decides_and_ends_with_it(beach: Company, tow: Call, now: datetime) -> None:
    dora = beach.members["dora"]
    answer_approval(tow.pk, is_granted=True, by=beach.members["sue"], now=now)
    amend_call(tow.pk, Amendment({"address": "3 Atlantic Ave"}), by=dora, now=now)
    assert send(tow, beach, now) == "assigned"
    assert Approval.objects.count() == 1


def test_a_change_of_type_withdraws_what_was_asked(beach: Company, tow: Call, now: datetime) -> None:
    dora = beach.members["dora"]
    triage_call(tow.pk, answers={}, facts={}, type_code="VEHABND", by=dora, now=now)
    assert Approval.objects.get().answer == "withdrawn"
    assert alarms() == []
    assert send(tow, beach, now) == "assigned"


def test_a_reopened_call_is_asked_about_again(beach: Company, tow: Call, now: datetime) -> None:
    dora = beach.members["dora"]
    cancel_call(tow.pk, disposition="10", reason="went away", by=dora, now=now)
    reopen_call(tow.pk, reason="came back", by=dora, now=now)
    assert list(Approval.objects.order_by("pk").values_list("answer", flat=True)) == ["withdrawn", ""]
    assert "approval_sworn" in armed(call_id=tow.pk)


def test_sue_answers_on_the_page_of_the_call(
    beach: Company, tow: Call, now: datetime, sign_in: Callable[[Member, Role | None], Client]
) -> None:
    address = f"/a/virginia-beach/calls/{tow.number}/"
    dora, sue = (sign_in(beach.members[name], None) for name in ("dora", "sue"))
    assert b"Waits for a supervisor" in dora.get(address).content
    assert b"Yes, a CSO takes it" not in dora.get(address).content
    assert b"Yes, a CSO takes it" in sue.get(address).content
    sue.post(f"{address}approval/", {"answer": "yes"})
    assert b"Waits for a supervisor" not in dora.get(address).content
