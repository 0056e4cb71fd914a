"""From the commit to every console, beside a stream with nothing in it on the same server."""

import time
from datetime import timedelta

from redis import Redis

from tests.bench.bare import CHANNEL
from tests.bench.figures import Figure, p50, p95
from tests.bench.listen import Heard, heard, listening
from tests.bench.load import request
from tests.bench.stage import Stage, bare_web

PAUSE_S, TAKES_S = 0.05, 50
COUNTS = (1, 100, 500)


def measure(stage: Stage) -> list[Figure]:
    figures = []
    commits = stage.rounds(60)
    with stage.web() as console, bare_web(stage) as bare:
        for count in COUNTS:
            ours, size = to_consoles(stage, console, count, commits)
            theirs = to_listeners(stage, bare, count, commits, size)
            figures += [
                Figure(
                    name=f"stream_{count}_p95_ms", what=f"commit to each of {count:,} consoles, p95", value=p95(ours),
                    unit="ms", baseline=p95(theirs), against="a bare stream of the same server", limit=2 * p95(theirs),
                ),
                Figure(
                    name=f"stream_{count}_p50_ms", what=f"commit to each of {count:,} consoles, p50", value=p50(ours),
                    unit="ms", baseline=p50(theirs), against="a bare stream of the same server",
                ),
            ]  # fmt: skip
    return figures


def to_consoles(stage: Stage, port: int, count: int, commits: int) -> tuple[list[float], float]:
    """Milliseconds from each commit to each console, and the bytes of a frame."""
    cookies = [stage.session(f"dora{n or ''}") for n in range(8)]
    path = f"/a/{stage.slug}/stream/?after={last_seq(stage)}"
    asks = [request("GET", path, headers={"Cookie": cookies[n % 8]}) for n in range(count)]
    with listening(stage, port, asks) as process:
        time.sleep(0.5)  # the first pulses
        committed = committing(stage, commits)
        time.sleep(0.5)
        found = heard(process)
    return delays(committed, found), found.bytes


def committing(stage: Stage, commits: int) -> dict[int, float]:
    """Calls are noted and units change one after the other: the number and the moment of each commit."""
    from django.utils import timezone

    from agencies.scope import agency_scope
    from calls.actions import take_call
    from calls.intake import Intake
    from ledger import wake
    from tests.conftest import ALL_NO

    moments: dict[int, float] = {}
    ring = wake.ring

    def note(agency_id: int, seq: int) -> None:
        moments[seq] = time.perf_counter()
        ring(agency_id, seq)

    wake.ring = note  # it is the first that is called after a commit
    try:
        with agency_scope(stage.agency_id):
            for n in range(commits):
                order = Intake(type_code="WELFARE", address=f"{n} Elm St", answers=ALL_NO)
                take_call(order, by=stage.people["dora"], now=timezone.now() - timedelta(seconds=1))
                time.sleep(PAUSE_S)
    finally:
        wake.ring = ring
    return moments


def to_listeners(stage: Stage, port: int, count: int, commits: int, size: float) -> list[float]:
    """The same with frames of the same size, from a stream that only passes them on."""
    asks = [request("GET", "/stream", headers={})] * count
    committed: dict[int, float] = {}
    words = "x" * max(1, int(size) - 20)
    with (
        listening(stage, port, asks) as process,
        stage.app() as app,
        Redis.from_url(stage.environment["REDIS_URL"]) as valkey,
    ):
        time.sleep(0.5)
        for seq in range(commits):
            app.execute("INSERT INTO bench_row (body) VALUES ('x')")
            committed[seq] = time.perf_counter()
            valkey.publish(CHANNEL, f"id: {seq}\ndata: {words}\n\n")
            time.sleep(PAUSE_S)
        time.sleep(0.5)
        found = heard(process)
    return delays(committed, found)


def delays(committed: dict[int, float], found: Heard) -> list[float]:
    """A frame may hold several commits, and not the same ones from every process: each commit has reached a listener
    with the first of its frames that goes so far."""
    ms: list[float] = []
    for frames in found.at:
        rest = iter(frames)
        number, at = -1, 0.0
        for seq, moment in sorted(committed.items()):
            while number < seq:
                following = next(rest, None)
                if following is None:
                    raise RuntimeError(f"commit {seq} did not reach every listener")
                number, at = following
            ms.append((at - moment) * 1000)
    return ms


def last_seq(stage: Stage) -> int:
    with stage.app() as app:
        row = app.execute("SELECT coalesce(max(last_seq), 0) FROM ledger_cursor").fetchone()
    return int(row[0]) if row else 0
