"""What must hold of every kind of call, each as the calls that would break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calls.triage import proof_words as words_of
from calls.triage.authority import APPROVAL, Setting, granted, needed
from calls.triage.decide import against_floor, decide, explain
from calls.triage.encode import Formula, all_of, any_of, opposite
from calls.triage.evaluate import Case
from calls.triage.floor import NO_FLOOR, Floor
from calls.triage.programs import NEVER_CSO, NOT_IN_USE, PRIORITY_1, Guard
from calls.triage.rules import Rule, RuleSet

if TYPE_CHECKING:
    from calls.triage.kinds import Kind

USUAL = ("weapon", "violence", "suspect_present", "in_progress", "injury", "person_at_risk", "hazard")
"""The usual disqualifiers that every type asks about before it can leave sworn hands."""
LEGAL, WELFARE = "legal_matter", "WELFARE"
"""Welfare checks (by APCO code) ask besides whether it is about a crime or a legal matter."""

Confirmed = Callable[[RuleSet, Floor, Case], bool]
Because = Callable[[RuleSet, Case, str], str]


@dataclass(frozen=True, slots=True)
class Claim:
    """One property of one kind of call, by its name. `broken` are the calls that break it; `confirmed` asks `decide`
    about one."""

    name: str
    id: str
    broken: Formula
    confirmed: Confirmed
    because: Because

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.id


def claims_of(kind: Kind, floor: Floor, setting: Setting) -> Iterator[Claim]:
    """Every claim about the kind."""
    for guard in kind.program.guards:
        if guard.id == PRIORITY_1:
            yield _priority_1(kind)
        elif guard.id != NOT_IN_USE:
            yield _guarded(kind, guard)
    yield from _disqualified(kind)
    yield from _routed(kind)
    if kind.type is not None and not kind.assist:
        yield from _covered(kind, floor)
    yield from _authorised(kind, setting)


def _guarded(kind: Kind, guard: Guard) -> Claim:
    """The rules alone send the call away though an invariant is not known to be false."""

    def confirmed(rule_set: RuleSet, floor: Floor, case: Case) -> bool:
        held = {breach.id for breach in against_floor(rule_set, floor, case)}
        return guard.id in held and _leaves(rule_set, NO_FLOOR, case)

    def because(rule_set: RuleSet, case: Case, language: str) -> str:
        return words_of.guarded(rule_set, guard, case, language)

    _, false = kind.rules.truth(guard.check)
    never = guard.id == NEVER_CSO
    name, identifier = ("never_cso", kind.type or "") if never else (guard.kind, guard.id)
    return Claim(name, identifier, all_of((kind.left, opposite(false))), confirmed, because)


def _priority_1(kind: Kind) -> Claim:
    """With the floor: the call is of priority 1 and no secured assist, and leaves sworn hands all the same."""

    def confirmed(rule_set: RuleSet, floor: Floor, case: Case) -> bool:
        return case.priority == 1 and _leaves(rule_set, floor, case)

    kept = all_of(kind.rules.truth(guard.check)[1] for guard in kind.program.guards)
    broken = all_of((kind.left, kept, kind.space.among("priority", [1])))
    return Claim("priority_1", kind.type or "", broken, confirmed, words_of.plain(words_of.PRIORITY_1))


def _disqualified(kind: Kind) -> Iterator[Claim]:
    for item, check in kind.program.disqualifiers:

        def confirmed(rule_set: RuleSet, floor: Floor, case: Case, identifier: str = item.id) -> bool:
            verdicts = {v.id: v.holds for v in explain(rule_set, NO_FLOOR, case) if v.kind == "disqualifier"}
            return verdicts[identifier] is not False and _leaves(rule_set, NO_FLOOR, case)

        broken = all_of((kind.left, opposite(kind.rules.truth(check)[1])))
        yield Claim("disqualifier", item.id, broken, confirmed, words_of.plain(item.because))


def _routed(kind: Kind) -> Iterator[Claim]:
    """With every fact and asked answer known, the rules alone give a route."""

    def confirmed(rule_set: RuleSet, _: Floor, case: Case) -> bool:
        return decide(rule_set, NO_FLOOR, case).route is None

    if kind.type is None:
        return
    settled = all_of(any_of(kind.rules.truth(check)) for _, check in (*kind.program.disqualifiers, *kind.program.rules))
    fired = any_of(kind.rules.truth(check)[0] for _, check in kind.program.disqualifiers)
    none_true = all_of(kind.rules.truth(check)[1] for _, check in kind.program.rules)
    sworn = any_of(formula for rule, formula in kind.rules.deciding if rule.route == "sworn")
    away = any_of(formula for _, formula in kind.rules.leaving)
    known_duty = kind.space.among("cso_available", [True])
    broken = all_of((kind.base, settled, known_duty, *(opposite(way) for way in (fired, none_true, sworn, away))))
    yield Claim("route", kind.type or "", broken, confirmed, words_of.plain(words_of.NO_ROUTE))


def _covered(kind: Kind, floor: Floor) -> Iterator[Claim]:
    """A type that can leave sworn hands asks about every usual danger, or two people declared it not applicable."""
    welfare = kind.known.apco == WELFARE if kind.known else kind.type == WELFARE
    for code in (*USUAL, LEGAL) if welfare else USUAL:
        if code in kind.asked or floor.spares(kind.type, code):
            continue

        def confirmed(rule_set: RuleSet, _: Floor, case: Case, code: str = code) -> bool:
            asked = {c for q in rule_set.questions if q.asked_of(case.type) for c in q.codes}
            return code not in asked and _leaves(rule_set, NO_FLOOR, case)

        def because(rule_set: RuleSet, case: Case, language: str, code: str = code) -> str:
            return words_of.uncovered(rule_set, case, code, language)

        yield Claim("coverage", code, kind.left, confirmed, because)


def _authorised(kind: Kind, setting: Setting) -> Iterator[Claim]:
    need = needed(kind.known, assist=kind.assist)
    if setting.authority is None:
        return
    given = granted(setting.authority, need)
    for rule, formula in kind.rules.leaving:
        if rule.route != "cso" or given is True or (given == APPROVAL and rule.approval):
            continue

        def confirmed(rule_set: RuleSet, _: Floor, case: Case, rule: Rule = rule) -> bool:
            decision = decide(rule_set, NO_FLOOR, case)
            return decision.route == "cso" and decision.decided_by is not None and decision.decided_by.id == rule.id

        def because(rule_set: RuleSet, case: Case, language: str, rule: Rule = rule) -> str:
            return words_of.unauthorised(rule, need[0], approval=given == APPROVAL, language=language)

        yield Claim("authority", rule.id, all_of((kind.base, formula)), confirmed, because)


def _leaves(rule_set: RuleSet, floor: Floor, case: Case) -> bool:
    return decide(rule_set, floor, case).route in {"cso", "referral"}
