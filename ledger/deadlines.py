"""What must have happened by when: arming, disarming, and finding what is due.

Rows are the truth; whoever finds a row due does its effect in the same transaction (`dispatch.alarms`).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from ledger import alarms
from ledger.models import Deadline
from ledger.record import Book

BATCH = 100


def arm(book: Book, kind: str, *, due_at: datetime, **subject: int | None) -> None:
    """Arms, or moves, the one deadline of `kind` for `subject` (`call_id`, `unit_id`, `assignment_id`, `shift_id`)."""
    arm_each(book, {kind: due_at}, **subject)


def arm_each(book: Book, due: Mapping[str, datetime], **subject: int | None) -> None:
    """Arms, or moves, one deadline of each kind for `subject`, in one statement. `due`: kind -> when."""
    if not due:
        return
    values: dict[str, Any] = {n: subject.get(n) for n in ("call_id", "unit_id", "assignment_id", "shift_id")}
    values |= {"agency": book.agency.pk, "now": book.now, "kinds": list(due), "times": list(due.values())}
    with connection.cursor() as cursor:
        cursor.execute(_ARM, values)


_ARM = """
INSERT INTO ledger_deadline (agency_id, kind, call_id, unit_id, assignment_id, shift_id, due_at, armed_at, state)
SELECT %(agency)s, kind, %(call_id)s::bigint, %(unit_id)s::bigint, %(assignment_id)s::bigint, %(shift_id)s::bigint,
       due_at, %(now)s, 'armed'
FROM unnest(%(kinds)s::text[], %(times)s::timestamptz[]) AS due (kind, due_at)
ON CONFLICT (agency_id, kind, call_id, unit_id, assignment_id, shift_id) WHERE state = 'armed'
DO UPDATE SET due_at = excluded.due_at, armed_at = excluded.armed_at
"""


def arm_many(deadlines: list[Deadline]) -> None:
    """Arms several deadlines in one statement. One that is armed already stays as it is."""
    Deadline.objects.bulk_create(deadlines, ignore_conflicts=True)


def disarm(book: Book, *kinds: str, **subject: int) -> None:
    """Disarms every armed deadline of `kinds` (all where none is named) for `subject`, and settles their alarms."""
    rows = Deadline.objects.filter(state=Deadline.State.ARMED, **subject)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    rows.update(state=Deadline.State.DISARMED, settled_at=book.now)
    alarms.settle_alarms(book, *kinds, **subject)


class Due(NamedTuple):
    """A deadline that was due a moment ago, as far as whoever fires it has to know before it is locked."""

    pk: int
    kind: str
    call_id: int | None
    shift_id: int | None


def due(now: datetime, *, limit: int = BATCH, without: Collection[int] = ()) -> list[Due]:
    """Armed deadlines of the agency in scope that are due, oldest first. Unlocked: whoever acts reads them again."""
    rows = Deadline.objects.filter(state=Deadline.State.ARMED, due_at__lte=now).exclude(pk__in=without)
    found = rows.order_by("due_at", "pk").values_list("pk", "kind", "call_id", "shift_id")
    return [Due(*row) for row in found[:limit]]


def claim(ids: Collection[int], now: datetime) -> list[Deadline]:
    """Locks those of `ids` that are still armed and due, oldest first. The calls they are about are locked already."""
    rows = Deadline.objects.select_for_update(skip_locked=True, of=("self",))
    return list(rows.filter(pk__in=ids, state=Deadline.State.ARMED, due_at__lte=now).order_by("due_at", "pk"))


def settle(deadlines: Collection[Deadline], now: datetime, *, state: str = Deadline.State.FIRED) -> None:
    """Marks claimed deadlines as fired, or as disarmed where what they waited for has gone another way."""
    if deadlines:
        Deadline.objects.filter(pk__in=[d.pk for d in deadlines]).update(state=state, settled_at=now)


def armed_for_calls(call_ids: list[int]) -> dict[int, list[Deadline]]:
    """The armed deadlines of several calls, by call, soonest first."""
    found: dict[int, list[Deadline]] = {}
    for row in Deadline.objects.filter(state=Deadline.State.ARMED, call_id__in=call_ids).order_by("due_at"):
        found.setdefault(row.call_id or 0, []).append(row)
    return found
