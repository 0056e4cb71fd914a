"""A rule set: the document of one version of an agency's triage rules, read into frozen dataclasses."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from calls.triage.conditions import (
    Condition,
    ConditionReader,
    Vocabulary,
    condition_to_json,
)
from calls.triage.reading import (
    RuleSetFault,
    Text,
    below,
    read_choice,
    read_code,
    read_flag,
    read_identifier,
    read_list,
    read_object,
    read_text,
    read_whole,
    read_words,
)

MAX_BYTES = 1_000_000
MAX_ITEMS = 500
ROUTES = ("sworn", "cso", "referral")
MODES = ("in_person", "phone", "appointment")
OFF_HOURS = ("hold", "phone", "sworn")
EVERY_TYPE = "*"

__all__ = [
    "Default", "Disqualifier", "Invariant", "Question", "Rule", "RuleSet", "RuleSetFault", "Vocabulary",
    "parse", "read", "read_invariant", "to_dict",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One spoken question; it may answer several codes at once. `types` ("*",) means it is asked of every type."""

    id: str
    codes: tuple[str, ...]
    text: Text
    types: tuple[str, ...]

    def asked_of(self, call_type: str | None) -> bool:
        """Whether it is asked for calls of that type."""
        return EVERY_TYPE in self.types or call_type in self.types


@dataclass(frozen=True, slots=True)
class Disqualifier:
    """A condition that always routes to sworn, at least as urgent as its priority."""

    id: str
    when: Condition
    priority: int
    because: Text


@dataclass(frozen=True, slots=True)
class Rule:
    """An ordered routing rule. `off_hours` says what happens while no CSO is on duty."""

    id: str
    when: Condition
    route: str
    priority: int
    qualification: str | None
    mode: str
    off_hours: str
    approval: bool
    because: Text


@dataclass(frozen=True, slots=True)
class Default:
    """What happens when no rule matches: always sworn."""

    route: str
    priority: int
    because: Text


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must never be broken: calls that match are sworn, whatever the rules say."""

    id: str
    when: Condition
    route: str
    because: Text


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """One version. Compared and hashed by identity, so that a compiled program can be kept for it."""

    questions: tuple[Question, ...]
    disqualifiers: tuple[Disqualifier, ...]
    rules: tuple[Rule, ...]
    default: Default
    invariants: tuple[Invariant, ...]

    @property
    def codes(self) -> frozenset[str]:
        """Every question code that this rule set knows, asked of some type or of none."""
        return frozenset(code for question in self.questions for code in question.codes)


def read(text: str | bytes, *, vocabulary: Vocabulary | None = None) -> RuleSet:
    """A rule set from JSON text of at most 1,000,000 bytes, or a RuleSetFault."""
    return parse(read_json(text), vocabulary=vocabulary)


def read_json(text: str | bytes) -> object:
    """JSON text as Python, without what JSON parsers let pass: double keys, NaN, too deep, too large."""
    if len(text) > MAX_BYTES:
        raise RuleSetFault("", "is larger than {most} bytes", most=MAX_BYTES)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError as fault:
        raise RuleSetFault("", "is nested too deep") from fault
    except RuleSetFault:
        raise
    except ValueError as fault:
        raise RuleSetFault("", "is not JSON: {why}", why=str(fault)[:200]) from fault


def parse(document: object, *, vocabulary: Vocabulary | None = None) -> RuleSet:
    """A rule set from its document (parsed JSON), or a RuleSetFault at the first thing that is wrong."""
    vocabulary = vocabulary or Vocabulary()
    body = read_object(
        document, path="", required=("questions", "disqualifiers", "rules", "default"), optional=("invariants",)
    )
    questions = _each(body["questions"], "questions", lambda v, p: _question(v, path=p, vocabulary=vocabulary))
    codes = frozenset(code for question in questions for code in question.codes)
    conditions = ConditionReader(vocabulary=vocabulary, codes=codes)
    rule_set = RuleSet(
        questions=questions,
        disqualifiers=_each(body["disqualifiers"], "disqualifiers", lambda v, p: _disqualifier(v, p, conditions)),
        rules=_each(body["rules"], "rules", lambda v, p: _rule(v, p, conditions, vocabulary)),
        default=_default(body["default"], path="default"),
        invariants=_each(body.get("invariants", []), "invariants", lambda v, p: read_invariant(v, p, conditions)),
    )
    _refuse_double_ids(rule_set)
    return rule_set


def to_dict(rule_set: RuleSet) -> dict[str, Any]:
    """The document of the rule set; `parse` gives the same rule set again."""
    return {
        "questions": [
            {"id": q.id, "codes": list(q.codes), "text": dict(q.text), "types": list(q.types)}
            for q in rule_set.questions
        ],
        "disqualifiers": [
            {"id": d.id, "when": condition_to_json(d.when), "priority": d.priority, "because": dict(d.because)}
            for d in rule_set.disqualifiers
        ],
        "rules": [_rule_to_dict(rule) for rule in rule_set.rules],
        "default": {
            "route": rule_set.default.route,
            "priority": rule_set.default.priority,
            "because": dict(rule_set.default.because),
        },
        "invariants": [invariant_to_dict(invariant) for invariant in rule_set.invariants],
    }


# How people write a rule set down. The database keeps the names of an object in an order of its own.
_WRITTEN = (
    "questions", "disqualifiers", "rules", "default", "invariants", "never_cso", "not_applicable",
    "id", "codes", "text", "types", "all", "any", "not", "field", "is", "in", "between", "at_least", "at_most", "below",
    "above", "when", "route", "priority", "qualification", "mode", "off_hours", "approval", "type", "code", "reason",
    "because", "by",
)  # fmt: skip
_PLACES = {name: place for place, name in enumerate(_WRITTEN)}


def arranged(document: Any) -> Any:  # noqa: ANN401 a document or a piece of one
    """The same document, its names in the order in which the documentation has them."""
    if isinstance(document, list):
        return [arranged(entry) for entry in document]
    if not isinstance(document, dict):
        return document
    names = sorted(document, key=lambda name: (_PLACES.get(name, len(_PLACES)), name))
    return {name: arranged(document[name]) for name in names}


def invariant_to_dict(invariant: Invariant) -> dict[str, Any]:
    """The document of one invariant."""
    return {
        "id": invariant.id,
        "when": condition_to_json(invariant.when),
        "route": invariant.route,
        "because": dict(invariant.because),
    }


def _rule_to_dict(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "when": condition_to_json(rule.when),
        "route": rule.route,
        "priority": rule.priority,
        "qualification": rule.qualification,
        "mode": rule.mode,
        "off_hours": rule.off_hours,
        "approval": rule.approval,
        "because": dict(rule.because),
    }


Item = TypeVar("Item")


def _each(value: object, path: str, item: Callable[[object, str], Item]) -> tuple[Item, ...]:
    items = read_list(value, path=path, most=MAX_ITEMS)
    return tuple(item(entry, below(path, n)) for n, entry in enumerate(items))


def _question(value: object, *, path: str, vocabulary: Vocabulary) -> Question:
    body = read_object(value, path=path, required=("id", "codes", "text", "types"))
    here = below(path, "codes")
    items = read_list(body["codes"], path=here, least=1, most=20)
    codes = tuple(read_code(code, path=below(here, n)) for n, code in enumerate(items))
    _refuse_doubles(codes, path=here)
    here = below(path, "types")
    types = tuple(
        _type(code, path=below(here, n), vocabulary=vocabulary)
        for n, code in enumerate(read_list(body["types"], path=here, most=MAX_ITEMS))
    )
    _refuse_doubles(types, path=here)
    return Question(
        id=read_identifier(body["id"], path=below(path, "id")),
        codes=codes,
        text=read_text(body["text"], path=below(path, "text")),
        types=types,
    )


def _type(value: object, *, path: str, vocabulary: Vocabulary) -> str:
    code = read_words(value, path=path, most=120)
    return code if code == EVERY_TYPE else vocabulary.check(code, kind="types", path=path)


def _disqualifier(value: object, path: str, conditions: ConditionReader) -> Disqualifier:
    body = read_object(value, path=path, required=("id", "when", "priority", "because"))
    return Disqualifier(
        id=read_identifier(body["id"], path=below(path, "id")),
        when=conditions.read(body["when"], path=below(path, "when")),
        priority=read_whole(body["priority"], path=below(path, "priority"), low=1, high=4),
        because=read_text(body["because"], path=below(path, "because")),
    )


def _rule(value: object, path: str, conditions: ConditionReader, vocabulary: Vocabulary) -> Rule:
    body = read_object(
        value,
        path=path,
        required=("id", "when", "route", "priority", "because"),
        optional=("qualification", "mode", "off_hours", "approval"),
    )
    route = read_choice(body["route"], path=below(path, "route"), choices=ROUTES)
    priority = read_whole(body["priority"], path=below(path, "priority"), low=1, high=4)
    if priority == 1 and route != "sworn":
        raise RuleSetFault(below(path, "priority"), "no priority 1 goes to a CSO or a referral")
    qualification = body.get("qualification")
    if qualification is not None:
        here = below(path, "qualification")
        qualification = vocabulary.check(read_identifier(qualification, path=here), kind="qualifications", path=here)
    return Rule(
        id=read_identifier(body["id"], path=below(path, "id")),
        when=conditions.read(body["when"], path=below(path, "when")),
        route=route,
        priority=priority,
        qualification=qualification,
        mode=read_choice(body.get("mode", "in_person"), path=below(path, "mode"), choices=MODES),
        off_hours=read_choice(body.get("off_hours", "hold"), path=below(path, "off_hours"), choices=OFF_HOURS),
        approval=read_flag(body.get("approval", False), path=below(path, "approval")),
        because=read_text(body["because"], path=below(path, "because")),
    )


def _default(value: object, *, path: str) -> Default:
    body = read_object(value, path=path, required=("route", "priority", "because"))
    if body["route"] != "sworn":
        raise RuleSetFault(below(path, "route"), "the default is sworn: nothing falls through to a CSO")
    return Default(
        route="sworn",
        priority=read_whole(body["priority"], path=below(path, "priority"), low=1, high=4),
        because=read_text(body["because"], path=below(path, "because")),
    )


def read_invariant(value: object, path: str, conditions: ConditionReader) -> Invariant:
    """An invariant of a rule set or of a floor."""
    body = read_object(value, path=path, required=("id", "when", "route", "because"))
    if body["route"] != "sworn":
        raise RuleSetFault(below(path, "route"), "an invariant can only say that a call is sworn")
    return Invariant(
        id=read_identifier(body["id"], path=below(path, "id")),
        when=conditions.read(body["when"], path=below(path, "when")),
        route="sworn",
        because=read_text(body["because"], path=below(path, "because")),
    )


def _refuse_doubles(values: Iterable[str], *, path: str) -> None:
    seen: set[str] = set()
    for n, value in enumerate(values):
        if value in seen:
            raise RuleSetFault(below(path, n), "{value} is named twice", value=value)
        seen.add(value)


def _refuse_double_ids(rule_set: RuleSet) -> None:
    seen: dict[str, str] = {}
    for part in ("questions", "disqualifiers", "rules", "invariants"):
        for n, item in enumerate(getattr(rule_set, part)):
            here = below(below(part, n), "id")
            if item.id in seen:
                raise RuleSetFault(here, "the id {id} is used twice, also at {where}", id=item.id, where=seen[item.id])
            seen[item.id] = here


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        names = [name for name, _ in pairs]
        twice = max(names, key=names.count)[:60]
        raise RuleSetFault("", "the key {key} occurs twice in one object", key=twice)
    return body


def _no_constant(name: str) -> NoReturn:
    raise RuleSetFault("", "{name} is not a number", name=name)
