"""Taking a call with everything in it, beside a bare insert on the same server and what the disk allows."""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from tests.bench.figures import Figure, p95
from tests.bench.filling import empty_board
from tests.bench.listen import listening
from tests.bench.load import Answers, asked, request
from tests.bench.stage import Stage, bare_web

_BODY = {
    "type": "WELFARE",
    "location": {"address": "@@@@@@ Pine St", "lat": "47.~~~~~~", "lon": -122.33},
    "narrative": "has not been seen since Sunday, the curtains are drawn",
    "caller": {"name": "Ann Lee", "phone": "206-555-0142"},
    "answers": dict.fromkeys(
        ("weapon", "violence", "suspect_present", "in_progress", "injury", "person_at_risk", "hazard", "legal_matter"),
        "no",
    ),
    "source": "phone",
}
# Calls are all over the town, as they are: a place with a thousand calls is another story.
BODY = json.dumps(_BODY).replace('"47.~~~~~~"', "47.~~~~~~")
SECONDS, TAKES_S = 5.0, 35


def measure(stage: Stage) -> list[Figure]:
    seconds = SECONDS / 3 if stage.quick else SECONDS
    ours, theirs = asks(stage), [request("POST", "/insert", headers={}, text=BODY)] * 8
    found: dict[tuple[str, int], Answers] = {}
    with stage.web() as console, bare_web(stage) as bare, one_console(stage, console):
        for clients in (1, 8):
            for name, port, ask in (("ours", console, ours), ("bare", bare, theirs)):
                asked(stage, port, ask[:clients], seconds=1)
                empty_board(stage)
                found[name, clients] = asked(stage, port, ask[:clients], seconds=seconds)
    return [
        *(
            figure
            for clients, rate, slowest in ((1, 150, 20), (8, 300, 50))
            for figure in _figures(clients, found["ours", clients], found["bare", clients], rate, slowest)
        ),
        *(commits(stage, connections) for connections in (1, 4)),
    ]


def _figures(clients: int, ours: Answers, bare: Answers, rate: float, slowest: float) -> list[Figure]:
    who = "1 client" if clients == 1 else f"{clients} clients"
    against = "a bare Django insert"
    return [
        Figure(
            name=f"take_call_{clients}_per_second", what=f"taking a call, {who}", value=ours.per_second, unit="/s",
            baseline=bare.per_second, against=against, limit=rate, at_least=True,
        ),
        Figure(
            name=f"take_call_{clients}_p95_ms", what=f"taking a call, {who}, p95", value=p95(ours.ms), unit="ms",
            baseline=p95(bare.ms), against=against, limit=slowest,
        ),
    ]  # fmt: skip


def asks(stage: Stage, number: int = 8) -> list[str]:
    """A call, as each of so many dispatchers sends it."""
    tokens = [stage.token(f"dora{n or ''}") for n in range(number)]
    return [request("POST", "/api/v1/calls", headers={"Authorization": f"Bearer {t}"}, text=BODY) for t in tokens]


def one_console(stage: Stage, port: int) -> "AbstractContextManager[subprocess.Popen[str]]":
    """A board that is open meanwhile: every call is drawn and pushed."""
    path = f"/a/{stage.slug}/stream/"
    return listening(stage, port, [request("GET", path, headers={"Cookie": stage.session("dora")})])


def commits(stage: Stage, connections: int) -> Figure:
    """Durable commits of one small row each: nothing that is kept can be faster."""
    number = stage.rounds(1000) // connections

    def work(_: int) -> None:
        with stage.app() as app:
            for _ in range(number):
                app.execute("INSERT INTO bench_row (body) VALUES ('x')")

    with ThreadPoolExecutor(connections) as pool:
        began = time.perf_counter()
        list(pool.map(work, range(connections)))
        seconds = time.perf_counter() - began
    who = "1 connection" if connections == 1 else f"{connections} connections"
    return Figure(
        name=f"commits_{connections}_per_second", what=f"bare durable commits of the machine, {who}", unit="/s",
        value=number * connections / seconds,
    )  # fmt: skip
