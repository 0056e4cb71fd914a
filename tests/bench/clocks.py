"""Deadlines with their real effects, two workers, while four dispatchers take calls in the same agency."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from tests.bench.figures import Figure, p50, p95
from tests.bench.filling import tidy
from tests.bench.load import answers, asked, asking
from tests.bench.stage import Stage
from tests.bench.taking import asks

TAKES_S = 40
MANY, ARMED, PAUSE_S = 20_000, 1_000_000, 0.2
# Calls that wait, each with a caller who has not been called back in time: an event and an alarm for each.
_CALLS = """
INSERT INTO calls_call (agency_id, number, status, priority, route, source, emergency, address, address_key, area,
    caller_name, caller_phone, caller_anonymous, caller_language, interpreter, no_contact, narrative, answers, facts,
    report_number, received_at, entered_at, queued_at, closing_comment, version)
SELECT %(agency)s, '19-' || n, 'queued', 3, 'cso', 'phone', false, '', '', '', '', '', false, '', false, false, '',
    '{}', '{}', '', %(now)s, %(now)s, %(now)s, '', 1
FROM generate_series(1, %(many)s) AS n
"""
_DUE = """
INSERT INTO ledger_deadline (agency_id, kind, call_id, armed_at, due_at, state)
SELECT agency_id, 'delayed_caller', id, %(now)s, %(now)s, 'armed' FROM calls_call
WHERE agency_id = %(agency)s AND number LIKE '19-%%'
"""
_LATER = """
INSERT INTO ledger_deadline (agency_id, kind, call_id, armed_at, due_at, state)
SELECT %(agency)s, 'bench', -n, now(), now() + interval '1 day' + n * interval '1 second', 'armed'
FROM generate_series(1, %(many)s) AS n
"""


def measure(stage: Stage) -> list[Figure]:
    many, seconds = (MANY // 5, 3.0) if stage.quick else (MANY, 6.0)
    dispatchers = asks(stage, 4)
    with stage.web() as port:
        asked(stage, port, dispatchers, seconds=1)
        alone = asked(stage, port, dispatchers, seconds=seconds, pause=PAUSE_S)
        now = fill(stage, many)
        with workers(stage, now) as ready:
            asked(stage, port, dispatchers, seconds=1)  # the tables have changed, and so have the plans
            with asking(stage, port, dispatchers, seconds=60, pause=PAUSE_S) as process:
                rate, fired = swept(ready)
                busy = answers(process)
    check(stage, many, fired)
    return [
        Figure(
            name="deadlines_per_second", what="deadlines with event and alarm, 2 workers, 4 dispatchers at work",
            value=rate, unit="/s", limit=5000, at_least=True,
        ),
        Figure(
            name="dispatchers_p95_ms", what="taking a call meanwhile, p95", value=p95(busy.ms), unit="ms",
            baseline=p95(alone.ms), against="without the deadlines", limit=2 * p95(alone.ms),
        ),
        idle(stage),
    ]  # fmt: skip


def fill(stage: Stage, many: int) -> datetime:
    """Calls with a deadline each that is due at the moment that is answered."""
    now = datetime.now().astimezone() - timedelta(seconds=1)
    with stage.superuser() as superuser:
        given = {"agency": stage.agency_id, "many": many, "now": now}
        superuser.execute(_CALLS, given)
        superuser.execute(_DUE, given)
        tidy(superuser, "calls_call, ledger_deadline")
    return now


@contextmanager
def workers(stage: Stage, now: datetime) -> "Iterator[list[subprocess.Popen[str]]]":
    """Two workers that have started and wait for the word to sweep what is due at `now`."""
    command = [sys.executable, "-m", "tests.bench.sweeper", now.isoformat()]
    with ExitStack() as stack:
        started = [stack.enter_context(stage.running(command)) for _ in range(2)]
        for worker in started:
            assert worker.stdout
            if worker.stdout.readline().strip() != "ready":
                raise RuntimeError("a worker did not start")
        yield started


def swept(ready: "list[subprocess.Popen[str]]") -> tuple[float, int]:
    """Deadlines a second by workers that begin together, and how many they fired."""
    for worker in ready:
        assert worker.stdin
        worker.stdin.write("\n")
        worker.stdin.flush()
    found = [json.loads(worker.communicate(timeout=100)[0]) for worker in ready]
    seconds = max(each["ended"] for each in found) - min(each["began"] for each in found)
    fired = sum(each["fired"] for each in found)
    return fired / seconds, fired


def check(stage: Stage, many: int, fired: int) -> None:
    """None lost, none twice."""
    with stage.superuser() as superuser:
        row = superuser.execute(
            "SELECT count(*), count(DISTINCT data ->> 'deadline') FROM ledger_event"
            " WHERE kind = 'deadline.missed' AND data ->> 'kind' = 'delayed_caller'"
        ).fetchone()
        superuser.execute(
            "DELETE FROM ledger_alarm; DELETE FROM ledger_deadline WHERE kind = 'delayed_caller';"
            " DELETE FROM calls_call WHERE number LIKE '19-%'"
        )
        tidy(superuser, "calls_call, ledger_alarm, ledger_deadline")
    if row != (many, many) or fired < many:
        raise RuntimeError(f"of {many} deadlines {fired} fired, and the ledger has {row}")


def idle(stage: Stage) -> Figure:
    """A sweep that finds nothing due among many that are armed."""
    from django.utils import timezone

    from dispatch import sweep

    many = ARMED // 10 if stage.quick else ARMED
    with stage.superuser() as superuser:
        superuser.execute(_LATER, {"agency": stage.agency_id, "many": many})
        tidy(superuser, "ledger_deadline")
    ms = []
    for _ in range(stage.rounds(200)):
        began = time.perf_counter()
        sweep.sweep(timezone.now())
        ms.append((time.perf_counter() - began) * 1000)
    with stage.superuser() as superuser:
        superuser.execute("DELETE FROM ledger_deadline WHERE kind = 'bench'")
        tidy(superuser, "ledger_deadline")
    return Figure(
        name="idle_sweep_ms", what=f"a sweep with nothing due and {many:,} armed, p50", value=p50(ms), unit="ms",
        limit=1,
    )  # fmt: skip
