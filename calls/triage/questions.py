"""Which safety question to ask next."""

from calls.triage.decide import open_weights
from calls.triage.evaluate import Case
from calls.triage.floor import Floor
from calls.triage.programs import program_for
from calls.triage.rules import Question, RuleSet


def questions_for(rule_set: RuleSet, call_type: str | None) -> tuple[Question, ...]:
    """The questions asked of calls of the type, in order; with no type those asked of every type."""
    return tuple(question for question in rule_set.questions if question.asked_of(call_type))


def next_questions(rule_set: RuleSet, floor: Floor, case: Case) -> tuple[Question, ...]:
    """The questions that can still change the route, the most decisive first; none once the route is settled.

    First the one whose yes is the most urgent, then the one that leaves the most open. What the caller could not say is
    not asked again. While the type is open, only questions asked of every type are put, so that nobody is asked what
    will turn out not to matter.
    """
    weights = open_weights(rule_set, floor, case)

    def decides(question: Question) -> tuple[int, int]:
        found = [weights[code] for code in question.codes if code not in case.answers]
        return max(found, default=0), sum(found)

    asked = [q for q in program_for(rule_set, floor, case).questions if case.type or q.asked_of(None)]
    return tuple(sorted((q for q in asked if decides(q) > (0, 0)), key=decides, reverse=True))
