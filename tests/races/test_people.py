"""Two people, one unit, one click, one alarm: exactly one effect, and the loser is told who won."""

from collections.abc import Callable
from datetime import datetime

import pytest

from agencies.actions import add_member
from agencies.models import Agency, Member
from agencies.roles import Role
from calls.actions import amend_call, override_route
from calls.intake import Amendment, Override
from calls.models import Call
from calls.states import Route
from dispatch.actions import (
    AlreadyTaken,
    AssignOrder,
    CloseOrder,
    StatusOrder,
    UnitBusy,
    assign_unit,
    close_call,
    join_call,
    move_assignment,
    take_alarm,
)
from dispatch.models import Assignment, Unit
from dispatch.states import AssignmentStatus
from dispatch.sweep import sweep
from ledger.models import Alarm, Cursor, Event
from tests.dispatch.clocks import MINUTE, fresh, send
from tests.races.together import failures, together

Take = Callable[..., Call]
ROUNDS = 4


@pytest.fixture
def dan(agency: Agency, dora: Member) -> Member:
    """A second dispatcher."""
    dan = add_member(email="dan@san-jose.example", name="Dan", roles=[Role.DISPATCHER]).as_role(Role.DISPATCHER)
    dan.agency = agency
    return dan


def no_gaps(agency: Agency) -> bool:
    """Whether the agency's events are numbered from 1 on without a hole."""
    seqs = list(Event.objects.order_by("seq").values_list("seq", flat=True))
    return seqs == list(range(1, Cursor.objects.get(agency=agency).last_seq + 1))


def test_two_dispatchers_send_the_same_unit_to_different_calls(
    take: Take, agency: Agency, dora: Member, dan: Member, coles_unit: Unit, now: datetime
) -> None:
    order = AssignOrder(coles_unit.callsign)
    for turn in range(ROUNDS):
        one, two = take(address=f"{turn} First St"), take(address=f"{turn} Second St")
        outcomes = together(
            agency.pk,
            lambda one=one: assign_unit(one.pk, order, by=dora, now=now),  # type: ignore[misc]
            lambda two=two: assign_unit(two.pk, order, by=dan, now=now),  # type: ignore[misc]
        )
        (loser,) = failures(outcomes)
        (winner,) = [o for o in outcomes if isinstance(o, Assignment)]
        assert isinstance(loser, UnitBusy)
        assert winner.call.number in str(loser.detail)
        assert str(winner.assigned_by) in str(loser.detail)
        assert Assignment.objects.filter(unit=coles_unit, ended_at=None).count() == 1
        close_call(winner.call_id, CloseOrder("01"), by=dora, now=now)
    assert no_gaps(agency)


def test_a_double_click_sends_the_unit_once(
    take: Take, agency: Agency, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    for turn in range(ROUNDS):
        call = take(address=f"{turn} Click St")
        click = lambda call=call: assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)  # noqa: E731
        outcomes = together(agency.pk, click, click, click)
        assert len(failures(outcomes)) == 2
        assert all(isinstance(error, UnitBusy) for error in failures(outcomes))
        assert Assignment.objects.filter(call=call).count() == 1
        close_call(call.pk, CloseOrder("01"), by=dora, now=now)


def test_one_alarm_is_taken_by_one_person_and_the_other_is_told_who(
    take: Take, agency: Agency, dora: Member, dan: Member, now: datetime
) -> None:
    for turn in range(ROUNDS):
        call = take(answers={}, address=f"{turn} Alarm St")
        sweep(now + MINUTE)
        alarm = Alarm.objects.get(call_id=call.pk, kind="undecided")
        outcomes = together(
            agency.pk,
            lambda alarm=alarm: take_alarm(alarm.pk, by=dora, now=now),  # type: ignore[misc]
            lambda alarm=alarm: take_alarm(alarm.pk, by=dan, now=now),  # type: ignore[misc]
        )
        (loser,) = failures(outcomes)
        assert isinstance(loser, AlreadyTaken)
        alarm.refresh_from_db()
        assert str(alarm.taken_by) in str(loser.detail)
        assert Event.objects.filter(kind="alarm.taken", call_id=call.pk).count() == 1


def test_a_step_tapped_by_the_officer_and_entered_by_radio_is_one_step(
    take: Take, agency: Agency, dora: Member, cole: Member, coles_unit: Unit, now: datetime
) -> None:
    assignment = send(take(), coles_unit, by=dora, now=now)
    order = StatusOrder(AssignmentStatus.ACKNOWLEDGED)
    outcomes = together(
        agency.pk,
        lambda: move_assignment(assignment.pk, order, by=dora, now=now),
        lambda: move_assignment(assignment.pk, order, by=cole, now=now),
    )
    assert failures(outcomes) == []
    steps = Event.objects.filter(kind="assignment.moved", data__assignment=assignment.pk, data__to="acknowledged")
    assert steps.count() == 1


def test_two_calls_joined_into_each_other_at_once_do_not_lock_up(
    take: Take, agency: Agency, dora: Member, dan: Member, now: datetime
) -> None:
    for turn in range(ROUNDS):
        one, two = take(address=f"{turn} Join St"), take(address=f"{turn} Join St")
        outcomes = together(
            agency.pk,
            lambda one=one, two=two: join_call(one.pk, into=two.number, by=dora, now=now),  # type: ignore[misc]
            lambda one=one, two=two: join_call(two.pk, into=one.number, by=dan, now=now),  # type: ignore[misc]
        )
        assert len(failures(outcomes)) == 1
        assert sorted([fresh(one).status, fresh(two).status]) == ["closed", "queued"]


def test_who_waited_for_a_call_sees_it_as_it_has_become(
    take: Take, agency: Agency, dora: Member, dan: Member, now: datetime
) -> None:
    """The one changes type and route, the other a word of the narrative: neither may undo the other's."""
    for turn in range(ROUNDS):
        call = take(address=f"{turn} Wait St")
        outcomes = together(
            agency.pk,
            lambda call=call: override_route(call.pk, Override(Route.SWORN, "sworn_near"), by=dora, now=now),  # type: ignore[misc]
            lambda call=call: amend_call(call.pk, Amendment({"type_code": "PERFND"}), by=dan, now=now),  # type: ignore[misc]
            lambda call=call: amend_call(call.pk, Amendment({"address": "9 Elm St"}), by=dan, now=now),  # type: ignore[misc]
        )
        assert failures(outcomes) == []
        after = fresh(call)
        assert after.type is not None
        assert (after.type.code, after.address) == ("PERFND", "9 Elm St")
        assert (after.route, after.status) == ("sworn", "transferred"), "a person chose it"
        last = after.decisions.order_by("-pk")[0]
        assert last.type_code, "no decision was made without the type"


def test_many_calls_at_once_have_numbers_without_a_gap(agency: Agency, take: Take, dora: Member) -> None:
    outcomes = together(agency.pk, *[lambda n=n: take(address=f"{n} Rush St") for n in range(8)])
    assert failures(outcomes) == []
    numbers = sorted(int(call.number[3:]) for call in outcomes)
    assert numbers == list(range(numbers[0], numbers[0] + 8))
    assert no_gaps(agency)
