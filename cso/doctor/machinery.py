"""Valkey, worker and beat, and what they leave undone when they are gone."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cso.doctor.findings import Finding, ago, ok, wrong
from cso.health import HEARTBEAT_MAX_AGE, broker_state
from ledger import heartbeats

RESTART = "Start it again (`docker compose restart {0}`; `make run` does it by itself) and read the end of its log."


def look(now: datetime) -> Iterator[Finding]:
    silent = {name: heartbeats.silent_for(name, now) for name in (heartbeats.CLOCK, heartbeats.WORKER, heartbeats.BEAT)}
    yield _clock(silent[heartbeats.CLOCK])
    yield _worker(silent)
    yield _beat(silent[heartbeats.BEAT])


def valkey() -> Finding:
    state = broker_state()
    if state == "ok":
        return ok("valkey", "Valkey answers")
    return wrong(
        "valkey",
        f"Valkey does not answer ({state}). Calls are taken and clocks fire all the same; boards change up to 2 s "
        "later, e-mails wait, and each process counts requests for itself.",
        "Start Valkey, or check REDIS_URL. Nothing is lost with what it held.",
    )


def _clock(silent: timedelta) -> Finding:
    if silent <= HEARTBEAT_MAX_AGE:
        return ok("clock", f"The clocks were watched {ago(silent.total_seconds())} ago")
    return wrong(
        "clock",
        f"Nobody watches the clocks{_since(silent)}: no alarm rings. The board shows a red banner.",
        "Have people watch the times on the board. Start the worker and beat; a web process keeps the clocks too, "
        "unless CSO_STANDBY_CLOCK is 0.",
    )


def _worker(silent: dict[str, timedelta]) -> Finding:
    age = silent[heartbeats.WORKER]
    if age <= HEARTBEAT_MAX_AGE:
        return ok("worker", f"The worker swept {ago(age.total_seconds())} ago")
    idle = (
        " It may only be waiting for beat, which is silent too." if silent[heartbeats.BEAT] > HEARTBEAT_MAX_AGE else ""
    )
    watched = silent[heartbeats.CLOCK] <= HEARTBEAT_MAX_AGE
    meanwhile = "The web process fires the clocks meanwhile; e-mails wait." if watched else "E-mails wait."
    return wrong("worker", f"The worker has not swept{_since(age)}.{idle} {meanwhile}", RESTART.format("worker"))


def _beat(silent: timedelta) -> Finding:
    if silent <= HEARTBEAT_MAX_AGE:
        return ok("beat", f"Beat knocked {ago(silent.total_seconds())} ago")
    return wrong(
        "beat", f"Beat has not knocked{_since(silent)}: it tells the worker when to sweep.", RESTART.format("beat")
    )


def _since(silent: timedelta) -> str:
    return " (never since it was installed)" if silent == timedelta.max else f" for {ago(silent.total_seconds())}"
