"""Who takes each of many past calls: `decide` over whole columns at once, with the same answers.

The order of looking is that of `decide`: disqualifiers, the ordered rules, the floor above all of it. What `decide`
does for one call with a value, this does for all of them with a mask.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import polars as pl

from calls.triage.columns import Columns, Looks, Mask, Tri, any_of, both, either, invert, without
from calls.triage.conditions import FieldTest
from calls.triage.floor import NO_FLOOR, SECURED_ASSIST, Floor
from calls.triage.programs import NEVER_CSO, NOT_IN_USE, PRIORITY_1, named_types
from calls.triage.rules import EVERY_TYPE, Default, Disqualifier, Rule, RuleSet

LEVELS = (1, 2, 3, 4)
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
"""The columns of an answer; what has no type here is enumerated, by what occurs.

All but `approval` are null while a call is undecided.
"""


def vectorise(rule_set: RuleSet, floor: Floor, calls: pl.DataFrame, *, cannot_say: bool = False) -> pl.DataFrame:
    """The decision for every row of `calls` (see `Columns`), in its order: the columns of `RESULT`.

    With `cannot_say` the callers know no more, and what is undecided becomes sworn.
    """
    columns = Columns(calls, named_types(rule_set, floor))
    return _Bench(rule_set, floor, columns).judge(cannot_say=cannot_say)


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
            if truth.yes is False and truth.no is True:
                continue
            hit = both(left, truth.yes)
            outcomes.last.append((rule, hit))
            outcomes.possible.append((rule, without(left, truth.no)))
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
            yield NOT_IN_USE, Tri(stray, invert(stray))
        yield PRIORITY_1, self._unless_assist(self.columns.truth(_URGENT, self.looks).yes)
        never = self._unless_assist(self._is_type(floor.never_cso))
        open_type = without(self.no_type, self.assist) if floor.never_cso else False
        yield NEVER_CSO, Tri(without(never.yes, open_type), without(never.no, open_type))
        for invariant in floor.invariants:
            yield invariant.id, self.columns.truth(invariant.when, self.floor_looks)
        for invariant in self.rule_set.invariants:
            yield invariant.id, self.columns.truth(invariant.when, self.looks)

    def _unless_assist(self, holds: Mask) -> Tri:
        """What a secured assist sets aside, unknown while it may still turn out to be one."""
        return Tri(both(holds, self.may_be_assist.no), either(invert(holds), self.assist))


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
        height = self.columns.height
        sworn = any_of([self.fired, self.settled, self.holding, self.given_up])
        route = _Picks(height, "sworn", sworn)
        for outcome, mask in self.outcomes.last:
            if outcome.route != "sworn":
                route.pick(both(mask, self.routed), outcome.route)
        kind, identifier = self._decided_by()
        found = {
            "route": route,
            "priority": self._priority(),
            "decided_kind": kind,
            "decided_id": identifier,
            **self._handling(),
        }
        columns = {name: picks.series(RESULT[name]) for name, picks in found.items()}
        return pl.DataFrame(columns).with_columns(pl.col("approval").fill_null(value=False)).select(list(RESULT))

    def _priority(self) -> "_Picks":
        """Sworn is at least as urgent as the call's own priority: the most urgent that counts."""
        picks = _Picks(self.columns.height)
        default, anyway = self.rule_set.default.priority, either(self.holding, self.given_up)
        for level in reversed(LEVELS):
            own = self._own_priority(level)
            of_default = default == level
            last = self.outcomes.last_at(level)
            hit = any_of(t.yes for item, t in self.disqualifiers if item.priority == level)
            last_sworn = self.outcomes.last_at(level, sworn_only=True)
            others = [
                both(self.fired, any_of([hit, last, own])),
                both(self.settled, either(self.outcomes.at(level), own)),
                both(anyway, own),
                both(self.holding, either(last_sworn, both(self._last_is_lenient, of_default))),
                both(self.given_up, of_default),
                both(self.routed, self.outcomes.at(level)),
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

    def _decided_by(self) -> tuple["_Picks", "_Picks"]:
        """A pick overwrites an earlier one, so they are made from the last to the first."""
        kind, identifier = _Picks(self.columns.height), _Picks(self.columns.height)

        def pick(mask: Mask, what: str, name: str) -> None:
            kind.pick(mask, what)
            identifier.pick(mask, name)

        by_rule = either(self.settled, self.routed)
        for outcome, mask in self.outcomes.last:
            named = ("rule", outcome.id) if isinstance(outcome, Rule) else (DEFAULT, DEFAULT)
            pick(both(mask, by_rule), *named)
        pick(self.given_up, DEFAULT, DEFAULT)
        for name, truth in reversed(self.guards):
            pick(both(self.given_up, truth.unknown), "disqualifier", name)
            pick(both(self.holding, truth.yes), "disqualifier", name)
        for item, truth in reversed(self.disqualifiers):
            pick(both(self.given_up, truth.unknown), "disqualifier", item.id)
            pick(both(self.fired, truth.yes), "disqualifier", item.id)
        return kind, identifier

    def _handling(self) -> dict[str, "_Picks"]:
        found = {name: _Picks(self.columns.height) for name in ("qualification", "mode", "off_hours", "approval")}
        for outcome, mask in self.outcomes.last:
            if isinstance(outcome, Default):
                continue
            here = both(mask, self.routed)
            found["qualification"].pick(here, outcome.qualification)
            found["mode"].pick(here, outcome.mode)
            found["approval"].pick(here if outcome.approval else False, outcome.approval)
            if outcome.route != "cso":
                continue
            found["off_hours"].pick(both(here, self.off_duty), outcome.off_hours)
            found["off_hours"].pick(both(mask, self.settled), "sworn")
            if outcome.off_hours == "phone":
                found["mode"].pick(both(here, self.off_duty), "phone")
        return found


class _Picks:
    """One value for each call, picked with masks; null where none was. Values are kept by their places in a list."""

    def __init__(self, height: int, value: object = None, mask: Mask = False) -> None:
        self._places = pl.Series([0], dtype=pl.UInt16).new_from_index(0, height)
        self._values: list[Any] = [None]
        self._height = height
        self.pick(mask, value)

    def pick(self, mask: Mask, value: object) -> None:
        if mask is False:
            return
        if value not in self._values:
            self._values.append(value)
        place = pl.Series([self._values.index(value)], dtype=pl.UInt16).new_from_index(0, self._height)
        self._places = place if isinstance(mask, bool) else place.zip_with(mask, self._places)

    def series(self, dtype: pl.DataType | None) -> pl.Series:
        dtype = dtype or pl.Enum([str(value) for value in self._values[1:] if value is not None])
        return pl.Series(self._values, dtype=dtype).gather(self._places)
