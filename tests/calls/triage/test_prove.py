"""What the proof says is what decide does: every counter-example is refused or confirmed by it, and what is proved no
call breaks."""

import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from calls.triage import prove as proving
from calls.triage import rules
from calls.triage.authority import KnownType, Setting
from calls.triage.decide import NO_FLOOR, against_floor, decide, explain
from calls.triage.evaluate import Case
from calls.triage.floor import Floor, parse_floor
from calls.triage.kinds import Kind, sorts_of
from calls.triage.programs import PRIORITY_1, compile_program
from calls.triage.proofs import Failure, Proof
from calls.triage.properties import USUAL, Claim
from calls.triage.prove import prove
from calls.triage.rules import RuleSet
from tests.calls.triage.chance import calls_for
from tests.calls.triage.documents import a_document, a_rule
from tests.calls.triage.test_floor import a_floor
from tests.calls.triage.test_properties import made_sets
from tests.programmes.tables import floor_of, programme, rule_set_of

# Rule sets, each proved and held against 400 calls; PROOF_EXAMPLES=10000 for a night.
EXAMPLES = int(os.environ.get("PROOF_EXAMPLES", "25"))
CALLS = 400
ASKED = {"id": "Q", "codes": ["suspect_present", "in_progress", "person_at_risk"], "text": {"en": "?"}, "types": ["*"]}
PARKED = {"field": "type", "is": "VEHABND"}


def leaves(rule_set: RuleSet, floor: Floor, case: Case) -> bool:
    return decide(rule_set, floor, case).route in {"cso", "referral"}


def breaches(rule_set: RuleSet, floor: Floor, case: Case) -> set[str]:
    """What of the floor and of the invariants the rules alone break with this call."""
    held = {breach.id for breach in against_floor(rule_set, floor, case)} - {PRIORITY_1}
    return held if leaves(rule_set, NO_FLOOR, case) else set()


def named(proof: Proof) -> set[str]:
    return {"never_cso" if f.property == "never_cso" else f.id for f in proof.failures if f.property in GUARDS}


GUARDS = {"floor", "invariant", "never_cso"}


@pytest.mark.timeout(36_000 if EXAMPLES > 1000 else 120)
def test_proof_and_decision_agree_about_ten_thousand_calls() -> None:
    """25 generated rule sets and floors are proved. Every counter-example is replayed through decide, and 400 generated
    calls for each set, 10,000 together, break nothing that was proved."""
    held = Counter[str]()

    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate, Phase.shrink])
    @given(made_sets(), st.integers(0, 2**32))
    def every_set(made: tuple[RuleSet, Floor], seed: int) -> None:
        proof = prove(*made)
        event("proved" if proof.proved else "refuted")
        held["replayed"] += replayed(*made, proof)
        calls = calls_for(*made, seed=seed, number=CALLS)
        for case in calls:
            hold(*made, proof, case)
        held["calls"] += len(calls)

    every_set()

    assert held["calls"] >= EXAMPLES * CALLS >= 10_000
    assert held["replayed"]
    print(f"{held['calls']:,} calls, {held['replayed']:,} counter-examples")


def replayed(rule_set: RuleSet, floor: Floor, proof: Proof) -> int:
    """How many counter-examples there were; decide confirms each of them."""
    examples = [(failure, failure.counter_example.case) for failure in proof.failures if failure.counter_example]
    for failure, case in examples:
        if failure.property in GUARDS:
            name = "never_cso" if failure.property == "never_cso" else failure.id
            assert name in breaches(rule_set, floor, case)
        else:
            assert failure.property == "coverage"
            assert leaves(rule_set, NO_FLOOR, case)
            assert not any(failure.id in q.codes for q in rule_set.questions if q.asked_of(case.type))
    assert {failure.property for failure in proof.failures if not failure.counter_example} <= {"dead_rule"}
    return len(examples)


def hold(rule_set: RuleSet, floor: Floor, proof: Proof, case: Case) -> None:
    """The call breaks nothing that was proved, and no dead rule decides it."""
    assert breaches(rule_set, floor, case) <= named(proof), case
    dead = {failure.id for failure in proof.failures if failure.property == "dead_rule"}
    by = decide(rule_set, floor, case).decided_by
    # While something before it is open, a decision may name a rule that will decide nothing once it is known.
    if by is not None and by.kind == "rule" and by.id in dead:
        assert any(verdict.holds is None for verdict in explain(rule_set, NO_FLOOR, case)), case


def safe(**changes: Any) -> RuleSet:
    """A rule set that asks everything of a parked car, bent."""
    every = [{"id": f"D-{code}", **disqualifier(code)} for code in USUAL]
    document = a_document(disqualifiers=every)
    document["questions"] = [*document["questions"], ASKED]
    document["rules"] = [a_rule("R1", PARKED)]
    return rules.parse(document | changes)


def disqualifier(code: str) -> dict[str, Any]:
    return {"when": {"field": f"answer.{code}", "is": "yes"}, "priority": 1, "because": {"en": f"There is {code}."}}


def only(proof: Proof) -> Failure:
    [failure] = proof.failures
    return failure


def test_a_rule_set_that_asks_everything_is_proved() -> None:
    assert prove(safe(), a_floor()).as_dict() == {"proved": True, "failures": []}


def test_a_type_that_is_not_asked_a_usual_question_is_shown_with_all_that_is_asked_answered_no() -> None:
    failures = prove(safe(questions=safe_questions("hazard")), a_floor(invariants=[])).failures

    assert [(f.property, f.id) for f in failures] == [("coverage", "hazard")]
    example = failures[0].counter_example
    assert example is not None
    assert example.case.type == "VEHABND"
    assert set(example.answers.values()) == {"no"}
    assert "hazard" not in example.answers


def safe_questions(missing: str) -> list[dict[str, Any]]:
    """Every question, the missing one of no type."""
    questions = [*a_document()["questions"], ASKED]
    return [question | {"types": []} if missing in question["codes"] else question for question in questions]


def test_two_people_may_declare_that_a_parked_car_does_not_leak() -> None:
    declared = {"type": "VEHABND", "code": "hazard", "reason": {"en": "Parked."}, "by": ["ada", "sue"]}

    assert prove(safe(questions=safe_questions("hazard")), a_floor(not_applicable=[declared])).proved


def test_welfare_checks_ask_whether_it_is_about_a_legal_matter() -> None:
    every = [question | {"types": ["*"]} for question in safe_questions("none")]
    rule_set = safe(rules=[a_rule("R1", {"field": "type", "is": "CHECK"})], questions=every)
    setting = Setting((KnownType("CHECK", "WELFARE", "welfare"),))

    assert prove(rule_set, a_floor()).proved
    assert only(prove(rule_set, a_floor(), setting)).id == "legal_matter"


def test_a_type_that_is_never_for_csos_is_shown_with_the_rule_that_sends_it() -> None:
    failure = only(prove(safe(), a_floor(never_cso=["VEHABND"])))

    assert (failure.property, failure.id, failure.rules) == ("never_cso", "VEHABND", ("R1",))


def test_an_invariant_of_the_agencys_own_is_proved_like_the_floor() -> None:
    own = {"id": "I-night", "when": {"field": "hour", "below": 6}, "route": "sworn", "because": {"en": "At night."}}

    failure = only(prove(safe(invariants=[own]), a_floor()))

    assert (failure.property, failure.id, failure.because.partition(".")[0]) == ("invariant", "I-night", "At night")
    assert failure.counter_example is not None
    assert failure.counter_example.facts["hour"] in range(6)


@pytest.mark.parametrize(
    ("authority", "approval", "proved"),
    [(True, False, True), ("approval", True, True), ("approval", False, False), (False, True, False)],
)
def test_csos_are_sent_to_nothing_that_the_agency_gives_no_authority_for(
    authority: bool | str, approval: bool, proved: bool
) -> None:
    rule_set = safe(rules=[a_rule("R1", PARKED, approval=approval)])
    setting = Setting((KnownType("VEHABND", "TOW", "vehicle"),), {"tow": authority})

    proof = prove(rule_set, a_floor(), setting)

    assert proof.proved is proved
    if not proved:
        assert (only(proof).property, only(proof).id) == ("authority", "R1")


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (PARKED, "R1"),
        ({"all": [PARKED, {"field": "hour", "between": [9, 17]}]}, "R1"),
        ({"all": [{"field": "type", "is": "DOG"}, {"field": "answer.weapon", "is": "yes"}]}, "D-weapon"),
    ],
)
def test_a_rule_that_decides_nothing_is_named_with_what_comes_before_it(second: dict[str, Any], why: str) -> None:
    failure = only(prove(safe(rules=[a_rule("R1", PARKED), a_rule("R2", second)]), a_floor()))

    assert (failure.property, failure.id, failure.counter_example) == ("dead_rule", "R2", None)
    assert why in failure.because


def test_the_later_of_two_rules_is_alive_where_the_earlier_leaves_it_something() -> None:
    noon = {"all": [PARKED, {"field": "hour", "between": [9, 17]}]}

    assert prove(safe(rules=[a_rule("R1", noon), a_rule("R2", PARKED)]), a_floor()).proved


def test_an_id_that_stands_twice_is_found_even_where_nobody_parsed_it() -> None:
    rule_set = safe()
    doubled = replace(rule_set, disqualifiers=(*rule_set.disqualifiers, rule_set.disqualifiers[0]))

    assert [(f.property, f.id) for f in prove(doubled, a_floor()).failures] == [("double_id", "D-weapon")]


def test_what_is_not_proved_in_time_is_not_proved() -> None:
    proof = prove(safe(), a_floor(), within=0.0)

    assert not proof.proved
    assert only(proof).property == "time"


def test_a_counter_example_that_decide_does_not_confirm_is_reported_as_a_fault(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(kind: Kind, *_: object) -> list[Claim]:
        return [Claim("floor", "F-none", kind.base, lambda *_: False, lambda *_: "")]

    monkeypatch.setattr(proving, "claims_of", wrong)
    proof = prove(safe(), a_floor())

    assert not proof.proved
    assert {failure.property for failure in proof.failures} == {"replay"}
    assert "disagree" in caplog.text


def test_a_proof_speaks_spanish() -> None:
    failure = only(prove(safe(), a_floor(never_cso=["VEHABND"]), language="es"))

    assert failure.because == "Este tipo de llamada nunca es para un CSO. Aun así R1 envía esta llamada a un CSO."


def test_a_retired_type_stops_no_proof() -> None:
    floor = parse_floor({"invariants": [], "never_cso": ["OLD"], "not_applicable": []})

    assert prove(safe(rules=[]), replace(floor, types=frozenset({"DOG"}))).proved


def test_a_condition_is_made_once_for_all_types_that_see_the_same_in_it() -> None:
    """Or 200 rules about 46 types are 18,400 conditions, and the proof of nested ones comes too late."""
    rule_set, floor = rule_set_of("san-jose"), floor_of("san-jose")
    types = frozenset(kind.code for kind in programme("san-jose").types)
    sorts = list(sorts_of(rule_set, floor, types))
    made = {(rule.id, id(check)) for sort in sorts for rule, check in sort.program.rules}
    assert len(sorts) > 80
    assert len(made) <= 3 * len(rule_set.rules)
    for sort in sorts:
        fresh = compile_program(rule_set, floor, sort.type, assist=sort.assist, in_use=True)
        assert [rule.id for rule, _ in fresh.rules] == [rule.id for rule, _ in sort.program.rules]
