"""Who takes a call and why, one meaning at a time."""

from dataclasses import replace
from typing import Any

import pytest

from calls.triage import rules
from calls.triage.decide import DecidedBy, decide
from calls.triage.evaluate import Case
from calls.triage.floor import NO_FLOOR
from calls.triage.rules import RuleSet
from tests.calls.triage.documents import a_document, a_rule

CAR = {"field": "type", "is": "CAR"}
CALM = {"injury": "no", "violence": "no", "weapon": "no", "hazard": "no"}


def a_rule_set(**changes: Any) -> RuleSet:
    return rules.parse(a_document(**changes))


def a_case(**facts: Any) -> Case:
    return replace(Case(type="VEHABND", source="phone", premise_flag=False, cso_available=True, answers=CALM), **facts)


def test_a_calm_call_goes_where_the_rule_says() -> None:
    decision = decide(a_rule_set(), NO_FLOOR, a_case())

    assert decision.as_dict() == {
        "route": "cso",
        "priority": 4,
        "decided_by": {"kind": "rule", "id": "R1"},
        "reasons": ["A parked car is for a CSO."],
        "open_questions": [],
        "alternatives": [{"route": "sworn", "id": "person", "because": "A person may always choose a sworn officer."}],
        "asked": [{"question": "Q1", "codes": ["injury", "violence", "weapon"]}],
        "qualification": None,
        "mode": "in_person",
        "approval": False,
        "off_hours": None,
    }


def test_the_reasons_are_in_the_language_of_the_reader() -> None:
    assert decide(a_rule_set(), NO_FLOOR, a_case(), language="es").reasons == ("Un carro estacionado es para un CSO.",)
    assert decide(a_rule_set(), NO_FLOOR, a_case(), language="es-MX").reasons[0].startswith("Un carro")
    assert decide(a_rule_set(), NO_FLOOR, a_case(), language="vi").reasons == ("A parked car is for a CSO.",)


def test_yes_to_a_disqualifier_is_sworn_and_says_what_would_have_been() -> None:
    decision = decide(a_rule_set(), NO_FLOOR, a_case(answers=CALM | {"weapon": "yes"}))

    assert (decision.route, decision.priority) == ("sworn", 1)
    assert decision.decided_by == DecidedBy("disqualifier", "D1")
    assert decision.reasons == ("Armed.",)
    assert [(a.route, a.id) for a in decision.alternatives] == [("cso", "R1")]


def test_of_two_disqualifiers_the_more_urgent_one_decides_and_both_are_said() -> None:
    decision = decide(a_rule_set(), NO_FLOOR, a_case(answers=CALM | {"hazard": "yes", "weapon": "yes"}))

    assert decision.decided_by == DecidedBy("disqualifier", "D1")
    assert decision.reasons == ("Armed.", "Hazard.")


def test_a_disqualifier_fires_before_the_other_questions_are_asked() -> None:
    assert decide(a_rule_set(), NO_FLOOR, a_case(answers={"hazard": "yes"})).route == "sworn"


def test_the_callers_unknown_leaves_it_undecided() -> None:
    decision = decide(a_rule_set(), NO_FLOOR, a_case(answers=CALM | {"weapon": "unknown"}))

    assert decision.route is None
    assert decision.priority is None
    assert decision.open_questions == ("weapon",)
    assert decision.reasons == ("Not decided yet.", "Still open: Danger?")
    assert [(a.route, a.id) for a in decision.alternatives] == [("cso", "R1"), ("sworn", "D1")]


def test_an_unknown_that_nobody_can_clear_becomes_sworn_in_the_end() -> None:
    case = a_case(answers=CALM | {"weapon": "unknown"})

    decision = decide(a_rule_set(), NO_FLOOR, case, cannot_say=True)

    assert (decision.route, decision.priority) == ("sworn", 2)
    assert decision.decided_by == DecidedBy("disqualifier", "D1")
    assert decision.reasons[0] == "The caller cannot say: Danger?"


def test_that_the_caller_can_say_no_more_changes_no_settled_call() -> None:
    assert decide(a_rule_set(), NO_FLOOR, a_case(), cannot_say=True).route == "cso"


def test_what_is_not_asked_of_the_type_neither_fires_nor_clears() -> None:
    calm = dict.fromkeys(("injury", "violence", "weapon"), "no")
    document = a_document(rules=[a_rule("R1", {"field": "type", "in": ["VEHABND", "DOG"]})])
    rule_set = rules.parse(document)

    assert decide(rule_set, NO_FLOOR, a_case(type="DOG", answers=calm)).route == "cso"
    assert decide(rule_set, NO_FLOOR, a_case(type="VEHABND", answers=calm)).route is None


def test_an_answer_that_was_not_asked_for_counts() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", {"field": "type", "is": "DOG"})])

    assert decide(rule_set, NO_FLOOR, a_case(type="DOG", answers=CALM | {"hazard": "yes"})).route == "sworn"
    assert decide(rule_set, NO_FLOOR, a_case(type="DOG", answers=CALM | {"hazard": "unknown"})).route is None


def test_an_answer_that_is_none_of_the_three_is_unknown() -> None:
    assert decide(a_rule_set(), NO_FLOOR, a_case(answers=CALM | {"weapon": "NO!"})).route is None


def test_an_answer_to_a_code_that_nobody_knows_changes_nothing() -> None:
    assert decide(a_rule_set(), NO_FLOOR, a_case(answers=CALM | {"colour": "yes"})).route == "cso"


def test_a_fact_that_nobody_gave_is_unknown() -> None:
    decision = decide(a_rule_set(), NO_FLOOR, a_case(premise_flag=None))

    assert decision.route is None
    assert decision.open_questions == ("premise_flag",)
    assert decision.reasons[1] == "Still open: whether the place is flagged."


def test_an_age_that_is_not_a_number_is_unknown() -> None:
    rule_set = a_rule_set(
        rules=[
            a_rule("R0", {"field": "subject_age", "below": 18}, "sworn"),
            a_rule("R1", {"field": "type", "is": "CAR"}),
        ]
    )

    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", subject_age=float("nan"))).route is None


def test_a_call_that_is_sworn_either_way_is_sworn_at_once() -> None:
    decision = decide(a_rule_set(), NO_FLOOR, a_case(type="DOG", answers={}))

    assert (decision.route, decision.decided_by) == ("sworn", DecidedBy("default", "default"))
    assert decision.reasons == ("Sworn by default.", "No answer still open would change that.")


def test_sworn_is_as_urgent_as_its_most_urgent_possible_rule() -> None:
    child = a_rule("R0", {"field": "subject_age", "below": 18}, "sworn", priority=1)
    rule_set = a_rule_set(rules=[child, a_rule("R1", CAR, "sworn", priority=4)])

    assert decide(rule_set, NO_FLOOR, a_case(type="CAR")).priority == 1
    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", subject_age=40)).priority == 4


def test_sworn_is_as_urgent_as_the_person_made_it() -> None:
    assert decide(a_rule_set(), NO_FLOOR, a_case(type="DOG", priority=1)).priority == 1


def test_the_first_matching_rule_decides() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", CAR, "referral"), a_rule("R2", CAR, "cso")])

    assert decide(rule_set, NO_FLOOR, a_case(type="CAR")).decided_by == DecidedBy("rule", "R1")


def test_an_unknown_earlier_rule_holds_the_later_one_back() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", {"field": "caller_age", "below": 18}, "sworn"), a_rule("R2", CAR)])

    decision = decide(rule_set, NO_FLOOR, a_case(type="CAR"))

    assert decision.route is None
    assert decision.open_questions == ("caller_age",)


def test_two_rules_that_would_do_the_same_need_no_question() -> None:
    young = a_rule("R1", {"field": "caller_age", "below": 18}, priority=2)
    rule_set = a_rule_set(rules=[young, a_rule("R2", CAR, priority=4)])

    decision = decide(rule_set, NO_FLOOR, a_case(type="CAR"))

    assert (decision.route, decision.priority) == ("cso", 2)


def test_two_rules_that_differ_in_approval_need_an_answer() -> None:
    young = a_rule("R1", {"field": "caller_age", "below": 18}, approval=True)

    assert decide(a_rule_set(rules=[young, a_rule("R2", CAR)]), NO_FLOOR, a_case(type="CAR")).route is None


def test_no_type_yet_asks_for_the_type_first() -> None:
    decision = decide(a_rule_set(), NO_FLOOR, a_case(type=None, answers={}))

    assert decision.route is None
    assert decision.open_questions[0] == "type"
    assert decision.reasons[1] == "Still open: what kind of call it is."


def test_no_type_is_sworn_at_once_when_no_rule_sends_anything_elsewhere() -> None:
    assert decide(a_rule_set(rules=[]), NO_FLOOR, a_case(type=None, answers={})).route == "sworn"


@pytest.mark.parametrize(("effect", "route", "mode"), [("hold", "cso", "in_person"), ("phone", "cso", "phone")])
def test_with_no_cso_on_duty_the_rule_says_what_happens(effect: str, route: str, mode: str) -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", CAR, off_hours=effect)])

    decision = decide(rule_set, NO_FLOOR, a_case(type="CAR", cso_available=False))

    assert (decision.route, decision.mode, decision.off_hours) == (route, mode, effect)
    assert decision.reasons[1].startswith("No CSO is on duty")


def test_with_no_cso_on_duty_a_call_may_be_sworn() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", CAR, off_hours="sworn")])

    decision = decide(rule_set, NO_FLOOR, a_case(type="CAR", cso_available=False))

    assert (decision.route, decision.off_hours) == ("sworn", "sworn")
    assert decision.decided_by == DecidedBy("rule", "R1")
    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", cso_available=None)).open_questions == ("cso_available",)
    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", cso_available=True)).route == "cso"


def test_approval_and_qualification_come_with_the_decision() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", CAR, approval=True, qualification="academy", mode="appointment")])

    decision = decide(rule_set, NO_FLOOR, a_case(type="CAR"))

    assert (decision.approval, decision.qualification, decision.mode) == (True, "academy", "appointment")
    assert "A supervisor must approve it." in decision.reasons


@pytest.mark.parametrize(
    ("test", "yes", "no"),
    [
        ({"field": "hour", "is": 5}, 5, 6),
        ({"field": "hour", "in": [5, 7]}, 7, 6),
        ({"field": "hour", "between": [5, 7]}, 7, 8),
        ({"field": "hour", "between": [5, 7]}, 5, 4),
        ({"field": "hour", "at_least": 5}, 5, 4),
        ({"field": "hour", "at_most": 5}, 5, 6),
        ({"field": "hour", "below": 5}, 4, 5),
        ({"field": "hour", "above": 5}, 6, 5),
    ],
)
def test_each_comparison_means_what_it_says(test: dict[str, Any], yes: int, no: int) -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", {"all": [test, CAR]})])

    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", hour=yes)).route == "cso"
    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", hour=no)).route == "sworn"
    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", hour=None)).route is None


def test_a_rule_may_read_that_the_caller_could_not_say() -> None:
    rule_set = a_rule_set(
        disqualifiers=[],
        rules=[a_rule("R1", {"field": "answer.weapon", "in": ["yes", "unknown"]}, "sworn"), a_rule("R2", CAR)],
    )

    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", answers={"weapon": "unknown"})).route == "sworn"
    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", answers={"weapon": "no"})).route == "cso"
    assert decide(rule_set, NO_FLOOR, a_case(type="CAR", answers={})).route is None
