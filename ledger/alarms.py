"""Alarms: raised when a deadline is missed or somebody calls for help, open until taken or settled."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from agencies.errors import Busy
from ledger.models import Alarm
from ledger.record import Book

_RISES = {Alarm.Level.DISPATCHER: 0, Alarm.Level.SUPERVISOR: 1, Alarm.Level.EVERYONE: 2}
MAYDAY = "mayday"
Key = tuple[str, int | None, int | None, int | None]


@dataclass(frozen=True)
class Subject:
    """What an alarm is about: rows with `pk` and `number` or `callsign`, as far as there are any."""

    call: Any = None
    unit: Any = None
    assignment_id: int | None = None


@dataclass(frozen=True)
class Alert:
    """An alarm to be raised, or lifted. `nobody_on_duty`: the agency's 24-hour number is the last rung."""

    kind: str
    level: Alarm.Level
    about: Subject
    due_at: datetime | None = None
    nobody_on_duty: bool = False

    @property
    def key(self) -> Key:
        """What there can be only one open alarm of."""
        ids = _ids(self.about)
        return (self.kind, ids["call_id"], ids["unit_id"], ids["assignment_id"])


class Raised(NamedTuple):
    """An alarm that is open, as far as whoever raised it has to know."""

    pk: int
    kind: str
    level: Alarm.Level
    nobody_on_duty: bool
    about: dict[str, Any]


def raise_alarm(
    book: Book,
    kind: str,
    level: Alarm.Level,
    about: Subject,
    *,
    due_at: datetime | None = None,
    nobody_on_duty: bool = False,
) -> Raised:
    """Raises the one open alarm of `kind` for its subject, or lifts the open one to a higher level."""
    return raise_alarms(book, [Alert(kind, level, about, due_at, nobody_on_duty)])[0]


def raise_alarms(book: Book, alerts: Sequence[Alert]) -> list[Raised]:
    """Raises or lifts several alarms, the highest level for each subject; one statement where none is open already."""
    wanted = _highest(alerts)
    raised = _insert(book, wanted)
    lifted: dict[Key, Raised] = {}
    standing = {key: alert for key, alert in wanted.items() if key not in raised}
    running = _open(standing) if standing else {}
    if len(running) < len(standing):
        # Somebody took an alarm between our two looks, so that there is room for a new one.
        raised |= _insert(book, {key: alert for key, alert in standing.items() if key not in running})
    rising = {key: alarm for key, alarm in running.items() if _rises(alarm, wanted[key])}
    for key, alarm in rising.items():
        alarm.level, alarm.nobody_on_duty = wanted[key].level, wanted[key].nobody_on_duty
        lifted[key] = _as_raised(alarm)
    if rising:
        Alarm.objects.bulk_update(rising.values(), ["level", "nobody_on_duty"])
    for key in wanted:
        if key in raised or key in lifted:
            _note(book, wanted[key], raised.get(key) or lifted[key], is_new=key in raised)
    found = {key: _as_raised(alarm) for key, alarm in running.items()} | lifted | raised
    if len(found) < len(wanted):
        raise Busy
    return [found[key] for key in wanted]


def settle_alarms(book: Book, *kinds: str, **subject: int) -> None:
    """The cause is gone: open alarms of `kinds` (all kinds but MAYDAY where none is named) for `subject` end."""
    rows = Alarm.objects.filter(taken_at=None, settled_at=None, **subject)
    rows = rows.filter(kind__in=kinds) if kinds else rows.exclude(kind=MAYDAY)
    for alarm in list(rows):
        alarm.settled_at = book.now
        alarm.save(update_fields=["settled_at"])
        book.add_about("alarm.settled", alarm, data={"alarm": alarm.pk, "kind": alarm.kind})


def _highest(alerts: Iterable[Alert]) -> dict[Key, Alert]:
    wanted: dict[Key, Alert] = {}
    for alert in alerts:
        known = wanted.get(alert.key)
        if known is None or _RISES[alert.level] > _RISES[known.level]:
            wanted[alert.key] = alert
    return wanted


def _open(wanted: dict[Key, Alert]) -> dict[Key, Alarm]:
    calls = {key[1] for key in wanted}
    about = Q(call_id__in=calls - {None}) | (Q(call_id=None) if None in calls else Q())
    rows = Alarm.objects.select_for_update(of=("self",)).filter(about, taken_at=None, settled_at=None)
    found = rows.filter(kind__in={key[0] for key in wanted}).order_by("pk")
    by_key = {(row.kind, row.call_id, row.unit_id, row.assignment_id): row for row in found}
    return {key: row for key, row in by_key.items() if key in wanted}


def _rises(alarm: Alarm, alert: Alert) -> bool:
    return _RISES[alert.level] > _RISES[Alarm.Level(alarm.level)]


def _note(book: Book, alert: Alert, alarm: Raised, *, is_new: bool) -> None:
    data = {"alarm": alarm.pk, "kind": alarm.kind, "level": alarm.level.value}
    data |= {"nobody_on_duty": True} if alarm.nobody_on_duty else {}
    kind = "alarm.raised" if is_new else "alarm.lifted"
    book.add(kind, call=alert.about.call, unit=alert.about.unit, data=data)


def _as_raised(alarm: Alarm) -> Raised:
    return Raised(alarm.pk, alarm.kind, Alarm.Level(alarm.level), alarm.nobody_on_duty, alarm.about)


# One statement with one parameter: Django's bulk insert costs four times as much, and a storm is when it matters.
_INSERT = """
INSERT INTO ledger_alarm (agency_id, kind, level, call_id, unit_id, assignment_id, about, due_at, raised_at,
                          raised_by_id, nobody_on_duty)
SELECT %(agency)s, kind, level, call_id, unit_id, assignment_id, about, due_at, %(now)s, %(by)s, nobody_on_duty
FROM jsonb_to_recordset(%(alarms)s::jsonb)
     AS a (kind text, level text, call_id bigint, unit_id bigint, assignment_id bigint, about jsonb,
           due_at timestamptz, nobody_on_duty boolean)
ON CONFLICT DO NOTHING
RETURNING id, kind, call_id, unit_id, assignment_id
"""


def _insert(book: Book, alerts: dict[Key, Alert]) -> dict[Key, Raised]:
    """Those of the alarms that were not open yet."""
    if not alerts:
        return {}
    rows = {key: _row(book, alert) for key, alert in alerts.items()}
    values: dict[str, Any] = {"agency": book.agency.pk, "now": book.now, "by": book.by.pk if book.by else None}
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values | {"alarms": json.dumps(list(rows.values()), default=datetime.isoformat)})
        ids: dict[Key, int] = {(kind, *about): pk for pk, kind, *about in cursor.fetchall()}
    return {key: _made(pk, alerts[key], rows[key]["about"]) for key, pk in ids.items()}


def _made(pk: int, alert: Alert, about: dict[str, Any]) -> Raised:
    return Raised(pk, alert.kind, alert.level, alert.nobody_on_duty, about)


def _row(book: Book, alert: Alert) -> dict[str, Any]:
    return {
        "kind": alert.kind,
        "level": alert.level.value,
        "about": book.names(call=alert.about.call, unit=alert.about.unit),
        "due_at": alert.due_at,
        "nobody_on_duty": alert.nobody_on_duty,
        **_ids(alert.about),
    }


def _ids(about: Subject) -> dict[str, Any]:
    return {
        "call_id": about.call.pk if about.call is not None else None,
        "unit_id": about.unit.pk if about.unit is not None else None,
        "assignment_id": about.assignment_id,
    }
