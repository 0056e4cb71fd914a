"""Who takes a call, and why.

Disqualifiers first, then the ordered rules, then the default, which is sworn; the floor stands above all of it. A call
is undecided while something unknown could still change its route, and decided as soon as nothing can.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from calls.triage import phrases
from calls.triage.evaluate import Case, Compiled
from calls.triage.floor import NO_FLOOR, Floor
from calls.triage.phrases import say, thing
from calls.triage.programs import Guard, Program, program_for
from calls.triage.reading import words
from calls.triage.rules import Default, Disqualifier, Rule, RuleSet

__all__ = [
    "NO_FLOOR", "Alternative", "Asked", "Breach", "Case", "DecidedBy", "Decision", "Verdict",
    "against_floor", "decide", "explain", "open_weights", "still_to_ask", "told",
]  # fmt: skip

SHOWN_OPEN = 3
SHOWN_ALTERNATIVES = 6
TYPE_FIRST = 1_000_000


@dataclass(frozen=True, slots=True)
class DecidedBy:
    """`kind` is disqualifier (of the rule set or the floor), rule, default or person."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another route that was, or still is, possible."""

    route: str
    id: str
    because: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A spoken question whose one answer stands for several codes."""

    question: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`route` is None while undecided; then `open_questions` names codes and facts, the most decisive first.
    `off_hours` is what happens because no CSO is on duty, None when that does not matter."""

    route: str | None
    reasons: tuple[str, ...]
    priority: int | None = None
    decided_by: DecidedBy | None = None
    open_questions: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    asked: tuple[Asked, ...] = ()
    qualification: str | None = None
    mode: str | None = None
    approval: bool = False
    off_hours: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The API's shape, without `rule_set` and `at`, which the caller knows."""
        by = self.decided_by
        return {
            "route": self.route,
            "priority": self.priority,
            "decided_by": {"kind": by.kind, "id": by.id} if by else None,
            "reasons": list(self.reasons),
            "open_questions": list(self.open_questions),
            "alternatives": [{"route": a.route, "id": a.id, "because": a.because} for a in self.alternatives],
            "asked": [{"question": a.question, "codes": list(a.codes)} for a in self.asked],
            "qualification": self.qualification,
            "mode": self.mode,
            "approval": self.approval,
            "off_hours": self.off_hours,
        }


@dataclass(frozen=True, slots=True)
class Breach:
    """Why the floor stands against a CSO or a referral. `known` False: only because something is still unknown."""

    id: str
    known: bool
    because: str
    open_questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one part says about the call: true, false, or None with what leaves it open."""

    kind: str
    id: str
    holds: bool | None
    open: tuple[str, ...]


def decide(rule_set: RuleSet, floor: Floor, case: Case, *, language: str = "en", cannot_say: bool = False) -> Decision:
    """The decision for the call. With `cannot_say` (the caller knows no more, or the clock ran out) an undecided call
    becomes sworn."""
    program = program_for(rule_set, floor, case)
    return _Judge(program, case, language).decision(cannot_say=cannot_say)


def against_floor(rule_set: RuleSet, floor: Floor, case: Case, *, language: str = "en") -> tuple[Breach, ...]:
    """What of the floor forbids sending this call to a CSO or a referral, whoever asks; empty when nothing does."""
    breaches = []
    for guard in program_for(rule_set, floor, case).guards:
        holds = guard.check.value(case)
        if holds is not False:
            opens = tuple(dict.fromkeys(guard.check.opens(case))) if holds is None else ()
            breaches.append(Breach(guard.id, bool(holds), words(guard.because, language), opens))
    return tuple(breaches)


def told(
    rule_set: RuleSet, floor: Floor, case: Case, breaches: tuple[Breach, ...], *, language: str = "en"
) -> tuple[str, ...]:
    """Breaches in words: what is known to stand against it, else what is still to be asked. An unknown is never told
    as if somebody had said it."""
    known = dict.fromkeys(breach.because for breach in breaches if breach.known)
    opens = dict.fromkeys(name for breach in breaches for name in breach.open_questions)
    return tuple(known or _Judge(program_for(rule_set, floor, case), case, language).still_open(tuple(opens)))


def still_to_ask(rule_set: RuleSet, floor: Floor, case: Case, breaches: tuple[Breach, ...]) -> tuple[str, ...]:
    """What would let the breached floor and the rules decide, the most decisive first; none where they know enough."""
    if not breaches or any(breach.known for breach in breaches):
        return ()
    judge, weights = _Judge(program_for(rule_set, floor, case), case, "en"), open_weights(rule_set, floor, case)
    return judge.ranked(weights | Counter(name for breach in breaches for name in breach.open_questions))


def explain(rule_set: RuleSet, floor: Floor, case: Case) -> tuple[Verdict, ...]:
    """Each part's own verdict, in the order floor, disqualifiers, rules; parts that name other types are false."""
    program = program_for(rule_set, floor, case)
    live = {item.id: check for item, check in program.disqualifiers}
    live |= {rule.id: check for rule, check in program.rules}
    verdicts = [_verdict(guard.kind, guard.id, guard.check, case) for guard in program.guards]
    verdicts += [_verdict("disqualifier", item.id, live.get(item.id), case) for item in rule_set.disqualifiers]
    verdicts += [_verdict("rule", rule.id, live.get(rule.id), case) for rule in rule_set.rules]
    return tuple(verdicts)


def _verdict(kind: str, identifier: str, check: Compiled | None, case: Case) -> Verdict:
    holds = check.value(case) if check else False
    opens = tuple(dict.fromkeys(check.opens(case))) if check and holds is None else ()
    return Verdict(kind, identifier, holds, opens)


def open_weights(rule_set: RuleSet, floor: Floor, case: Case) -> Counter[str]:
    """How much each open code or fact can still change the route; empty once the route is settled."""
    judge = _Judge(program_for(rule_set, floor, case), case, "en")
    return judge.weights() if judge.undecided else Counter()


class _Judge:
    """One call looked at once."""

    def __init__(self, program: Program, case: Case, language: str) -> None:
        self.program = program
        self.case = case
        self.language = language
        self.fired: list[Disqualifier] = []
        self.open_disqualifiers: list[tuple[Disqualifier, Compiled]] = []
        self.holding: list[Guard] = []
        self.open_guards: list[Guard] = []
        self.open_rules: list[tuple[Rule, Compiled]] = []
        self.last: Rule | Default = program.rule_set.default
        self._look()
        self.outcomes: list[Rule | Default] = [*(rule for rule, _ in self.open_rules), self.last]
        self.routes = {self._route_of(outcome) for outcome in self.outcomes}

    def _look(self) -> None:
        case = self.case
        for item, check in self.program.disqualifiers:
            truth = check.value(case)
            if truth:
                self.fired.append(item)
            elif truth is None:
                self.open_disqualifiers.append((item, check))
        for guard in self.program.guards:
            truth = guard.check.value(case)
            if truth:
                self.holding.append(guard)
            elif truth is None:
                self.open_guards.append(guard)
        for rule, check in self.program.rules:
            truth = check.value(case)
            if truth:
                self.last = rule
                return
            if truth is None:
                self.open_rules.append((rule, check))

    def _route_of(self, outcome: Rule | Default) -> str | None:
        """The route as things stand; None while it hangs on whether a CSO is on duty."""
        if isinstance(outcome, Default) or outcome.route != "cso" or outcome.off_hours != "sworn":
            return outcome.route
        return {True: "cso", False: "sworn", None: None}[self.case.cso_available]

    @property
    def sworn_anyway(self) -> bool:
        return bool(self.fired or self.holding) or self.routes == {"sworn"}

    @property
    def undecided(self) -> bool:
        if self.sworn_anyway:
            return False
        if self.open_disqualifiers or self.open_guards or None in self.routes:
            return True
        return len({self._handling(outcome) for outcome in self.outcomes}) > 1

    def _handling(self, outcome: Rule | Default) -> tuple[object, ...]:
        route = self._route_of(outcome)
        if isinstance(outcome, Default) or route == "sworn":
            return (route,)
        return (route, outcome.qualification, outcome.mode, outcome.off_hours, outcome.approval)

    def decision(self, *, cannot_say: bool) -> Decision:
        if self.fired:
            return self._disqualified()
        if self.routes == {"sworn"}:
            return self._sworn_by_rules()
        if self.holding:
            return self._held()
        if self.undecided:
            return self._given_up() if cannot_say else self._undecided()
        return self._routed()

    def _disqualified(self) -> Decision:
        fired = sorted(self.fired, key=lambda item: item.priority)
        return self._sworn(
            DecidedBy("disqualifier", fired[0].id),
            priorities=[*(item.priority for item in fired), self.last.priority],
            reasons=[words(item.because, self.language) for item in fired],
            alternatives=self._otherwise(),
        )

    def _held(self) -> Decision:
        """The floor says sworn where the rules alone would not (or not yet)."""
        return self._sworn(
            DecidedBy("disqualifier", self.holding[0].id),
            priorities=[self.last.priority if self.last.route == "sworn" else self.program.rule_set.default.priority],
            reasons=[words(guard.because, self.language) for guard in self.holding],
            alternatives=self._otherwise(),
        )

    def _sworn_by_rules(self) -> Decision:
        by = DecidedBy("default", "default") if isinstance(self.last, Default) else DecidedBy("rule", self.last.id)
        reasons = [words(self.last.because, self.language)]
        if self.last.route == "cso":
            reasons.append(say(phrases.OFF_HOURS["sworn"], self.language))
        reasons += [words(guard.because, self.language) for guard in self.holding]
        if self.open_disqualifiers or self.open_guards or self.open_rules:
            reasons.append(say(phrases.SETTLED, self.language))
        return self._sworn(by, priorities=[outcome.priority for outcome in self.outcomes], reasons=reasons)

    def _given_up(self) -> Decision:
        """Nobody can say what is open, so it is sworn."""
        unclear = [item.id for item, _ in sorted(self.open_disqualifiers, key=lambda pair: pair[0].priority)]
        unclear += [guard.id for guard in self.open_guards]
        opens = self.ranked(self.weights())
        return self._sworn(
            DecidedBy("disqualifier", unclear[0]) if unclear else DecidedBy("default", "default"),
            priorities=[self.program.rule_set.default.priority],
            reasons=[
                *(say(phrases.CANNOT_SAY, self.language, what=what) for what in self._spoken(opens)[:SHOWN_OPEN]),
                say(phrases.UNKNOWN_IS_SWORN, self.language),
            ],
            alternatives=self._possible(),
        )

    def _undecided(self) -> Decision:
        opens = self.ranked(self.weights())
        return Decision(
            route=None,
            reasons=(say(phrases.NOT_DECIDED, self.language), *self.still_open(opens)),
            open_questions=opens,
            alternatives=self._possible(),
            asked=self._asked(),
        )

    def _routed(self) -> Decision:
        rule = cast(Rule, self.last)  # the default is sworn, and a sworn outcome among others leaves it undecided
        reasons = [words(rule.because, self.language)]
        off_hours = rule.off_hours if rule.route == "cso" and self.case.cso_available is False else None
        if off_hours:
            reasons.append(say(phrases.OFF_HOURS[off_hours], self.language))
        if rule.approval:
            reasons.append(say(phrases.APPROVAL, self.language))
        return Decision(
            route=rule.route,
            priority=min(outcome.priority for outcome in self.outcomes),
            decided_by=DecidedBy("rule", rule.id),
            reasons=tuple(reasons),
            alternatives=(Alternative("sworn", "person", say(phrases.PERSON_MAY, self.language)),),
            asked=self._asked(),
            qualification=rule.qualification,
            mode="phone" if off_hours == "phone" else rule.mode,
            approval=rule.approval,
            off_hours=off_hours,
        )

    def _sworn(
        self,
        by: DecidedBy,
        *,
        priorities: Iterable[int],
        reasons: list[str],
        alternatives: tuple[Alternative, ...] = (),
    ) -> Decision:
        """Sworn is at least as urgent as the call's own priority: the type's, or what a person picked."""
        return Decision(
            route="sworn",
            priority=min([*priorities, self.case.priority or 4]),
            decided_by=by,
            reasons=tuple(dict.fromkeys(reasons)),
            alternatives=alternatives,
            asked=self._asked(),
            off_hours="sworn" if by.kind == "rule" and self.last.route == "cso" else None,
        )

    def _otherwise(self) -> tuple[Alternative, ...]:
        """What the rules would have said without the disqualifier."""
        found = (
            Alternative(
                outcome.route,
                outcome.id if isinstance(outcome, Rule) else "default",
                say(phrases.WITHOUT_THAT, self.language, because=words(outcome.because, self.language)),
            )
            for outcome in self.outcomes
            if outcome.route != "sworn"
        )
        return tuple(found)[:SHOWN_ALTERNATIVES]

    def _possible(self) -> tuple[Alternative, ...]:
        """Every route that can still come out, the likeliest of each first."""
        found: list[Alternative] = []
        for outcome in self.outcomes:
            identifier = outcome.id if isinstance(outcome, Rule) else "default"
            found.append(Alternative(outcome.route, identifier, words(outcome.because, self.language)))
        sworn: list[Disqualifier | Guard] = [item for item, _ in self.open_disqualifiers]
        covered = {words(item.because, self.language) for item in sworn}
        sworn += [guard for guard in self.open_guards if words(guard.because, self.language) not in covered]
        found += [Alternative("sworn", item.id, words(item.because, self.language)) for item in sworn]
        return tuple(found)[:SHOWN_ALTERNATIVES]

    def weights(self) -> Counter[str]:
        """A disqualifier that would make it urgent weighs most, then the floor, then a rule."""
        weights: Counter[str] = Counter()
        parts = [(check, 6 - item.priority) for item, check in self.open_disqualifiers]
        parts += [(guard.check, 2) for guard in self.open_guards]
        parts += [(check, 1) for _, check in self.open_rules]
        for check, weight in parts:
            for name in set(check.opens(self.case)):
                weights[name] += weight
        if None in self.routes:
            weights["cso_available"] += 1
        if "type" in weights:
            weights["type"] += TYPE_FIRST
        return weights

    def ranked(self, weights: Counter[str]) -> tuple[str, ...]:
        """What nobody asked yet comes before what the caller could not say; equal weights in the order asked."""
        order = {code: n for n, code in enumerate(c for q in self.program.questions for c in q.codes)}
        given = self.case.answers
        return tuple(sorted(weights, key=lambda name: (name in given, -weights[name], order.get(name, 999), name)))

    def _spoken(self, opens: tuple[str, ...]) -> list[str]:
        """The open things as a person would ask for them, a question with several codes once."""
        said: dict[str, None] = {}
        for name in opens:
            question = next((q for q in self.program.questions if name in q.codes), None)
            said[words(question.text, self.language) if question else thing(name, self.language)] = None
        return list(said)

    def still_open(self, opens: tuple[str, ...]) -> list[str]:
        """A sentence for each of the first few open things, and how many there are besides."""
        said = self._spoken(opens)
        sentences = [say(phrases.STILL_OPEN, self.language, what=what) for what in said[:SHOWN_OPEN]]
        if len(said) > SHOWN_OPEN:
            sentences.append(say(phrases.MORE_OPEN, self.language, count=len(said) - SHOWN_OPEN))
        return sentences

    def _asked(self) -> tuple[Asked, ...]:
        given = self.case.answers
        return tuple(Asked(q.id, q.codes) for q in self.program.spoken if all(code in given for code in q.codes))
