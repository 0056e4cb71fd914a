"""A rule set and a floor compiled for the calls of one type, once, and kept."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from calls.triage import phrases
from calls.triage.conditions import ANSWER, Condition, Scalar, field_tests
from calls.triage.evaluate import Case, Compiled, Sight, compile_condition, joined, negated
from calls.triage.floor import NO_FLOOR, SECURED_ASSIST, Floor
from calls.triage.reading import Text
from calls.triage.rules import Disqualifier, Question, Rule, RuleSet

NEVER_CSO, PRIORITY_1, NOT_IN_USE = "never_cso", "priority_1", "type_not_in_use"
KEPT_PROGRAMS = 2_000


@dataclass(frozen=True, slots=True)
class Guard:
    """Something of the floor. A call for which it is true is sworn; while it is unknown nobody else gets the call."""

    id: str
    kind: str
    because: Text
    check: Compiled


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that can still matter for calls of one type, in document order."""

    rule_set: RuleSet
    disqualifiers: tuple[tuple[Disqualifier, Compiled], ...]
    rules: tuple[tuple[Rule, Compiled], ...]
    guards: tuple[Guard, ...]
    questions: tuple[Question, ...]

    @property
    def spoken(self) -> tuple[Question, ...]:
        """The questions that answer several codes at once."""
        return tuple(question for question in self.questions if len(question.codes) > 1)


IS_ASSIST = compile_condition(SECURED_ASSIST, sight=Sight(None, lambda _: True))
"""Calls for which this is true have a program of their own."""


def program_for(rule_set: RuleSet, floor: Floor, case: Case) -> Program:
    """The program for the call's type; types that the documents do not name share one."""
    assist = case.source == "sworn_request" and IS_ASSIST.value(case) is True
    call_type = case.type or None
    if call_type is not None and call_type not in named_types(rule_set, floor):
        in_use = floor.types is None or call_type in floor.types
        return _program(rule_set, floor, "", assist=assist, in_use=in_use)
    return _program(rule_set, floor, call_type, assist=assist, in_use=True)


@lru_cache(maxsize=256)
def named_types(rule_set: RuleSet, floor: Floor) -> frozenset[str]:
    """The types for which anything can differ: those in use, or else those the documents name."""
    conditions = [
        item.when
        for part in (rule_set.disqualifiers, rule_set.rules, rule_set.invariants, floor.invariants)
        for item in part
    ]
    tested = {str(value) for when in conditions for t in field_tests(when) if t.field == "type" for value in t.values}
    asked = {call_type for question in rule_set.questions for call_type in question.types}
    spared = {entry.type for entry in floor.not_applicable}
    named = tested | asked | spared | floor.never_cso
    return frozenset(named if floor.types is None else named & floor.types)


@lru_cache(maxsize=KEPT_PROGRAMS)
def _program(rule_set: RuleSet, floor: Floor, call_type: str | None, *, assist: bool, in_use: bool) -> Program:
    return compile_program(rule_set, floor, call_type, assist=assist, in_use=in_use)


class Shared:
    """Compiles conditions for many types, each anew only where a type sees another one. For documents that stay."""

    def __init__(self) -> None:
        self._reads: dict[int, tuple[list[tuple[Scalar, ...]], list[str]]] = {}
        self._made: dict[Hashable, Compiled] = {}

    def __call__(self, condition: Condition, *, sight: Sight) -> Compiled:
        if id(condition) not in self._reads:
            tests = list(field_tests(condition))
            codes = sorted({test.field.removeprefix(ANSWER) for test in tests if test.field.startswith(ANSWER)})
            self._reads[id(condition)] = [test.values for test in tests if test.field == "type"], codes
        types, codes = self._reads[id(condition)]
        named = None if sight.type is None and types else tuple(sight.type in values for values in types)
        key = (id(condition), named, tuple(map(sight.open_codes, codes)))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = compile_condition(condition, sight=sight)
        return made


def compile_program(
    rule_set: RuleSet,
    floor: Floor,
    call_type: str | None,
    *,
    assist: bool,
    in_use: bool,
    compiled: Callable[..., Compiled] = compile_condition,
) -> Program:
    """The program for calls of one type, fresh: `program_for` keeps them. "" is a type that no document names."""
    questions = () if assist else _asked(rule_set, call_type)
    open_codes = frozenset(code for question in questions for code in question.codes)
    sight = Sight(call_type, open_codes.__contains__)
    return Program(
        rule_set=rule_set,
        disqualifiers=tuple(
            (item, check) for item in rule_set.disqualifiers if not _never(check := compiled(item.when, sight=sight))
        ),
        rules=tuple((rule, check) for rule in rule_set.rules if not _never(check := compiled(rule.when, sight=sight))),
        guards=()
        if floor is NO_FLOOR
        else tuple(_guards(rule_set, floor, sight, assist=assist, in_use=in_use, compiled=compiled)),
        questions=questions,
    )


def _asked(rule_set: RuleSet, call_type: str | None) -> tuple[Question, ...]:
    """While nobody knows the type, any question that some type asks may turn out to be asked."""
    if call_type is None:
        return tuple(question for question in rule_set.questions if question.types)
    return tuple(question for question in rule_set.questions if question.asked_of(call_type))


def _never(check: Compiled) -> bool:
    return check.settled is False


def _guards(
    rule_set: RuleSet, floor: Floor, sight: Sight, *, assist: bool, in_use: bool, compiled: Callable[..., Compiled]
) -> Iterator[Guard]:
    if not in_use:
        yield Guard(NOT_IN_USE, "floor", phrases.TYPE_NOT_IN_USE, _always())
    if not assist:
        yield from _of_the_incident(floor, sight)
    floor_sight = Sight(sight.type, lambda code: sight.open_codes(code) or _must_ask(floor, sight, code, assist=assist))
    for kind, invariants, how in (
        ("floor", floor.invariants, floor_sight),
        ("invariant", rule_set.invariants, sight),
    ):
        for invariant in invariants:
            check = compiled(invariant.when, sight=how)
            if not _never(check):
                yield Guard(invariant.id, kind, invariant.because, check)


def _must_ask(floor: Floor, sight: Sight, code: str, *, assist: bool) -> bool:
    """A code that the floor reads and nobody asks is open, unless two people declared it not applicable."""
    return not assist and not floor.spares(sight.type, code)


def _of_the_incident(floor: Floor, sight: Sight) -> Iterator[Guard]:
    """What a secured assist sets aside. While it may still turn out to be one, these are unknown rather than true."""
    no_assist = negated(compile_condition(SECURED_ASSIST, sight=sight))

    def unless_assist(*parts: Compiled) -> Compiled:
        whole = joined([*parts, no_assist], settles=False)
        assert isinstance(whole, Compiled), "whether it is an assist hangs on the case"
        return whole

    urgent = Compiled(lambda case: case.priority == 1, _nothing, reads="priority", says=PRIORITY_1)
    yield Guard(PRIORITY_1, "floor", phrases.PRIORITY_1, unless_assist(urgent))
    if sight.type is None and floor.never_cso:
        yield Guard(NEVER_CSO, "floor", phrases.NEVER_CSO, Compiled(lambda _: None, lambda _: iter(("type",))))
    elif sight.type in floor.never_cso:
        yield Guard(NEVER_CSO, "floor", phrases.NEVER_CSO, unless_assist())


def _nothing(_: Case) -> Iterator[str]:
    return iter(())


def _always() -> Compiled:
    return Compiled(lambda _: True, _nothing)
