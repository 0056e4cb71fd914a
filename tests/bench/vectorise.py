"""A rule set over a million past calls, beside a query written by hand and beside one call after the other."""

import time
from collections.abc import Callable
from typing import Any

from tests.bench import triage
from tests.bench.figures import Figure, p50
from tests.bench.stage import Stage

CALLS, RULES, ONE_BY_ONE = 1_000_000, 21, 4_000
HAND, LOOP = 1.5, 30.0


def measure(stage: Stage) -> list[Figure]:
    import polars as pl

    from calls.triage import decide, floor, rules
    from calls.triage.vectorise import vectorise

    rule_set, safe = rules.parse(triage.document(RULES)), floor.parse_floor(triage.FLOOR)
    frame = calls(CALLS)
    columns, hand = _in_turn(lambda: vectorise(rule_set, safe, frame), lambda: by_hand(frame), rounds=stage.rounds(21))
    same = vectorise(rule_set, safe, frame)["route"].cast(pl.String).equals(by_hand(frame)["route"])
    assert same, "the query by hand answers something else"
    cases = [triage.case(decide.Case, n) for n in range(ONE_BY_ONE)]
    [loop] = _in_turn(lambda: [decide.decide(rule_set, safe, case) for case in cases], rounds=stage.rounds(3))
    each = loop * CALLS / ONE_BY_ONE
    return [
        Figure(
            name="vectorise_million_ms", what=f"{CALLS:,} past calls through {RULES} rules", value=columns * 1000,
            unit="ms", baseline=hand * 1000, against="by a polars query written by hand", limit=HAND * hand * 1000,
        ),
        Figure(
            name="vectorise_times_loop", what="the same, against one call after the other", value=each / columns,
            unit="times", baseline=each * 1000, against="ms by the loop", limit=LOOP, at_least=True,
        ),
    ]  # fmt: skip


def calls(number: int) -> Any:  # noqa: ANN401
    """Past calls as an import leaves them: words enumerated, most answered no, one in a hundred yes."""
    import polars as pl

    n = pl.int_range(number, eager=True)
    types, said = pl.Enum(triage.TYPES), pl.Enum(["yes", "no", "unknown"])
    answers = {
        f"answer.{code}": pl.Series(["no"] * 99 + ["yes"], dtype=said).gather((n * (7 + 2 * k) + k) % 100)
        for k, code in enumerate(triage.CODES)
    }
    return pl.DataFrame(
        {
            "type": pl.Series(triage.TYPES, dtype=types).gather(n % len(triage.TYPES)),
            "priority": 2 + n % 3,
            "hour": n % 24,
            "premise_flag": n % 50 == 0,
            "subject_age": n % 90,
            "elapsed_min": n % 5000,
            "cso_available": n % 3 > 0,
            "source": pl.Series(["phone"], dtype=pl.Enum(["phone"])).gather(n * 0),
            **answers,
        }
    )


def by_hand(frame: Any) -> Any:  # noqa: ANN401
    """The same rules as somebody who knows polars would write them for these calls, which lack nothing."""
    import polars as pl

    fired = pl.any_horizontal(pl.col(f"answer.{code}") == "yes" for code in triage.CODES)
    route: Any = pl.when(fired).then(pl.lit("sworn"))
    for n in range(RULES):
        rule = triage.rule(n)
        kind, hour, either, _ = rule["when"]["all"]
        young, old = either["any"]
        hit = (
            pl.col("type").is_in(kind["in"])
            & pl.col("hour").is_between(*hour["between"])
            & ((pl.col("subject_age") < young["below"]) | (pl.col("elapsed_min") >= old["at_least"]))
            & ~pl.col("premise_flag")
        )
        route = route.when(hit).then(pl.lit(rule["route"]))
    return frame.lazy().select(route.otherwise(pl.lit("sworn")).alias("route")).collect()


def _in_turn(*whats: Callable[[], object], rounds: int) -> list[float]:
    """The median seconds of each, measured in turn: who else uses the machine meanwhile slows them alike."""
    for what in whats:
        what()
    found: list[list[float]] = [[] for _ in whats]
    for _ in range(max(5, rounds)):
        for what, seconds in zip(whats, found, strict=True):
            began = time.perf_counter()
            what()
            seconds.append(time.perf_counter() - began)
    return [p50(seconds) for seconds in found]
