"""Statements that do not wait for each other: sent one after the other, their answers fetched when they are needed.

To send a statement and to wait for its answer costs several times what PostgreSQL takes for a small one.

    with together():
        stamp = ask("SELECT rules_stamp FROM agencies_agency WHERE id = %s", [agency_id])
        flagged = ask(_FLAGGED, values)
    [(number,)] = stamp()

In here no statement knows how many rows it changed, so a queryset's `update` and `delete` stay outside. So do locks
that others wait for: whoever stands still in here with one is not found out, as idle_in_transaction_session_timeout is
for those who have had their answer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from select import POLLIN, poll
from typing import Any, cast

from django.db import DatabaseError, connection
from psycopg import Connection

Rows = list[tuple[Any, ...]]
Values = Mapping[str, Any] | Sequence[Any]


@contextmanager
def together() -> Iterator[None]:
    """What is sent in here waits for no answer until one is fetched, and at the end for all of them.

    A statement that fails says so then; those behind it are not done.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if speaks_unasked(connection.connection):
            connection.connection.execute("SELECT")
        with connection.connection.pipeline():
            yield


def speaks_unasked(database: Connection[Any]) -> bool:
    """PostgreSQL does so when it ends a connection. In a pipeline nobody would hear why."""
    ear = poll()
    ear.register(database.fileno(), POLLIN)
    return bool(ear.poll(0))


@contextmanager
def snapshot() -> Iterator[None]:
    """The same, and everything read in here is of one moment.

    By hand, since Django would wait for the answer to each of these words. The connection is given up where a statement
    fails.
    """
    try:
        with together(), connection.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield
            finally:
                cursor.execute("COMMIT")
    except DatabaseError:
        connection.close()
        raise


def ask(sql: str, values: Values) -> Callable[[], Rows]:
    """Sends a statement; what is answered here fetches its rows, in `together` also after its end."""
    cursor = connection.cursor()
    cursor.execute(sql, values)
    return cast("Callable[[], Rows]", cursor.fetchall)


def send(sql: str, values: Values) -> None:
    """Sends a statement that answers nothing."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
