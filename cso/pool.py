"""Database connections that requests share: what they forget in between, and what becomes of broken ones."""

from typing import Any

from django.db import connection as used
from psycopg import Connection

from agencies.scope import shows_rows

# A request waits so long for a connection. After a failed try the pool tries by itself for as long, and then whenever
# somebody asks: as shipped it would go on for five minutes with growing pauses, blind to a database that is back.
WAIT_S = 3.0


def reset(connection: Connection[Any]) -> None:
    """Nothing of a request goes into the next. A connection that still shows an agency's rows is not used again."""
    if shows_rows(connection):
        connection.close()
    else:
        connection.rollback()
        connection.autocommit = True


def mend() -> None:
    """Throws broken connections out of the pool, so that the next requests need not try them one after the other."""
    pool = getattr(used, "pool", None)
    if pool is not None:
        pool.check()
