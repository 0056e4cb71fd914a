"""The connection of a request: how it comes from the pool, begins a transaction, and goes back."""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, Error

from agencies.pipeline import speaks_unasked
from cso import pool


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """One that PostgreSQL has not ended meanwhile. The pool's own check would send a statement for each request."""
        connection: Connection[Any] = super().get_new_connection(conn_params)
        while self.pool and speaks_unasked(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection

    def _start_transaction_under_autocommit(self) -> None:
        """Django's hook. By itself psycopg waits for its BEGIN, also among statements that are sent together."""
        with self.wrap_database_errors:
            self.connection.execute("BEGIN")

    def _close(self) -> None:
        """A pool that is given a function to reset connections calls it on a thread of its own, which takes the
        interpreter from requests that wait for it. Here whoever had the connection sees to it."""
        if self.connection is not None and self.pool and not self.connection.closed:
            try:
                pool.reset(self.connection)
            except Error:
                self.connection.close()  # whoever asks the pool gets another
        super()._close()  # type: ignore[misc]
