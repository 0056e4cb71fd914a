"""Writes a demo agency's past in bulk: rows, and the lines of the ledger, sorted by time and numbered by the ledger.

What is written here was kept by `cso.demo_case`, one call at a time; nothing else may use this.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from agencies import hours
from agencies.models import Agency, Member
from calls import queries
from calls.models import Call, CallCounter, CallType, Decision, Disposition, ExternalNumber, Note, Transfer
from dispatch.actions import RosterLine
from dispatch.figures import figures_of
from dispatch.models import Assignment, Duty, Rollup, Shift, Unit
from dispatch.recount import facts_from
from ledger.models import Alarm, Deadline, Event

_SIGNED_AFTER = timedelta(minutes=40)
_UNSIGNED = timedelta(hours=24)
_BLOCK = 500
# As in `ledger.record`: the counter is advanced by as many lines as are inserted in the same transaction.
_ADVANCE = """
INSERT INTO ledger_cursor (agency_id, last_seq) VALUES (%s, %s)
ON CONFLICT (agency_id) DO UPDATE SET last_seq = ledger_cursor.last_seq + excluded.last_seq
RETURNING last_seq
"""


@dataclass
class Line:
    """A line of the ledger to be. The number of its call is read when it is written."""

    at: datetime
    kind: str
    by: Member | None
    data: dict[str, Any]
    call: Call | None = None
    unit: Unit | None = None

    def as_event(self, agency: Agency, seq: int) -> Event:
        about = {"call": self.call.number} if self.call else {}
        return Event(
            agency=agency,
            seq=seq,
            kind=self.kind,
            at=self.at,
            occurred_at=self.at,
            by=self.by,
            call_id=self.call.pk if self.call else None,
            unit_id=self.unit.pk if self.unit else None,
            about=about | ({"unit": self.unit.callsign} if self.unit else {}),
            data=self.data,
        )


@dataclass
class Period:
    """A past shift, its roster and its units."""

    shift: Shift
    roster: Sequence[RosterLine]
    units: Sequence[Unit]


@dataclass
class Kept:
    """Rows of calls, by table in the order of inserting, and the lines about them."""

    calls: list[Call] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    externals: list[ExternalNumber] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def add(self, other: "Kept") -> None:
        for name in Kept.__dataclass_fields__:
            getattr(self, name).extend(getattr(other, name))

    def rows(self) -> Iterator[tuple[type[models.Model], Sequence[models.Model]]]:
        yield from (
            (Call, self.calls), (Decision, self.decisions), (Transfer, self.transfers),
            (Assignment, self.assignments), (Note, self.notes), (ExternalNumber, self.externals),
            (Deadline, self.deadlines), (Alarm, self.alarms),
        )  # fmt: skip


class Keys:
    """Keys drawn from the tables' sequences, a block at a time, so that rows can name each other before they are in."""

    def __init__(self) -> None:
        self._drawn: defaultdict[str, list[int]] = defaultdict(list)

    def next(self, model: type[models.Model]) -> int:
        table = model._meta.db_table
        if not self._drawn[table]:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, _BLOCK]
                )
                self._drawn[table] = sorted((row[0] for row in cursor.fetchall()), reverse=True)
        return self._drawn[table].pop()


class Pages(Kept):
    """Everything to be written for the agency in scope, which has no calls yet."""

    def __init__(self, agency: Agency) -> None:
        super().__init__()
        self.agency, self.rules, self.zone, self.keys = agency, queries.rules_in_force(), hours.zone(agency), Keys()
        self.types = {t.code: t for t in CallType.objects.all()}
        self.dispositions = {d.code: d for d in Disposition.objects.all()}
        self._last_number: dict[int, int] = {}

    def number(self, received_at: datetime) -> str:
        year = received_at.astimezone(self.zone).year
        self._last_number[year] = self._last_number.get(year, 0) + 1
        return f"{year % 100:02d}-{self._last_number[year]:06d}"

    def write(self, periods: Sequence[Period], *, now: datetime, signed_by: Member) -> None:
        """Inserts everything; what there is to say of the shifts takes its place among the lines."""
        for period in periods:
            self._keep_shift(period, now, signed_by)
        self.lines.sort(key=lambda line: line.at)
        with transaction.atomic(durable=True):
            self._insert(periods)
            events = self._append()
        self._count(periods, events)

    def _append(self) -> list[Event]:
        """The lines under the agency's next numbers, the counter advanced by as many. Sorted by time already."""
        with connection.cursor() as cursor:
            cursor.execute(_ADVANCE, [self.agency.pk, len(self.lines)])
            first = cursor.fetchone()[0] - len(self.lines) + 1
        for seq, line in enumerate(self.lines, start=first):
            if line.kind == "shift.rolled_up":
                line.data["up_to"] = seq - 1
        events = [line.as_event(self.agency, seq) for seq, line in enumerate(self.lines, start=first)]
        Event.objects.bulk_create(events, batch_size=2000)
        return events

    def _keep_shift(self, period: Period, now: datetime, signed_by: Member) -> None:
        shift = period.shift
        shift.pk = self.keys.next(Shift)
        planned = {
            "shift": shift.pk,
            "units": {unit.callsign: unit.pk for unit in sorted(period.units, key=lambda u: u.pk)},
            "starts_at": shift.starts_at.isoformat(),
            "ends_at": shift.ends_at.isoformat(),
        }
        self.lines.append(Line(shift.starts_at - timedelta(hours=1), "shift.planned", None, planned))
        counted = {"shift": shift.pk, "rollup": self.keys.next(Rollup), "up_to": 0}
        self.lines.append(Line(shift.ends_at, "shift.rolled_up", None, counted))
        if shift.ends_at + _UNSIGNED < now:
            shift.signed_off_at, shift.signed_off_by = shift.ends_at + _SIGNED_AFTER, signed_by
            self.lines.append(Line(shift.signed_off_at, "shift.signed_off", signed_by, {"shift": shift.pk}))

    def _insert(self, periods: Sequence[Period]) -> None:
        CallCounter.objects.bulk_create(
            CallCounter(agency=self.agency, year=year, last=last) for year, last in self._last_number.items()
        )
        for model, rows in self.rows():
            model._default_manager.bulk_create(rows)
        Shift.objects.bulk_create([period.shift for period in periods])
        members = {member.email: member for member in Member.objects.all()}
        units = {unit.callsign: unit for unit in Unit.objects.all()}
        Duty.objects.bulk_create(
            Duty(
                agency=self.agency,
                shift=period.shift,
                member=members[line.member],
                unit=units.get(line.unit),
                role=line.role.value,
            )
            for period in periods
            for line in period.roster
        )

    def _count(self, periods: Sequence[Period], events: Sequence[Event]) -> None:
        """The figures of each shift, from the lines as they stood at its end."""
        planned = {line.data["shift"]: line.data for line in events if line.kind == "shift.planned"}
        counted = {line.data["shift"]: line for line in events if line.kind == "shift.rolled_up"}
        Rollup.objects.bulk_create(
            self._rollup(period, planned[period.shift.pk], counted[period.shift.pk], events) for period in periods
        )

    def _rollup(self, period: Period, planned: dict[str, Any], counted: Event, events: Sequence[Event]) -> Rollup:
        shift = period.shift
        known = [line for line in _from(events, shift.starts_at - timedelta(hours=1)) if line.seq < counted.seq]
        received = {
            line.call_id
            for line in known
            if line.kind == "call.taken" and shift.starts_at <= line.occurred_at < shift.ends_at
        }
        units = {unit.pk for unit in period.units}
        facts = facts_from(
            self.agency,
            planned,
            [line for line in known if line.call_id in received],
            [line for line in known if line.unit_id in units],
        )
        sources = {call.pk: call.source for call in self.calls}
        for done in facts.work:
            done.source = sources[done.assignment.call_id]
        return Rollup(
            pk=counted.data["rollup"],
            agency=self.agency,
            shift=shift,
            computed_at=shift.ends_at,
            up_to_seq=counted.data["up_to"],
            figures=figures_of(facts),
        )


def _from(events: Iterable[Event], moment: datetime) -> list[Event]:
    return [line for line in events if line.at >= moment]
