"""Bad days with real processes, killed with -9 or frozen. Calls go on where they can, nothing acknowledged is lost, no
deadline fires twice, and what people are told is true.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from cso.local.processes import is_alive, wait_gone
from tests.faults.installation import SITE, WEB, Installation
from tests.live.listening import Frame, Listening

pytestmark = pytest.mark.timeout(300)
AT_ONCE_S = 5.0  # a request that waits for a frozen part waits for ever


@pytest.fixture(autouse=True)
def nothing_lost(city: Installation) -> Iterator[None]:
    """After every bad day: no deadline twice, no gap in the ledger, no gap in the numbers of calls."""
    yield
    assert set(city.fired().values()) <= {1}
    [(last,)] = city.sql("SELECT last_seq FROM ledger_cursor WHERE agency_id = %s", city.agency)
    assert city.sql("SELECT count(*), max(seq) FROM ledger_event") == [(last, last)]
    assert city.sql("SELECT count(*), max(right(number, 6)::int) FROM calls_call WHERE number !~ '^99'") == [
        city.sql("SELECT count(*), count(*) FROM calls_call")[0]
    ]


@pytest.fixture
def events(city: Installation) -> Iterator[Listening]:
    """Dora's program listens to what happens."""
    stream = listen(city, "/api/v1/events")
    yield stream
    stream.close()


def listen(city: Installation, path: str, *, port: int = 0) -> Listening:
    headers = {"Authorization": f"Bearer {city.token}", "Cookie": f"cso_session={city.session}"}
    return Listening(port or city.port, path, headers)


def take_some(city: Installation, many: int = 4) -> list[str]:
    """Calls that are taken now, each at once. Answers their numbers."""
    answers = [city.take(f"{n} Bad Day Way") for n in range(many)]
    said = "\n".join(city.last_words(name, 4000) for name in WEB)
    assert [answer.status for answer in answers] == [201] * many, f"{answers}\n{said}"
    assert max(answer.took_s for answer in answers) < AT_ONCE_S
    return [answer.body["number"] for answer in answers]


def all_fired(city: Installation, due: set[int]) -> bool:
    return due <= set(city.fired())


def heard(number: str) -> Callable[[Frame], bool]:
    return lambda frame: bool(frame.data) and frame.data.get("about", {}).get("call") == number


# --- Valkey -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["dead", "frozen"])
def test_without_valkey_calls_go_on_and_clocks_fire(city: Installation, events: Listening, how: str) -> None:
    city.kill("valkey") if how == "dead" else city.freeze("valkey")
    numbers = take_some(city)
    if how == "dead":  # refused so far: the socket was there; now there is none
        (city.services.sockets / "valkey.sock").unlink()  # type: ignore[operator]
        numbers += take_some(city, 2)
    events.until(heard(numbers[-1]), seconds=20)
    due = city.make_due(numbers)
    assert len(due) == len(numbers)
    city.later("worker", seconds=6)
    city.until(lambda: all_fired(city, due), what="the web process keeps the clocks")
    assert city.ready().keys() >= {"broker"} and "clock" not in city.ready()
    before = dict(city.running)
    city.thaw("valkey")
    city.start("valkey")
    again = city.clock()
    city.until(lambda: city.heard_of("worker", since=again), what="worker and beat found Valkey again")
    assert {name: city.running[name] for name in SITE} == {name: before[name] for name in SITE}


# --- Worker and beat --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["dead", "frozen"])
def test_a_worker_that_is_gone_is_replaced_and_what_it_began_happens_once(city: Installation, how: str) -> None:
    due = city.make_due(take_some(city, 12))
    city.until(lambda: city.fired().keys() & due, what="the worker is at it")
    city.kill("worker") if how == "dead" else city.freeze("worker")
    more = city.make_due(take_some(city))
    city.later("worker", seconds=16)
    city.until(lambda: all_fired(city, due | more), what="the web process fires the rest")
    assert city.ready().keys() == {"worker"}, "the clocks are watched: by the web process"
    city.thaw("worker")
    city.start("worker")
    back = city.clock()
    city.until(lambda: city.heard_of("worker", since=back), what="the worker is back")
    last = city.make_due(take_some(city, 2))
    city.until(lambda: all_fired(city, last), what="it fires")


def test_the_banner_is_red_while_nobody_watches_the_clocks_and_only_then(city: Installation) -> None:
    numbers = take_some(city)
    port = city.start_web_elsewhere("web without a clock", CSO_STANDBY_CLOCK="0")
    city.until(lambda: city.ask("GET", "/healthz", port=port).status == 200, what="another web process")
    console = listen(city, "/a/san-jose/stream/", port=port)
    try:
        console.until(watched(True))
        city.kill(*WEB, "worker")
        city.later("clock", seconds=15)
        console.until(watched(False))
        due = city.make_due(numbers)
        city.start("worker")
        console.until(watched(True), seconds=60)
        city.until(lambda: all_fired(city, due), what="what nobody watched fires late")
    finally:
        console.close()


def watched(wanted: bool) -> Callable[[Frame], bool]:
    return lambda frame: frame.event == "pulse" and frame.data["watched"] is wanted


def test_a_dead_beat_is_replaced_and_two_beats_fire_nothing_twice(city: Installation) -> None:
    city.kill("beat")
    due = city.make_due(take_some(city))
    city.later("worker", seconds=6)
    city.until(lambda: all_fired(city, due), what="the web process knocks at its own door")
    city.start("beat")
    city.start_another("second beat", city.command("beat"))
    both = city.clock()
    city.until(lambda: city.heard_of("worker", since=both), what="the worker hears them")
    many = city.make_due(take_some(city, 20))
    city.until(lambda: all_fired(city, many), what="all of it fires")


# --- PostgreSQL -------------------------------------------------------------------------------------------------


def test_postgresql_dies_and_comes_back(city: Installation, events: Listening) -> None:
    taken = take_some(city)
    site = {name: city.running[name] for name in SITE}
    city.kill("postgres")
    refused = city.take("1 Nowhere Rd")
    assert (refused.status, refused.body["code"]) == (503, "unavailable")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert int(refused.headers["Retry-After"]) > 0
    page = city.ask("GET", "/a/san-jose/board/")
    assert (page.status, page.headers["Retry-After"]) == (503, refused.headers["Retry-After"])
    assert "The console is not ready." in page.body
    assert "database" in city.ready()
    assert city.ask("GET", "/healthz").status == 200
    city.start("postgres")
    city.until(lambda: city.take("1 Somewhere Rd", key="again").status == 201, what="calls are taken again")
    assert city.ask("GET", "/a/san-jose/board/").status == 200
    due = city.make_due(taken)
    assert len(due) == len(taken), "nothing acknowledged is lost"
    city.until(lambda: all_fired(city, due), what="the clocks go on")
    last = take_some(city, 1)[0]
    events.until(heard(last), seconds=30)
    told = [frame.id for frame in events.frames if frame.id]
    assert told == list(range(told[0], told[0] + len(told))), "who listens misses nothing"
    back = city.clock()
    city.until(lambda: city.heard_of("beat", since=back) and city.heard_of("worker", since=back), what="all at work")
    assert {name: city.running[name] for name in site} == site
    assert all(is_alive(process) for process in site.values()), "nobody had to be started again"


# Takes the agency's counter, which every change needs, and stops there.
HOLDER = """
import os, signal, sys
import django
django.setup()
from django.utils import timezone
from agencies.scope import agency_scope
from ledger.record import record
with agency_scope(int(sys.argv[1])), record(by=None, now=timezone.now()) as book:
    book.add("alarm.raised", data={"from": "the frozen one"})
    book.write()
    os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_who_freezes_while_holding_the_counter_stops_nobody_for_long(city: Installation) -> None:
    holder = city.start_another("holder", [sys.executable, "-c", HOLDER, str(city.agency)])
    held = "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.relation = 'ledger_cursor'::regclass"
    held += " AND l.mode = 'RowExclusiveLock' AND a.state = 'idle in transaction'"
    city.until(lambda: city.sql(held), what="the counter is held")
    refused = city.take("1 Busy St")
    assert (refused.status, refused.body["code"], refused.headers["Retry-After"]) == (409, "busy", "1")
    assert refused.took_s < AT_ONCE_S
    city.until(lambda: city.take("2 Busy St", key="busy street").status == 201, what="the frozen one is ended")
    city.thaw("holder")
    assert wait_gone([holder], seconds=30)
    assert not city.sql("SELECT 1 FROM ledger_event WHERE data->>'from' = 'the frozen one'")


# --- The web processes, and everything ----------------------------------------------------------------------------


class Callers:
    """Programs that take calls as fast as they can, each call with a key of its own, until nobody answers."""

    def __init__(self, city: Installation, *, name: str) -> None:
        self.city, self.name = city, name
        self.acknowledged: dict[str, str] = {}  # number by key
        self.asked: set[str] = set()
        self._count = count(1)
        self._threads = [threading.Thread(target=self._call) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def _call(self) -> None:
        answered = True
        while answered:
            self.asked.add(key := f"{self.name} {next(self._count)}")
            answer = self.city.take(key, key=key)
            answered = answer.status > 0
            if answer.status == 201:
                self.acknowledged[key] = answer.body["number"]

    def stop(self) -> None:
        for thread in self._threads:
            thread.join(60)

    def try_again(self) -> None:
        """Whoever heard nothing asks again, with the same key; and so does who did hear."""
        with ThreadPoolExecutor(4) as threads:
            numbers = dict(zip(self.asked, threads.map(self._insist, self.asked), strict=True))
        assert {key: numbers[key] for key in self.acknowledged} == self.acknowledged

    def _insist(self, key: str) -> str:
        """Until it is acknowledged; `busy` means that somebody else was first, and to try again."""
        while (answer := self.city.take(key, key=key)).status == 409:
            assert answer.body["code"] == "busy"
        assert answer.status == 201, answer
        return str(answer.body["number"])

    def assert_each_once(self) -> None:
        rows = self.city.sql(
            "SELECT address, count(*) FROM calls_call WHERE address LIKE %s GROUP BY 1", f"{self.name} %"
        )
        assert dict(rows) == dict.fromkeys(self.asked, 1)


@pytest.mark.parametrize("names", [WEB, ("postgres", "valkey", *SITE)], ids=["web", "everything"])
def test_killed_while_calls_are_taken(city: Installation, names: tuple[str, ...]) -> None:
    due = city.make_due(take_some(city, 10))
    callers = Callers(city, name=f"{len(names)} killed")
    city.until(lambda: len(callers.acknowledged) > 8, what="calls are being taken")
    city.kill(*names)
    callers.stop()
    assert len(callers.asked) > len(callers.acknowledged), "some heard nothing"
    city.make_whole()
    there = {number for (number,) in city.sql("SELECT number FROM calls_call")}
    assert set(callers.acknowledged.values()) <= there, "nothing acknowledged is lost"
    callers.try_again()
    callers.assert_each_once()
    city.until(lambda: all_fired(city, due), what="every deadline fires")
