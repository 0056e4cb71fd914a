"""Queries that Django puts together once, for the places where everybody waits.

To write a query's SQL takes Django several times as long as PostgreSQL takes to answer it, and it is the same SQL every
time. Here it is written once, with places for the values, and gives the same rows as the queryset it is made of.

    _NOTES = Prepared(lambda: Note.objects.filter(call_id=given("call")).order_by("at"))

    notes = _NOTES(call=412)     # a list of Note, of the agency in scope
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Expression, Field, ForeignKey, Lookup, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import InsertQuery, Query
from django.db.models.sql.compiler import SQLCompiler
from psycopg.sql import Literal

from agencies.pipeline import ask
from agencies.scope import current_agency_id, scope_of_whoever_asks

Row = TypeVar("Row")
_AGENCY = "the agency in scope"  # no keyword argument can have this name


class _Given(Expression):
    """A place for a value that is known when the query is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: object) -> tuple[str, tuple[Any, ...]]:
        return "(SELECT %s)", (self,)  # see `unseen`


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
        kind = self.lhs.output_field.rel_db_type(connection)
        return f"{column} = ANY ({values}::{kind}[])", (*before, *after)


def unseen(sql: str) -> str:
    """The statement, with its values where PostgreSQL's planner does not look for them.

    It then keeps one plan, good for any values. Where it sees them it takes planning anew for cheaper, each time, and
    the planning costs more than the difference. A value that may be missing needs its type beside it.
    """
    return re.sub(r"%\(\w+\)s", r"(SELECT \g<0>)", sql)


def _value(place: _Given, values: dict[str, Any]) -> Any:  # noqa: ANN401
    return current_agency_id() if place.name == _AGENCY else values[place.name]


class _Statement(Generic[Row]):
    """What Django makes of a queryset: the SQL, what stands in its places, and how a row becomes an object."""

    def __init__(self, query: Query) -> None:
        compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        written, values = compiler.as_sql()
        self._places = [value for value in values if isinstance(value, _Given)]
        self.sql = _with_constants(written, values)
        made = cast("dict[str, Any]", compiler.klass_info)
        fields = made["select_fields"]
        self._model = made["model"]
        self._own = slice(fields[0], fields[-1] + 1)
        self._names = [column[0].target.attname for column in compiler.select[self._own]]
        self._joined = get_related_populators(made, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        self._converters = [(place, *converter) for place, converter in converters.items()]

    def values(self, given: dict[str, Any]) -> list[Any]:
        return [_value(place, given) for place in self._places]

    def objects(self, fetched: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
        """As `django.db.models.query.ModelIterable` has it."""
        for row in map(self._converted, fetched):
            found = self._model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._own])
            for related in self._joined:
                related.populate(row, found)
            yield found

    def _converted(self, row: tuple[Any, ...]) -> list[Any]:
        values = list(row)
        for place, converters, column in self._converters:
            for convert in converters:
                values[place] = convert(values[place], column, connection)
        return values


def _with_constants(written: str, values: Iterable[object]) -> str:
    """The SQL with what is always the same written into it: there it serves an index on a part of a table."""
    left = iter(values)

    def put(place: re.Match[str]) -> str:
        if place.group() == "%%":
            return "%%"
        value = next(left)
        if isinstance(value, _Given):
            return "%s"
        constant = Literal(str(value) if isinstance(value, str) else value)  # choices of a model are strings of a kind
        return constant.as_string().replace("%", "%%")

    return re.sub("%s|%%", put, written)


class Prepared(Generic[Row]):
    """Asked with its values by name; answers a list. `write` makes the queryset, when it is first needed.

    Whole rows with what is joined to them (`select_related`); no prefetching, no annotations, and nothing that depends
    on a value but its place.
    """

    def __init__(self, write: "Callable[[], QuerySet[Any, Row]]") -> None:
        self._write = write
        self._statement: _Statement[Row] | None = None

    def __call__(self, **values: Any) -> list[Row]:
        return self.ask(**values)()

    def ask(self, **values: Any) -> Callable[[], list[Row]]:
        """Asks now, and gives what fetches the rows: see `agencies.pipeline`."""
        statement = self._statement or self._put_together()
        fetch = ask(statement.sql, statement.values(values))
        return lambda: list(statement.objects(fetch()))

    def _put_together(self) -> _Statement[Row]:
        with scope_of_whoever_asks(given(_AGENCY)):
            self._statement = _Statement(self._write().query)
        return self._statement


class _Insert:
    """The INSERT that Django writes for a model, its values by name: with or without a primary key.

    `sql`: SQL by the names of the fields whose value the statement finds itself.
    """

    def __init__(self, row: Model, found: Mapping[str, str], answer: str) -> None:
        meta = row._meta
        fields = [f for f in meta.local_concrete_fields if not f.generated and (f is not meta.pk or row.pk)]
        query = InsertQuery(type(row))
        query.insert_values(fields, [row])
        [(written, _)] = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        places = iter([found.get(f.name, f"%({f.attname})s") for f in fields])
        self.sql = re.sub("%s", lambda _: next(places), written) + f" RETURNING {answer}"
        self._fields = [f for f in fields if f.name not in found]

    def values(self, row: Model) -> dict[str, Any]:
        return {f.attname: f.get_db_prep_save(f.pre_save(row, add=True), connection) for f in self._fields}


_inserts: dict[tuple[object, ...], _Insert] = {}


def insert(row: Model) -> None:
    """Saves a new row as `row.save(force_insert=True)` does, without signals. It holds values, and no expressions."""
    [(row.pk,)] = ask(*insertion(row))()


def insertion(row: Model, *, found: Mapping[str, str] | None = None, answer: str = "id") -> tuple[str, dict[str, Any]]:
    """The statement that does so and its values, for whoever sends it. `row` counts as saved from now on.

    `found`: SQL for fields whose value the statement finds itself. `answer`: what it returns.
    """
    key = (type(row), row.pk is not None, answer, *(found or ()))
    if key not in _inserts:
        _inserts[key] = _Insert(row, found or {}, answer)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return _inserts[key].sql, _inserts[key].values(row)
