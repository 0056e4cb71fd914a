"""The kinds of call that a proof goes through: every type, as a call and as a secured assist."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from calls.triage.authority import KnownType, Setting, needed
from calls.triage.domains import ORDINARY, Value, conditions_of, values_of
from calls.triage.encode import Encoded, Formula, Space, all_of, any_of, case_of, checks_of, opposite
from calls.triage.evaluate import Case
from calls.triage.floor import Floor
from calls.triage.programs import IS_ASSIST, Program, Shared, compile_program, named_types
from calls.triage.rules import EVERY_TYPE, RuleSet

STRANGER = "OTHER"
"""Stands for every type that no document names, where the agency's types are not known."""


@dataclass(frozen=True, slots=True)
class Sort:
    """One type of call, None while nobody knows it, that is or is not a secured assist; with its program."""

    type: str | None
    assist: bool
    program: Program

    @property
    def asked(self) -> frozenset[str]:
        return frozenset(code for question in self.program.questions for code in question.codes)


class Kind:
    """All sorts of call that nothing tells apart but their names: proved for the first, it is proved for all."""

    def __init__(self, sorts: list[Sort], known: KnownType | None, space: Space) -> None:
        self.sorts, self.known, self.space = sorts, known, space
        first = sorts[0]
        self.type, self.assist, self.program = first.type, first.assist, first.program
        self.asked = first.asked
        is_assist = space.truth(IS_ASSIST)[0]
        self.base = all_of((is_assist if self.assist else opposite(is_assist), self._category()))
        self.rules = Encoded(space, self.program)
        self.left = all_of((self.base, any_of(formula for _, formula in self.rules.leaving)))

    @property
    def types(self) -> list[str]:
        """Its types; "" while nobody knows the type."""
        return [sort.type or "" for sort in self.sorts]

    @property
    def usual(self) -> Mapping[str, Value]:
        """What is as usual: asked questions are answered no, the others not at all, and nothing else is remarkable."""
        return usual(self.known, self.asked, self.space)

    def example(self, formula: Formula) -> Case | None:
        """A call of this kind for which the formula holds, as usual as can be."""
        chosen = self.space.example([self.base, formula], usual=self.usual)
        return None if chosen is None else case_of(chosen, self.type, others=self.usual)

    def some_case(self, formula: Formula) -> Case | None:
        """Any call of this kind for which the formula holds."""
        found = self.space.some_call((self.base, formula))
        if found is None:
            return None
        return case_of(self.space.values_of(found, usual=self.usual), self.type, others=self.usual)

    def _category(self) -> Formula:
        """A call has the category of its type; without a type it has none."""
        if self.type is None:
            return self.space.among("category", [None])
        return self.space.among("category", [self.known.category]) if self.known else True


def usual(known: KnownType | None, asked: frozenset[str], space: Space) -> Mapping[str, Value]:
    """The values of an ordinary call of a type."""
    facts = {**ORDINARY, "priority": known.priority if known else None}
    facts |= {"category": known.category} if known else {}
    facts |= {f"answer.{code}": "no" for code in asked}
    return facts | {name: None for name in space.classes if name not in facts}


def kinds_of(rule_set: RuleSet, floor: Floor, setting: Setting, *, until: float) -> Iterator[Kind]:
    """Every kind of call, one after the other."""
    sorts = list(sorts_of(rule_set, floor, types_of(rule_set, floor, setting)))
    values = values_of(conditions_of(rule_set, floor), setting)
    space = Space((check for sort in sorts for check in checks_of(sort.program)), values, until=until)
    kinds: dict[Hashable, list[Sort]] = {}
    for sort in sorts:
        kinds.setdefault(_alike(sort, floor, setting, space), []).append(sort)
    for alike in kinds.values():
        yield Kind(alike, setting.known(alike[0].type), space)


def types_of(rule_set: RuleSet, floor: Floor, setting: Setting) -> frozenset[str]:
    """Every type there is; where that is not known, those that are named and one that stands for all others."""
    if floor.types is not None:
        return floor.types
    known = frozenset(known.code for known in setting.types)
    return (named_types(rule_set, floor) | known | {STRANGER}) - {EVERY_TYPE}


def sorts_of(rule_set: RuleSet, floor: Floor, types: frozenset[str]) -> Iterator[Sort]:
    """Each of the types and the unknown one, as a call and as a secured assist."""
    named, compiled = named_types(rule_set, floor), Shared()
    for call_type in (*sorted(types), None):
        compiled_as = call_type if call_type is None or call_type in named else ""
        for assist in (False, True):
            program = compile_program(rule_set, floor, compiled_as, assist=assist, in_use=True, compiled=compiled)
            yield Sort(call_type, assist, program)


def _alike(sort: Sort, floor: Floor, setting: Setting, space: Space) -> Hashable:
    """The same for two sorts of call of which the same is proved by the same formulas."""
    program, known = sort.program, setting.known(sort.type)
    spared = frozenset(entry.code for entry in floor.not_applicable if entry.type == sort.type)
    parts = tuple((item.id, space.id_of(check)) for item, check in program.disqualifiers)
    parts += tuple((rule.id, space.id_of(check)) for rule, check in program.rules)
    guards = tuple((guard.id, space.id_of(guard.check)) for guard in program.guards)
    world = (known.category, known.apco == "WELFARE") if known else sort.type
    return sort.assist, sort.type is None, parts, guards, sort.asked, spared, world, needed(known, assist=sort.assist)
