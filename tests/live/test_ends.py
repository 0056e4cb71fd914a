"""Streams end when they should: with the server, with the last listener; and a frozen Valkey ends nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from agencies.models import Agency, Member
from calls.models import Call
from ledger.models import Event
from tests.fixtures import Database, Valkey, Web, free_port, wait_for
from tests.live.listening import Listening, listening
from tests.room import ROOT

Take = Callable[..., Call]


@pytest.fixture
def path(agency: Agency) -> str:
    return reverse("stream", args=[agency.slug])


@pytest.fixture
def console(dora: Member, sign_in: Callable[..., Client]) -> Client:
    return sign_in(dora)


@pytest.fixture
def own_web(database: Database, valkey: Valkey, tmp_path: Path) -> Iterator[Web]:
    """A web server that the test may stop."""
    port, log = free_port(), tmp_path / "web.log"
    command = [sys.executable, "-m", "uvicorn", "cso.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--lifespan", "off", "--no-access-log", "--timeout-graceful-shutdown", "1", "--log-level", "warning"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
    wait_for(port, process=process, log=log)
    yield Web(f"http://127.0.0.1:{port}", port, process, log)
    process.kill()
    process.wait()


def settled(stream: Listening) -> None:
    stream.until(lambda frame: frame.event == "pulse")


def test_the_server_stops_at_once_however_many_listen(own_web: Web, path: str, console: Client) -> None:
    cookie = {"Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in console.cookies.items())}
    streams = [Listening(own_web.port, path, cookie) for _ in range(10)]
    for stream in streams:
        settled(stream)
    began = time.monotonic()
    own_web.process.terminate()
    own_web.process.wait(5)
    assert time.monotonic() - began < 6
    for stream in streams:
        assert stream.ended.wait(1)
        stream.close()
    assert "Traceback" not in own_web.log.read_text()


def readers(database: Database) -> int:
    with database.superuser() as server:
        rows = server.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'cso_app' AND application_name = 'cso ledger reader'"
        ).fetchall()
    return int(rows[0][0])


def test_the_reader_ends_with_the_last_listener(web: Web, path: str, console: Client, database: Database) -> None:
    with listening(web, path, client=console) as first, listening(web, path, client=console) as second:
        settled(first)
        settled(second)
        assert readers_become(1, database)
    assert readers_become(0, database)


def readers_become(many: int, database: Database) -> bool:
    """Whoever listened before this test may be a moment in leaving."""
    until = time.monotonic() + 5
    while readers(database) != many and time.monotonic() < until:
        time.sleep(0.1)
    return readers(database) == many


def test_with_valkey_frozen_a_change_is_seen_a_few_seconds_later(
    web: Web, path: str, console: Client, take: Take, valkey: Valkey
) -> None:
    last = Event.objects.order_by("-seq").values_list("seq", flat=True)[0]
    with listening(web, f"{path}?after={last}", client=console) as stream:
        settled(stream)
        os.kill(valkey.process.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            call = take()
            assert time.monotonic() - began < 3
            assert stream.next().data["patches"][0]["id"] == f"call-{call.number}"
            assert time.monotonic() - began < 6
        finally:
            os.kill(valkey.process.pid, signal.SIGCONT)
