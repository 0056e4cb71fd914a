"""What a long preparation left in the database, kept and put back for the next test that begins there."""

from dataclasses import dataclass, field

from psycopg import sql

from tests.fixtures import Database


@dataclass
class Kept:
    """The rows of all tables by the name of what was prepared. Put back, they have the numbers that they had."""

    database: Database
    rows: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def keep(self, name: str) -> None:
        with self.database.superuser() as server:
            found = {}
            for table in self.database.tables:
                with server.cursor().copy(_copy(table, "TO STDOUT")) as out:
                    found[table] = b"".join(out)
        self.rows[name] = {table: rows for table, rows in found.items() if rows}

    def put_back(self, name: str) -> None:
        with self.database.superuser() as server, server.transaction():
            server.execute("SET session_replication_role = replica")  # past triggers and the order of foreign keys
            for table, rows in self.rows[name].items():
                with server.cursor().copy(_copy(table, "FROM STDIN")) as into:
                    into.write(rows)


def _copy(table: str, how: str) -> sql.Composed:
    return sql.SQL("COPY {} ").format(sql.Identifier(table)) + sql.SQL(how)
