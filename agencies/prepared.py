"""Queries that Django puts together once, for the places where everybody waits.

To write a query's SQL takes Django several times as long as PostgreSQL takes to answer it, and it is the same SQL every
time. Here it is written once, with places for the values, and gives the same rows as the queryset it is made of.

    _NOTES = Prepared(lambda: Note.objects.filter(call_id=given("call")).order_by("at"))

    notes = _NOTES(call=412)     # a list of Note, of the agency in scope
"""

import copy
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Expression, Field, ForeignKey, Lookup, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from agencies.scope import current_agency_id, scope_of_whoever_asks

Row = TypeVar("Row")
_AGENCY = "the agency in scope"  # no keyword argument can have this name


class _Given(Expression):
    """A place for a value that is known when the query is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: object) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def given(name: str) -> Any:  # noqa: ANN401 it stands where a value of any kind would stand
    """The value of this name: `filter(pk=given("call"))`."""
    return _Given(name)


@ForeignKey.register_lookup
@Field.register_lookup
class AnyOf(Lookup):
    """`filter(pk__any=given("calls"))`: one of the values in a list; the SQL is the same however many there are."""

    lookup_name = "any"

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:  # noqa: ANN401
        column, before = self.process_lhs(compiler, connection)
        values, after = self.process_rhs(compiler, connection)
        return f"{column} = ANY {values}", (*before, *after)


def _value(place: _Given, values: dict[str, Any]) -> Any:  # noqa: ANN401
    return current_agency_id() if place.name == _AGENCY else values[place.name]


class Prepared(Generic[Row]):
    """Asked with its values by name; answers a list. `write` makes the queryset, when it is first needed.

    No prefetching, and nothing that depends on a value but its place.
    """

    def __init__(self, write: "Callable[[], QuerySet[Any, Row]]") -> None:
        self._write = write
        self._written: tuple[QuerySet[Any, Row], SQLCompiler, str, tuple[Any, ...], Any] | None = None

    def __call__(self, **values: Any) -> list[Row]:
        rows, kept, sql, places, converters = self._written or self._put_together()
        params = tuple(_value(place, values) if isinstance(place, _Given) else place for place in places)
        compiler = copy.copy(kept)  # it knows by now what each column is for; its connection is another thread's
        compiler.connection = connection
        compiler.as_sql = lambda *args, **kwargs: (sql, params)  # type: ignore[method-assign]
        compiler.get_converters = lambda columns: converters  # type: ignore[method-assign, assignment]
        query = SimpleNamespace(get_compiler=lambda *args, **kwargs: compiler)
        asked: Any = SimpleNamespace(query=query, db=rows.db, model=rows.model, _known_related_objects={})
        made: Iterable[Row] = rows._iterable_class(asked)  # type: ignore[assignment]
        return list(made)

    def _put_together(self) -> "tuple[QuerySet[Any, Row], SQLCompiler, str, tuple[Any, ...], Any]":
        with scope_of_whoever_asks(given(_AGENCY)):
            rows = self._write()
        compiler = rows.query.get_compiler(rows.db)
        sql, places = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        self._written = rows, compiler, sql, tuple(places), converters
        return self._written
