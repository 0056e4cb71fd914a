"""Many calls for one rule set, made by chance from a seed: faster than hypothesis makes them, and as many as wanted."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from calls.triage.conditions import ANSWERS, SOURCES, field_tests
from calls.triage.decide import Case
from calls.triage.floor import Floor
from calls.triage.rules import RuleSet
from tests.calls.triage.documents import CODES, TYPES

RANGES = {
    "priority": (1, 4),
    "hour": (0, 23),
    "weekday": (1, 7),
    "earlier_calls": (0, 30),
    "caller_age": (0, 110),
    "subject_age": (0, 110),
    "elapsed_min": (0, 100_000),
}
SAID: dict[str, Sequence[Any]] = {
    "source": SOURCES,
    "holiday": (True, False),
    "premise_flag": (True, False),
    "cso_available": (True, False),
    "scene_secured_by": ("sworn", "3A12", "nobody", "Nobody ", "", "unknown"),
    "requested_by": ("Sgt. Rivera", ""),
}
CLEAR = Case(
    category="any", priority=3, source="phone", hour=3, holiday=False, premise_flag=False, earlier_calls=0,
    subject_age=40, cso_available=True,
)  # fmt: skip


def calls_for(rule_set: RuleSet, floor: Floor, *, seed: int, number: int) -> list[Case]:
    """Calls that come close to what the conditions name: half of them clear but for a thing or two, half anything."""
    chance, named = random.Random(seed), _named(rule_set, floor)
    return [_nearly_clear(chance, named) if n % 2 else _anything(chance, named) for n in range(number)]


def _named(rule_set: RuleSet, floor: Floor) -> dict[str, list[Any]]:
    """The values that some condition compares with, by field."""
    found: dict[str, list[Any]] = {}
    for part in (rule_set.disqualifiers, rule_set.rules, rule_set.invariants, floor.invariants):
        for test in (test for item in part for test in field_tests(item.when)):
            found.setdefault(test.field, []).extend(test.values)
    return found


def _nearly_clear(chance: random.Random, named: dict[str, list[Any]]) -> Case:
    answers = dict.fromkeys(CODES, "no")
    for code in chance.sample(CODES, chance.choice([0, 0, 1])):
        answers[code] = chance.choice(ANSWERS)
    for code in chance.sample(CODES, chance.choice([0, 0, 1])):
        del answers[code]
    changed = chance.sample([*RANGES, *SAID], chance.randint(0, 3))
    facts = {name: _value(name, chance, named) for name in changed}
    return replace(CLEAR, type=chance.choice([None, *TYPES, *TYPES]), answers=answers, **facts)


def _anything(chance: random.Random, named: dict[str, list[Any]]) -> Case:
    answers = {code: chance.choice(ANSWERS) for code in CODES if chance.random() < 0.7}
    facts = {name: _value(name, chance, named) for name in [*RANGES, *SAID]}
    return Case(type=chance.choice([None, *TYPES]), category="any", area="any", answers=answers, **facts)


def _value(name: str, chance: random.Random, named: dict[str, list[Any]]) -> Any:  # noqa: ANN401 as the fields are
    """Nothing, a value beside one that a condition names, or any."""
    if chance.random() < 0.15:
        return None
    if name in SAID:
        return chance.choice(SAID[name])
    low, high = RANGES[name]
    if name in named and chance.random() < 0.6:
        return min(high, max(low, chance.choice(named[name]) + chance.choice([-1, 0, 1])))
    return chance.randint(low, high)
