"""The values that a rule set can tell apart: each field of a call as a small, bounded set.

Every test compares one field with constants, so between two constants nothing changes. One value from each stretch,
and None for *nobody said so*, stand for all values of the field: what holds for them holds for every call.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from calls.triage.authority import Setting
from calls.triage.conditions import ANSWER, ANSWERS, FIELDS, Condition, FieldTest, field_tests
from calls.triage.evaluate import NOT_GIVEN, Case, tidy
from calls.triage.floor import SECURED_ASSIST, Floor
from calls.triage.rules import RuleSet

Value = str | int | bool | None
Values = Mapping[str, tuple[Value, ...]]

ORDINARY: Mapping[str, Value] = {
    "source": "phone",
    "hour": 15,
    "weekday": 2,
    "holiday": False,
    "premise_flag": False,
    "earlier_calls": 0,
    "cso_available": True,
}
"""An ordinary call: by phone on a Tuesday afternoon, from a place without a flag and without earlier calls, a CSO on
duty. What is not named here nobody has said. A counter-example names what differs from it."""

FEW = 24
"""Up to so many values are gone through one by one."""
SOMEBODY, SOMEWHERE = "Unit 1", "elsewhere"


def conditions_of(rule_set: RuleSet, floor: Floor) -> Iterable[Condition]:
    """Every condition that can matter for a call."""
    yield SECURED_ASSIST
    for part in (rule_set.disqualifiers, rule_set.rules, rule_set.invariants, floor.invariants):
        for item in part:
            yield item.when


def values_of(conditions: Iterable[Condition], setting: Setting) -> dict[str, tuple[Value, ...]]:
    """For each field that is read: values that stand for all, the ordinary one first. Not for the call type."""
    tests: dict[str, list[FieldTest]] = {"priority": [], "cso_available": []}
    for condition in conditions:
        for test in field_tests(condition):
            tests.setdefault(test.field, []).append(test)
    tests.pop("type", None)
    found = {name: _values(name, read) for name, read in tests.items()}
    if "category" in found:
        found["category"] |= {known.category for known in setting.types}
    return {name: _ordinary_first(name, values) for name, values in found.items()}


def _values(name: str, tests: list[FieldTest]) -> set[Value]:
    if name.startswith(ANSWER):
        return {*ANSWERS, None}
    field = FIELDS[name]
    named = {value for test in tests for value in test.values}
    match field.kind:
        case "flag":
            return {True, False, None}
        case "choice":
            return {*field.choices, None}
        case "number":
            if field.high - field.low < FEW:
                return {*range(field.low, field.high + 1), None}
            around = {int(value) + step for value in named for step in (-1, 0, 1)} | {field.low, field.high}
            return {None, *(number for number in around if field.low <= number <= field.high)}
        case _:
            other = SOMEWHERE if field.vocabulary else SOMEBODY
            taken = {tidy(str(value)) for value in named}
            while tidy(other) in taken:
                other += " 1"
            return {None, other, *(str(value) for value in named if tidy(str(value)) not in NOT_GIVEN)}


def _ordinary_first(name: str, values: set[Value]) -> tuple[Value, ...]:
    if name.startswith(ANSWER):
        return ("no", "yes", "unknown", None)
    usual = ORDINARY.get(name)
    if isinstance(usual, int) and not isinstance(usual, bool):
        values = values | {usual}
    rest = sorted(values - {usual}, key=lambda value: (value is None, isinstance(value, str), value))
    return (usual, *rest)


@lru_cache(maxsize=4096)
def case_with(name: str, value: Value) -> Case:
    """A call of which only one thing is known."""
    if name.startswith(ANSWER):
        return Case(answers={} if value is None else {name.removeprefix(ANSWER): str(value)})
    return Case(**{name: value})  # type: ignore[arg-type]
