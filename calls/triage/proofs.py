"""What comes of a proof: nothing, or the properties that fail, each with a call that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.triage.domains import Value
from calls.triage.evaluate import Case


@dataclass(frozen=True, slots=True)
class CounterExample:
    """A call: its type, the answers given, and the facts in which it is no ordinary call (null: nobody knows)."""

    case: Case
    answers: Mapping[str, str]
    facts: Mapping[str, Value]

    def as_dict(self) -> dict[str, Any]:
        return {"type": self.case.type, "answers": dict(self.answers), "facts": dict(self.facts)}


@dataclass(frozen=True, slots=True)
class Failure:
    """A property that does not hold. `rules` are the rules at fault; `types` the call types it happens with."""

    property: str
    id: str
    counter_example: CounterExample | None
    because: str
    rules: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        shown = self.counter_example.as_dict() if self.counter_example else None
        return {"property": self.property, "id": self.id, "counter_example": shown, "because": self.because}


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of it. Proved: there is no failure."""

    failures: tuple[Failure, ...]
    seconds: float = 0.0

    @property
    def proved(self) -> bool:
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        return {"proved": self.proved, "failures": [failure.as_dict() for failure in self.failures]}
