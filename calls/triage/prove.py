"""Proves that a rule set breaks nothing of the safety floor, or shows a call that does.

The rules are proved *alone*: `decide` holds every call against the floor anyway, and a rule set that leans on that is
refused. Proved for every call there can be, type by type, asked as a call and as a secured assist:

- `floor`, `invariant`: no call for which an invariant of the floor or of the rule set is true or unknown leaves sworn
  hands; a code that the floor reads and nobody asks is unknown, unless two people declared it not applicable;
- `never_cso`: no type that is never for CSOs does;
- `priority_1`: no call of priority 1 does (here with the floor's guard, which is the same for every rule set);
- `disqualifier`: no call for which a disqualifier is true or unknown does;
- `coverage`: a type that can leave sworn hands asks every usual safety question, or two people spared it;
- `authority`: a CSO is sent to nothing that the agency gives no authority for;
- `route`: every call gets a route; `dead_rule`: every rule decides some call in which nothing before it is open;
  `double_id`: no id stands twice.

Every counter-example is replayed through `decide` before it is shown. One that `decide` does not confirm is a fault of
the proof: it is reported as the failure `replay`, so that nothing is published on the word of a broken proof.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

from calls.triage import proof_words as words_of
from calls.triage.authority import NOWHERE, Setting
from calls.triage.conditions import ANSWER
from calls.triage.decide import decide
from calls.triage.domains import ORDINARY
from calls.triage.encode import ONE_AT_A_TIME, OutOfTime, any_of
from calls.triage.evaluate import Case
from calls.triage.floor import NO_FLOOR, Floor
from calls.triage.kinds import Kind, kinds_of
from calls.triage.phrases import say
from calls.triage.proofs import CounterExample, Failure, Proof
from calls.triage.properties import Claim, claims_of
from calls.triage.rules import RuleSet
from calls.triage.shadows import Shadows

LONGEST = 30.0
"""Seconds that a proof may take."""

_log = logging.getLogger(__name__)


def prove(
    rule_set: RuleSet,
    floor: Floor,
    setting: Setting = NOWHERE,
    *,
    language: str = "en",
    within: float = LONGEST,
    one_is_enough: bool = False,
) -> Proof:
    """Proves every property of the rule set, or shows for each that fails a call that breaks it.

    `within` are the seconds it may take; what is not proved by then is the failure `time`. With `one_is_enough` it
    stops at the first call that breaks something.
    """
    started = monotonic()
    with ONE_AT_A_TIME:
        prover = _Prover(rule_set, floor, setting, language, monotonic() + within)
        failures = prover.failures(one_is_enough=one_is_enough)
    return Proof(failures, monotonic() - started)


@dataclass
class _Found:
    claim: Claim
    example: CounterExample
    rules: dict[str, None]
    types: dict[str, None] = field(default_factory=dict)


class _Prover:
    def __init__(self, rule_set: RuleSet, floor: Floor, setting: Setting, language: str, until: float) -> None:
        self.rule_set, self.floor, self.setting, self.language = rule_set, floor, setting, language
        self.until = until
        self.found: dict[tuple[str, str], _Found] = {}
        self.faults: list[Failure] = []
        self.alive: set[str] = set()
        self.kinds: list[Kind] = []

    def failures(self, *, one_is_enough: bool) -> tuple[Failure, ...]:
        try:
            for kind in kinds_of(self.rule_set, self.floor, self.setting, until=self.until):
                self.kinds.append(kind)
                self._hold(kind)
                if one_is_enough and (self.found or self.faults):
                    return tuple(self._shown())
                self._witness(kind)
        except OutOfTime:
            because = say(words_of.OUT_OF_TIME, self.language)
            self.faults.append(Failure("time", "time", None, because))
            return tuple(self._shown())
        return (*self._shown(), *self._dead(), *self._double_ids())

    def _hold(self, kind: Kind) -> None:
        """Each claim about the calls of this kind; mostly all of them hold, which one question to z3 says."""
        claims = [claim for claim in claims_of(kind, self.floor, self.setting) if claim.broken is not False]
        if not kind.space.is_possible(any_of(claim.broken for claim in claims)):
            return
        for claim in claims:
            known = self.found.get(claim.key)
            if known is None:
                case = kind.example(claim.broken)
                if case is not None:
                    self._replay(kind, claim, case)
            elif kind.space.is_possible(claim.broken):
                known.types |= dict.fromkeys(kind.types)

    def _replay(self, kind: Kind, claim: Claim, case: Case) -> None:
        example = _example(case, kind)
        if not claim.confirmed(self.rule_set, self.floor, case):
            self._disagree(claim.name, claim.id, example)
            return
        rule = decide(self.rule_set, NO_FLOOR, case).decided_by
        self.found[claim.key] = _Found(claim, example, {rule.id: None} if rule else {}, dict.fromkeys(kind.types))

    def _witness(self, kind: Kind) -> None:
        """A call for each rule that decides one, unless an earlier kind of call had one."""
        while True:
            waiting = {rule.id: here for rule, here in kind.rules.deciding if rule.id not in self.alive}
            case = kind.some_case(any_of(waiting.values()))
            if case is None:
                return
            by = decide(self.rule_set, NO_FLOOR, case).decided_by
            if by is None or by.kind != "rule" or by.id not in waiting:
                self._disagree("dead_rule", min(waiting), _example(case, kind))
                self.alive |= set(waiting)
            self.alive |= {by.id} if by else set()

    def _disagree(self, name: str, identifier: str, example: CounterExample) -> None:
        _log.error("the proof of %s %s and decide disagree on %s", name, identifier, example.as_dict())
        because = say(words_of.DISAGREES, self.language, what=f"{name} {identifier}")
        self.faults.append(Failure("replay", f"{name}:{identifier}", example, because))

    def _shown(self) -> Iterator[Failure]:
        for found in self.found.values():
            claim, types = found.claim, tuple(found.types)
            because = claim.because(self.rule_set, found.example.case, self.language)
            others = [name for name in types if name != (found.example.case.type or "")]
            if others:
                because += " " + words_of.also(others, self.language)
            yield Failure(claim.name, claim.id, found.example, because, tuple(found.rules), types)
        yield from self.faults

    def _dead(self) -> Iterator[Failure]:
        shadows = Shadows(self.kinds)
        for rule in self.rule_set.rules:
            if rule.id not in self.alive:
                because = words_of.dead(rule, shadows.of(rule), self.language)
                yield Failure("dead_rule", rule.id, None, because, (rule.id,))

    def _double_ids(self) -> Iterator[Failure]:
        """`parse` refuses them with their path; a rule set that was made otherwise is caught here."""
        seen: set[str] = set()
        for part in ("questions", "disqualifiers", "rules", "invariants"):
            for item in getattr(self.rule_set, part):
                if item.id in seen:
                    because = say(words_of.DOUBLE, self.language, id=item.id)
                    yield Failure("double_id", item.id, None, because)
                seen.add(item.id)


def _example(case: Case, kind: Kind) -> CounterExample:
    usual = {**ORDINARY, "priority": kind.usual.get("priority")}
    facts = {
        name: getattr(case, name)
        for name in kind.space.classes
        if not name.startswith(ANSWER) and name not in {"type", "category"} and getattr(case, name) != usual.get(name)
    }
    return CounterExample(case, dict(sorted(case.answers.items())), facts)
