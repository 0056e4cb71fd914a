"""What happens when nobody did anything in time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agencies.models import Agency, Member
from calls.actions import triage_call
from calls.models import Call
from dispatch.actions import (
    Acceptance,
    StatusOrder,
    TransferOrder,
    acknowledge_transfer,
    answer_welfare,
    move_assignment,
    schedule_call,
    take_alarm,
    transfer_call,
)
from dispatch.models import Unit
from dispatch.states import AssignmentStatus
from dispatch.sweep import sweep
from ledger.models import Alarm, Deadline, Event
from tests.conftest import ALL_NO
from tests.dispatch.clocks import HOUR, MINUTE, SECOND, alarms, armed, fresh, kinds, missed, send

Take = Callable[..., Call]


def test_an_undecided_call_alarms_the_dispatcher_after_a_minute(take: Take, now: datetime) -> None:
    call = take(answers={})
    assert sweep(now + 59 * SECOND) == 0
    assert sweep(now + 60 * SECOND) == 1
    assert alarms() == [("undecided", "dispatcher")]
    alarm = Alarm.objects.get()
    assert (alarm.call_id, alarm.about, alarm.due_at) == (call.pk, {"call": call.number}, now + MINUTE)
    assert missed() == ["undecided"]


def test_after_two_minutes_an_undecided_call_is_sworn_and_handed_over(take: Take, now: datetime) -> None:
    call = take(answers={})
    sweep(now + 60 * SECOND)
    sweep(now + 120 * SECOND)
    after = fresh(call)
    assert (after.status, after.route, after.priority) == ("transferred", "sworn", 2)
    assert "transfer" in armed(call_id=call.pk)
    assert alarms() == [], "the question is settled, so its alarm is"
    assert kinds(call)[-5:] == ["deadline.missed", "call.decided", "alarm.settled", "call.moved", "transfer.requested"]
    assert after.decision is not None
    assert after.decision.by is None


def test_a_dispatcher_who_decides_in_time_hears_nothing(take: Take, dora: Member, now: datetime) -> None:
    call = take(answers={})
    triage_call(call.pk, answers=ALL_NO, facts={}, type_code=None, by=dora, now=now + 30 * SECOND)
    assert sweep(now + 3 * MINUTE) == 0
    assert (fresh(call).status, alarms(), missed()) == ("queued", [], [])


def test_a_call_nobody_is_sent_to_alarms_the_dispatcher_and_then_the_supervisor(take: Take, now: datetime) -> None:
    call = take()
    assert call.priority == 4
    assert sweep(now + 4 * HOUR) == 2
    assert alarms() == [("delayed_caller", "dispatcher"), ("unassigned", "dispatcher")]
    sweep(now + 7 * HOUR + 59 * MINUTE)
    assert ("unassigned", "supervisor") not in alarms()


def test_at_twice_the_time_the_same_alarm_rises_to_the_supervisor(take: Take, sue: Member, now: datetime) -> None:
    call = take(type_code="PERFND")
    assert call.priority == 3
    sweep(now + HOUR)
    sweep(now + 2 * HOUR)
    assert ("unassigned", "supervisor") in alarms()
    assert Alarm.objects.filter(kind="unassigned").count() == 1
    assert "alarm.lifted" in kinds(call)


def test_an_alarm_that_was_taken_but_not_seen_to_comes_back_to_the_supervisor(
    take: Take, dora: Member, now: datetime
) -> None:
    take(type_code="PERFND")
    sweep(now + HOUR)
    for alarm in Alarm.objects.all():
        take_alarm(alarm.pk, by=dora, now=now + HOUR)
    assert alarms() == []
    sweep(now + 2 * HOUR)
    assert alarms() == [("unassigned", "supervisor")]


def test_assigning_a_unit_stops_the_unassigned_clock_and_its_alarm(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    call = take(type_code="PERFND")
    sweep(now + HOUR)
    assert alarms()
    send(call, coles_unit, by=dora, now=now + HOUR)
    assert alarms() == []
    assert set(armed(call_id=call.pk)) == {"acknowledge"}


def test_a_caller_who_waits_an_hour_is_to_be_called_back(take: Take, now: datetime) -> None:
    take()
    sweep(now + HOUR)
    assert alarms() == [("delayed_caller", "dispatcher")]


def test_a_unit_that_does_not_acknowledge_is_offered_for_reassignment(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    assignment = send(call, coles_unit, by=dora, now=now)
    sweep(now + 2 * MINUTE)
    assert alarms() == [("acknowledge", "dispatcher")]
    line = Event.objects.get(kind="deadline.missed")
    assert line.data["offered"] is True
    assert line.data["assignment"] == assignment.pk
    assert line.about == {"call": call.number, "unit": coles_unit.callsign}
    move_assignment(assignment.pk, StatusOrder(AssignmentStatus.ACKNOWLEDGED), by=dora, now=now + 3 * MINUTE)
    assert alarms() == []


def test_a_unit_that_does_not_set_out_alarms_the_dispatcher(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    send(take(), coles_unit, by=dora, now=now, to="acknowledged")
    sweep(now + 5 * MINUTE)
    assert alarms() == [("en_route", "dispatcher")]


def test_sworn_who_do_not_accept_alarm_the_dispatcher_and_then_the_supervisor(take: Take, now: datetime) -> None:
    call = take(answers=ALL_NO | {"suspect_present": "yes"})
    sweep(now + 5 * MINUTE)
    assert alarms() == [("transfer", "dispatcher")]
    assert armed(call_id=call.pk) == {"transfer_supervisor": now + 7 * MINUTE}
    sweep(now + 7 * MINUTE)
    assert alarms() == [("transfer", "supervisor")]


def test_danger_gives_sworn_one_minute_to_accept(take: Take, dora: Member, coles_unit: Unit, now: datetime) -> None:
    call = take()
    send(call, coles_unit, by=dora, now=now, to="on_scene")
    transfer_call(call.pk, TransferOrder(reason="A man with a knife", danger=True), by=dora, now=now)
    sweep(now + MINUTE)
    assert alarms() == [("transfer", "dispatcher")]


def test_accepting_the_call_ends_the_alarm(take: Take, dora: Member, now: datetime) -> None:
    call = take(answers=ALL_NO | {"suspect_present": "yes"})
    sweep(now + 5 * MINUTE)
    acknowledge_transfer(call.pk, Acceptance("Sgt Kim", "P26-1"), by=dora, now=now + 6 * MINUTE)
    assert (alarms(), armed(call_id=call.pk)) == ([], {})


def test_an_appointment_comes_back_to_the_queue_at_its_time(take: Take, dora: Member, now: datetime) -> None:
    call = take(type_code="PERFND")
    at = now + 3 * HOUR
    schedule_call(call.pk, at=at, by=dora, now=now + 10 * MINUTE)
    assert sweep(at - SECOND) == 0
    assert sweep(at) == 1
    after = fresh(call)
    assert (after.status, after.queued_at) == ("queued", at)
    assert alarms() == [("appointment", "dispatcher")]
    assert armed(call_id=call.pk)["unassigned"] == at + HOUR, "the caller agreed to wait until then"


def test_sending_a_unit_to_the_appointment_ends_its_alarm(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    schedule_call(call.pk, at=now + HOUR, by=dora, now=now)
    sweep(now + HOUR)
    send(call, coles_unit, by=dora, now=now + HOUR)
    assert alarms() == []


def test_the_tablet_is_asked_then_the_dispatcher_then_everyone(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    assignment = send(call, coles_unit, by=dora, now=now, to="on_scene")
    asked = now + 20 * MINUTE
    sweep(asked)
    assert "welfare.asked" in kinds(call)
    assert alarms() == [], "the officer has a minute to answer before anybody is alarmed"
    assert armed(assignment_id=assignment.pk) == {
        "welfare_alarm": asked + 60 * SECOND,
        "welfare_mayday": asked + 120 * SECOND,
    }
    sweep(asked + 60 * SECOND)
    assert alarms() == [("welfare_alarm", "dispatcher")]
    sweep(asked + 120 * SECOND)
    assert alarms() == [("welfare_alarm", "everyone")]
    assert missed() == ["welfare_check", "welfare_alarm", "welfare_mayday"]


def test_an_answer_ends_the_alarm_and_starts_the_clock_anew(
    take: Take, dora: Member, cole: Member, coles_unit: Unit, now: datetime
) -> None:
    assignment = send(take(), coles_unit, by=dora, now=now, to="on_scene")
    sweep(now + 20 * MINUTE)
    sweep(now + 21 * MINUTE)
    answered = now + 21 * MINUTE + 10 * SECOND
    answer_welfare(coles_unit.callsign, by=cole, now=answered)
    assert alarms() == []
    assert armed(assignment_id=assignment.pk) == {"welfare_check": answered + 20 * MINUTE}
    assert sweep(now + 23 * MINUTE) == 0


def test_types_so_marked_are_asked_after_ten_minutes(take: Take, dora: Member, coles_unit: Unit, now: datetime) -> None:
    call = take()
    assert call.type is not None
    type(call.type).objects.filter(pk=call.type.pk).update(welfare_marked=True)
    assignment = send(call, coles_unit, by=dora, now=now, to="on_scene")
    assert armed(assignment_id=assignment.pk) == {"welfare_check": now + 10 * MINUTE}


def test_clearing_the_call_ends_every_clock(take: Take, dora: Member, coles_unit: Unit, now: datetime) -> None:
    call = take()
    assignment = send(call, coles_unit, by=dora, now=now, to="on_scene")
    sweep(now + 20 * MINUTE)
    move_assignment(assignment.pk, StatusOrder(AssignmentStatus.CLEARED), by=dora, now=now + 20 * MINUTE + 30 * SECOND)
    assert armed(assignment_id=assignment.pk) == {}
    sweep(now + 23 * MINUTE)
    assert ("welfare_alarm", "everyone") not in alarms()


def test_the_agencys_own_clocks_are_kept(take: Take, agency: Agency, dora: Member, now: datetime) -> None:
    Agency.objects.filter(pk=agency.pk).update(clocks=agency.clocks | {"undecided": 30, "undecided_sworn": 45})
    dora.agency.refresh_from_db()
    call = take(answers={})
    assert armed(call_id=call.pk)["undecided"] == now + 30 * SECOND
    sweep(now + 45 * SECOND)
    assert fresh(call).status == "transferred"


def test_a_deadline_whose_call_went_another_way_is_laid_aside_in_silence(take: Take, now: datetime) -> None:
    call = take()
    Deadline.objects.create(kind="undecided", call_id=call.pk, due_at=now, armed_at=now)
    sweep(now + SECOND)
    assert Deadline.objects.get(kind="undecided").state == "disarmed"
    assert (missed(), alarms()) == ([], [])


def test_each_line_names_the_deadline_and_when_it_was_due(take: Take, now: datetime) -> None:
    take(answers={})
    sweep(now + 90 * SECOND)
    line = Event.objects.get(kind="deadline.missed")
    deadline = Deadline.objects.get(kind="undecided")
    assert line.data == {"deadline": deadline.pk, "kind": "undecided", "due_at": deadline.due_at.isoformat()}
    assert line.by is None
    assert (deadline.state, deadline.settled_at) == ("fired", now + 90 * SECOND)
    assert line.at - deadline.due_at == timedelta(seconds=30)
