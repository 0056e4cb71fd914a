"""What must have happened by when: arming, disarming, and finding what is due.

Rows are the truth; whoever finds a row due does its effect in the same transaction (`dispatch.alarms`).
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from agencies.prepared import Prepared, given
from agencies.scope import current_agency_id
from ledger import alarms
from ledger.models import Deadline
from ledger.record import Book

BATCH = 50


def arm(book: Book, kind: str, *, due_at: datetime, **subject: int | None) -> None:
    """Arms, or moves, the one deadline of `kind` for `subject` (`call_id`, `unit_id`, `assignment_id`, `shift_id`)."""
    arm_each(book, {kind: due_at}, **subject)


def arm_each(book: Book, due: Mapping[str, datetime], **subject: int | None) -> None:
    """Arms, or moves, one deadline of each kind for `subject`, in one statement. `due`: kind -> when."""
    if not due:
        return
    values: dict[str, Any] = {n: subject.get(n) for n in ("call_id", "unit_id", "assignment_id", "shift_id")}
    values |= {"agency": book.agency.pk, "now": book.now, "kinds": list(due), "times": list(due.values())}
    book.send(_ARM, values)


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


class Found(NamedTuple):
    """A deadline that was due when `due` looked, as much of it as says what to lock and to read ahead."""

    pk: int
    kind: str
    call_id: int | None
    shift_id: int | None


class Due(NamedTuple):
    """A deadline that is due, as it is once `claim` has it."""

    pk: int
    kind: str
    call_id: int | None
    shift_id: int | None
    assignment_id: int | None
    due_at: datetime


_DUE = """
SELECT id, kind, call_id, shift_id FROM ledger_deadline
WHERE agency_id = %(agency)s AND state = 'armed' AND due_at <= %(now)s AND NOT id = ANY(%(without)s::bigint[])
ORDER BY due_at, id LIMIT %(limit)s
"""


def due(now: datetime, *, limit: int = BATCH, without: Collection[int] = ()) -> list[Found]:
    """Armed deadlines of the agency in scope that are due, oldest first. Unlocked: whoever acts reads them again."""
    given: dict[str, Any] = {"agency": current_agency_id(), "now": now, "without": list(without), "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_DUE, given)
        return [Found(*row) for row in cursor.fetchall()]


# A call that was joined to another a moment ago took its clocks with it: they are left alone, that one is not locked.
_CLAIM = """
WITH held AS (
    SELECT id FROM ledger_deadline
    WHERE agency_id = %(agency)s AND id = ANY(%(ids)s::bigint[]) AND state = 'armed' AND due_at <= %(now)s
      AND (call_id IS NULL OR call_id = ANY(%(calls)s::bigint[]))
    ORDER BY due_at, id FOR UPDATE SKIP LOCKED
), fired AS (
    UPDATE ledger_deadline AS d SET state = 'fired', settled_at = %(now)s
    FROM held WHERE d.agency_id = %(agency)s AND d.id = held.id
    RETURNING d.id, d.kind, d.call_id, d.shift_id, d.assignment_id, d.due_at
)
SELECT * FROM fired ORDER BY due_at, id
"""


def claim(ids: Collection[int], now: datetime, *, calls: Collection[int]) -> list[Due]:
    """Fires those of `ids` that are still armed and due, oldest first. Their `calls` are locked already."""
    if not ids:
        return []
    given: dict[str, Any] = {"agency": current_agency_id(), "ids": list(ids), "calls": list(calls), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, given)
        return [Due(*row) for row in cursor.fetchall()]


def take_back(fired: Collection[Due]) -> None:
    """What these were waiting for has gone another way: they are disarmed, and were never missed."""
    if fired:
        Deadline.objects.filter(pk__in=[d.pk for d in fired]).update(state=Deadline.State.DISARMED)


# Said by what it is not: "armed" would offer PostgreSQL the index of what is due next, and where few were armed when it
# planned this, it would read there all that are armed now.
_NOT_ARMED = (Deadline.State.FIRED, Deadline.State.DISARMED)
_ARMED = Prepared(
    lambda: Deadline.objects.exclude(state__in=_NOT_ARMED).filter(call_id__any=given("calls")).order_by("due_at")
)


def ask_armed(call_id: int) -> Callable[[], list[Deadline]]:
    """The armed deadlines of a call, soonest first. Asks now; what is answered here waits."""
    return _ARMED.ask(calls=[call_id])


def armed_for_calls(call_ids: list[int]) -> dict[int, list[Deadline]]:
    """The armed deadlines of several calls, by call, soonest first."""
    found: dict[int, list[Deadline]] = {}
    for row in _ARMED(calls=call_ids):
        found.setdefault(row.call_id or 0, []).append(row)
    return found
