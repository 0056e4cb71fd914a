"""Conditions compiled to closures with three values: True, False, and None for *unknown*.

`not` of unknown is unknown; `all` is false as soon as one part is false, `any` true as soon as one is true. So a value
that is not None stays what it is, whatever the unknown things turn out to be.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, cast

from calls.triage.conditions import ANSWER, ANSWERS, FIELDS, AllOf, AnyOf, Condition, FieldTest, Not, Scalar

Truth = bool | None
NOT_GIVEN = frozenset({"", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of a call. None is *nobody said so*, which is unknown and never clears. Times are agency-local;
    ages in years, `elapsed_min` in minutes since it happened, `priority` the class 1 to 4 picked or else the type's.
    `answers` holds given answers only: code to yes, no or unknown."""

    type: str | None = None
    category: str | None = None
    priority: int | None = None
    source: str | None = None
    area: str | None = None
    hour: int | None = None
    weekday: int | None = None
    holiday: bool | None = None
    premise_flag: bool | None = None
    earlier_calls: int | None = None
    caller_age: int | None = None
    subject_age: int | None = None
    elapsed_min: int | None = None
    cso_available: bool | None = None
    scene_secured_by: str | None = None
    requested_by: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compiled:
    """`value(case)` is the truth; `opens(case)` the fields whose being unknown leaves it unknown (with repeats).
    `settled` is the truth for every case of the type, None when that depends on the case.

    How it is made stays visible, so that a proof reads what decides: a leaf reads one field (`reads`, "answer.x" for an
    answer, "" for none) and is the same as every leaf that `says` the same; a branch `joins` its `parts` by "not",
    "all" or "any"."""

    value: Callable[[Case], Truth]
    opens: Callable[[Case], Iterator[str]]
    settled: Truth = None
    reads: str = ""
    says: Hashable = None
    joins: str = ""
    parts: tuple["Compiled", ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """How a condition sees a call: its type (None: not known yet), and what a code that nobody answered counts as:
    unknown when `open_codes(code)`, else every test on it is false (*not asked*)."""

    type: str | None
    open_codes: Callable[[str], bool]


def compile_condition(condition: Condition, *, sight: Sight) -> Compiled:
    """The condition for calls of one type. Tests of the type are decided here, once."""
    folded = _compile(condition, sight)
    return folded if isinstance(folded, Compiled) else _constant(folded)


def _constant(truth: bool) -> Compiled:
    return Compiled(lambda _: truth, lambda _: iter(()), truth)


def _compile(condition: Condition, sight: Sight) -> Compiled | bool:
    match condition:
        case FieldTest("type") if sight.type is not None:
            return sight.type in condition.values
        case FieldTest():
            return _leaf(condition, sight)
        case Not(part):
            return negated(_compile(part, sight))
        case AllOf(parts):
            return joined([_compile(part, sight) for part in parts], settles=False)
        case AnyOf(parts):
            return joined([_compile(part, sight) for part in parts], settles=True)


def negated(part: Compiled | bool) -> Compiled | bool:
    """`not` of the part."""
    if isinstance(part, bool):
        return not part
    value = part.value

    def opposite(case: Case) -> Truth:
        truth = value(case)
        return None if truth is None else not truth

    return Compiled(opposite, part.opens, joins="not", parts=(part,))


def joined(parts: list[Compiled | bool], *, settles: bool) -> Compiled | bool:
    """`all` (settled by a False) and `any` (settled by a True) are one thing seen from two sides."""
    if settles in [part for part in parts if isinstance(part, bool)]:
        return settles
    live = [part for part in parts if isinstance(part, Compiled)]
    if len(live) < 2:
        return live[0] if live else not settles
    values = tuple(part.value for part in live)
    otherwise = not settles

    def whole(case: Case) -> Truth:
        truth: Truth = otherwise
        for value in values:
            now = value(case)
            if now is settles:
                return settles
            if now is None:
                truth = None
        return truth

    def opens(case: Case) -> Iterator[str]:
        for part in live:
            if part.value(case) is None:
                yield from part.opens(case)

    return Compiled(whole, opens, joins="any" if settles else "all", parts=tuple(live))


def _leaf(test: FieldTest, sight: Sight) -> Compiled:
    if test.field.startswith(ANSWER):
        return _answer(test, sight)
    value = _reader(test)
    name = test.field

    def opens(case: Case) -> Iterator[str]:
        if value(case) is None:
            yield name

    return Compiled(value, opens, reads=name, says=test)


def _answer(test: FieldTest, sight: Sight) -> Compiled:
    code = test.field.removeprefix(ANSWER)
    table: dict[str | None, Truth] = {answer: answer in test.values for answer in ANSWERS}
    if "unknown" not in test.values:
        table["unknown"] = None
    table[None] = None if sight.open_codes(code) else False
    if table[None] is None and len(set(test.values)) == len(ANSWERS):
        table[None] = True
    lookup = table.get

    def value(case: Case) -> Truth:
        return lookup(case.answers.get(code))

    def opens(case: Case) -> Iterator[str]:
        if value(case) is None:
            yield code

    return Compiled(value, opens, reads=test.field, says=(test, table[None]))


def _reader(test: FieldTest) -> Callable[[Case], Truth]:
    get = cast(Callable[[Case], Any], attrgetter(test.field))
    if test.field in {"scene_secured_by", "requested_by"}:
        return _free_text(get, test.values)
    if FIELDS[test.field].kind == "number":
        return _number(get, test.operator, test.values)
    wanted = frozenset(test.values)

    def listed(case: Case) -> Truth:
        given = get(case)
        return None if given is None else given in wanted

    return listed


def _free_text(get: Callable[[Case], Any], values: tuple[Scalar, ...]) -> Callable[[Case], Truth]:
    """People type these: capitals and blanks at the ends do not count, and "unknown" is not an answer."""
    wanted = frozenset(tidy(str(value)) for value in values)

    def listed(case: Case) -> Truth:
        given = get(case)
        if given is None:
            return None
        said = tidy(given)
        return None if said in NOT_GIVEN else said in wanted

    return listed


def tidy(text: str) -> str:
    """How free text is compared."""
    return text.strip().lower()


COMPARISONS: Mapping[str, Callable[[float, tuple[Any, ...]], bool]] = {
    "is": lambda given, values: given == values[0],
    "in": lambda given, values: given in values,
    "between": lambda given, values: values[0] <= given <= values[1],
    "at_least": lambda given, values: given >= values[0],
    "at_most": lambda given, values: given <= values[0],
    "below": lambda given, values: given < values[0],
    "above": lambda given, values: given > values[0],
}


def _number(get: Callable[[Case], Any], operator: str, values: tuple[Scalar, ...]) -> Callable[[Case], Truth]:
    compare = COMPARISONS[operator]

    def compared(case: Case) -> Truth:
        given = get(case)
        # A NaN differs from itself and would fail every comparison, which could clear a disqualifier.
        return None if given is None or given != given else compare(given, values)  # noqa: PLR0124

    return compared
