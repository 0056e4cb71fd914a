"""Which calls change route when one rule set takes the place of another: all of them, as conditions, with examples.

Both versions are asked about the same call, each by its own questions: a code that one of them asks and the other does
not is answered for the one and *not asked* for the other. What is left open at the end is sworn, as it is with calls.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from calls.triage.authority import NOWHERE, KnownType, Setting
from calls.triage.conditions import ANSWER, FIELDS
from calls.triage.decide import decide
from calls.triage.domains import ORDINARY, Value, conditions_of, values_of
from calls.triage.encode import (
    ONE_AT_A_TIME,
    Encoded,
    Formula,
    OutOfTime,
    Space,
    all_of,
    any_of,
    case_of,
    checks_of,
    opposite,
)
from calls.triage.evaluate import Case
from calls.triage.floor import Floor
from calls.triage.kinds import Sort, sorts_of, types_of, usual
from calls.triage.phrases import say
from calls.triage.programs import IS_ASSIST
from calls.triage.proofs import CounterExample
from calls.triage.reading import Text, words
from calls.triage.rules import RuleSet
from calls.triage.sentences import AND, one_of

LONGEST = 30.0
MOST = 12
"""So many conditions are told for one kind of call; what is beyond is one more, `whole` False."""

ROUTES = ("cso", "referral", "sworn")
NAMES: Mapping[str, Text] = {
    "cso": {"en": "a CSO", "es": "un CSO"},
    "referral": {"en": "a service", "es": "un servicio"},
    "sworn": {"en": "sworn", "es": "un agente"},
}
LOST: Text = {
    "en": "{types}: calls that went to {old} go to {new}{when}.",
    "es": "{types}: llamadas que iban a {old} van a {new}{when}.",
}
WON: Text = {
    "en": "{types}: the calls that now go to {new}{when} went to {old} before.",
    "es": "{types}: las llamadas que ahora van a {new}{when} antes iban a {old}.",
}
WHERE: Text = {"en": " where {when}", "es": " si {when}"}
ASSISTS: Text = {"en": "{types} (secured assists)", "es": "{types} (apoyos en lugar asegurado)"}
AND_MORE: Text = {
    "en": "{types}: further calls go from {old} to {new}.",
    "es": "{types}: más llamadas pasan de {old} a {new}.",
}

Cube = tuple[tuple[str, tuple[Value, ...], tuple[Value, ...]], ...]
"""A condition: for each field that matters the values it must have and those it could have, all of them together."""


@dataclass(frozen=True, slots=True)
class Change:
    """Calls of these types that move from one route to another: all that had the old route and meet the condition (or,
    where the old route is sworn, that have the new one and meet it). `whole` False: and further ones."""

    old: str
    new: str
    assist: bool
    cube: Cube
    example: CounterExample
    whole: bool = True
    types: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "types": list(self.types),
            "assist": self.assist,
            "old": self.old,
            "new": self.new,
            "because": self.in_words(),
            "example": self.example.as_dict(),
        }

    def in_words(self, language: str = "en") -> str:
        types = ", ".join(self.types)
        types = say(ASSISTS, language, types=types) if self.assist else types
        pair = {"old": words(NAMES[self.old], language), "new": words(NAMES[self.new], language)}
        if not self.whole:
            return say(AND_MORE, language, types=types, **pair)
        said = words(AND, language).join(one_of(*condition, language=language) for condition in self.cube)
        when = say(WHERE, language, when=said) if said else ""
        return say(WON if self.old == "sworn" else LOST, language, types=types, when=when, **pair)


def difference(
    old: RuleSet, new: RuleSet, floor: Floor, setting: Setting = NOWHERE, *, within: float = LONGEST
) -> tuple[Change, ...]:
    """Every call that changes route, as conditions; empty when none does. `OutOfTime` after `within` seconds."""
    with ONE_AT_A_TIME:
        return _difference(old, new, floor, setting, until=monotonic() + within)


def _difference(old: RuleSet, new: RuleSet, floor: Floor, setting: Setting, *, until: float) -> tuple[Change, ...]:
    pairs = _pairs(old, new, floor, setting)
    checks = (check for before, after in pairs for one in (before, after) for check in checks_of(one.program))
    values = values_of((*conditions_of(old, floor), *conditions_of(new, floor)), setting)
    space = Space(checks, values, until=until)
    found: dict[tuple[object, ...], list[Change]] = {}
    for before, after in pairs:
        for change in _Compared(old, new, floor, before, after, setting.known(before.type), space).changes():
            key = (change.old, change.new, change.assist, change.cube, change.whole)
            found.setdefault(key, []).append(change)
    return tuple(_together(alike) for alike in found.values())


def _pairs(old: RuleSet, new: RuleSet, floor: Floor, setting: Setting) -> list[tuple[Sort, Sort]]:
    """The same sort of call in both versions. Nothing is said of calls whose type nobody knows."""
    types = types_of(old, floor, setting) | types_of(new, floor, setting)
    pairs = zip(sorts_of(old, floor, types), sorts_of(new, floor, types), strict=True)
    return [(before, after) for before, after in pairs if before.type is not None]


def _together(alike: list[Change]) -> Change:
    first = alike[0]
    types = tuple(change.example.case.type or "" for change in alike)
    return Change(first.old, first.new, first.assist, first.cube, first.example, first.whole, types)


@dataclass
class _Compared:
    old: RuleSet
    new: RuleSet
    floor: Floor
    before: Sort
    after: Sort
    known: KnownType | None
    space: Space
    routes: tuple[dict[str, Formula], dict[str, Formula]] = field(init=False)
    base: Formula = field(init=False)
    usual: Mapping[str, Value] = field(init=False)

    def __post_init__(self) -> None:
        asked = self.before.asked | self.after.asked
        self.usual = usual(self.known, asked, self.space)
        self.routes = (
            self._routes(self.before, self.after.asked - self.before.asked),
            self._routes(self.after, self.before.asked - self.after.asked),
        )
        is_assist = self.space.truth(IS_ASSIST)[0]
        self.base = all_of(
            (
                is_assist if self.before.assist else opposite(is_assist),
                self.space.among("category", [self.known.category]) if self.known else True,
                *(self.space.among(ANSWER + code, ["no", "yes", "unknown"]) for code in asked),
            )
        )

    def changes(self) -> Iterator[Change]:
        before, after = self.routes
        for was in ROUTES:
            for now in ROUTES:
                if was != now:
                    yield from self._moves(was, now, all_of((self.base, before[was], after[now])))

    def _moves(self, was: str, now: str, moved: Formula) -> Iterator[Change]:
        """Cube after cube, until no call is left that moves so."""
        for count in range(MOST + 1):
            chosen = self.space.example([moved], usual=self.usual)
            if chosen is None:
                return
            example = self._replayed(chosen, was, now)
            if count == MOST:
                yield Change(was, now, self.before.assist, (), example, whole=False)
                return
            cube = self._widened(chosen, was, now)
            yield Change(was, now, self.before.assist, self._shown(cube), example)
            inside = all_of(self._among(name, classes) for name, classes in cube.items())
            moved = all_of((moved, opposite(inside)))

    def _widened(self, chosen: Mapping[str, Value], was: str, now: str) -> dict[str, frozenset[int]]:
        """The widest condition around a call under which every call moves so: fields left out, values let in.

        Said of the calls that leave sworn hands by one of the versions: what that needs anyway is not told again.
        """
        before, after = self.routes
        told, other = (after[now], before[was]) if was == "sworn" else (before[was], after[now])
        stays = all_of((self.base, told, opposite(other)))
        cube = {name: frozenset({self._class(name, value)}) for name, value in chosen.items()}
        cube = {name: classes for name, classes in cube.items() if len(self.space.classes[name]) > 1}

        def holds(tried: Mapping[str, frozenset[int]]) -> bool:
            inside = (self._among(name, classes) for name, classes in tried.items())
            return not self.space.is_possible(stays, *inside)

        for name in sorted(cube, key=lambda name: (name.startswith(ANSWER), name)):
            without = {other: classes for other, classes in cube.items() if other != name}
            if holds(without):
                cube = without
        for name in sorted(cube):
            for number in range(len(self.space.classes[name])):
                wider = {**cube, name: cube[name] | {number}}
                if number not in cube[name] and holds(wider):
                    cube = wider
        return cube

    def _routes(self, sort: Sort, blind: frozenset[str]) -> dict[str, Formula]:
        """When each route comes out, the floor included; what nothing sends away is sworn."""
        encoded = Encoded(self.space, sort.program, blind=blind)
        held = all_of(encoded.truth(guard.check)[1] for guard in sort.program.guards)
        routes = {
            route: all_of((held, any_of(formula for rule, formula in encoded.leaving if rule.route == route)))
            for route in ("cso", "referral")
        }
        return routes | {"sworn": all_of(opposite(formula) for formula in routes.values())}

    def _replayed(self, chosen: Mapping[str, Value], was: str, now: str) -> CounterExample:
        """The call as decide sees it in both versions; a disagreement is a fault that nobody may overlook."""
        case = case_of(chosen, self.before.type, others=self.usual)
        for rule_set, sort, route in ((self.old, self.before, was), (self.new, self.after, now)):
            told = _told(case, sort, self.before.asked | self.after.asked)
            decided = decide(rule_set, self.floor, told, cannot_say=True).route
            if decided != route:
                raise AssertionError(f"the difference and decide disagree: {route}, {decided} on {told}")
        ordinary = {**ORDINARY, "priority": self.usual.get("priority")}
        facts = {
            name: getattr(case, name)
            for name in self.space.classes
            if name in FIELDS and name not in {"type", "category"} and getattr(case, name) != ordinary.get(name)
        }
        return CounterExample(case, dict(sorted(case.answers.items())), facts)

    def _class(self, name: str, value: Value) -> int:
        return next(n for n, values in enumerate(self.space.classes[name]) if value in values)

    def _among(self, name: str, classes: frozenset[int]) -> Formula:
        return any_of(self.space.literals[name][number] for number in sorted(classes))

    def _shown(self, cube: Mapping[str, frozenset[int]]) -> Cube:
        """The values of each field that are left in; fields that only say which sort of call it is are not told."""
        told = {name: classes for name, classes in cube.items() if not (self.before.assist and name in IS_ASSIST_READS)}
        return tuple(
            (name, self._values(name, sorted(classes)), self._values(name, range(len(self.space.classes[name]))))
            for name, classes in sorted(told.items())
        )

    def _values(self, name: str, classes: Iterable[int]) -> tuple[Value, ...]:
        return tuple(value for number in classes for value in self.space.classes[name][number])


IS_ASSIST_READS = ("source", "scene_secured_by")


def _told(case: Case, sort: Sort, asked: frozenset[str]) -> Case:
    """What a version hears: of the codes that either asks, only its own."""
    heard = {code: answer for code, answer in case.answers.items() if code in sort.asked or code not in asked}
    return Case(**{name: getattr(case, name) for name in (*FIELDS,)}, answers=heard)


__all__ = ["Change", "OutOfTime", "difference"]
