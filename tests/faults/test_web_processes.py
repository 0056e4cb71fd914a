"""Two web processes behind one port: each answers everything, and who loses one of them loses no more than that."""

import ctypes
import http.client
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cso.local import __main__ as make_run
from cso.local.processes import Process, is_alive, look_up, send, wait_gone
from cso.local.supervisor import Child, Supervisor
from tests.faults.installation import WEB, Answer, Installation
from tests.fixtures import free_port
from tests.live.listening import Listening
from tests.room import ROOT

pytestmark = pytest.mark.timeout(300)
AT_ONCE_S = 5.0


def take_some(city: Installation, many: int = 6) -> None:
    """Calls, each over a connection of its own, and each at once."""
    answers: list[Answer] = [city.take(f"{n} Twin Peaks Dr") for n in range(many)]
    assert [answer.status for answer in answers] == [201] * many, answers
    assert max(answer.took_s for answer in answers) < AT_ONCE_S


def listen(city: Installation) -> Listening:
    stream = Listening(city.port, "/api/v1/events?after=0", {"Authorization": f"Bearer {city.token}"})
    stream.next()
    return stream


def counted(city: Installation) -> tuple[float, float]:
    """What /metrics says by now: calls that were posted and taken, and streams that are open."""
    connection = http.client.HTTPConnection("127.0.0.1", city.port, timeout=10)
    connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {os.environ['CSO_METRICS_TOKEN']}"})
    text = connection.getresponse().read().decode()
    connection.close()
    posted = re.search(
        r'^cso_request_seconds_count\{method="POST",route="api/v1/calls",status="201"\} (.*)$', text, re.M
    )
    streams = re.findall(r"^cso_streams_open (.*)$", text, re.M)
    assert len(streams) == 1
    return float(posted[1]) if posted else 0, float(streams[0])


@pytest.mark.parametrize(("frozen", "left"), [WEB, WEB[::-1]])
def test_while_one_is_frozen_the_other_answers_who_comes(city: Installation, frozen: str, left: str) -> None:
    city.freeze(frozen)
    take_some(city)
    assert city.ask("GET", "/a/san-jose/board/").status == 200
    assert city.ready() == {}


def test_a_killed_one_is_missed_by_nobody_and_joins_in_again(city: Installation) -> None:
    city.kill("web-1")
    take_some(city)
    city.start("web-1")
    city.freeze("web-2")
    city.until(lambda: city.ask("GET", "/healthz").status == 200, what="the new one answers, alone")
    take_some(city)


def test_a_crowd_that_comes_at_once_is_let_in_and_may_stay(city: Installation) -> None:
    crowd = [http.client.HTTPConnection("127.0.0.1", city.port, timeout=20) for _ in range(120)]
    try:
        for _ in range(2):
            for one in crowd:
                one.request("GET", "/healthz")
            assert [one.getresponse().read() for one in crowd] == [b"ok\n"] * len(crowd)
    finally:
        for one in crowd:
            one.close()


def test_either_says_what_both_have_counted(city: Installation) -> None:
    calls, streams = counted(city)
    opened = []
    for frozen in WEB:
        city.freeze(frozen)
        take_some(city, 2)
        opened.append(listen(city))
        city.thaw(frozen)
    try:
        for frozen in WEB:
            city.freeze(frozen)
            assert counted(city) == (calls + 4, streams + 2)
            city.thaw(frozen)
        city.kill("web-1")
        assert counted(city) == (calls + 4, streams + 1), "what it had answered stays counted, who listened is gone"
    finally:
        for stream in opened:
            stream.close()


# --- Under `make run` -------------------------------------------------------------------------------------------


@pytest.fixture
def kept(city: Installation, tmp_path: Path) -> Iterator[tuple[Supervisor, Child, list[str]]]:
    """A web process by itself, as `make run` keeps it, and what is said about it."""
    said: list[str] = []
    with make_run.open_door(0) as door, (tmp_path / "lock").open("w") as lock:
        child = make_run.web_child("web-kept", door, data=city.services.data)
        supervisor = Supervisor(city.services, children=[child], folder=ROOT, say=said.append)
        try:
            supervisor.start(environment=city.environment(), lock=lock.fileno())
            city.until(child.is_ready, what="it accepts connections")
            yield supervisor, child, said
        finally:
            assert child.process is not None
            send(child.process, signal.SIGKILL)
            assert wait_gone([child.process], seconds=5)


def after_a_look(supervisor: Supervisor) -> Process | None:
    """The process that is kept, as the supervisor leaves it."""
    supervisor.watch()
    return supervisor.children[0].process


def test_a_frozen_one_is_ended_and_another_takes_its_place(
    city: Installation, kept: tuple[Supervisor, Child, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor, child, said = kept
    first = child.process
    assert first is not None
    child.is_frozen(0.0)
    city.until(lambda: not child.is_frozen(100.0), what="it shows again that it lives")
    send(first, signal.SIGSTOP)
    with monkeypatch.context() as patched:
        patched.setattr("cso.local.supervisor.FROZEN_AFTER_S", 1.5)
        city.until(lambda: not is_alive(after_a_look(supervisor)), what="it is ended")
    city.until(lambda: after_a_look(supervisor) not in (None, first) and child.is_ready(), what="another is at work")
    assert said[0].startswith("web-kept has given no sign of life for")


def test_one_that_is_debugged_is_left_alone(kept: tuple[Supervisor, Child, list[str]]) -> None:
    _, child, _ = kept
    assert child.process is not None
    attach, detach = 16, 17
    libc = ctypes.CDLL(None)
    if libc.ptrace(attach, child.process.pid, None, None) != 0:
        pytest.skip("this system lets nobody debug")
    child.is_frozen(0.0)
    assert not child.is_frozen(1000.0)
    libc.ptrace(detach, child.process.pid, None, None)


# --- In a container ---------------------------------------------------------------------------------------------


@pytest.fixture
def parent(city: Installation) -> Iterator[Process]:
    """What the image starts, on a port that `city` asks meanwhile."""
    usual, city.port = city.port, free_port()
    started = city.start_another("parent", [sys.executable, "-m", "cso.web", "--port", str(city.port)])
    city.until(lambda: len(workers(started)) == 2 and city.ask("GET", "/healthz").status == 200, what="it answers")
    yield started
    for process in (started, *workers(started)):
        send(process, signal.SIGKILL)
    city.port = usual


def workers(parent: Process) -> list[Process]:
    """Its web processes; it has others."""
    pids = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split() if look_up(parent.pid) else []
    spawned = [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return [process for process in (look_up(int(pid)) for pid in spawned) if process]


def let_in(processes: list[Process], came: list[socket.socket]) -> list[int]:
    """How many of those who came are with each of the processes."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    theirs = {f":{one.getsockname()[1]:04X}" for one in came}
    ours = {f"socket:[{row[9]}]" for row in rows if row[2][-5:] in theirs}
    with suppress(OSError):  # a file that is closed meanwhile
        return [
            sum(os.readlink(file) in ours for file in Path(f"/proc/{process.pid}/fd").iterdir())
            for process in processes
        ]
    return []


def let_in_by_each(city: Installation, parent: Process) -> bool:
    """Whether each web process lets somebody in while the other is frozen; not so while one is still starting."""
    both = workers(parent)
    for process in both:
        send(process, signal.SIGSTOP)
        answer = city.ask("GET", "/healthz")
        send(process, signal.SIGCONT)
        if answer.status != 200 or answer.took_s > 1:
            return False
    return both == workers(parent)


def test_in_a_container_too_who_comes_at_once_is_spread(city: Installation, parent: Process) -> None:
    city.until(lambda: let_in_by_each(city, parent), what="both let people in")
    both = workers(parent)
    came = [socket.create_connection(("127.0.0.1", city.port)) for _ in range(24)]
    try:
        city.until(lambda: sum(let_in(both, came)) == len(came), what="all are let in")
        assert min(let_in(both, came)) >= 6
    finally:
        for one in came:
            one.close()


def test_in_a_container_too_one_is_replaced_while_the_other_answers(city: Installation, parent: Process) -> None:
    first, second = workers(parent)
    send(first, signal.SIGKILL)
    assert wait_gone([first], seconds=5)
    take_some(city, 2)
    city.until(lambda: len(workers(parent)) == 2 and first not in workers(parent), what="another in its place")
    assert second in workers(parent)
    both = workers(parent)
    send(parent, signal.SIGTERM)
    assert wait_gone([parent, *both], seconds=10), "all of it ends with the parent"
