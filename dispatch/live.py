"""The board, live: what changed since the last picture, drawn once for everybody who looks at it.

A picture is the whole board in one snapshot of the database, and its number is the last event in that snapshot. So a
frame holds exactly what changed between two numbers, and whoever has the board of the first and applies the frame has
the board of the second. Frames hold nothing of the viewer: one drawing serves every viewer of an agency and language.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from agencies.hours import zone
from agencies.models import Agency
from agencies.roles import Role
from agencies.scope import agency_scope
from dispatch import board
from dispatch.board import AlarmRow, BoardView, CallRow, UnitRow
from ledger import sse, tail
from ledger.bell import Bell
from ledger.kinds import may_see
from ledger.listeners import Listener
from ledger.models import Event

KEPT = 200
TOO_MANY = 500  # events since the last picture; more than that is drawn as a whole
ANEW_S = 15.0  # the board also changes without an event: a shift begins, a shift ends
PAUSE_S = 0.02
log = structlog.get_logger(__name__)
_painters = ThreadPoolExecutor(2, thread_name_prefix="painter")
Row = CallRow | UnitRow | AlarmRow
# Events of one transaction, as the browser needs them for sounds and open panes.
Happened = tuple[int, str, dict[str, Any]]


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
    """The board at number `seq`, by the rows' ids, and what happened since the picture before."""

    seq: int
    at: datetime
    rows: dict[str, Drawn]
    happened: Sequence[Happened] = ()


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
        events = [
            {"seq": seq, "kind": kind if may_see(role, kind) else "", "about": about}
            for seq, kind, about in self.happened
        ]
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "whole": self.whole,
            "patches": self.patches,
            "remove": self.remove,
            "events": events,
        }

    def written(self, role: Role) -> bytes:
        if role not in self._written:
            self._written[role] = sse.frame(self.data(role), seq=self.seq)
        return self._written[role]


def look(agency_id: int, language: str, before: Picture | None = None) -> Picture:
    """The board as it is. Rows that are as they were `before` are not drawn again."""
    with agency_scope(agency_id):
        with _snapshot():
            agency = Agency.objects.get(pk=agency_id)
            with translation.override(language), timezone.override(zone(agency)):
                now = timezone.now()
                view = board.board_view(agency, now)
                known = before.rows if before else {}
                rows = {row_id: _draw(row, part, known.get(row_id)) for row_id, row, part in _rows(view)}
            happened = _happened(before.seq, view.after) if before else ()
        return Picture(seq=view.after, at=now, rows=rows, happened=happened)


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


@contextmanager
def _snapshot() -> Iterator[None]:
    """Everything read in here is of one moment."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    except DatabaseError:
        connection.close()
        raise


_CALL, _UNIT, _ALARM = ("calls", "call", "row"), ("units", "unit", "unit"), ("alarms", "alarm", "alarm")


def _rows(view: BoardView) -> Iterator[tuple[str, Row, tuple[str, str, str]]]:
    for call in view.calls:
        yield f"call-{call.number}", call, _CALL
    for unit in view.units:
        yield f"unit-{unit.callsign}", unit, _UNIT
    for alarm in view.alarms:
        yield f"alarm-{alarm.id}", alarm, _ALARM


def _draw(row: Row, part: tuple[str, str, str], known: Drawn | None) -> Drawn:
    if known is not None and known.row == row:
        return known
    into, noun, name = part
    return Drawn(row, into, render_to_string(f"dispatch/board.html#{noun}-row", {name: row}).strip())


def _happened(after: int, until: int) -> Sequence[Happened]:
    if until - after > TOO_MANY:
        return ()
    rows = Event.objects.filter(seq__gt=after, seq__lte=until).order_by("seq")
    return tuple(rows.values_list("seq", "kind", "about"))


@dataclass(eq=False)
class Painter:
    """Looks at an agency's board after every batch of events and keeps the latest frames."""

    agency_id: int
    language: str
    tail: tail.Tail
    picture: Picture | None = None
    drawn: int = 0  # frames so far; the last of them are in `frames`
    base: int = 0  # whoever has the board of this number, or a later one, is served from `frames`
    frames: deque[Frame] = field(default_factory=lambda: deque(maxlen=KEPT))
    bell: Bell = field(default_factory=Bell)
    viewers: int = 0
    _task: "asyncio.Task[None] | None" = None
    _whole: tuple[int, Frame] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._paint())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def since(self, seq: int | None) -> list[Frame]:
        """What brings a board of number `seq` (None: the present one) to the present."""
        picture = self.picture
        if picture is None or seq is None:
            return []
        if not self.base <= seq <= picture.seq:
            return [self.whole()]
        # A frame without an event has the number of the frame before.
        return [frame for frame in self.frames if frame.seq > seq or (frame.seq == seq and not frame.happened)]

    def whole(self) -> Frame:
        """The present board as one frame."""
        assert self.picture is not None
        if self._whole is None or self._whole[0] != self.drawn:
            self._whole = (self.drawn, whole(self.picture))
        return self._whole[1]

    async def _paint(self) -> None:
        loop = asyncio.get_running_loop()
        looked = 0.0
        while True:
            behind = self.picture is None or self.picture.seq < (self.tail.last or 0)
            if not behind and loop.time() - looked < ANEW_S:
                await self.tail.bell.wait()
                continue
            began = loop.time()
            try:
                seen = await loop.run_in_executor(_painters, _look, self.agency_id, self.language, self.picture)
            except DatabaseError as error:
                log.warning("painter_away", agency=self.agency_id, error=type(error).__name__)
                await asyncio.sleep(1)
                continue
            looked = loop.time()
            self._take(seen)
            # Half of the time at most: when much happens, one frame has several events.
            await asyncio.sleep(max(PAUSE_S, looked - began) if behind else 0)

    def _take(self, seen: Picture) -> None:
        frame = between(self.picture, seen) if self.picture else None
        if self.picture is None or (frame and frame.whole):
            self.frames.clear()
            self.base = seen.seq
        elif frame and len(self.frames) == KEPT:
            self.base = self.frames[0].seq
        self.picture = seen
        if frame:
            self.frames.append(frame)
            self.drawn += 1
        self.bell.ring()


def _look(agency_id: int, language: str, before: Picture | None) -> Picture:
    try:
        return look(agency_id, language, before)
    finally:
        connection.close()


_open: dict[tuple[int, str], Painter] = {}


@contextmanager
def painting(agency_id: int, language: str) -> Iterator[Painter]:
    """The one painter of an agency and language; it starts with the first viewer and ends after the last."""
    with tail.reading(agency_id) as ledger:
        key = (agency_id, language)
        painter = _open.get(key)
        if painter is None:
            painter = _open[key] = Painter(agency_id, language, ledger)
            painter.start()
        painter.viewers += 1
        try:
            yield painter
        finally:
            painter.viewers -= 1
            if not painter.viewers:
                del _open[key]
                painter.stop()


async def frames(listener: Listener, *, after: int | None, language: str) -> AsyncIterator[bytes]:
    """What a browser that has the board of number `after` needs to keep it right, for as long as it may look."""
    with painting(listener.agency_id, language) as painter, tail.seated(painter.tail, listener, painter.bell) as seat:
        while painter.picture is None and not seat.ended:
            await painter.bell.wait()
        for frame in painter.since(after):
            yield frame.written(listener.role)
        position, pulse = painter.drawn, None
        while not seat.ended:
            missed = painter.drawn - position
            if missed > len(painter.frames):
                position = painter.drawn
                yield painter.whole().written(listener.role)
            elif missed:
                position += 1
                yield painter.frames[-missed].written(listener.role)
            elif pulse != painter.tail.pulse:
                pulse = painter.tail.pulse
                yield _pulse(painter)
            else:
                await painter.bell.wait()


def _pulse(painter: Painter) -> bytes:
    """A sign of life, with the server's time and whether anything watches the clocks. None while the ledger is away."""
    if painter.tail.blind:
        return sse.COMMENT
    said = {"at": timezone.now().isoformat(), "watched": painter.tail.watched}
    return sse.frame(said, event="pulse")
