"""What the walls between agencies cost: the same statements with row-level security and past it."""

import time
from typing import Any

import psycopg

from tests.bench.figures import Figure, p50
from tests.bench.filling import open_calls, past_calls
from tests.bench.stage import Stage

PAST = 50_000
ASKED = {
    "open calls": "SELECT * FROM calls_call WHERE agency_id = %(agency)s AND status NOT IN ('closed', 'cancelled')"
    " ORDER BY priority, received_at, id",
    "the latest 50 calls": "SELECT * FROM calls_call WHERE agency_id = %(agency)s"
    " ORDER BY received_at DESC, id DESC LIMIT 50",
    "calls at an address": "SELECT * FROM calls_call WHERE agency_id = %(agency)s AND address_key = '77 pine st'"
    " AND received_at > now() - interval '10 years' ORDER BY received_at DESC",
    "clocks of open calls": "SELECT d.* FROM ledger_deadline d JOIN calls_call c ON c.agency_id = d.agency_id"
    " AND c.id = d.call_id WHERE c.agency_id = %(agency)s AND c.status NOT IN ('closed', 'cancelled')",
}


def measure(stage: Stage) -> list[Figure]:
    open_calls(stage, 60)
    past_calls(stage, first=2_000_001, last=2_000_000 + (PAST // 5 if stage.quick else PAST))
    with stage.app() as walled, stage.superuser() as free:
        found = {what: _both(stage, walled, free, query) for what, query in ASKED.items()}
    inside = sum(one for one, _ in found.values())
    outside = sum(other for _, other in found.values())
    worst = max(found, key=lambda what: found[what][0] / found[what][1])
    return [
        Figure(
            name="walls_ratio", what="the same statements behind the walls", value=inside / outside, unit="x",
            baseline=1.0, against="past row-level security", limit=1.1,
        ),
        Figure(
            name="walls_worst_ratio", what=f"the worst of them ({worst})", unit="x", baseline=1.0,
            value=found[worst][0] / found[worst][1], against="past row-level security",
        ),
    ]  # fmt: skip


def _both(
    stage: Stage, walled: "psycopg.Connection[Any]", free: "psycopg.Connection[Any]", query: str
) -> tuple[float, float]:
    """Milliseconds of `query` behind the walls and past them, turn by turn: p50."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(stage.rounds(200)):
        for kept, connection in zip(times, (walled, free), strict=True):
            began = time.perf_counter()
            connection.execute(query, {"agency": stage.agency_id}).fetchall()
            kept.append((time.perf_counter() - began) * 1000)
    return p50(times[0]), p50(times[1])
