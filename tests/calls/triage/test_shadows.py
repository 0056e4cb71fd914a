"""A rule that decides nothing is named with what decides before it, and with no more than that."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from calls.triage import prove as proving
from calls.triage import shadows
from calls.triage.floor import Floor
from calls.triage.prove import prove
from calls.triage.rules import Rule, RuleSet
from calls.triage.shadows import Shadows
from tests.calls.triage.documents import a_rule
from tests.calls.triage.test_floor import a_floor
from tests.calls.triage.test_properties import made_sets
from tests.calls.triage.test_prove import PARKED, only, safe

DOG: dict[str, Any] = {"field": "type", "is": "DOG"}
ANY_OF_BOTH: dict[str, Any] = {"field": "type", "in": ["VEHABND", "DOG"]}
DAY: dict[str, Any] = {"field": "hour", "between": [8, 19]}
NIGHT: dict[str, Any] = {"not": DAY}
DAWN: dict[str, Any] = {"field": "hour", "below": 8}
EVENING: dict[str, Any] = {"field": "hour", "above": 19}


def at(when: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    return {"all": [when, *more]} if more else when


@pytest.mark.parametrize(
    ("conditions", "named"),
    [
        ([at(PARKED, DAY), at(DOG, DAY), at(PARKED, NIGHT), at(PARKED, DAWN), PARKED], "R1 and R3"),
        ([at(PARKED, DAY), at(PARKED, NIGHT), PARKED, at(PARKED, DAWN)], "R3"),
        ([PARKED, DOG, at(ANY_OF_BOTH, DAY)], "R1 and R2"),
        ([at(PARKED, DAY), at(PARKED, DAWN), at(PARKED, EVENING), PARKED], "R1, R2 and R3"),
        ([PARKED, at(DOG, {"field": "answer.weapon", "is": "yes"})], "D-weapon"),
    ],
)
def test_the_fewest_that_decide_before_it_are_named(conditions: list[dict[str, Any]], named: str) -> None:
    rules = [a_rule(f"R{n}", when) for n, when in enumerate(conditions, start=1)]

    failure = prove(safe(rules=rules), a_floor(not_applicable=[])).failures[-1]

    assert (failure.property, failure.id) == ("dead_rule", f"R{len(rules)}")
    assert (
        failure.because == f"R{len(rules)} never decides a call: whatever it matches is decided before it by {named}."
    )


def test_a_rule_that_no_call_can_match_blames_nobody() -> None:
    never = at(PARKED, {"field": "hour", "below": 3}, {"field": "hour", "above": 20})

    failure = only(prove(safe(rules=[a_rule("R1", at(PARKED, DAY)), a_rule("R2", never)]), a_floor()))

    assert failure.because == "R2 never decides a call: no call can match it."


def test_a_search_that_would_take_too_long_names_what_is_right_if_more_than_need_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shadows, "ALL_TOGETHER", 0)
    conditions = [at(PARKED, DAY), at(DOG, DAY), at(PARKED, NIGHT), PARKED, at(PARKED, DAWN)]
    rules = [a_rule(f"R{n}", when) for n, when in enumerate(conditions, start=1)]

    said = {failure.id: failure.because for failure in prove(safe(rules=rules), a_floor()).failures}

    assert said["R4"].endswith("by R1 and R3.")
    assert "R3" in said["R5"] or "R4" in said["R5"]


def test_one_that_does_alone_is_named_whatever_z3_names_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left after leaving out, R1 and R2, is not the fewest: R3 does alone."""
    monkeypatch.setattr(shadows._Search, "core", lambda self: self._places[0].left.keys() | set())
    conditions = [at(PARKED, DAY), at(PARKED, NIGHT), PARKED, at(PARKED, {"field": "weekday", "below": 6})]
    rules = [a_rule(f"R{n}", when) for n, when in enumerate(conditions, start=1)]

    said = {failure.id: failure.because for failure in prove(safe(rules=rules), a_floor()).failures}

    assert said["R4"].endswith("by R3.")


@settings(max_examples=12, deadline=None, phases=[Phase.generate, Phase.shrink])
@given(made_sets())
def test_without_what_is_named_the_rule_lives_and_with_it_alone_it_is_dead(made: tuple[RuleSet, Floor]) -> None:
    rule_set, floor = made
    for rule, named in named_for_the_dead(rule_set, floor).items():
        assert rule in named_for_the_dead(only_with(rule_set, named, rule), floor)
        for one in named:
            assert rule not in named_for_the_dead(only_with(rule_set, {*named} - {one}, rule), floor)


def only_with(rule_set: RuleSet, named: Collection[str], rule: str) -> RuleSet:
    return replace(
        rule_set,
        disqualifiers=tuple(item for item in rule_set.disqualifiers if item.id in named),
        rules=tuple(item for item in rule_set.rules if item.id in {*named, rule}),
    )


def named_for_the_dead(rule_set: RuleSet, floor: Floor) -> dict[str, tuple[str, ...]]:
    """For each dead rule what it is said to be shadowed by."""
    said: dict[str, tuple[str, ...]] = {}

    class Noted(Shadows):
        def of(self, rule: Rule) -> tuple[str, ...]:
            said[rule.id] = super().of(rule)
            return said[rule.id]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proving, "Shadows", Noted)
        prove(rule_set, floor)
    return said
