"""Why a rule decides nothing: the fewest earlier rules and disqualifiers that take every call from it.

First what one conflict of z3 names, less whatever can be left out. Then the search for fewer: every call that slips
through has been stopped by something, so that the parts that are looked for meet each of these calls.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calls.triage.encode import Formula, OutOfTime, Space, all_of
from calls.triage.kinds import Kind
from calls.triage.rules import Disqualifier, Rule

FEW = 3
"""Up to so many parts are the fewest there are; of more, none can be left out."""
MOST = 400
"""The questions to z3 that one rule is worth."""

Parts = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """A kind of call that the rule can match: its calls, and for each earlier part those that it leaves to the rule."""

    space: Space
    calls: Formula
    left: dict[str, Formula]


def shadows_of(rule: Rule, kinds: Iterable[Kind]) -> tuple[str, ...]:
    """What decides whatever the rule matches, in the order in which it is read; nothing where no call matches it."""
    matching = [kind for kind in kinds if any(other is rule for other, _ in kind.program.rules)]
    places = [_place(rule, kind) for kind in matching]
    order = [item.id for kind in matching[:1] for part in _read(kind) for item in part]
    search = _Search(places)
    found: Parts = frozenset(name for place in places for name in place.left)
    try:
        found = search.core(found)
        found = search.thinned(found, reversed(order))
        found = search.fewest(found)
    except (OutOfTime, _Enough):
        pass  # what was found until then is right, if longer than it need be
    return tuple(name for name in order if name in found)


def _read(kind: Kind) -> tuple[tuple[Disqualifier, ...], tuple[Rule, ...]]:
    """What is read of a call, in order."""
    return kind.program.rule_set.disqualifiers, kind.program.rule_set.rules


def _place(rule: Rule, kind: Kind) -> _Place:
    matches, left = kind.rules.before(rule)
    return _Place(kind.space, all_of((kind.base, matches)), left)


class _Enough(Exception):
    """The rule has been worth as many questions as it may be."""


class _Search:
    def __init__(self, places: Sequence[_Place]) -> None:
        self._places = places
        self._slips: list[Parts] = []
        self._asked = 0

    def core(self, parts: Parts) -> Parts:
        """What the conflicts name of the parts, one conflict for each kind of call."""
        named: Parts = frozenset()
        for place in self._places:
            self._count()
            here = {name: left for name, left in place.left.items() if name in parts}
            named |= place.space.conflict(place.calls, here) or frozenset()
        return named

    def thinned(self, parts: Parts, order: Iterable[str]) -> Parts:
        """The parts without each that is not needed, looked at in the order given."""
        for name in order:
            if name in parts and self._takes_all(parts - {name}):
                parts -= {name}
        return parts

    def fewest(self, parts: Parts) -> Parts:
        """The parts, or fewer others that do as well."""
        for size in range(min(len(parts), FEW + 1)):
            while (fewer := _meeting(self._slips, size)) is not None:
                if self._takes_all(fewer):
                    return fewer
        return parts

    def _takes_all(self, parts: Parts) -> bool:
        """Whether the parts leave no call to the rule. One that they leave is kept, as what else stops it."""
        if any(not parts & slip for slip in self._slips):
            return False
        for place in self._places:
            self._count()
            here = (left for name, left in place.left.items() if name in parts)
            slip = place.space.failing((place.calls, *here), place.left)
            if slip is not None:
                self._slips.append(slip)
                return False
        return True

    def _count(self) -> None:
        self._asked += 1
        if self._asked > MOST:
            raise _Enough


def _meeting(slips: Sequence[Parts], size: int) -> Parts | None:
    """So many parts, of which each slip holds one; None when there are no such."""
    if not slips:
        return frozenset()
    if not size:
        return None
    shortest = min(slips, key=len)
    for name in sorted(shortest):
        rest = _meeting([slip for slip in slips if name not in slip], size - 1)
        if rest is not None:
            return rest | {name}
    return None
