"""The one doorway to a tenant's rows.

Inside `agency_scope(agency_id)` the managers answer for that agency only (first wall) and PostgreSQL's row-level
security shows that agency's rows only (the wall). Outside of it the application's role sees no tenant row at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakSet

from django.db import connection, models
from psycopg import Connection

_current: ContextVar[int | None] = ContextVar("cso_agency_id", default=None)


class ScopeError(RuntimeError):
    """The scope was entered or left where a roll-back could bring another agency's setting back."""


@contextmanager
def agency_scope(agency_id: int) -> Iterator[None]:
    """Show the rows of one agency. Not to be entered, nor left, inside an open transaction."""
    _outside_a_transaction("entered")
    before = _current.get()
    token = _current.set(agency_id)
    try:
        _tell_the_database(agency_id)
        yield
    finally:
        _current.reset(token)
        if connection.in_atomic_block:
            connection.close()
            raise ScopeError("agency_scope was left inside an open transaction")
        if connection.connection is not None:
            _tell_the_database(before)


@contextmanager
def scope_of_whoever_asks(place: Any) -> Iterator[None]:  # noqa: ANN401 a part of a query
    """For `agencies.prepared`: managers put `place` where the agency in scope would stand. Nothing is asked in here."""
    token = _current.set(place)
    try:
        yield
    finally:
        _current.reset(token)


def current_agency_id() -> int:
    """The agency whose scope this is."""
    agency_id = _current.get()
    if agency_id is None:
        raise ScopeError("no agency_scope is open")
    return agency_id


def _outside_a_transaction(verb: str) -> None:
    if connection.in_atomic_block:
        raise ScopeError(f"agency_scope must not be {verb} inside an open transaction")


# Connections that show an agency's rows at this moment. Nobody else tells a connection of Django's whose rows it shows.
_showing: WeakSet[Connection[Any]] = WeakSet()


def _tell_the_database(agency_id: int | None) -> None:
    connection.ensure_connection()
    if agency_id is not None:
        _showing.add(connection.connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('cso.agency_id', %s, false)", [str(agency_id or "")])
    if agency_id is None:
        _showing.discard(connection.connection)


def shows_rows(connection: Connection[Any]) -> bool:
    """Whether this connection was told an agency, and was not told to forget it."""
    return connection in _showing


Row = TypeVar("Row", bound=models.Model)


class AgencyQuerySet(models.QuerySet[Row]):
    def create(self, **values: Any) -> Row:
        if "agency" not in values:
            values.setdefault("agency_id", current_agency_id())
        return super().create(**values)


class AgencyManager(models.Manager[Row]):
    """Answers for the agency in scope; without a scope every query raises `ScopeError`."""

    def get_queryset(self) -> AgencyQuerySet[Row]:
        return AgencyQuerySet[Row](self.model, using=self._db).filter(agency_id=current_agency_id())
