"""Whom an alarm goes to, and what becomes of clocks that nobody watched for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from agencies.models import Agency, Member
from agencies.roles import Role
from agencies.scope import agency_scope
from calls.models import Call
from dispatch import sweep as sweeping
from dispatch.actions import schedule_call
from dispatch.alarms import EFFECTS, Effect
from dispatch.models import Duty, Rollup, Unit
from dispatch.sweep import sweep
from ledger.deadlines import Due
from ledger.models import Alarm, Deadline, Delivery, Event
from tests.dispatch.clocks import HOUR, MINUTE, SECOND, alarms, armed, fresh, missed, send
from tests.fixtures import Database

Take = Callable[..., Call]
DAYS = timedelta(days=3)


def off_duty(*roles: Role) -> None:
    Duty.objects.filter(role__in=[role.value for role in roles]).delete()


def test_with_no_dispatcher_on_duty_the_supervisor_is_alarmed(take: Take, sue: Member, now: datetime) -> None:
    take(answers={})
    off_duty(Role.DISPATCHER)
    sweep(now + MINUTE)
    assert alarms() == [("undecided", "supervisor")]
    assert Alarm.objects.get().nobody_on_duty is False


def test_with_nobody_on_duty_the_round_the_clock_number_is_the_last_rung(take: Take, now: datetime) -> None:
    take(answers={})
    off_duty(Role.DISPATCHER, Role.SUPERVISOR)
    sweep(now + MINUTE)
    alarm = Alarm.objects.get()
    assert (alarm.level, alarm.nobody_on_duty) == ("supervisor", True)
    assert Event.objects.get(kind="alarm.raised").data["nobody_on_duty"] is True
    assert not Delivery.objects.exists(), "this agency gave no address to write to"


def test_with_nobody_on_duty_the_agencys_address_is_written_to(take: Take, agency: Agency, now: datetime) -> None:
    Agency.objects.filter(pk=agency.pk).update(
        settings=agency.settings | {"round_the_clock_email": "night@san-jose.example"}
    )
    calls = [take(answers={}), take(answers={}, address="9 Elm St")]
    off_duty(Role.DISPATCHER, Role.SUPERVISOR)
    sweep(now + MINUTE)
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.address, delivery.state) == ("email", "night@san-jose.example", "waiting")
    assert [a["call"] for a in delivery.data["alarms"]] == [call.number for call in calls]
    assert delivery.event_seq == Event.objects.order_by("-seq")[0].seq


def test_people_whose_shift_is_over_are_not_on_duty(take: Take, now: datetime) -> None:
    take(answers={})
    sweep(now + 9 * HOUR)
    assert Alarm.objects.exclude(kind="transfer").filter(settled_at=None, nobody_on_duty=False).count() == 0


def test_after_days_without_a_clock_each_deadline_fires_once(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    waiting = take(address="1 First St")
    undecided = take(answers={}, address="2 Second St")
    unanswered = take(address="3 Third St")
    send(unanswered, coles_unit, by=dora, now=now)
    late = now + DAYS
    sweep(late)
    assert sorted(missed()) == [
        "acknowledge", "delayed_caller", "unassigned", "unassigned_supervisor", "undecided", "undecided_sworn",
    ]  # fmt: skip
    assert fresh(undecided).status == "transferred"
    assert armed(call_id=undecided.pk) == {"transfer": late + 5 * MINUTE}, "sworn have their time from now"
    assert Alarm.objects.filter(kind="unassigned", call_id=waiting.pk).count() == 1
    assert sweep(late + SECOND) == 0


def test_after_days_a_unit_that_is_long_at_home_is_no_mayday(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    send(take(), coles_unit, by=dora, now=now, to="on_scene")
    late = now + DAYS
    for seconds in (0, 60, 120, 180, 300):
        sweep(late + seconds * SECOND)
    assert [kind for kind, level in alarms() if level == "everyone"] == []
    assert "welfare_alarm" in [kind for kind, _ in alarms()], "a dispatcher still has to find out"
    assert not Event.objects.filter(kind="welfare.asked").exists()


def test_after_an_outage_a_unit_on_duty_is_asked_first(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    assignment = send(take(), coles_unit, by=dora, now=now, to="on_scene")
    late = now + 3 * HOUR
    sweep(late)
    assert alarms() == []
    assert armed(assignment_id=assignment.pk) == {
        "welfare_alarm": late + 60 * SECOND,
        "welfare_mayday": late + 120 * SECOND,
    }


def test_after_an_outage_a_dispatcher_is_alarmed_before_everyone_is(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    assignment = send(take(), coles_unit, by=dora, now=now, to="on_scene")
    sweep(now + 20 * MINUTE)
    back = now + 40 * MINUTE
    sweep(back)
    assert alarms() == [("welfare_alarm", "dispatcher")]
    assert armed(assignment_id=assignment.pk) == {"welfare_mayday": back + 60 * SECOND}
    sweep(back + 60 * SECOND)
    assert alarms() == [("welfare_alarm", "everyone")]


def test_an_appointment_of_last_week_is_queued_as_of_now(take: Take, dora: Member, now: datetime) -> None:
    call = take(type_code="PERFND")
    schedule_call(call.pk, at=now + HOUR, by=dora, now=now)
    late = now + timedelta(days=7)
    sweep(late)
    assert (fresh(call).status, fresh(call).queued_at) == ("queued", late)
    assert sweep(late + SECOND) == 0, "its caller waits from now on, not since last week"


def test_at_the_end_of_the_shift_its_numbers_are_counted(take: Take, now: datetime) -> None:
    take()
    sweep(now + 8 * HOUR)
    rollup = Rollup.objects.get()
    assert rollup.figures["calls"] == 1
    assert Event.objects.get(kind="shift.rolled_up").data["rollup"] == rollup.pk
    assert "shift_end" not in missed(), "a shift that ends is not late"


def test_one_poisoned_deadline_does_not_stop_the_others(
    take: Take, now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = [take(answers={}, address=f"{n} Oak St") for n in range(3)]

    def breaks(batch: object, deadline: Due) -> None:
        if deadline.call_id == calls[1].pk:
            raise ValueError("poison")

    monkeypatch.setitem(EFFECTS, "undecided", Effect(level=Alarm.Level.DISPATCHER, act=breaks))
    monkeypatch.setattr(sweeping, "_aside", {})
    assert sweep(now + MINUTE) == 2
    assert {alarm.call_id for alarm in Alarm.objects.all()} == {calls[0].pk, calls[2].pk}
    assert Deadline.objects.get(kind="undecided", call_id=calls[1].pk).state == "armed"
    assert "poison" in caplog.text
    caplog.clear()
    assert sweep(now + MINUTE + SECOND) == 0
    assert "poison" not in caplog.text, "it is not tried again at once"
    monkeypatch.setattr(sweeping, "_aside", {})
    monkeypatch.setitem(EFFECTS, "undecided", Effect(level=Alarm.Level.DISPATCHER))
    assert sweep(now + MINUTE + 2 * SECOND) == 1, "once mended it fires"


def test_a_deadline_of_a_kind_nobody_knows_stops_nobody(
    take: Take, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_aside", {})
    call = take(answers={})
    Deadline.objects.create(kind="from_a_later_version", call_id=call.pk, due_at=now, armed_at=now)
    assert sweep(now + MINUTE) == 1
    assert alarms() == [("undecided", "dispatcher")]


def test_a_call_that_a_user_holds_is_caught_by_the_next_sweep(take: Take, now: datetime, database: Database) -> None:
    held, free = take(answers={}, address="1 Held St"), take(answers={}, address="2 Free St")
    with database.superuser() as other, other.transaction():
        other.execute("SELECT FROM calls_call WHERE id = %s FOR UPDATE", [held.pk])
        assert sweep(now + MINUTE) == 1
    assert {alarm.call_id for alarm in Alarm.objects.all()} == {free.pk}
    assert sweep(now + MINUTE + SECOND) == 1


def test_the_other_agencys_clocks_fire_in_their_own_walls(take: Take, rex: Member, now: datetime) -> None:
    call = take(answers={})
    with agency_scope(rex.agency_id):
        theirs = Call.objects.get(status="new")
    sweep(now + MINUTE)
    assert [alarm.call_id for alarm in Alarm.objects.all()] == [call.pk]
    with agency_scope(rex.agency_id):
        assert [alarm.call_id for alarm in Alarm.objects.all()] == [theirs.pk]


def test_a_batch_of_many_needs_no_more_statements_than_one_of_few(
    take: Take,
    now: datetime,
    django_assert_max_num_queries: Any,  # noqa: ANN401 pytest-django's
) -> None:
    for n in range(30):
        take(answers={}, address=f"{n} Long St")
    with django_assert_max_num_queries(32):
        assert sweep(now + MINUTE) == 30
