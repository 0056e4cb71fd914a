"""The connection of a request, and how it goes back to the pool.

A pool that is given a function to reset connections calls it on a thread of its own, which takes the interpreter from
requests that wait for it. Here whoever had the connection sees to it.
"""

from django.db.backends.postgresql import base
from psycopg import Error

from cso import pool


class DatabaseWrapper(base.DatabaseWrapper):
    def _close(self) -> None:
        if self.connection is not None and self.pool and not self.connection.closed:
            try:
                pool.reset(self.connection)
            except Error:
                self.connection.close()  # whoever asks the pool gets another
        super()._close()  # type: ignore[misc]
