"""Follows an agency's ledger as it grows: one reader per process and agency, whatever the number of listeners.

The reader has a connection of its own. Valkey wakes it; it looks by itself every `LOOK_S` all the same, so a dead
Valkey costs a few seconds and no event. Numbers have no gaps and come in order: a listener keeps the last one it was
given, and takes what follows from memory, or from the ledger when memory does not reach back so far. So nobody has to
be waited for, and nothing can be skipped.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import redis.asyncio as valkey
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from ledger import wake
from ledger.bell import Bell
from ledger.listeners import Listener, still_welcome

LOOK_S = 2.0
NAME = "cso ledger reader"  # in the database's list of connections
PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.1
UNHURRIED_S = 0.25  # while nobody follows the lines themselves
WATCH_S = 1.0  # whether the clocks are watched is asked no more often
PULSE_S = 5.0
ANSWER_S = 5.0  # a database that takes longer is taken for away
KEPT = 500
PAGE = 500
log = structlog.get_logger(__name__)

_EVENTS = "SELECT seq, kind, at, about, data FROM ledger_event WHERE agency_id = %s AND seq > %s ORDER BY seq LIMIT %s"
_LAST = "SELECT coalesce((SELECT last_seq FROM ledger_cursor WHERE agency_id = %s), 0)"
# Whoever watches the deadlines leaves a sign every second; see ledger.heartbeats.
_WATCHED = (
    "SELECT EXISTS (SELECT FROM ledger_heartbeat"
    " WHERE name = 'clock' AND at > clock_timestamp() - interval '15 seconds')"
)


class Gap(RuntimeError):
    """An event is missing from the ledger. Nothing after it is told until somebody has looked into it."""


@dataclass(frozen=True, eq=False)
class Line:
    """An event as it stands in the ledger. `about`: the call's number, the unit's callsign, where there are any."""

    seq: int
    kind: str
    at: datetime
    about: dict[str, Any]
    data: dict[str, Any]


@dataclass(eq=False)
class Seat:
    """A listener's place. `ended`: the listener may listen no more."""

    listener: Listener
    bell: Bell
    ended: bool = False


@dataclass(eq=False)
class Tail:
    """An agency's ledger as this process sees it. `last` is None before the first look.

    `pulse` goes up every few seconds, and at once when `watched` changes: whether anything watches the clocks.
    `blind`: the database has not answered lately, so that events may be missing.
    `heard`: the number that Valkey told of last; what it stands for may not have been read yet. `stir` rings for that,
    and whenever `bell` does.
    """

    agency_id: int
    last: int | None = None
    watched: bool = True
    blind: bool = True
    pulse: int = 0
    heard: int = 0
    bell: Bell = field(default_factory=Bell)
    stir: Bell = field(default_factory=Bell)
    seats: set[Seat] = field(default_factory=set)
    guests: int = 0
    _lines: deque[Line] = field(default_factory=lambda: deque(maxlen=KEPT))
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _asked_at: float = 0.0
    _database: "psycopg.AsyncConnection[Any] | None" = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(work()) for work in (self._read, self._listen, self._beat)]

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    @property
    def is_followed(self) -> bool:
        """Whether anybody waits for the lines themselves. Whoever draws boards reads for himself when Valkey rings."""
        return any(seat.bell is self.bell for seat in self.seats)

    def after(self, seq: int) -> Sequence[Line] | None:
        """What memory holds after `seq`; None when memory does not reach back so far."""
        if self.last is None or seq >= self.last:
            return ()
        if not self._lines or self._lines[0].seq > seq + 1:
            return None
        return [line for line in self._lines if line.seq > seq]

    async def page(self, seq: int) -> list[Line]:
        """Up to `PAGE` lines after `seq`, from the ledger; none while the database is away."""
        with suppress(psycopg.Error, OSError, TimeoutError):
            return await asyncio.shield(asyncio.ensure_future(self._events(seq)))
        return []

    def _ring(self) -> None:
        """For everybody: a pulse, or a seat that ended."""
        for bell in {self.bell, self.stir, *(seat.bell for seat in self.seats)}:
            bell.ring()

    async def _read(self) -> None:
        pause = 0.25
        while True:
            try:
                await self._follow_ledger()
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("ledger_reader_away", agency=self.agency_id, error=type(error).__name__)
            except Gap:
                log.exception("ledger_gap", agency=self.agency_id, after=self.last)
            self.blind = True
            await asyncio.sleep(pause)
            pause = min(pause * 2, LOOK_S) if self._database is None else 0.25

    async def _follow_ledger(self) -> None:
        self._database = None
        connection = await psycopg.AsyncConnection.connect(
            settings.DATABASE_URL, autocommit=True, connect_timeout=3, application_name=NAME
        )
        async with connection:
            await self._query(connection, "SELECT set_config('cso.agency_id', %s, false)", str(self.agency_id))
            if self.last is None:
                self.last = (await self._query(connection, _LAST, self.agency_id))[0][0]
                self._ring()
            self._database = connection
            while True:
                self._wake.clear()
                began = asyncio.get_running_loop().time()
                await self._look(connection)
                if self.blind:
                    self.blind = False
                    self._count_pulse()
                # When much happens, one look finds several events.
                await asyncio.sleep(min(max(PAUSE_S, asyncio.get_running_loop().time() - began), LONGEST_PAUSE_S))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), LOOK_S)
                    if not self.is_followed:
                        await asyncio.sleep(UNHURRIED_S)

    async def _look(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        """Reads what is new. Whoever may listen no more is out before it is told."""
        heard = self.heard
        while True:
            lines = await self._events(self.last or 0)
            await self._check_seats(connection)
            self._tell(lines)
            if len(lines) < PAGE:
                break
        if self.heard == heard:
            self.heard = 0  # it has been read, or it was not about this ledger
        now = asyncio.get_running_loop().time()
        if now - self._asked_at < WATCH_S:
            return
        self._asked_at = now
        [(watched,)] = await self._query(connection, _WATCHED)
        if watched != self.watched:
            self.watched = watched
            self._count_pulse()

    def _tell(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.seq != (self.last or 0) + 1:
                raise Gap
            self._lines.append(line)
            self.last = line.seq
        if lines:
            self.bell.ring()
            self.stir.ring()

    async def _check_seats(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        seats = list(self.seats)
        if not seats:
            return
        async with self._one_at_a_time, asyncio.timeout(ANSWER_S):
            welcome = await still_welcome(connection, [seat.listener for seat in seats])
        turn_out(seats, welcome)

    async def _events(self, seq: int) -> list[Line]:
        if self._database is None:
            return []
        return [Line(*row) for row in await self._query(self._database, _EVENTS, self.agency_id, seq, PAGE)]

    async def _query(self, connection: "psycopg.AsyncConnection[Any]", query: str, *given: object) -> list[Any]:
        async with self._one_at_a_time, asyncio.timeout(ANSWER_S):
            return await (await connection.execute(query, given)).fetchall()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            self._count_pulse()

    def _count_pulse(self) -> None:
        self.pulse += 1
        self._ring()

    async def _listen(self) -> None:
        while True:
            with suppress(RedisError, OSError, TimeoutError):
                await self._hear()
            await asyncio.sleep(1)

    async def _hear(self) -> None:
        """Valkey's word that there is something new. An idle line is tried now and then, for it may be dead."""
        timeout = settings.VALKEY_TIMEOUT_S
        client = valkey.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=timeout, socket_timeout=timeout)
        async with client, client.pubsub() as channel:
            await channel.subscribe(wake.channel(self.agency_id))
            self._wake.set()
            tried = False
            while True:
                message = await channel.get_message(timeout=10)
                if message is None and tried:
                    return
                tried = message is None
                if message is None:
                    await channel.ping()
                elif message["type"] == "message" and int(message["data"]) > (self.last or 0):
                    self.heard = int(message["data"])
                    self._wake.set()
                    self.stir.ring()


def turn_out(seats: Iterable[Seat], welcome: Container[Listener]) -> None:
    """Ends the seats of those who are not welcome (any more)."""
    for seat in seats:
        if seat.listener not in welcome:
            seat.ended = True
            seat.bell.ring()


_tails: dict[int, Tail] = {}


@contextmanager
def reading(agency_id: int) -> Iterator[Tail]:
    """The one tail of an agency; it starts with the first who asks for it and ends after the last."""
    tail = _tails.get(agency_id)
    if tail is None:
        tail = _tails[agency_id] = Tail(agency_id)
        tail.start()
    tail.guests += 1
    try:
        yield tail
    finally:
        tail.guests -= 1
        if not tail.guests:
            del _tails[agency_id]
            tail.stop()


@contextmanager
def seated(tail: Tail, listener: Listener, bell: Bell | None = None) -> Iterator[Seat]:
    """A place whose listener is checked with every batch and every `LOOK_S`; `bell` rings when it ends."""
    seat = Seat(listener, bell or tail.bell)
    tail.seats.add(seat)
    try:
        yield seat
    finally:
        tail.seats.discard(seat)


async def follow(listener: Listener, *, after: int | None) -> AsyncIterator[Sequence[Line]]:
    """Every line after number `after` (None: after now), in order, without a gap, for as long as `listener` may listen.

    An empty sequence is a pulse: nothing happened, and the line is alive.
    """
    with reading(listener.agency_id) as tail, seated(tail, listener) as seat:
        while tail.last is None:
            await tail.bell.wait()
        position, pulse = tail.last if after is None else after, tail.pulse
        while not seat.ended:
            lines = tail.after(position)
            if lines is None:
                lines = await tail.page(position)
            if lines:
                position = lines[-1].seq
                yield lines
            elif pulse != tail.pulse:
                pulse = tail.pulse
                yield ()
            else:
                await tail.bell.wait()
