"""The closed condition language: `all`, `any`, `not` over tests of named fields. No free expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from calls.triage.reading import (
    RuleSetFault,
    below,
    read_choice,
    read_code,
    read_flag,
    read_list,
    read_object,
    read_whole,
    read_words,
    shown,
)

MAX_DEPTH = 16
MAX_PARTS = 200
MAX_NODES = 20_000
MAX_COUNT = 10_000_000
SOURCES = ("phone", "radio", "walk_in", "online", "open311", "transfer", "sworn_request", "self_initiated")
ANSWERS = ("yes", "no", "unknown")
ANSWER = "answer."

Scalar = str | int | bool


@dataclass(frozen=True, slots=True)
class Field:
    """What a test may read. `kind` is text, number, flag, choice or answer; numbers are whole, both bounds included."""

    kind: str
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    vocabulary: str = ""


FIELDS: Mapping[str, Field] = {
    "type": Field("text", vocabulary="types"),
    "category": Field("text", vocabulary="categories"),
    "priority": Field("number", low=1, high=4),
    "source": Field("choice", choices=SOURCES),
    "area": Field("text", vocabulary="areas"),
    "hour": Field("number", low=0, high=23),
    "weekday": Field("number", low=1, high=7),
    "holiday": Field("flag"),
    "premise_flag": Field("flag"),
    "earlier_calls": Field("number", low=0, high=MAX_COUNT),
    "caller_age": Field("number", low=0, high=150),
    "subject_age": Field("number", low=0, high=150),
    "elapsed_min": Field("number", low=0, high=MAX_COUNT),
    "cso_available": Field("flag"),
    "scene_secured_by": Field("text"),
    "requested_by": Field("text"),
}
ANSWER_FIELD = Field("answer", choices=ANSWERS)
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "text": ("is", "in"),
    "choice": ("is", "in"),
    "answer": ("is", "in"),
    "flag": ("is",),
    "number": ("is", "in", "between", "at_least", "at_most", "below", "above"),
}
ALL_OPERATORS = OPERATORS["number"]


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One field compared with one value (`is`, `below`, ...) or several (`in`, `between`)."""

    field: str
    operator: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition = FieldTest | AllOf | AnyOf | Not


NOT_IN_USE = {
    "types": "{value} is not one of the agency's types in use",
    "categories": "{value} is not one of the agency's categories in use",
    "areas": "{value} is not one of the agency's areas in use",
    "qualifications": "{value} is not one of the agency's qualifications in use",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The codes an agency has in use; None leaves that kind unchecked."""

    types: frozenset[str] | None = None
    categories: frozenset[str] | None = None
    areas: frozenset[str] | None = None
    qualifications: frozenset[str] | None = None

    def check(self, value: str, *, kind: str, path: str) -> str:
        """The value, or a RuleSetFault when the agency has no such code in use (retired ones are not)."""
        known = getattr(self, kind) if kind else None
        if known is not None and value not in known:
            raise RuleSetFault(path, NOT_IN_USE[kind], value=shown(value))
        return value


class ConditionReader:
    """Reads the conditions of one document, which share one budget of nodes."""

    def __init__(self, *, vocabulary: Vocabulary, codes: frozenset[str] | None) -> None:
        self._vocabulary = vocabulary
        self._codes = codes
        self._nodes = 0

    def read(self, value: object, *, path: str, depth: int = 0) -> Condition:
        """A condition from its JSON, or a RuleSetFault."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise RuleSetFault(path, "the document has more than {most} conditions", most=MAX_NODES)
        if depth >= MAX_DEPTH:
            raise RuleSetFault(path, "is nested deeper than {most}", most=MAX_DEPTH)
        if not isinstance(value, Mapping):
            raise RuleSetFault(path, "must be a condition: all, any, not, or a field with one comparison")
        if "field" in value:
            return self._read_test(value, path=path)
        return self._read_branch(value, path=path, depth=depth)

    def _read_branch(self, value: Mapping[str, Any], *, path: str, depth: int) -> Condition:
        if len(value) != 1:
            raise RuleSetFault(path, "must have exactly one of all, any, not, or a field with one comparison")
        [(word, inner)] = value.items()
        here = below(path, shown(word))
        if word == "not":
            return Not(self.read(inner, path=here, depth=depth + 1))
        if word not in {"all", "any"}:
            raise RuleSetFault(here, "no such condition; use all, any, not or field")
        items = read_list(inner, path=here, least=1, most=MAX_PARTS)
        parts = tuple(self.read(item, path=below(here, n), depth=depth + 1) for n, item in enumerate(items))
        return AllOf(parts) if word == "all" else AnyOf(parts)

    def _read_test(self, value: Mapping[str, Any], *, path: str) -> FieldTest:
        read_object(value, path=path, required=("field",), optional=ALL_OPERATORS)
        name = read_words(value["field"], path=below(path, "field"), most=80)
        field = self._field(name, path=below(path, "field"))
        operators, allowed = [key for key in value if key != "field"], ", ".join(OPERATORS[field.kind])
        if len(operators) != 1:
            raise RuleSetFault(path, "needs exactly one comparison: {operators}", operators=allowed)
        [operator] = operators
        here = below(path, operator)
        if operator not in OPERATORS[field.kind]:
            raise RuleSetFault(here, "{name} cannot be compared so; use {operators}", name=name, operators=allowed)
        return FieldTest(name, operator, self._read_values(value[operator], operator=operator, field=field, path=here))

    def _field(self, name: str, *, path: str) -> Field:
        if not name.startswith(ANSWER):
            if name not in FIELDS:
                raise RuleSetFault(path, "no such field: {name}", name=shown(name))
            return FIELDS[name]
        code = read_code(name.removeprefix(ANSWER), path=path)
        if self._codes is not None and code not in self._codes:
            raise RuleSetFault(path, "no question has the code {code}", code=code)
        return ANSWER_FIELD

    def _read_values(self, value: object, *, operator: str, field: Field, path: str) -> tuple[Scalar, ...]:
        if operator not in {"in", "between"}:
            return (self._read_scalar(value, field=field, path=path),)
        least, most = (2, 2) if operator == "between" else (1, MAX_PARTS)
        items = read_list(value, path=path, least=least, most=most)
        values = tuple(self._read_scalar(item, field=field, path=below(path, n)) for n, item in enumerate(items))
        if operator == "between" and values[0] > values[1]:  # type: ignore[operator]  # both are whole numbers
            raise RuleSetFault(path, "the first number is above the second; use any of two ranges to pass midnight")
        if operator == "in" and len(set(values)) != len(values):
            raise RuleSetFault(path, "names a value twice")
        return values

    def _read_scalar(self, value: object, *, field: Field, path: str) -> Scalar:
        if field.kind == "number":
            return read_whole(value, path=path, low=field.low, high=field.high)
        if field.kind == "flag":
            return read_flag(value, path=path)
        if field.choices:
            return read_choice(value, path=path, choices=field.choices)
        return self._vocabulary.check(read_words(value, path=path, most=120), kind=field.vocabulary, path=path)


def condition_to_json(condition: Condition) -> dict[str, Any]:
    """The JSON that the condition was read from."""
    match condition:
        case AllOf(parts):
            return {"all": [condition_to_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [condition_to_json(part) for part in parts]}
        case Not(part):
            return {"not": condition_to_json(part)}
        case FieldTest(field, operator, values):
            return {"field": field, operator: list(values) if operator in {"in", "between"} else values[0]}


def field_tests(condition: Condition) -> Iterator[FieldTest]:
    """Every test of the condition, left to right."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from field_tests(part)
        case Not(part):
            yield from field_tests(part)
        case FieldTest():
            yield condition
