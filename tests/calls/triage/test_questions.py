"""Dora asks the question that decides most, and stops when the route is settled."""

from dataclasses import replace

from calls.triage.decide import Decision, decide
from calls.triage.evaluate import Case
from calls.triage.questions import next_questions, questions_for
from tests.programmes.tables import SLUGS, USUAL, all_no, an_ordinary_case, floor_of, programme, rule_set_of

CITY = "seattle"


def asked(case: Case, city: str = CITY) -> str | None:
    return next((question.id for question in next_questions(rule_set_of(city), floor_of(city), case)), None)


def decided(case: Case, city: str = CITY) -> Decision:
    return decide(rule_set_of(city), floor_of(city), case)


def test_a_welfare_check_takes_four_spoken_questions_for_eight_codes() -> None:
    questions = questions_for(rule_set_of(CITY), "WELFARE")

    assert [q.id for q in questions] == ["Q-danger", "Q-people", "Q-risk", "Q-legal"]
    assert {code for q in questions for code in q.codes} == set(USUAL)


def test_a_parked_car_takes_two() -> None:
    assert [q.id for q in questions_for(rule_set_of("san-jose"), "VEHABND")] == ["Q-danger", "Q-parked"]


def test_dora_asks_the_most_urgent_first_and_no_more_than_needed() -> None:
    case = an_ordinary_case(CITY, "WELFARE")
    order = []
    while questions := next_questions(rule_set_of(CITY), floor_of(CITY), case):
        order.append(questions[0].id)
        case = replace(case, answers={**case.answers, **dict.fromkeys(questions[0].codes, "no")})

    assert order == ["Q-danger", "Q-risk", "Q-people", "Q-legal"]
    assert decided(case).route == "cso"
    assert [a.question for a in decided(case).asked] == ["Q-danger", "Q-people", "Q-risk"]


def test_after_a_yes_nothing_more_is_asked() -> None:
    case = an_ordinary_case(CITY, "WELFARE", answers={"injury": "yes", "violence": "yes", "weapon": "yes"})

    assert asked(case) is None


def test_nothing_is_asked_about_a_call_that_is_sworn_anyway() -> None:
    assert asked(an_ordinary_case(CITY, "MVAINJY")) is None


def test_what_the_caller_could_not_say_is_not_asked_again() -> None:
    case = an_ordinary_case(CITY, "WELFARE", answers=all_no(injury="unknown"))

    assert decided(case).route is None
    assert asked(case) is None


def test_only_the_rest_of_a_question_is_open_after_a_part_was_answered() -> None:
    case = an_ordinary_case(CITY, "WELFARE", answers={code: "no" for code in USUAL if code != "violence"})

    assert asked(case) == "Q-danger"
    assert decided(case).open_questions == ("violence",)


def test_before_the_type_is_known_the_question_for_every_type_is_asked() -> None:
    case = an_ordinary_case(CITY, None)

    assert asked(case) == "Q-danger"
    assert asked(replace(case, answers={"weapon": "no", "injury": "no", "violence": "no"})) is None


def test_a_fact_is_no_question() -> None:
    case = an_ordinary_case("san-jose", "PERMISS", answers=all_no())

    assert decided(case, "san-jose").open_questions == ("subject_age",)
    assert asked(case, "san-jose") is None


def test_those_that_can_still_change_the_route_come_in_the_order_of_what_they_decide() -> None:
    case = an_ordinary_case(CITY, "WELFARE", answers={"injury": "no", "violence": "no", "weapon": "no"})

    found = next_questions(rule_set_of(CITY), floor_of(CITY), case)

    assert [q.id for q in found] == ["Q-risk", "Q-people", "Q-legal"]


def test_each_question_that_is_put_has_an_answer_that_changes_the_decision() -> None:
    for city in SLUGS:
        for call_type in programme(city).types:
            case = an_ordinary_case(city, call_type.code)
            while questions := next_questions(rule_set_of(city), floor_of(city), case):
                before = decided(case, city)
                told = [
                    replace(case, answers={**case.answers, **dict.fromkeys(questions[0].codes, said)})
                    for said in ("yes", "no")
                ]
                assert any(decided(after, city) != before for after in told), (city, call_type.code, questions[0].id)
                case = told[1]
