"""PostgreSQL and Valkey by themselves: wherever the checkout is, whoever uses them, whatever was killed."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from cso.local.processes import is_alive, stop
from cso.local.servers import database_url, find_home, private_folder, start_postgres
from cso.local.services import Services, used
from tests.cso.console import wait_until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only as root do the servers run as somebody else")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cso-home-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def installation(folder: Path) -> Services:
    (folder / "log").mkdir(parents=True)
    return Services(folder)


def read(services: Services) -> tuple[object, ...] | None:
    with psycopg.connect(services.environment()["DATABASE_URL"]) as site:
        return site.execute("SELECT current_user").fetchone()


@as_root
def test_under_a_home_that_is_closed_the_servers_live_elsewhere(folder: Path) -> None:
    folder.chmod(0o700)
    services = installation(folder / "data")
    with used(services):
        elsewhere = Path((folder / "data" / "elsewhere").read_text())
        assert elsewhere.parent == Path("/var/tmp")
        assert (elsewhere / "postgres" / "PG_VERSION").exists()
        assert read(services) == ("cso_app",)
    shutil.rmtree(elsewhere)


@as_root
def test_the_servers_are_not_root(folder: Path) -> None:
    services = installation(folder / "data")
    with used(services):
        assert services.postgres is not None
        assert services.valkey is not None
        for process in (services.postgres, services.valkey):
            assert Path(f"/proc/{process.pid}").stat().st_uid != 0


def test_two_users_share_the_servers_and_the_last_stops_them(folder: Path) -> None:
    first = installation(folder / "data")
    with used(first):
        second = Services(folder / "data")
        with used(second):
            assert second.postgres == first.postgres
        assert is_alive(first.postgres)
    assert not is_alive(first.postgres)
    assert not is_alive(first.valkey)


def test_servers_that_nobody_knows_of_are_found_by_their_data(folder: Path) -> None:
    services = installation(folder / "data")
    with used(services):
        forgotten = services.postgres
        services.note.unlink()
        stop([services.valkey], ask=signal.SIGKILL, seconds=2) if services.valkey else None
        other = Services(folder / "data")
        other.start()
        assert not is_alive(forgotten)
        assert read(other) == ("cso_app",)


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    services = installation(folder / "data")
    for name in ("postgres", "postgres.half-made"):
        (folder / "data" / name).mkdir()
        (folder / "data" / name / "rest").touch()
    with used(services):
        assert read(services) == ("cso_app",)


def test_a_start_waits_for_what_a_killed_postgresql_left_behind(folder: Path) -> None:
    (folder / "data" / "log").mkdir(parents=True)
    home, log = find_home(folder / "data"), folder / "data" / "log" / "postgres.log"
    sockets = private_folder()
    server = start_postgres(home, sockets, log=log, durable=False)
    client = psycopg.connect(database_url(sockets, role="postgres", name="postgres"))
    left = client.info.backend_pid
    os.kill(left, signal.SIGSTOP)
    stop([server], ask=signal.SIGKILL, seconds=5)
    with ThreadPoolExecutor(1) as thread:
        again = thread.submit(start_postgres, home, sockets, log=log, durable=False)
        wait_until(lambda: "still in use" in log.read_text(), what="a start that is refused")
        assert not again.done()
        os.kill(left, signal.SIGCONT)
        started = again.result(30)
    assert is_alive(started)
    stop([started], ask=signal.SIGINT, seconds=5)
    client.close()
    shutil.rmtree(sockets)
