"""The numbers of a shift: counted from the rows at its end, and again from the ledger by whoever doubts them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from agencies import hours
from agencies.models import Agency
from calls.intake import language_code
from calls.models import Call, Decision, Transfer
from dispatch import recount
from dispatch.figures import (
    LATE_KINDS,
    AssignmentFact,
    CallFact,
    DecisionFact,
    Facts,
    Figures,
    TransferFact,
    WorkFact,
    figures_of,
)
from dispatch.models import Assignment, Duty, Rollup, Shift
from dispatch.states import OPEN
from ledger.deadlines import Found
from ledger.models import Cursor, Deadline
from ledger.record import Book


@dataclass(frozen=True)
class Counted:
    """Figures of a shift as they were when the ledger stood at line `up_to_seq`."""

    shift_id: int
    figures: Figures
    up_to_seq: int


def latest(shift: Shift) -> Rollup | None:
    """The shift's last stored count, None while there is none."""
    return Rollup.objects.filter(shift=shift).order_by("-computed_at", "-pk").first()


def current(shift: Shift, now: datetime) -> tuple[Figures, datetime, bool]:
    """Figures to show, when they were counted, and whether they are the stored ones of the shift's end."""
    stored = latest(shift) if shift.ends_at <= now else None
    if stored is not None:
        return stored.figures, stored.computed_at, True
    return count(shift).figures, now, False


def prepare(deadline: Found) -> Counted:
    """What `store` keeps at the end of a shift, read before the transaction that keeps it."""
    assert deadline.shift_id is not None, "the end of a shift is about a shift"
    return count(Shift.objects.get(pk=deadline.shift_id))


def store(book: Book, counted: Counted) -> Rollup:
    """Keeps a count, and says so in the ledger."""
    rollup = Rollup.objects.create(
        shift_id=counted.shift_id, computed_at=book.now, up_to_seq=counted.up_to_seq, figures=counted.figures
    )
    book.add("shift.rolled_up", data={"shift": counted.shift_id, "rollup": rollup.pk, "up_to": counted.up_to_seq})
    return rollup


def count(shift: Shift) -> Counted:
    """The figures at one instant, while everybody goes on working, and where the ledger stood at that instant."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        last = Cursor.objects.values_list("last_seq", flat=True).filter(agency_id=shift.agency_id).first()
        return Counted(shift.pk, count_from_rows(shift), last or 0)


def count_from_rows(shift: Shift) -> Figures:
    """The figures from calls, assignments and the rest as they are now."""
    agency = Agency.objects.get(pk=shift.agency_id)
    units = _units(shift)
    calls = _calls(agency, shift)
    return figures_of(
        Facts(shift.starts_at, shift.ends_at, list(units.values()), list(calls.values()), _work(shift, units))
    )


def recount_from_ledger(shift: Shift, *, up_to_seq: int | None = None) -> Figures:
    """The same figures from the ledger alone, as it stood at line `up_to_seq` (its end where none is given)."""
    agency = Agency.objects.get(pk=shift.agency_id)
    if up_to_seq is None:
        up_to_seq = Cursor.objects.get(agency_id=shift.agency_id).last_seq
    return figures_of(recount.facts_of(agency, shift.pk, up_to_seq=up_to_seq))


def _units(shift: Shift) -> dict[int, str]:
    rows = Duty.objects.filter(shift=shift, unit__isnull=False).order_by("unit_id")
    return dict(rows.values_list("unit_id", "unit__callsign"))


def _calls(agency: Agency, shift: Shift) -> dict[int, CallFact]:
    rows = Call.objects.filter(received_at__gte=shift.starts_at, received_at__lt=shift.ends_at)
    calls = {row.pk: _call(agency, row) for row in rows.select_related("type", "disposition")}
    for decision in Decision.objects.filter(call_id__in=calls).order_by("at", "pk"):
        calls[decision.call_id].decisions.append(_decision(decision))
    for transfer in Transfer.objects.filter(call_id__in=calls).order_by("requested_at", "pk"):
        fact = TransferFact(transfer.requested_at, transfer.danger, transfer.acknowledged_at)
        calls[transfer.call_id].transfers.append(fact)
    for assignment in Assignment.objects.filter(call_id__in=calls).select_related("unit").order_by("pk"):
        calls[assignment.call_id].assignments.append(_assignment(assignment))
    missed = Deadline.objects.filter(call_id__in=calls, state=Deadline.State.FIRED, kind__in=LATE_KINDS)
    for call_id, kind in missed.values_list("call_id", "kind"):
        calls[call_id or 0].late.add(kind)
    return calls


def _call(agency: Agency, row: Call) -> CallFact:
    return CallFact(
        row.pk,
        row.source,
        row.received_at,
        type=row.type.code if row.type else None,
        language=language_code(row.caller_language),
        status=row.status,
        route=row.route,
        disposition=row.disposition.code if row.disposition else None,
        queued_at=row.queued_at,
        closed_at=row.closed_at,
        open_at_receipt=hours.is_open(agency, row.received_at),
    )


def _decision(row: Decision) -> DecisionFact:
    return DecisionFact(
        row.at,
        row.route,
        person=row.decided_kind == "person",
        override=row.override_code,
        suggested=row.suggested_route,
        off_hours=row.off_hours,
    )


def _assignment(row: Assignment) -> AssignmentFact:
    return AssignmentFact(
        row.pk,
        row.unit.callsign,
        row.call_id,
        ended="" if row.status in OPEN else row.status,
        assigned_at=row.assigned_at,
        acknowledged_at=row.acknowledged_at,
        en_route_at=row.en_route_at,
        on_scene_at=row.on_scene_at,
        ended_at=row.ended_at,
    )


def _work(shift: Shift, units: Mapping[int, str]) -> list[WorkFact]:
    rows = Assignment.objects.filter(
        unit_id__in=units, assigned_at__gte=shift.starts_at, assigned_at__lt=shift.ends_at
    ).select_related("unit", "call")
    work = {row.pk: WorkFact(_assignment(row), row.call.source) for row in rows.order_by("pk")}
    asked = Deadline.objects.filter(kind="welfare_alarm", assignment_id__in=work)
    for assignment_id, state in asked.values_list("assignment_id", "state"):
        done = work[assignment_id or 0]
        done.asked += 1
        done.answered += state == Deadline.State.DISARMED
        done.alarmed += state == Deadline.State.FIRED
    return list(work.values())
