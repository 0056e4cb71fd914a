"""Two web processes behind one port: each answers everything, and who loses one of them loses no more than that."""

import http.client
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cso.local.processes import Process, look_up, send, wait_gone
from tests.faults.installation import WEB, Answer, Installation
from tests.fixtures import free_port
from tests.live.listening import Listening

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
