"""One write, many readers: every change of an agency is one durable transaction that ends in the ledger.

    with record(by=member, now=now) as book:
        ...                                  # lock call, then unit, then deadlines; change rows
        book.add("assignment.made", call=call, unit=unit, data={"assignment": 7})

The book is written last: it takes the agency's counter, which orders the events without gaps, and inserts them.
A function that takes a `Book` can only run inside such a transaction.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, Protocol

from django.db import InternalError, OperationalError, transaction
from django.db.models import Model
from psycopg import errors as pg

from agencies.errors import Busy
from agencies.models import Agency, Member
from agencies.pipeline import ask, send, together
from agencies.prepared import insert, insertion
from agencies.scope import current_agency_id
from ledger import wake
from ledger.models import Delivery


class _Numbered(Protocol):
    pk: Any
    number: str


class _Called(Protocol):
    pk: Any
    callsign: str


class _About(Protocol):
    call_id: Any
    unit_id: Any
    about: Any


@dataclass(slots=True)
class Line:
    """What happened, before it is an event of the ledger."""

    kind: str
    occurred_at: datetime
    call_id: int | None
    unit_id: int | None
    data: dict[str, Any]
    # What it is about, in names: asked for last, since a call that is being taken gets its number late.
    names: Callable[[], dict[str, Any]]


class Naming(NamedTuple):
    """What is inserted at the last moment, since others wait from then on: a call, whose number is the agency's next.

    `ctes` is SQL, `name AS (statement), ...`; the last one is called `named` and answers one row with one text, `name`.
    `tell` is given that text.
    """

    ctes: str
    values: dict[str, Any]
    tell: Callable[[str], None]

    def then(self, statement: str) -> str:
        """A statement that may read what was named."""
        return f"WITH {self.ctes} {statement}"


@dataclass
class Book:
    """The lines of one transaction. `by` is None where the clock acts."""

    agency: Agency
    by: Member | None
    now: datetime
    _lines: list[Line] = field(default_factory=list)
    _deliveries: list[Delivery] = field(default_factory=list)
    _keys: Mapping[type[Model], int] | None = None
    _waiting: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _naming: Naming | None = None
    last_seq: int | None = None

    def add(
        self,
        kind: str,
        *,
        call: _Numbered | None = None,
        unit: _Called | None = None,
        data: dict[str, Any] | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        """One line. `data` holds ids and codes, never words of residents."""
        ids = (call.pk if call is not None else None, unit.pk if unit is not None else None)
        names = partial(self.names, call=call, unit=unit)
        self._lines.append(Line(kind, occurred_at or self.now, *ids, data or {}, names))

    @staticmethod
    def names(*, call: _Numbered | None, unit: _Called | None) -> dict[str, Any]:
        """How people call what a line is about: the call's number, the unit's callsign."""
        names: dict[str, Any] = {"call": call.number or None} if call is not None else {}
        return names | ({"unit": unit.callsign} if unit is not None else {})

    def add_about(self, kind: str, row: _About, *, data: dict[str, Any]) -> None:
        """One line about whatever `row` (an alarm, another event) is about."""
        self._lines.append(Line(kind, self.now, row.call_id, row.unit_id, data, lambda: dict(row.about)))

    @property
    def person(self) -> Member:
        """Who acts, where only a person can: the clock writes no notes."""
        if self.by is None:
            raise ValueError("this is for a person to do")
        return self.by

    def wait(self, keys: Mapping[type[Model], int]) -> None:
        """From now on what is written waits for the lines and goes with them, so nothing reads it before `settle`.

        For a transaction that holds no lock: see `agencies.pipeline`. `keys`: the next key of each kind of row, since
        lines name rows that are not there yet.
        """
        self._keys = keys

    def send(self, sql: str, values: dict[str, Any]) -> None:
        """A statement that answers nothing: now, or with the lines."""
        if self._keys is None:
            send(sql, values)
        else:
            self._waiting.append((sql, values))

    def insert(self, row: Model) -> None:
        """A new row: now, or with the lines."""
        if self._keys is None:
            insert(row)
        else:
            row.pk = self._keys[type(row)]
            self.send(*insertion(row))

    def name(self, naming: Naming) -> None:
        """What the lines are about: now, or with them. Those that do not know its name get it then."""
        self._naming = naming
        if self._keys is None:
            self.settle()

    def settle(self) -> None:
        """Writes what waits: something has to read it. From now on nothing waits."""
        self._keys = None
        while self._waiting:
            send(*self._waiting.pop(0))
        if self._naming is not None:
            naming, self._naming = self._naming, None
            [(name,)] = ask(naming.then("SELECT name FROM named"), naming.values)()
            naming.tell(name)

    def tell(self, channel: str, address: str, message: str, data: dict[str, Any]) -> None:
        """Somebody outside the console must be told: a row that the worker delivers after the commit."""
        self._deliveries.append(
            Delivery(
                agency_id=self.agency.pk,
                channel=channel,
                address=address,
                message=message,
                data=data,
                next_at=self.now,
            )
        )

    @property
    def lines(self) -> Sequence[Line]:
        """What happened so far in this transaction, unnumbered."""
        return tuple(self._lines)

    def write(self) -> None:
        """Takes the counter and inserts the lines. Called once, by `record`, last in the transaction."""
        if not self._lines:
            self.settle()
            return
        self.last_seq = last = self._append()
        agency_id = self.agency.pk
        transaction.on_commit(lambda: wake.ring(agency_id, last))

    def _append(self) -> int:
        """Numbers and inserts the lines; answers the last number.

        The counter is taken by one statement that is waited for: PostgreSQL ends a connection that stands still after
        that, but would wait for ever for one that stands still among statements sent together.
        """
        naming = self._naming or _NOTHING_NAMED
        values = {"agency": self.agency.pk, "count": len(self._lines), "now": self.now, "lines": _told(self._lines)}
        values |= {"by": self.by.pk if self.by else None, **naming.values}
        if self._naming is None:
            send(_CHECK, ())  # what is named now could not be checked before
        if self._waiting:
            with together():
                for statement in self._waiting:
                    send(*statement)
        [(last, name)] = ask(naming.then(_APPEND), values)()
        for delivery in self._deliveries:
            send(*insertion(delivery, found={"event_seq": _LAST}))
        naming.tell(name)
        return int(last)


Receipt = Callable[[Book], None]
_receipt: ContextVar[Receipt | None] = ContextVar("cso_receipt", default=None)


@contextmanager
def with_receipt(write: Receipt) -> Iterator[None]:
    """The next transaction in here calls `write(book)` once its effects are done, before its lines are numbered.

    What `write` leaves is there exactly when the effect is. That is how a repeated request is known.
    """
    token = _receipt.set(write)
    try:
        yield
    finally:
        _receipt.reset(token)


# What PostgreSQL ends so that nobody waits for long; the last is this process, where it stood still in the middle.
_IN_VAIN = (pg.LockNotAvailable, pg.DeadlockDetected, pg.QueryCanceled, pg.IdleInTransactionSessionTimeout)


@contextmanager
def record(*, by: Member | None, now: datetime, agency: Agency | None = None) -> Iterator[Book]:
    """One durable transaction that ends in the ledger. A lock that is not to be had in time is refused as `Busy`."""
    agency = agency or (by.agency if by else Agency.objects.get(pk=current_agency_id()))
    if agency.pk != current_agency_id():
        raise PermissionError("the agency is not the one in scope")
    try:
        with transaction.atomic(durable=True):
            book = Book(agency=agency, by=by, now=now)
            yield book
            _give_receipt(book)
            book.write()
    except (OperationalError, InternalError) as error:
        if isinstance(error.__cause__, _IN_VAIN):
            raise Busy from error
        raise


def _give_receipt(book: Book) -> None:
    write = _receipt.get()
    if write is not None:
        _receipt.set(None)
        write(book)


# The counter is taken in the statement that inserts the lines, so that it is held for no longer than that and the
# commit: everybody in the agency waits for it. What the commit would have to check by itself is checked before.
_CHECK = "SET CONSTRAINTS ALL IMMEDIATE"
_APPEND = """
, counter AS (
    INSERT INTO ledger_cursor (agency_id, last_seq) VALUES (%(agency)s, %(count)s)
    ON CONFLICT (agency_id) DO UPDATE SET last_seq = ledger_cursor.last_seq + excluded.last_seq
    RETURNING last_seq
), appended AS (
    INSERT INTO ledger_event (agency_id, seq, kind, at, occurred_at, by_id, call_id, unit_id, about, data)
    SELECT %(agency)s, counter.last_seq - %(count)s + line.n, line.kind, %(now)s, line.occurred_at, %(by)s,
           line.call_id, line.unit_id,
           CASE WHEN line.about -> 'call' = 'null' THEN line.about || jsonb_build_object('call', named.name)
                ELSE line.about END,
           line.data
    FROM counter, named, ROWS FROM (
        jsonb_to_recordset(%(lines)s::jsonb)
        AS (kind text, occurred_at timestamptz, call_id bigint, unit_id bigint, about jsonb, data jsonb)
    ) WITH ORDINALITY AS line (kind, occurred_at, call_id, unit_id, about, data, n)
)
SELECT counter.last_seq, named.name FROM counter, named
"""
_LAST = "(SELECT last_seq FROM ledger_cursor WHERE agency_id = %(agency_id)s)"
_NOTHING_NAMED = Naming("named AS (SELECT '' AS name)", {}, lambda name: None)


def _told(lines: Sequence[Line]) -> str:
    return json.dumps(
        [
            {
                "kind": line.kind,
                "occurred_at": line.occurred_at.isoformat(),
                "call_id": line.call_id,
                "unit_id": line.unit_id,
                "about": line.names(),
                "data": line.data,
            }
            for line in lines
        ]
    )
