"""What a database connection forgets before the next request gets it from the pool."""

from typing import Any

from psycopg import Connection


def reset(connection: Connection[Any]) -> None:
    """Take the agency away, so that a connection never brings one request's agency into another."""
    connection.autocommit = True
    connection.execute("SELECT set_config('cso.agency_id', '', false)")
