"""Who takes each of many past calls: `decide` over whole columns at once, with the same answers.

The order of looking is that of `decide`: disqualifiers, the ordered rules, the floor above all of it. What `decide`
does for one call with a value, this does for all of them with a mask.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import polars as pl

from calls.triage.columns import Columns, Looks, Mask, Tri, any_of, both, either, invert, sure, without
from calls.triage.conditions import FieldTest
from calls.triage.floor import NO_FLOOR, SECURED_ASSIST, Floor
from calls.triage.programs import NEVER_CSO, NOT_IN_USE, PRIORITY_1, named_types
from calls.triage.rules import EVERY_TYPE, Default, Disqualifier, Rule, RuleSet

LEVELS = (1, 2, 3, 4)
SIDE_BY_SIDE = 100_000
"""From so many calls on it pays to begin threads; polars lets go of the interpreter while it computes."""
SWORN = ("sworn",)
_AVAILABLE = FieldTest("cso_available", "is", (True,))
_URGENT = FieldTest("priority", "is", (1,))
DEFAULT = "default"
RESULT: dict[str, pl.DataType | None] = {
    "route": pl.Enum(["sworn", "cso", "referral"]),
    "priority": pl.UInt8(),
    "decided_kind": pl.Enum(["disqualifier", "rule", DEFAULT]),
    "decided_id": None,
    "qualification": None,
    "mode": None,
    "off_hours": None,
    "approval": pl.Boolean(),
}
"""The columns of an answer; what has no type here is enumerated, by what the rules can say.

All but `approval` are null while a call is undecided.
"""


def vectorise(rule_set: RuleSet, floor: Floor, calls: pl.DataFrame, *, cannot_say: bool = False) -> pl.DataFrame:
    """The decision for every row of `calls` (see `Columns`), in its order: the columns of `RESULT`.

    With `cannot_say` the callers know no more, and what is undecided becomes sworn. Many calls are looked at in parts
    side by side, one for each core.
    """
    types, cores = named_types(rule_set, floor), pl.thread_pool_size()

    def judged(part: pl.DataFrame) -> pl.DataFrame:
        return _Bench(rule_set, floor, Columns(part, types)).judge(cannot_say=cannot_say)

    if cores == 1 or calls.height < SIDE_BY_SIDE:
        return judged(calls)
    rows = -(-calls.height // cores)
    with ThreadPoolExecutor(cores) as pool:
        return pl.concat(list(pool.map(judged, calls.iter_slices(rows))), rechunk=False)


@dataclass
class _Outcomes:
    """What the rules, read in order, may come to: for each part where it is the last word, and where it is open."""

    last: list[tuple[Rule | Default, Mask]] = field(default_factory=list)
    possible: list[tuple[Rule | Default, Mask]] = field(default_factory=list)

    def at(self, level: int) -> Mask:
        """Where the most urgent outcome that is still possible may be of this priority."""
        return any_of(mask for outcome, mask in self.possible if outcome.priority == level)

    def last_at(self, level: int, *, sworn_only: bool = False) -> Mask:
        rows = ((o, mask) for o, mask in self.last if o.priority == level)
        return any_of(mask for o, mask in rows if o.route == "sworn" or not sworn_only)


class _Bench:
    """All calls looked at once."""

    def __init__(self, rule_set: RuleSet, floor: Floor, columns: Columns) -> None:
        self.rule_set, self.floor, self.columns = rule_set, floor, columns
        types = columns.words("type")
        self.no_type: Mask = either(types.missing, types.says(""))
        anything = Looks(lambda _: True)
        self.may_be_assist = columns.truth(SECURED_ASSIST, anything)
        self.assist: Mask = self.may_be_assist.yes
        self.available = columns.truth(_AVAILABLE, anything)
        asked, must = cache(self._asked), cache(self._must_be_asked)
        self.looks, self.floor_looks = Looks(asked), Looks(must)

    def _asked(self, code: str) -> Mask:
        """Where the code is asked; while nobody knows the type, any question that some type asks may be."""
        types: Mask = False
        for question in self.rule_set.questions:
            if code not in question.codes or not question.types:
                continue
            if EVERY_TYPE in question.types:
                return invert(self.assist)
            types = either(types, either(self.no_type, self._is_type(question.types)))
        return without(types, self.assist)

    def _must_be_asked(self, code: str) -> Mask:
        """Where the floor takes silence for unknown: everywhere but where two people declared it not applicable."""
        spared = self._is_type(entry.type for entry in self.floor.not_applicable if entry.code == code)
        return either(self._asked(code), invert(either(self.assist, spared)))

    def _is_type(self, types: Iterable[str]) -> Mask:
        return any_of(self.columns.words("type").says(code) for code in types if code in self.columns.types)

    def judge(self, *, cannot_say: bool) -> pl.DataFrame:
        columns = self.columns
        disqualifiers = [(item, columns.truth(item.when, self.looks)) for item in self.rule_set.disqualifiers]
        guards = [] if self.floor is NO_FLOOR else list(self._guards())
        outcomes = self._read_rules()
        fired, held = any_of(t.yes for _, t in disqualifiers), any_of(t.yes for _, t in guards)
        lenient, mixed = self._handlings(outcomes)
        settled = without(invert(lenient), fired)
        holding = without(both(held, lenient), fired)
        rest = without(lenient, either(fired, held))
        doubt = any_of([mixed, *(t.unknown for _, t in disqualifiers), *(t.unknown for _, t in guards)])
        return _Found(
            rule_set=self.rule_set,
            columns=columns,
            outcomes=outcomes,
            disqualifiers=sorted(disqualifiers, key=lambda pair: pair[0].priority),
            guards=guards,
            off_duty=self.available.no,
            fired=fired,
            settled=settled,
            holding=holding,
            given_up=both(rest, doubt) if cannot_say else False,
            routed=without(rest, doubt),
        ).frame()

    def _read_rules(self) -> _Outcomes:
        outcomes, left = _Outcomes(), True  # type: tuple[_Outcomes, Mask]
        for rule in self.rule_set.rules:
            truth = self.columns.truth(rule.when, self.looks)
            if truth.may is False:
                continue
            hit = both(left, truth.yes)
            outcomes.last.append((rule, hit))
            outcomes.possible.append((rule, hit if truth.may is truth.yes else both(left, truth.may)))
            left = without(left, truth.yes)
        outcomes.last.append((self.rule_set.default, left))
        outcomes.possible.append((self.rule_set.default, left))
        return outcomes

    def _handlings(self, outcomes: _Outcomes) -> tuple[Mask, Mask]:
        """Where somebody else than sworn may still take it, and where it is open how: several ways, or none known."""
        present: dict[tuple[object, ...], Mask] = {}
        unknown: Mask = False
        for outcome, mask in outcomes.possible:
            if isinstance(outcome, Default) or outcome.route == "sworn":
                present[SWORN] = either(present.get(SWORN, False), mask)
                continue
            how = (outcome.route, outcome.qualification, outcome.mode, outcome.off_hours, outcome.approval)
            if outcome.route == "cso" and outcome.off_hours == "sworn":
                present[SWORN] = either(present.get(SWORN, False), both(mask, self.available.no))
                unknown = either(unknown, both(mask, self.available.unknown))
                mask = both(mask, self.available.yes)  # noqa: PLW2901 the part of it that is still a CSO's
            present[how] = either(present.get(how, False), mask)
        one, several = False, False  # type: tuple[Mask, Mask]
        for mask in present.values():
            several = either(several, both(one, mask))
            one = either(one, mask)
        lenient = any_of([unknown, *(mask for how, mask in present.items() if how != SWORN)])
        return lenient, either(several, unknown)

    def _guards(self) -> Iterator[tuple[str, Tri]]:
        """The floor, in the order of `programs`."""
        floor, types = self.floor, self.columns.words("type")
        if floor.types is not None:
            in_use = any_of(types.says(code) for code in floor.types)
            stray = invert(either(self.no_type, in_use))
            yield NOT_IN_USE, sure(stray)
        yield PRIORITY_1, self._unless_assist(self.columns.truth(_URGENT, self.looks).yes)
        never = self._unless_assist(self._is_type(floor.never_cso))
        open_type = without(self.no_type, self.assist) if floor.never_cso else False
        yield NEVER_CSO, Tri(without(never.yes, open_type), either(never.may, open_type))
        for invariant in floor.invariants:
            yield invariant.id, self.columns.truth(invariant.when, self.floor_looks)
        for invariant in self.rule_set.invariants:
            yield invariant.id, self.columns.truth(invariant.when, self.looks)

    def _unless_assist(self, holds: Mask) -> Tri:
        """What a secured assist sets aside, unknown while it may still turn out to be one."""
        return Tri(without(holds, self.may_be_assist.may), without(holds, self.assist))


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What was found, and how each call came to its answer: the masks exclude each other, the rest is undecided."""

    rule_set: RuleSet
    columns: Columns
    outcomes: _Outcomes
    disqualifiers: Sequence[tuple[Disqualifier, Tri]]
    guards: Sequence[tuple[str, Tri]]
    off_duty: Mask
    fired: Mask
    settled: Mask
    holding: Mask
    given_up: Mask
    routed: Mask

    def frame(self) -> pl.DataFrame:
        last = _Picks(self.columns.height)
        for outcome, mask in self.outcomes.last:
            last.pick(mask, outcome)
        handled, decided = last.where(self.routed), self._decided_by(last.where(either(self.settled, self.routed)))
        route = handled.each(lambda outcome: outcome.route)
        route.pick(any_of([self.fired, self.settled, self.holding, self.given_up]), "sworn")
        found = {
            "route": route,
            "priority": self._priority(),
            "decided_kind": decided.each(lambda by: by[0]),
            "decided_id": decided.each(lambda by: by[1]),
            **self._handling(handled),
        }
        types = types_of(self.rule_set, (name for name, _ in self.guards))
        places = pl.DataFrame({name: picks.places for name, picks in found.items()})
        return places.select(
            found[name].values(dtype).gather(pl.col(name)).alias(name) for name, dtype in types.items()
        )

    def _priority(self) -> "_Picks":
        """Sworn is at least as urgent as the call's own priority: the most urgent that counts."""
        picks = _Picks(self.columns.height)
        default, anyway = self.rule_set.default.priority, either(self.holding, self.given_up)
        for level in reversed(LEVELS):
            own, possible = self._own_priority(level), self.outcomes.at(level)
            of_default = default == level
            last = self.outcomes.last_at(level)
            hit = any_of(t.yes for item, t in self.disqualifiers if item.priority == level)
            last_sworn = self.outcomes.last_at(level, sworn_only=True)
            others = [
                both(self.fired, any_of([hit, last, own])),
                both(self.settled, either(possible, own)),
                both(anyway, own),
                both(self.holding, either(last_sworn, both(self._last_is_lenient, of_default))),
                both(self.given_up, of_default),
                both(self.routed, possible),
            ]
            picks.pick(any_of(others), level)
        return picks

    @property
    def _last_is_lenient(self) -> Mask:
        return any_of(mask for outcome, mask in self.outcomes.last if outcome.route != "sworn")

    def _own_priority(self, level: int) -> Mask:
        def given(number: int) -> Tri:
            return self.columns.truth(FieldTest("priority", "is", (number,)), Looks(lambda _: True))

        own = given(level)
        return any_of([own.yes, own.unknown, given(0).yes]) if level == LEVELS[-1] else own.yes

    def _decided_by(self, by_rule: "_Picks") -> "_Picks":
        """Kind and id of what decided. A pick overwrites an earlier one: they are made from the last to the first."""
        by = by_rule.each(_named)
        by.pick(self.given_up, (DEFAULT, DEFAULT))
        for name, truth in reversed(self.guards):
            by.pick(both(self.given_up, truth.unknown), ("disqualifier", name))
            by.pick(both(self.holding, truth.yes), ("disqualifier", name))
        for item, truth in reversed(self.disqualifiers):
            by.pick(both(self.given_up, truth.unknown), ("disqualifier", item.id))
            by.pick(both(self.fired, truth.yes), ("disqualifier", item.id))
        return by

    def _handling(self, handled: "_Picks") -> dict[str, "_Picks"]:
        to_cso = [(o, mask) for o, mask in self.outcomes.last if isinstance(o, Rule) and o.route == "cso"]
        off_hours = handled.where(self.off_duty).each(lambda o: o.off_hours if o.route == "cso" else None)
        off_hours.pick(both(any_of(mask for _, mask in to_cso), self.settled), "sworn")
        mode = handled.each(lambda o: getattr(o, "mode", None))
        by_phone = any_of(mask for o, mask in to_cso if o.off_hours == "phone")
        mode.pick(both(by_phone, both(self.routed, self.off_duty)), "phone")
        return {
            "qualification": handled.each(lambda o: getattr(o, "qualification", None)),
            "mode": mode,
            "off_hours": off_hours,
            "approval": handled.each(lambda o: getattr(o, "approval", False), otherwise=False),
        }


def _named(outcome: Rule | Default) -> tuple[str, str]:
    return ("rule", outcome.id) if isinstance(outcome, Rule) else (DEFAULT, DEFAULT)


def types_of(rule_set: RuleSet, guards: Iterable[str]) -> dict[str, pl.DataType]:
    """The type of each column of an answer: words are enumerated, by what these rules can say."""
    named = {
        "decided_id": [
            DEFAULT,
            *(item.id for part in (rule_set.disqualifiers, rule_set.rules) for item in part),
            *guards,
        ],
        "qualification": [rule.qualification for rule in rule_set.rules if rule.qualification],
        "mode": ["phone", *(rule.mode for rule in rule_set.rules)],
        "off_hours": ["sworn", *(rule.off_hours for rule in rule_set.rules)],
    }
    enumerated = {name: pl.Enum(list(dict.fromkeys(words))) for name, words in named.items()}
    return {name: enumerated[name] if dtype is None else dtype for name, dtype in RESULT.items()}


class _Picks:
    """One value for each call, picked with masks; null where none was. Values are kept by their places in a list."""

    def __init__(self, height: int) -> None:
        self._height = height
        self.places = self._everywhere(0)
        self._values: list[Any] = [None]

    def pick(self, mask: Mask, value: object) -> None:
        if mask is False:
            return
        if value not in self._values:
            self._values.append(value)
        place = self._everywhere(self._values.index(value))
        self.places = _chosen(mask, place, self.places)

    def where(self, mask: Mask) -> "_Picks":
        """The same picks, but none where the mask does not hold."""
        return self._with(_chosen(mask, self.places, self._everywhere(0)), self._values)

    def each(self, change: Callable[[Any], Any], *, otherwise: object = None) -> "_Picks":
        """Another value in the place of each."""
        return self._with(self.places, [otherwise, *(change(value) for value in self._values[1:])])

    def values(self, dtype: pl.DataType) -> pl.Expr:
        return pl.lit(pl.Series(self._values, dtype=dtype))

    def _with(self, places: pl.Series, values: list[Any]) -> "_Picks":
        made = _Picks(0)
        made._height, made.places, made._values = self._height, places, list(values)
        return made

    def _everywhere(self, place: int) -> pl.Series:
        return pl.Series([place], dtype=pl.UInt16).new_from_index(0, self._height)


def _chosen(mask: Mask, here: pl.Series, elsewhere: pl.Series) -> pl.Series:
    if isinstance(mask, bool):
        return here if mask else elsewhere
    return here.zip_with(mask, elsewhere)
