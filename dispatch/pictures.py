"""Pictures of the board, and the frames that make one of the other.

A picture is the whole board in one snapshot of the database, and its number is the last event in that snapshot. So a
frame holds exactly what changed between two numbers, and whoever has the board of the first and applies the frame has
the board of the second.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

from agencies.hours import zone
from agencies.models import Agency
from agencies.pipeline import snapshot
from agencies.prepared import unseen
from agencies.roles import Role
from agencies.scope import agency_scope
from dispatch import board, distress, queries
from dispatch.board import AlarmRow, CallRow, UnitRow
from ledger import sse
from ledger.kinds import may_see

TOO_MANY = 500  # events since the picture before; more than that is drawn as a whole
Row = CallRow | UnitRow | AlarmRow


class Happened(NamedTuple):
    """An event, as far as a board has to know it."""

    seq: int
    kind: str
    call_id: int | None
    unit_id: int | None
    about: dict[str, str]


@dataclass(frozen=True)
class Drawn:
    """One row of the board: where it goes and its HTML."""

    row: Row
    into: str
    html: str

    def patch(self, row_id: str) -> dict[str, str]:
        return {"id": row_id, "into": self.into, "sort": self.row.sort, "html": self.html}


@dataclass(frozen=True)
class Picture:
    """The board at number `seq`, by the rows' ids, and what happened since the picture before.

    `all_over_at`: when everything was last read, and not only what events were about.
    """

    seq: int
    at: datetime
    rows: dict[str, Drawn]
    agency: Agency
    all_over_at: datetime
    happened: Sequence[Happened] = ()

    @cached_property
    def lists(self) -> dict[str, SafeString]:
        """The HTML of the board's lists by their names, each in its order."""
        lists: dict[str, list[Drawn]] = {"calls": [], "units": [], "alarms": []}
        for drawn in sorted(self.rows.values(), key=lambda drawn: drawn.row.sort):
            lists[drawn.into].append(drawn)
        # Every row was rendered, and so escaped, by its own template.
        return {name: mark_safe("\n".join(d.html for d in drawn)) for name, drawn in lists.items()}  # noqa: S308


@dataclass(frozen=True)
class Frame:
    """What to change in a board. `whole`: every row is here, and what is not here is gone."""

    seq: int
    at: datetime
    patches: Sequence[dict[str, str]]
    remove: Sequence[str] = ()
    happened: Sequence[Happened] = ()
    whole: bool = False
    _written: dict[Role, bytes] = field(default_factory=dict)

    def data(self, role: Role) -> dict[str, Any]:
        """What is sent to viewers of `role`: an event that the role may not see has no kind."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "whole": self.whole,
            "patches": self.patches,
            "remove": self.remove,
            "events": [
                {"seq": each.seq, "kind": each.kind if may_see(role, each.kind) else "", "about": each.about}
                for each in self.happened
            ],
        }

    def written(self, role: Role) -> bytes:
        if role not in self._written:
            self._written[role] = sse.frame(self.data(role), seq=self.seq)
        return self._written[role]


@contextmanager
def moment(agency_id: int) -> Iterator[None]:
    """What is read in here is of one agency and one moment."""
    # The scope is inside, since nothing may be said before a snapshot begins. A roll-back brings back the one outside.
    with snapshot(), agency_scope(agency_id):
        yield


def look(agency_id: int, language: str, before: Picture | None = None, *, all_over: bool = False) -> Picture:
    """The board as it is."""
    with moment(agency_id):
        return look_now(agency_id, language, before, all_over=all_over)


def look_now(agency_id: int, language: str, before: Picture | None = None, *, all_over: bool = False) -> Picture:
    """The board as it is at this `moment`.

    With a picture `before`, only what the events since then are about is read and drawn again; `all_over` reads the
    whole board all the same, for it also changes without an event: a shift begins, a shift ends.
    """
    agency = before.agency if before and not all_over else Agency.objects.get(pk=agency_id)
    with translation.override(language), timezone.override(zone(agency)):
        now = timezone.now()
        seq, happened, together = _news(agency, before.seq) if before else (board.last_seq(agency), (), ())
        known, all_over_at = (before.rows, before.all_over_at) if before else ({}, now)
        if before is None or all_over or _touches_everything(before, seq, happened):
            fresh, kept, all_over_at = _everything(agency, now), {}, now
        else:
            touched = _touched(happened, together, known.values())
            fresh = _some(agency, now, touched)
            kept = {row_id: drawn for row_id, drawn in known.items() if not _is_among(row_id, drawn, touched)}
        rows = kept | {row_id: _draw(row_id, row, known.get(row_id)) for row_id, row in fresh}
    return Picture(seq=seq, at=now, rows=rows, agency=agency, all_over_at=all_over_at, happened=happened)


def between(before: Picture, after: Picture) -> Frame | None:
    """The frame that makes `after` of `before`; None where nothing happened."""
    if not before.seq <= after.seq <= before.seq + TOO_MANY:
        return whole(after)
    changed = [drawn.patch(row_id) for row_id, drawn in after.rows.items() if drawn is not before.rows.get(row_id)]
    gone = [row_id for row_id in before.rows if row_id not in after.rows]
    if after.seq == before.seq and not changed and not gone:
        return None
    return Frame(after.seq, after.at, changed, gone, after.happened)


def whole(picture: Picture) -> Frame:
    """The frame that makes `picture` of any board."""
    return Frame(picture.seq, picture.at, [d.patch(row_id) for row_id, d in picture.rows.items()], whole=True)


@dataclass(frozen=True)
class _Touched:
    """The calls and units that some events are about, and those that stand with them on the board."""

    calls: frozenset[int]
    units: frozenset[int]
    rows: frozenset[str]
    alarms: bool


# By hand, since everybody who looks at a board waits for these: to put such a statement together takes Django longer
# than the database to answer it.
_EVENTS = unseen("""
SELECT cursor.last_seq, event.seq, event.kind, event.call_id, event.unit_id, event.about
FROM (SELECT coalesce((SELECT last_seq FROM ledger_cursor WHERE agency_id = %(agency)s), 0) AS last_seq) AS cursor
LEFT JOIN LATERAL (
    SELECT seq, kind, call_id, unit_id, about FROM ledger_event
    WHERE agency_id = %(agency)s AND seq > %(after)s ORDER BY seq LIMIT %(most)s
) AS event ON true
ORDER BY event.seq
""")
_TOGETHER = unseen("""
WITH event AS MATERIALIZED (
    SELECT call_id, unit_id FROM ledger_event
    WHERE agency_id = %(agency)s AND seq > %(after)s ORDER BY seq LIMIT %(most)s
)
SELECT a.call_id, c.number, a.unit_id, u.callsign
FROM dispatch_assignment AS a
JOIN calls_call AS c ON c.agency_id = a.agency_id AND c.id = a.call_id
JOIN dispatch_unit AS u ON u.agency_id = a.agency_id AND u.id = a.unit_id
WHERE a.agency_id = %(agency)s AND a.status NOT IN ('cleared', 'cancelled', 'declined')
  AND (a.call_id = ANY(ARRAY(SELECT call_id FROM event)) OR a.unit_id = ANY(ARRAY(SELECT unit_id FROM event)))
""")
Together = tuple[int, str, int, str]  # a call's id and number, its unit's id and callsign


def _news(agency: Agency, after: int) -> tuple[int, Sequence[Happened], Sequence[Together]]:
    """The agency's last number, what happened after `after` (nothing of it where that is too much), and which calls and
    units that are on each other it is about."""
    asked = {"agency": agency.pk, "after": after, "most": TOO_MANY + 1}
    with connection.cursor() as events, connection.cursor() as pairs:
        events.execute(_EVENTS, asked)
        pairs.execute(_TOGETHER, asked)
        rows, together = events.fetchall(), pairs.fetchall()
    found = tuple(Happened(row[1], row[2], row[3], row[4], json.loads(row[5])) for row in rows if row[1] is not None)
    return rows[0][0], found if len(found) <= TOO_MANY else (), together


def _touches_everything(before: Picture, seq: int, happened: Sequence[Happened]) -> bool:
    """Of an event about neither a call nor a unit nobody knows what it changes."""
    return len(happened) != seq - before.seq or any(e.call_id is None and e.unit_id is None for e in happened)


def _touched(happened: Sequence[Happened], together: Sequence[Together], known: Iterable[Drawn]) -> _Touched:
    """A call's row names its units and a unit's row its call, so each brings the other along.

    Alarms are few: where there are any, they are read anew every time; a transfer can bring back one that was taken.
    """
    calls = {event.call_id for event in happened if event.call_id}
    units = {event.unit_id for event in happened if event.unit_id}
    names = {f"call-{e.about['call']}" for e in happened if e.call_id and "call" in e.about}
    names |= {f"unit-{e.about['unit']}" for e in happened if e.unit_id and "unit" in e.about}
    for call, number, unit, callsign in together:
        calls.add(call)
        units.add(unit)
        names |= {f"call-{number}", f"unit-{callsign}"}
    stand = any(drawn.into == "alarms" for drawn in known)
    alarms = stand or any(e.kind.startswith(("alarm.", "transfer.")) for e in happened)
    return _Touched(frozenset(calls), frozenset(units), frozenset(names), alarms)


def _is_among(row_id: str, drawn: Drawn, touched: _Touched) -> bool:
    return row_id in touched.rows or drawn.into == "alarms"


def _everything(agency: Agency, now: datetime) -> list[tuple[str, Row]]:
    view = board.board_view(agency, now)
    return [*map(_named, view.calls), *map(_named, view.units), *map(_named, view.alarms)]


def _some(agency: Agency, now: datetime, touched: _Touched) -> list[tuple[str, Row]]:
    calls = board.rows_of_calls(agency, touched.calls) if touched.calls else []
    standing = queries.units_standing(now, only=touched.units) if touched.units else []
    units = board.unit_rows(agency, standing) if standing else []
    alarms = board.alarm_rows(agency, distress.open_alarms()) if touched.alarms else []
    return [*map(_named, calls), *map(_named, units), *map(_named, alarms)]


def _named(row: Row) -> tuple[str, Row]:
    match row:
        case CallRow():
            return f"call-{row.number}", row
        case UnitRow():
            return f"unit-{row.callsign}", row
        case AlarmRow():
            return f"alarm-{row.id}", row


def _draw(row_id: str, row: Row, known: Drawn | None) -> Drawn:
    if known is not None and known.row == row:
        return known
    noun = row_id.partition("-")[0]
    html = render_to_string(f"dispatch/board.html#{noun}-row", {"row" if noun == "call" else noun: row})
    return Drawn(row, f"{noun}s", html.strip())
