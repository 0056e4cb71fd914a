"""The board, live: what changed since the last picture, drawn once for everybody who looks at it.

Frames hold nothing of the viewer, so that one drawing serves every viewer of an agency and language.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from dispatch import pictures, shelf
from dispatch.pictures import Frame, Picture
from ledger import sse, tail
from ledger.bell import Bell
from ledger.listeners import Listener, ask_welcome

KEPT = 200
ALL_OVER_S = 15.0  # the board also changes without an event: a shift begins, a shift ends
PAUSE_S, LONGEST_PAUSE_S = 0.03, 0.1  # nobody sees more than thirty frames a second
log = structlog.get_logger(__name__)
_painters = ThreadPoolExecutor(2, thread_name_prefix="painter")


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
            self._whole = (self.drawn, pictures.whole(self.picture))
        return self._whole[1]

    async def _paint(self) -> None:
        loop = asyncio.get_running_loop()
        looked_all_over = 0.0
        while True:
            behind = self.picture is not None and self.picture.seq < max(self.tail.last or 0, self.tail.heard)
            all_over = loop.time() - looked_all_over > ALL_OVER_S
            if self.picture is not None and not behind and not all_over:
                await self.tail.stir.wait()
                continue
            began, seats = loop.time(), [seat for seat in self.tail.seats if seat.bell is self.bell]
            try:
                seen, welcome = await loop.run_in_executor(
                    _painters, self._look, [seat.listener for seat in seats], all_over and not behind
                )
            except DatabaseError as error:
                log.warning("painter_away", agency=self.agency_id, error=type(error).__name__)
                await asyncio.sleep(1)
                continue
            if all_over and not behind:
                looked_all_over = loop.time()
            tail.turn_out(seats, welcome)
            self._take(seen)
            # A third of the time: when much happens, one frame has several events. A look that took long is no reason
            # for the next to come late.
            await asyncio.sleep(min(max(PAUSE_S, 2 * (loop.time() - began)), LONGEST_PAUSE_S))

    def _look(self, listeners: Sequence[Listener], all_over: bool) -> tuple[Picture, set[Listener]]:
        """The board, and who may still see it, on a painter's thread, which keeps its connection."""
        try:
            with pictures.moment(self.agency_id):
                welcome = ask_welcome(listeners)
                return pictures.look_now(self.agency_id, self.language, self.picture, all_over=all_over), welcome()
        except DatabaseError:
            connection.close()
            raise

    def _take(self, seen: Picture) -> None:
        frame = pictures.between(self.picture, seen) if self.picture else None
        if self.picture is None or (frame and frame.whole):
            self.frames.clear()
            self.base = seen.seq
        elif frame and len(self.frames) == KEPT:
            self.base = self.frames[0].seq
        self.picture = seen
        shelf.put(self.agency_id, self.language, seen)
        if frame:
            self.frames.append(frame)
            self.drawn += 1
        self.bell.ring()


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
