"""What must hold for every call and every rule set, found by looking for a call that breaks it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calls.triage import rules
from calls.triage.conditions import ANSWERS, SOURCES, field_tests
from calls.triage.decide import Decision, against_floor, decide, explain
from calls.triage.evaluate import Case
from calls.triage.floor import Floor, parse_floor
from calls.triage.questions import next_questions
from calls.triage.rules import RuleSet
from tests.calls.triage.documents import CODES, TYPES, documents, floors
from tests.programmes.tables import SLUGS, USUAL, floor_of, programme, rule_set_of

FACTS: Mapping[str, st.SearchStrategy[Any]] = {
    "priority": st.integers(1, 4),
    "source": st.sampled_from(SOURCES),
    "hour": st.integers(0, 23),
    "weekday": st.integers(1, 7),
    "holiday": st.booleans(),
    "premise_flag": st.booleans(),
    "earlier_calls": st.integers(0, 30),
    "caller_age": st.integers(0, 110),
    "subject_age": st.integers(0, 110),
    "elapsed_min": st.integers(0, 100_000),
    "cso_available": st.booleans(),
    "scene_secured_by": st.sampled_from(["sworn", "3A12", "nobody", "Nobody ", "", "unknown"]),
    "requested_by": st.sampled_from(["Sgt. Rivera", ""]),
}
OPEN_TEXT = {"", "unknown"}


def cases(types: st.SearchStrategy[str | None], codes: tuple[str, ...]) -> st.SearchStrategy[Case]:
    facts = {name: st.one_of(st.none(), values) for name, values in FACTS.items()}
    answers = st.dictionaries(st.sampled_from(codes), st.sampled_from(ANSWERS))
    return st.builds(Case, type=types, category=st.just("any"), area=st.just("any"), answers=answers, **facts)


def city_cases() -> st.SearchStrategy[tuple[str, Case]]:
    def of(slug: str) -> st.SearchStrategy[tuple[str, Case]]:
        every = st.one_of(st.sampled_from([None, "GONE"]), st.sampled_from([t.code for t in programme(slug).types]))
        clear = _nearly_clear(st.sampled_from(_leaving_sworn(slug)), USUAL)
        return st.tuples(
            st.just(slug), st.one_of(cases(every, USUAL), _nearly_clear(every, USUAL), clear, clear, clear)
        )

    return st.sampled_from(SLUGS).flatmap(of)


def _leaving_sworn(slug: str) -> list[str]:
    tested = (t for rule in rule_set_of(slug).rules if rule.route != "sworn" for t in field_tests(rule.when))
    return sorted({str(value) for t in tested if t.field == "type" for value in t.values})


@st.composite
def _nearly_clear(draw: st.DrawFn, types: st.SearchStrategy[str | None], codes: tuple[str, ...]) -> Case:
    """Random answers are nearly always sworn; these calls come close to a CSO, and often reach one."""
    answers = dict.fromkeys(codes, "no")
    for code in draw(st.lists(st.sampled_from(codes), max_size=1)):
        answers[code] = draw(st.sampled_from(ANSWERS))
    for code in draw(st.lists(st.sampled_from(codes), max_size=1)):
        answers.pop(code, None)
    case = Case(
        type=draw(types),
        category="any",
        priority=3,
        source="phone",
        hour=3,
        holiday=False,
        premise_flag=False,
        earlier_calls=0,
        subject_age=40,
        cso_available=True,
        answers=answers,
    )
    for name in draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=2, unique=True)):
        changed: dict[str, Any] = {name: draw(st.one_of(st.none(), FACTS[name]))}
        case = replace(case, **changed)
    return case


def made_sets() -> st.SearchStrategy[tuple[RuleSet, Floor]]:
    return st.tuples(st.builds(rules.parse, documents()), st.builds(parse_floor, floors()))


any_type = st.sampled_from([None, *TYPES])
made_cases = st.one_of(cases(any_type, CODES), _nearly_clear(any_type, CODES), _nearly_clear(any_type, CODES))


@st.composite
def more_is_known(draw: st.DrawFn, case: Case, codes: tuple[str, ...], types: tuple[str, ...]) -> Case:
    """The same call after some of what was open became known; nothing known changes."""
    answers = dict(case.answers)
    for code in codes:
        if answers.get(code, "unknown") == "unknown" and draw(st.booleans()):
            answers[code] = draw(st.sampled_from(ANSWERS))
    known: dict[str, Any] = {"answers": answers}
    if case.type is None and draw(st.booleans()):
        known["type"] = draw(st.sampled_from(types))
    for name, values in FACTS.items():
        given_now = getattr(case, name)
        # Nobody's having raised the priority is an answer: a later pick is a change of the call, not news about it.
        if name != "priority" and (given_now is None or given_now in OPEN_TEXT) and draw(st.booleans()):
            known[name] = draw(values)
    return replace(case, **known)


def volunteered(rule_set: RuleSet, case: Case, later: Case) -> bool:
    """Whether an answer came in that nobody asks of the type: new information, so the decision may change."""
    asked = {
        code for q in rule_set.questions if q.types and (case.type is None or q.asked_of(case.type)) for code in q.codes
    }
    return any(code not in asked and code not in case.answers for code in later.answers)


def sure(decision: Decision) -> bool:
    return decision.route in {"cso", "referral"}


@settings(max_examples=60, deadline=None)
@given(city_cases())
def test_no_call_with_a_disqualifier_yes_or_unknown_leaves_sworn_hands(told: tuple[str, Case]) -> None:
    slug, case = told
    decision = decide(rule_set_of(slug), floor_of(slug), case)

    if any(answer != "no" for answer in case.answers.values()) or case.premise_flag is not False:
        assert not sure(decision)


@settings(max_examples=60, deadline=None)
@given(city_cases())
def test_a_call_leaves_sworn_hands_only_when_all_that_was_asked_is_no(told: tuple[str, Case]) -> None:
    slug, case = told
    if sure(decide(rule_set_of(slug), floor_of(slug), case)) and case.source != "sworn_request":
        spared = {entry.code for entry in floor_of(slug).not_applicable if entry.type == case.type}
        assert all(case.answers.get(code) == "no" for code in USUAL if code not in spared)
        assert case.type not in floor_of(slug).never_cso
        assert case.priority != 1


@settings(max_examples=60, deadline=None)
@given(city_cases())
def test_only_a_rule_sends_a_call_to_a_cso(told: tuple[str, Case]) -> None:
    slug, case = told
    decision = decide(rule_set_of(slug), floor_of(slug), case)

    if sure(decision):
        assert decision.decided_by is not None
        assert decision.decided_by.kind == "rule"
        assert decision.priority in {2, 3, 4}
        assert against_floor(rule_set_of(slug), floor_of(slug), case) == ()


@settings(max_examples=60, deadline=None)
@given(city_cases())
def test_a_call_of_no_type_or_of_one_not_in_use_never_goes_to_a_cso(told: tuple[str, Case]) -> None:
    slug, case = told

    assume(case.type in {None, "GONE"})

    assert not sure(decide(rule_set_of(slug), floor_of(slug), case))


@settings(max_examples=60, deadline=None)
@given(city_cases(), st.data())
def test_a_settled_route_stays_whatever_the_open_answers_become(told: tuple[str, Case], data: st.DataObject) -> None:
    slug, case = told
    rule_set, floor = rule_set_of(slug), floor_of(slug)
    decision = decide(rule_set, floor, case)
    assume(decision.route)
    later = data.draw(more_is_known(case, USUAL, tuple(t.code for t in programme(slug).types)))
    assume(not volunteered(rule_set, case, later))

    assert decide(rule_set, floor, later).route == decision.route


@settings(max_examples=60, deadline=None)
@given(made_sets(), made_cases, st.data())
def test_that_holds_for_any_rule_set_and_any_floor(
    made: tuple[RuleSet, Floor], case: Case, data: st.DataObject
) -> None:
    rule_set, floor = made
    decision = decide(rule_set, floor, case)
    assume(decision.route)
    later = data.draw(more_is_known(case, CODES, TYPES))
    assume(not volunteered(rule_set, case, later))

    assert decide(rule_set, floor, later).route == decision.route


@settings(max_examples=60, deadline=None)
@given(city_cases(), st.data())
def test_more_answers_never_take_a_disqualified_call_from_sworn(told: tuple[str, Case], data: st.DataObject) -> None:
    slug, case = told
    rule_set, floor = rule_set_of(slug), floor_of(slug)
    first = decide(rule_set, floor, case)
    assume(first.decided_by and first.decided_by.kind == "disqualifier")
    later = data.draw(more_is_known(case, USUAL, tuple(t.code for t in programme(slug).types)))

    second = decide(rule_set, floor, later)

    assert second.route == "sworn"


@settings(max_examples=60, deadline=None)
@given(made_sets(), made_cases)
def test_the_floor_stands_above_any_rule_set(made: tuple[RuleSet, Floor], case: Case) -> None:
    rule_set, floor = made

    if sure(decide(rule_set, floor, case)):
        assert against_floor(rule_set, floor, case) == ()
        assert not any(v.holds is not False for v in explain(rule_set, floor, case) if v.kind == "disqualifier")


@settings(max_examples=60, deadline=None)
@given(made_sets(), made_cases)
def test_every_decision_says_why_and_every_open_one_what_is_open(made: tuple[RuleSet, Floor], case: Case) -> None:
    for language in ("en", "es", "vi"):
        decision = decide(*made, case, language=language)

        assert decision.reasons
        assert all(reason.strip() for reason in decision.reasons)
        assert (decision.route is None) == bool(decision.open_questions)
        assert (decision.route is None) == (decision.priority is None) == (decision.decided_by is None)


@settings(max_examples=60, deadline=None)
@given(made_sets(), made_cases)
def test_when_nobody_can_say_more_it_is_sworn(made: tuple[RuleSet, Floor], case: Case) -> None:
    open_now, at_last = decide(*made, case), decide(*made, case, cannot_say=True)

    assert at_last.route == (open_now.route or "sworn")
    assert at_last.decided_by is not None


@settings(max_examples=50, deadline=None)
@given(city_cases(), st.data())
def test_asking_question_after_question_comes_to_an_end(told: tuple[str, Case], data: st.DataObject) -> None:
    slug, case = told
    rule_set, floor = rule_set_of(slug), floor_of(slug)
    for _ in range(len(rule_set.questions) + 1):
        questions = next_questions(rule_set, floor, case)
        if not questions:
            break
        answer = data.draw(st.sampled_from(ANSWERS))
        fresh = {code: answer for code in questions[0].codes if code not in case.answers}
        assert fresh
        case = replace(case, answers={**case.answers, **fresh})

    assert next_questions(rule_set, floor, case) == ()
