"""One write, many readers: every change of an agency is one durable transaction that ends in the ledger.

    with record(by=member, now=now) as book:
        ...                                  # lock call, then unit, then deadlines; change rows
        book.add("assignment.made", call=call, unit=unit, data={"assignment": 7})

The book is written last: it takes the agency's counter, which orders the events without gaps, and inserts them.
A function that takes a `Book` can only run inside such a transaction.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from django.db import InternalError, OperationalError, connection, transaction
from psycopg import errors as pg

from agencies.errors import Busy
from agencies.models import Agency, Member
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


@dataclass
class Book:
    """The lines of one transaction. `by` is None where the clock acts."""

    agency: Agency
    by: Member | None
    now: datetime
    _lines: list[Line] = field(default_factory=list)
    _deliveries: list[Delivery] = field(default_factory=list)
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
    def names(*, call: _Numbered | None, unit: _Called | None) -> dict[str, str]:
        """How people call what a line is about: the call's number, the unit's callsign."""
        names = {"call": call.number} if call is not None else {}
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
            return
        last = _append(self, self._lines)
        for delivery in self._deliveries:
            delivery.event_seq = last
        Delivery.objects.bulk_create(self._deliveries)
        self.last_seq = last
        agency_id = self.agency.pk
        transaction.on_commit(lambda: wake.ring(agency_id, last))


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
WITH counter AS (
    INSERT INTO ledger_cursor (agency_id, last_seq) VALUES (%(agency)s, %(count)s)
    ON CONFLICT (agency_id) DO UPDATE SET last_seq = ledger_cursor.last_seq + excluded.last_seq
    RETURNING last_seq
), appended AS (
    INSERT INTO ledger_event (agency_id, seq, kind, at, occurred_at, by_id, call_id, unit_id, about, data)
    SELECT %(agency)s, counter.last_seq - %(count)s + line.n, line.kind, %(now)s, line.occurred_at, %(by)s,
           line.call_id, line.unit_id, line.about, line.data
    FROM counter, ROWS FROM (
        jsonb_to_recordset(%(lines)s::jsonb)
        AS (kind text, occurred_at timestamptz, call_id bigint, unit_id bigint, about jsonb, data jsonb)
    ) WITH ORDINALITY AS line (kind, occurred_at, call_id, unit_id, about, data, n)
)
SELECT last_seq FROM counter
"""


def _append(book: Book, lines: list[Line]) -> int:
    """Numbers and inserts the lines; answers the last number."""
    told = [
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
    values: dict[str, Any] = {
        "agency": book.agency.pk,
        "count": len(lines),
        "now": book.now,
        "by": book.by.pk if book.by else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CHECK)
        cursor.execute(_APPEND, values | {"lines": json.dumps(told)})
        return int(cursor.fetchone()[0])
