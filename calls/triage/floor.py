"""The safety floor: what no rule set may break. Kept apart from the rule sets; two people change it, never one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calls.triage.conditions import AllOf, Condition, ConditionReader, FieldTest, Not, Vocabulary
from calls.triage.reading import (
    RuleSetFault,
    Text,
    below,
    read_code,
    read_list,
    read_object,
    read_text,
    read_words,
)
from calls.triage.rules import MAX_ITEMS, Invariant, invariant_to_dict, read_invariant

NOBODY = ("nobody", "no one", "none", "no", "false", "not secured", "n/a", "nadie", "ninguno")
"""What people write when a scene is not secured."""

SECURED_ASSIST: Condition = AllOf(
    (FieldTest("source", "is", ("sworn_request",)), Not(FieldTest("scene_secured_by", "in", NOBODY)))
)
"""An assist: a sworn officer asks, and somebody secured the scene. Triage reads this instead of the incident's type:
its questions are not asked, and a type that is never for CSOs does not stop it. Answers that are given still count."""


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """Two people declared that a question needs no asking for a type (is a parked car armed?), and why."""

    type: str
    code: str
    reason: Text
    by: tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """Compared and hashed by identity. `types` are the codes in use, None when that is not checked."""

    invariants: tuple[Invariant, ...] = ()
    never_cso: frozenset[str] = frozenset()
    not_applicable: tuple[NotApplicable, ...] = ()
    types: frozenset[str] | None = None

    def spares(self, call_type: str | None, code: str) -> bool:
        """Whether the question was declared not applicable to the type."""
        return any(entry.type == call_type and entry.code == code for entry in self.not_applicable)


NO_FLOOR = Floor()
"""The rules alone, as a proof reads them; never for a real call."""


def parse_floor(document: object, *, vocabulary: Vocabulary | None = None) -> Floor:
    """A floor from its document: `{"invariants", "never_cso", "not_applicable"}`, or a RuleSetFault."""
    vocabulary = vocabulary or Vocabulary()
    body = read_object(document, path="", required=("invariants", "never_cso", "not_applicable"))
    conditions = ConditionReader(vocabulary=vocabulary, codes=None)
    invariants = tuple(
        read_invariant(value, below("invariants", n), conditions)
        for n, value in enumerate(read_list(body["invariants"], path="invariants", most=MAX_ITEMS))
    )
    never = tuple(
        _type(value, path=below("never_cso", n), vocabulary=vocabulary)
        for n, value in enumerate(read_list(body["never_cso"], path="never_cso", most=MAX_ITEMS))
    )
    spared = tuple(
        _not_applicable(value, path=below("not_applicable", n), vocabulary=vocabulary)
        for n, value in enumerate(read_list(body["not_applicable"], path="not_applicable", most=5_000))
    )
    _refuse_doubles([invariant.id for invariant in invariants], path=lambda n: f"invariants[{n}].id")
    _refuse_doubles(list(never), path=lambda n: f"never_cso[{n}]")
    _refuse_doubles([f"{e.code} for {e.type}" for e in spared], path=lambda n: f"not_applicable[{n}]")
    return Floor(invariants, frozenset(never), spared, vocabulary.types)


def floor_to_dict(floor: Floor) -> dict[str, Any]:
    """The document of the floor."""
    return {
        "invariants": [invariant_to_dict(invariant) for invariant in floor.invariants],
        "never_cso": sorted(floor.never_cso),
        "not_applicable": [
            {"type": entry.type, "code": entry.code, "reason": dict(entry.reason), "by": list(entry.by)}
            for entry in floor.not_applicable
        ],
    }


def _type(value: object, *, path: str, vocabulary: Vocabulary) -> str:
    return vocabulary.check(read_words(value, path=path, most=120), kind="types", path=path)


def _not_applicable(value: object, *, path: str, vocabulary: Vocabulary) -> NotApplicable:
    body = read_object(value, path=path, required=("type", "code", "reason", "by"))
    here = below(path, "by")
    people = read_list(body["by"], path=here, least=2, most=2)
    first, second = (read_words(person, path=below(here, n), most=200) for n, person in enumerate(people))
    if first.strip().lower() == second.strip().lower():
        raise RuleSetFault(here, "needs two different people")
    return NotApplicable(
        type=_type(body["type"], path=below(path, "type"), vocabulary=vocabulary),
        code=read_code(body["code"], path=below(path, "code")),
        reason=read_text(body["reason"], path=below(path, "reason")),
        by=(first, second),
    )


def _refuse_doubles(values: list[str], *, path: Callable[[int], str]) -> None:
    seen: set[str] = set()
    for n, value in enumerate(values):
        if value in seen:
            raise RuleSetFault(path(n), "{value} is named twice", value=value)
        seen.add(value)
