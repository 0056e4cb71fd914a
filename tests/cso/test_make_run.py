"""Starting, losing parts, stopping and starting again, with real processes. The tests of one file share one console."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from cso.local.processes import is_alive
from tests.cso.console import Console, environment, wait_until
from tests.fixtures import free_port
from tests.room import ROOT

pytestmark = [pytest.mark.xdist_group("make-run"), pytest.mark.timeout(300)]

SITE = ("web-1", "web-2", "worker", "beat")
STARTED_ONCE = "INSERT INTO django_session VALUES ('kept', '', now() + interval '1 day')"
KEPT = "SELECT count(*) FROM django_session WHERE session_key = 'kept'"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where also another account may go, as in a checkout under a home that is open."""
    with tempfile.TemporaryDirectory(prefix="cso-run-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def console(folder: Path) -> Iterator[Console]:
    console = Console(folder / "data")
    console.start()
    console.wait_ready()
    yield console
    console.end()


def start(**settings: str) -> "subprocess.CompletedProcess[str]":
    """A start that is going to be refused."""
    command = [sys.executable, "-m", "cso.local"]
    return subprocess.run(
        command, cwd=ROOT, env=environment(**settings), capture_output=True, text=True, timeout=30, check=False
    )


def manage(*arguments: str, data: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(CSO_DATA_DIR=str(data)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_says_its_steps_then_ready_then_the_sign_ins(console: Console) -> None:
    lines = console.output.splitlines()
    first = [n for n, line in enumerate(lines) if "PostgreSQL and Valkey run" in line]
    ready = [n for n, line in enumerate(lines) if line.startswith(f"Ready: http://127.0.0.1:{console.port}/")]
    assert first and ready and first[0] < ready[0]
    password = (console.data / "demo-password").read_text()
    sign_ins = " ".join(lines[ready[0] + 1 :])
    assert f"http://127.0.0.1:{console.port}/" in sign_ins and f"http://localhost:{console.port}/" in sign_ins
    assert "dora@seattle.example" in sign_ins and "cole@seattle.example" in sign_ins and password in sign_ins


def test_it_is_ready(console: Console) -> None:
    assert console.readyz() == (200, {"database": "ok", "broker": "ok", "worker": "ok", "clock": "ok"})
    assert console.get("/healthz") == (200, b"ok\n")
    assert console.get("/accounts/login/")[0] == 200


def test_a_second_start_from_the_same_folder_says_so(console: Console) -> None:
    refused = start(CSO_DATA_DIR=str(console.data), PORT=str(free_port()))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "already runs" in refused.stderr


def test_a_busy_port_is_one_clear_line(folder: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        refused = start(CSO_DATA_DIR=str(folder / "other"), PORT=str(port))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"Port {port} is in use" in refused.stderr


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("CSO_WEB_PROCESSES", "0")])
def test_a_number_that_is_none_is_one_clear_line(folder: Path, name: str, value: str) -> None:
    refused = start(CSO_DATA_DIR=str(folder / "other"), **{name: value})
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"{name}={value}" in refused.stderr


def test_a_folder_that_cannot_be_written_is_one_clear_line() -> None:
    refused = start(CSO_DATA_DIR="/proc/console", PORT=str(free_port()))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "not writable" in refused.stderr


def test_the_servers_listen_on_no_port(console: Console) -> None:
    ours = {process.pid for process in console.processes().values()}
    listening = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=False).stdout.splitlines()
    ports = {line.split()[3] for line in listening if any(f"pid={pid}," in line for pid in ours)}
    assert ports == {f"127.0.0.1:{console.port}"}


def test_a_command_uses_the_servers_that_run(console: Console) -> None:
    with console.database() as database:
        database.execute(STARTED_ONCE)
    ask = "from django.contrib.sessions.models import Session; print(Session.objects.filter(pk='kept').count())"
    asked = manage("shell", "--no-imports", "-c", ask, data=console.data)
    assert asked.stdout.strip() == "1", asked.stderr
    assert console.readyz()[0] == 200


@pytest.mark.parametrize("name", ["web-1", "worker", "beat", "postgres", "valkey"])
def test_who_dies_is_started_again_and_the_others_stay_up(console: Console, name: str) -> None:
    before = console.processes()
    console.kill(name)
    wait_until(lambda: console.back(name, than=before[name]), what=f"{name} again")
    wait_until(lambda: console.readyz()[0] == 200, what="ready again")
    after = console.processes()
    others = set(before) - {name}
    assert {other: after[other] for other in others} == {other: before[other] for other in others}


def test_nobody_is_refused_while_a_web_process_is_away(console: Console) -> None:
    before = console.processes()["web-2"]
    console.kill("web-2")
    answers = []

    def works_again() -> bool:
        answers.append(console.get("/healthz"))
        return console.back("web-2", than=before) and (console.data / "web-2.ready").exists()

    wait_until(works_again, what="web-2 again")
    assert set(answers) == {(200, b"ok\n")}
    other = console.processes()["web-1"].pid
    os.kill(other, signal.SIGSTOP)
    try:
        assert console.get("/healthz") == (200, b"ok\n"), "the new one answers where the old one did"
    finally:
        os.kill(other, signal.SIGCONT)


def test_after_the_death_of_everything_a_start_loses_nothing(console: Console) -> None:
    console.kill("supervisor", *SITE, "postgres", "valkey")
    console.start()
    console.wait_ready()
    with console.database() as database:
        assert database.execute(KEPT).fetchone() == (1,)


def test_what_a_killed_start_left_running_is_stopped_or_taken_over(console: Console) -> None:
    left = console.processes()
    console.kill("supervisor")
    assert is_alive(left["web-1"]) and is_alive(left["web-2"])
    console.start()
    console.wait_ready()
    now = console.processes()
    assert f"an earlier start had left running: {', '.join(SITE)}" in console.output
    assert not any(is_alive(left[name]) for name in SITE)
    assert (now["postgres"], now["valkey"]) == (left["postgres"], left["valkey"])


def test_ctrl_c_brings_all_of_it_down_cleanly_in_under_5_s(console: Console) -> None:
    running = console.processes()
    sockets = json.loads((console.data / "services.json").read_text())["sockets"]
    begin = time.monotonic()
    assert console.interrupt() == 0, "make would print anything else as an error"
    assert time.monotonic() - begin < 5
    assert not [name for name, process in running.items() if is_alive(process)]
    assert console.get("/healthz")[0] == 0
    assert not Path(sockets).exists()
    assert "database system is shut down" in (console.data / "log" / "postgres.log").read_text()[-200:]
    assert "Traceback" not in console.output


def test_a_command_starts_the_servers_for_itself_when_none_run(console: Console) -> None:
    assert not (console.data / "services.json").exists()
    counted = "from django.contrib.sessions.models import Session; print(Session.objects.filter(pk='kept').count())"
    asked = manage("shell", "--no-imports", "-c", counted, data=console.data)
    assert asked.stdout.strip() == "1", asked.stderr
    assert not (console.data / "services.json").exists()


def running_in(folder: Path) -> list[str]:
    """The command lines of all processes that name the folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # gone meanwhile
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if str(folder) in line]


def has_tables(console: Console) -> bool:
    """Some at least: it is being prepared."""
    try:
        with console.database() as database:
            return database.execute("SELECT to_regclass('django_migrations')").fetchone() != (None,)
    except (OSError, KeyError, psycopg.OperationalError):
        return False


@pytest.mark.parametrize("reached", ["services.json", "postgres/postmaster.pid", "tables"])
def test_an_interrupt_while_it_starts_leaves_nothing_behind(folder: Path, reached: str) -> None:
    early = Console(folder / f"early-{len(reached)}")
    early.start()
    wait_until(lambda: (early.data / reached).exists() or has_tables(early), what=reached)
    sockets = json.loads((early.data / "services.json").read_text())["sockets"]
    assert early.interrupt() == 0
    assert not running_in(early.data)
    assert not Path(sockets).exists()
    assert "Traceback" not in early.output
