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
MOST, ALL_TOGETHER = 400, 5_000
"""The questions to z3 that one rule is worth beyond its conflicts, and all dead rules of a rule set."""

Parts = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """A kind of call that the rule can match: its calls, and for each earlier part those that it leaves to the rule."""

    space: Space
    calls: Formula
    left: dict[str, Formula]


class Shadows:
    """What stands before the dead rules of one rule set, for all kinds of call."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds
        self._left = ALL_TOGETHER

    def of(self, rule: Rule) -> tuple[str, ...]:
        """What decides whatever the rule matches, in the order in which it is read; nothing where no call matches."""
        matching = [kind for kind in self._kinds if any(other is rule for other, _ in kind.program.rules)]
        places = [_place(rule, kind) for kind in matching]
        order = [item.id for kind in matching[:1] for part in _read(kind) for item in part]
        search = _Search(places, most=min(MOST, self._left))
        found: Parts = frozenset(name for place in places for name in place.left)
        try:
            found = search.core()
            found = search.thinned(found, reversed(order))
            found = search.fewest(found)
        except (OutOfTime, _Enough):
            pass  # what was found until then is right, if longer than it need be
        self._left -= search.asked
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
    def __init__(self, places: Sequence[_Place], *, most: int) -> None:
        self._places, self._most = places, most
        self._slips: list[Parts] = []
        self.asked = 0

    def core(self) -> Parts:
        """What the conflicts name, one for each kind of call that what is named so far does not cover."""
        named: Parts = frozenset()
        for place in self._places:
            if self._slip(place, named) is not None:
                named |= place.space.conflict(place.calls, place.left) or frozenset()
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
            slip = self._slip(place, parts)
            if slip is not None:
                self._slips.append(slip)
                return False
        return True

    def _slip(self, place: _Place, parts: Parts) -> Parts | None:
        """What else stops a call that the parts leave to the rule; None when they leave none."""
        here = (left for name, left in place.left.items() if name in parts)
        return place.space.failing((place.calls, *here), place.left)

    def _count(self) -> None:
        if self.asked >= self._most:
            raise _Enough
        self.asked += 1


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
