"""Helpers for tests about clocks: what is armed, what rang, what was written."""

from datetime import datetime, timedelta

from agencies.models import Member
from calls.models import Call
from dispatch.actions import AssignOrder, StatusOrder, assign_unit, move_assignment
from dispatch.models import Assignment, Unit
from dispatch.states import AssignmentStatus
from ledger.models import Alarm, Deadline, Event

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def armed(**about: int) -> dict[str, datetime]:
    """The armed deadlines, by kind."""
    rows = Deadline.objects.filter(state="armed", **about).exclude(kind="shift_end")
    return dict(rows.values_list("kind", "due_at"))


def missed() -> list[str]:
    """The kinds of the deadlines that were missed, in the order of the ledger."""
    rows = Event.objects.filter(kind="deadline.missed").order_by("seq")
    return [row.data["kind"] for row in rows]


def alarms() -> list[tuple[str, str]]:
    """Kind and level of the alarms that wait for somebody."""
    return list(Alarm.objects.filter(taken_at=None, settled_at=None).order_by("pk").values_list("kind", "level"))


def kinds(call: Call) -> list[str]:
    return list(Event.objects.filter(call_id=call.pk).order_by("seq").values_list("kind", flat=True))


def fresh(call: Call) -> Call:
    return Call.objects.select_related("type", "decision", "disposition").get(pk=call.pk)


def send(call: Call, unit: Unit, *, by: Member, now: datetime, to: str = "assigned") -> Assignment:
    """Sends a unit to the call, as far as `to`."""
    assignment = assign_unit(call.pk, AssignOrder(unit.callsign), by=by, now=now)
    for status in ("acknowledged", "en_route", "on_scene"):
        if assignment.status == to:
            break
        assignment = move_assignment(assignment.pk, StatusOrder(AssignmentStatus(status)), by=by, now=now)
    return assignment
