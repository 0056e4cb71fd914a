"""Clocks and shifts across the nights in which the clocks change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agencies.models import Member
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call
from dispatch.actions import ShiftOrder, plan_shift
from dispatch.models import Rollup, Shift, Unit
from dispatch.rollups import recount_from_ledger
from dispatch.sweep import sweep
from ledger.models import Deadline
from tests.dispatch.clocks import HOUR, MINUTE, alarms, armed, send

PACIFIC = ZoneInfo("America/Los_Angeles")
FORWARD, BACK = (2026, 3, 8), (2026, 11, 1)


@pytest.fixture(params=[FORWARD, BACK], ids=["forward", "back"])
def day(request: pytest.FixtureRequest) -> tuple[int, int, int]:
    given: tuple[int, int, int] = request.param
    return given


@pytest.fixture
def now(day: tuple[int, int, int]) -> datetime:
    """Half an hour before the clocks change."""
    return datetime(*day, 1, 30, tzinfo=PACIFIC).astimezone(UTC)


def test_twenty_minutes_are_twenty_minutes_in_the_night_of_the_change(
    take: Callable[..., Call], dora: Member, coles_unit: Unit, now: datetime
) -> None:
    assignment = send(take(), coles_unit, by=dora, now=now + 20 * MINUTE, to="on_scene")
    assert armed(assignment_id=assignment.pk) == {"welfare_check": now + 40 * MINUTE}
    sweep(now + 40 * MINUTE)
    sweep(now + 41 * MINUTE)
    assert alarms() == [("welfare_alarm", "dispatcher")]


def test_a_night_shift_ends_at_six_by_the_wall_clock(
    take: Callable[..., Call], sue: Member, now: datetime, day: tuple[int, int, int]
) -> None:
    wall_end = datetime(*day, 6, 0, tzinfo=PACIFIC)
    start = datetime(*day, 0, 0, tzinfo=PACIFIC).astimezone(UTC)
    night = plan_shift(ShiftOrder("Night", start, wall_end.astimezone(UTC)), by=sue, now=now)
    assert night.ends_at - night.starts_at == (5 if day == FORWARD else 7) * HOUR
    call = take()
    sweep(night.ends_at - timedelta(seconds=1))
    assert not Rollup.objects.filter(shift=night).exists()
    sweep(night.ends_at)
    rollup = Rollup.objects.get(shift=night)
    assert rollup.figures["calls"] == 1
    assert recount_from_ledger(night, up_to_seq=rollup.up_to_seq) == rollup.figures
    assert rollup.computed_at.astimezone(PACIFIC).hour == 6
    assert Call.objects.get(pk=call.pk).received_at == now


def test_the_hour_that_comes_twice_is_counted_once_by_each_shift(
    take: Callable[..., Call], dora: Member, sue: Member, now: datetime
) -> None:
    """Two shifts that meet inside the hour: by UTC they never overlap, so no call is in both."""
    meet = now + 30 * MINUTE
    first = plan_shift(ShiftOrder("First", now - HOUR, meet), by=sue, now=now)
    second = plan_shift(ShiftOrder("Second", meet, meet + HOUR), by=sue, now=now)
    take(address="1 Early St")
    take_call(Intake(address="2 Late St"), by=dora, now=meet)
    sweep(meet + HOUR)
    counted = {r.shift_id: r.figures["calls"] for r in Rollup.objects.filter(shift__in=[first, second])}
    assert counted == {first.pk: 1, second.pk: 1}
    assert Shift.objects.filter(pk__in=counted).count() == 2
    assert not Deadline.objects.filter(kind="shift_end", shift_id__in=counted, state="armed").exists()
