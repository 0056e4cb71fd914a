"""Whatever the rules and the calls: over whole columns the answers are those that one call at a time gets."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.triage import rules
from calls.triage import vectorise as vectorising
from calls.triage.columns import frame_of
from calls.triage.decide import Case, Decision, decide
from calls.triage.floor import NO_FLOOR, Floor
from calls.triage.rules import RuleSet
from calls.triage.vectorise import RESULT, vectorise
from tests.calls.triage.chance import calls_for
from tests.calls.triage.documents import CODES, a_document, a_rule
from tests.calls.triage.test_properties import any_type, cases, city_cases, made_cases, made_sets
from tests.programmes.tables import floor_of, rule_set_of

# Rule sets with 200 calls each for the first property, with up to 12 for the others; PROPERTY_CASES=10000 for a night.
SETS = int(os.environ.get("PROPERTY_CASES", "50"))
CALLS = 200
EVERY = settings(max_examples=max(20, SETS // 5), deadline=None)


def answers(rule_set: RuleSet, floor: Floor, calls: Sequence[Case], *, cannot_say: bool = False) -> list[dict]:
    return vectorise(rule_set, floor, frame_of(calls), cannot_say=cannot_say).to_dicts()


def as_row(decision: Decision) -> dict:
    """A decision as a row of columns."""
    by, plain = decision.decided_by, decision.as_dict()
    named = {"decided_kind": by.kind if by else None, "decided_id": by.id if by else None}
    return {name: named.get(name) if name in named else plain[name] for name in RESULT}


def agree(rule_set: RuleSet, floor: Floor, calls: Sequence[Case]) -> None:
    for cannot_say in (False, True):
        one_by_one = [as_row(decide(rule_set, floor, case, cannot_say=cannot_say)) for case in calls]
        assert answers(rule_set, floor, calls, cannot_say=cannot_say) == one_by_one


many = st.lists(st.one_of(made_cases, cases(any_type, CODES)), min_size=1, max_size=12)


@pytest.mark.timeout(36_000 if SETS > 1000 else 120)
def test_for_ten_thousand_calls_through_any_rule_set_and_any_floor() -> None:
    """50 generated rule sets and floors with 200 generated calls each: 10,000 calls, each read twice, while it is open
    and when the caller can say no more."""
    held = Counter[str]()

    @settings(max_examples=SETS, deadline=None)
    @given(made_sets(), st.integers(0, 2**32))
    def every_set(made: tuple[RuleSet, Floor], seed: int) -> None:
        calls = calls_for(*made, seed=seed, number=CALLS)
        agree(*made, calls)
        held.update(str(decide(*made, case).route) for case in calls)

    every_set()

    assert held.total() >= SETS * CALLS >= 10_000
    assert held["sworn"] and held["None"] and held["cso"] + held["referral"]
    print(dict(held))


@EVERY
@given(made_sets(), many)
def test_without_a_floor(made: tuple[RuleSet, Floor], calls: list[Case]) -> None:
    agree(made[0], NO_FLOOR, calls)


@EVERY
@given(made_sets(), many, st.sets(st.sampled_from(["CAR", "DOG", "LOST", "OTHER"])))
def test_for_types_that_are_not_in_use(made: tuple[RuleSet, Floor], calls: list[Case], in_use: set[str]) -> None:
    rule_set, floor = made
    odd = [replace(case, type="OTHER") for case in calls] + [replace(case, type="") for case in calls]
    agree(rule_set, replace(floor, types=frozenset(in_use)), [*calls, *odd])


@EVERY
@given(made_sets(), many, st.sampled_from(["3A12", "nobody", "unknown", None]))
def test_for_assists_that_are_secured_or_not(
    made: tuple[RuleSet, Floor], calls: list[Case], secured_by: str | None
) -> None:
    rule_set, floor = made
    agree(rule_set, floor, [replace(case, source="sworn_request", scene_secured_by=secured_by) for case in calls])


@EVERY
@given(st.lists(city_cases(), min_size=1, max_size=12))
def test_for_the_rules_of_the_four_cities(told: list[tuple[str, Case]]) -> None:
    slug = told[0][0]
    agree(rule_set_of(slug), floor_of(slug), [case for _, case in told])


def test_a_secured_assist_is_asked_nothing() -> None:
    document = a_document()
    document["questions"][0]["types"] = ["VEHABND"]
    call = Case(type="VEHABND", source="sworn_request", scene_secured_by="3A12", premise_flag=False, cso_available=True)
    agree(rules.parse(document), Floor(), [call, replace(call, scene_secured_by=None), replace(call, source="phone")])
    assert answers(rules.parse(document), Floor(), [call])[0]["route"] == "cso"


def test_columns_may_be_enumerated_or_missing() -> None:
    calls = [Case(type="VEHABND", answers={"weapon": said}) for said in ("yes", "no", "unknown")]
    rule_set, frame = rules.parse(a_document()), frame_of(calls).select("type", "answer.weapon")
    small = frame.with_columns(
        pl.col("type").cast(pl.Enum(["TOW", "VEHABND"])),
        pl.col("answer.weapon").cast(pl.Enum(["yes", "no", "unknown"])),
    )
    assert vectorise(rule_set, Floor(), small).to_dicts() == vectorise(rule_set, Floor(), frame).to_dicts()
    assert vectorise(rule_set, Floor(), small)["route"].to_list() == ["sworn", None, None]


def test_many_calls_are_looked_at_in_parts_with_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    rule_set, floor = rule_set_of("seattle"), floor_of("seattle")
    calls = frame_of([Case(type=code, hour=n % 24) for n, code in enumerate(["WELFARE", "NOISE", "GONE", None] * 3)])
    whole = vectorise(rule_set, floor, calls)
    monkeypatch.setattr(vectorising, "SIDE_BY_SIDE", 2)
    monkeypatch.setattr(pl, "thread_pool_size", lambda: 5)
    in_parts = vectorise(rule_set, floor, calls)
    assert in_parts.n_chunks() > 1
    assert in_parts.equals(whole)


def test_no_calls_have_no_decisions() -> None:
    assert vectorise(rules.parse(a_document()), Floor(), frame_of([])).height == 0


@pytest.mark.parametrize("priority", [0, 1, 2, 3, 4, None])
def test_the_calls_own_priority_counts_as_it_does_for_one(priority: int | None) -> None:
    document = a_document(rules=[a_rule("R1", {"field": "type", "is": "CAR"}, "sworn", priority=3)])
    agree(rules.parse(document), Floor(), [Case(type="CAR", priority=priority), Case(type="DOG", priority=priority)])
