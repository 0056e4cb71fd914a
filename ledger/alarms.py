"""Alarms: raised when a deadline is missed or somebody calls for help, open until taken or settled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.models import Alarm
from ledger.record import Book

_RISES = {Alarm.Level.DISPATCHER: 0, Alarm.Level.SUPERVISOR: 1, Alarm.Level.EVERYONE: 2}
MAYDAY = "mayday"


@dataclass(frozen=True)
class Subject:
    """What an alarm is about: rows with `pk` and `number` or `callsign`, as far as there are any."""

    call: Any = None
    unit: Any = None
    assignment_id: int | None = None


def raise_alarm(
    book: Book,
    kind: str,
    level: Alarm.Level,
    about: Subject,
    *,
    due_at: datetime | None = None,
    nobody_on_duty: bool = False,
) -> Alarm:
    """Raises the one open alarm of `kind` for its subject, or lifts the open one to a higher level."""
    alarm = _open(kind, about) or _new(book, kind, level, about, due_at)
    raised = alarm.pk is None
    if not raised and _RISES[Alarm.Level(alarm.level)] >= _RISES[level]:
        return alarm
    alarm.level = level
    alarm.nobody_on_duty = nobody_on_duty
    alarm.save()
    book.add(
        "alarm.raised" if raised else "alarm.lifted",
        call=about.call,
        unit=about.unit,
        data={"alarm": alarm.pk, "kind": kind, "level": str(level)},
    )
    return alarm


def settle_alarms(book: Book, *kinds: str, **subject: int) -> None:
    """The cause is gone: open alarms of `kinds` (all kinds but MAYDAY where none is named) for `subject` end."""
    rows = Alarm.objects.filter(taken_at=None, settled_at=None, **subject)
    rows = rows.filter(kind__in=kinds) if kinds else rows.exclude(kind=MAYDAY)
    for alarm in list(rows):
        alarm.settled_at = book.now
        alarm.save(update_fields=["settled_at"])
        book.add_about("alarm.settled", alarm, data={"alarm": alarm.pk, "kind": alarm.kind})


def _open(kind: str, about: Subject) -> Alarm | None:
    rows = Alarm.objects.select_for_update(of=("self",))
    return rows.filter(kind=kind, taken_at=None, settled_at=None, **_ids(about)).first()


def _new(book: Book, kind: str, level: Alarm.Level, about: Subject, due_at: datetime | None) -> Alarm:
    return Alarm(
        agency_id=book.agency.pk,
        kind=kind,
        level=level,
        about=book.names(call=about.call, unit=about.unit),
        due_at=due_at,
        raised_at=book.now,
        raised_by=book.by,
        **_ids(about),
    )


def _ids(about: Subject) -> dict[str, Any]:
    return {
        "call_id": about.call.pk if about.call is not None else None,
        "unit_id": about.unit.pk if about.unit is not None else None,
        "assignment_id": about.assignment_id,
    }
