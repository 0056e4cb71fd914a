"""Fixtures about the database, Valkey, the web server and the browser. The people are in tests/conftest.py."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cso.cache import ValkeyOrMemory
from cso.local.processes import Process, is_alive, stop
from tests.browser_install import find_chromium
from tests.database import room
from tests.room import ROOT, Room

# Filled by Django from the code; everything else belongs to a test.
DJANGOS_OWN = {"django_migrations", "django_content_type", "auth_permission"}


# For every window Chromium draws two address bars that nobody sees, which takes as long as our page in it. Of several
# such lists it reads the last one, so that Playwright's own stand here too.
NOT_NEEDED = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)  # fmt: skip


@dataclass
class Database:
    """This worker's database, past the walls: connections of the superuser and of the owner."""

    room: Room

    def superuser(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(self.room.url("postgres"), autocommit=True)

    def owner(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(self.room.url("cso_owner"), autocommit=True)

    def app(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(self.room.url("cso_app"), autocommit=True)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody reaches this worker's database, and whoever was connected is not any more."""
        from django.db import connections

        name = sql.Identifier(self.room.database())
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND usename = 'cso_app'"
        with psycopg.connect(self.room.url("postgres", name="postgres"), autocommit=True) as server:
            server.execute(allow.format(name, sql.SQL("false")))
            try:
                server.execute(end, [self.room.database()])
                yield
            finally:
                server.execute(allow.format(name, sql.SQL("true")))
                connections.close_all()

    @cached_property
    def tables(self) -> list[str]:
        """Every table that belongs to tests. One that a test makes, it drops."""
        with self.superuser() as connection:
            rows = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            ).fetchall()
        return [name for (name,) in rows if name not in DJANGOS_OWN]


@pytest.fixture(scope="session")
def database() -> Database:
    """A migrated database of this worker's own, reached by the site as cso_app."""
    room.make_database()
    return Database(room)


@pytest.fixture(scope="session")
def _sweeper(database: Database) -> "Iterator[psycopg.Connection[Any]]":
    """The connection that empties tables: past triggers (append-only) and policies."""
    with database.superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '5s'")
        yield connection


@pytest.fixture(scope="session")
def django_db_setup(database: Database) -> Iterator[None]:
    """In pytest-django's place: nothing is created by Django."""
    yield
    from django.db import connections

    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


@pytest.fixture
def _django_db_helper(
    database: Database,
    valkey: "Valkey",
    django_db_setup: None,
    django_db_blocker: Any,  # noqa: ANN401 pytest-django's
    _sweeper: "psycopg.Connection[Any]",
) -> Iterator[None]:
    """What `db` stands for here: no transaction around the test, everything commits; then the tables are emptied."""
    with django_db_blocker.unblock():
        yield
        from django.db import connections

        connections.close_all()
    empty(_sweeper, tables=database.tables)
    valkey.empty()


def empty(connection: "psycopg.Connection[Any]", *, tables: list[str]) -> None:
    """Empty those tables that hold rows. Numbers go on, so that no two tests see the same id.

    DELETE takes a millisecond for what a test leaves; TRUNCATE makes new files for every table and index and takes 160.
    """
    one = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    parts = [one.format(sql.Literal(name), sql.Identifier(name)) for name in tables]
    full = [sql.Identifier(name) for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(parts)).fetchall()]
    if not full:
        return
    try:
        _delete(connection, full)
    except psycopg.errors.DeadlockDetected:  # a web process was finishing a request of its own
        _delete(connection, full)
    except psycopg.errors.LockNotAvailable:
        who = connection.execute(
            "SELECT state, left(query, 200) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state <> 'idle'"
        ).fetchall()
        pytest.fail(f"The test left a transaction open: {who}")


def _delete(connection: "psycopg.Connection[Any]", tables: list[sql.Identifier]) -> None:
    with connection.transaction():
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.SQL(", ").join(tables)))
        connection.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(name) for name in tables))


@dataclass
class Valkey:
    """This worker's Valkey; a test may stop it, it is there again for the next."""

    room: Room
    process: Process

    def stop(self) -> None:
        stop([self.process], ask=signal.SIGKILL, seconds=2)

    def start(self) -> None:
        if not is_alive(self.process):
            self.process = self.room.start_valkey()

    def empty(self) -> None:
        from django.core.cache import cache

        from ledger import wake

        self.start()
        ValkeyOrMemory.wake()
        wake.try_again()
        cache.clear()


@pytest.fixture(scope="session")
def valkey() -> Valkey:
    return Valkey(room, room.start_valkey())


@dataclass(frozen=True)
class Web:
    """A real web server on this worker's database, e.g. url "http://127.0.0.1:40123"."""

    url: str
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path


@pytest.fixture(scope="session")
def web(database: Database, valkey: Valkey) -> Iterator[Web]:
    """One uvicorn in a process of its own, for browser tests and streams."""
    port = free_port()
    log = room.path / f"web-{room.worker}.log"
    command = [sys.executable, "-m", "uvicorn", "cso.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--lifespan", "off", "--no-access-log", "--timeout-graceful-shutdown", "1"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        wait_for(port, process=process, log=log)
        yield Web(f"http://127.0.0.1:{port}", port, process, log)
    finally:
        process.terminate()
        try:
            process.wait(4)
        except subprocess.TimeoutExpired:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, *, process: "subprocess.Popen[bytes]", log: Path, seconds: float = 30) -> None:
    """Return when /healthz answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    pytest.fail(f"The web server did not come up:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How pytest-playwright starts the browser; without one the test is skipped, in CI it fails."""
    chromium = find_chromium()
    if chromium is None:
        reason = "no Chromium: set CHROMIUM=/path, or let `make test` install one"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    quiet.append(f"--disable-features={','.join(NOT_NEEDED)}")
    # The sandbox needs rights that root's and many containers' browsers do not have; only our own pages are opened.
    args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *quiet]
    return {"executable_path": str(chromium), "headless": True, "args": args}
