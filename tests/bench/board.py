"""The board page: beside its queries alone, with much history, and with eight people at it."""

import statistics
import time
from typing import Any

import psycopg

from tests.bench.figures import Figure, p50, p95
from tests.bench.filling import open_calls, past_calls
from tests.bench.load import Answers, asked, request
from tests.bench.stage import Stage

TAKES_S = 60
OPEN, FEW, MANY = 60, 10_000, 1_000_000
OLD = "cso_long_history"


def measure(stage: Stage) -> list[Figure]:
    open_calls(stage, OPEN)
    past_calls(stage, first=1, last=FEW)
    cookies = [{"Cookie": stage.session(f"dora{n or ''}")} for n in range(8)]
    asks = [request("GET", f"/a/{stage.slug}/board/", headers=cookie) for cookie in cookies]
    copy(stage)
    many = MANY // 10 if stage.quick else MANY
    past_calls(stage, first=FEW + 1, last=many, database=OLD)
    statements = queries_of(stage)
    with stage.web() as young, stage.web(database=OLD) as old:
        for port in (young, old):
            asked(stage, port, asks, seconds=2)
        one, long_ago = alternating(stage, asks[:1], young, old)
        alone = queries_alone(stage, statements)
        eight = asked(stage, young, asks, seconds=2 if stage.quick else 6)
    return [
        Figure(
            name="board_p50_ms", what=f"board with {OPEN} open calls, 1 client, p50", value=p50(one.ms), unit="ms",
            baseline=alone, against="its queries alone, drawn from scratch", limit=1.5 * alone,
        ),
        Figure(
            name="board_history_ratio", what=f"the same with {many:,} past calls to {FEW:,}", unit="x", limit=1.1,
            value=p50(long_ago.ms) / p50(one.ms),
        ),
        Figure(
            name="board_per_second", what="the same, 8 clients", value=eight.per_second, unit="/s", limit=300,
            at_least=True,
        ),
        Figure(name="board_8_p95_ms", what="the same, 8 clients, p95", value=p95(eight.ms), unit="ms"),
    ]  # fmt: skip


def copy(stage: Stage) -> None:
    """The same agency in a second database, for which more history is to come."""
    from django.db import connection

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    with psycopg.connect(stage.url("postgres", "postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {OLD} TEMPLATE cso")
        server.execute(f"GRANT CONNECT ON DATABASE {OLD} TO cso_app")


def alternating(stage: Stage, ask: list[str], *ports: int) -> list[Answers]:
    """Turn by turn, so that what else the machine does falls on all alike."""
    found: list[list[float]] = [[] for _ in ports]
    for _ in range(stage.rounds(10)):
        for index, port in enumerate(ports):
            found[index] += asked(stage, port, ask, seconds=10, most=60).ms[10:]
    return [Answers(ms, 1.0) for ms in found]


def queries_of(stage: Stage) -> list[str]:
    """Every statement of a board that is drawn from scratch, with its values."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"Cookie": stage.session("dora")})
    with CaptureQueriesContext(connection) as captured:
        if client.get(f"/a/{stage.slug}/board/").status_code != 200:
            raise RuntimeError("the board does not answer")
    return [query["sql"] for query in captured.captured_queries]


def queries_alone(stage: Stage, statements: list[str]) -> float:
    """Milliseconds to send them one after the other and fetch their rows, without Django: p50."""
    with stage.app() as app:
        return statistics.median(_replay(app, statements) for _ in range(stage.rounds(200)))


def _replay(app: "psycopg.Connection[Any]", statements: list[str]) -> float:
    began = time.perf_counter()
    for statement in statements:
        cursor = app.execute(statement)
        if cursor.description:
            cursor.fetchall()
    return (time.perf_counter() - began) * 1000
