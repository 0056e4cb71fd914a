"""What must have happened by when: arming, disarming, and finding what is due.

Rows are the truth; whoever finds a row due does its effect in the same transaction (`dispatch.alarms`).
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from ledger import alarms
from ledger.models import Deadline
from ledger.record import Book

BATCH = 100


def arm(book: Book, kind: str, *, due_at: datetime, **subject: int | None) -> None:
    """Arms, or moves, the one deadline of `kind` for `subject` (`call_id`, `unit_id`, `assignment_id`, `shift_id`)."""
    if _armed(kind, subject).update(due_at=due_at, armed_at=book.now) == 0:
        Deadline.objects.create(kind=kind, due_at=due_at, armed_at=book.now, **subject)


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


def _armed(kind: str, subject: dict[str, int | None]) -> QuerySet[Deadline]:
    exact = {name: subject.get(name) for name in ("call_id", "unit_id", "assignment_id", "shift_id")}
    return Deadline.objects.filter(kind=kind, state=Deadline.State.ARMED, **exact)
