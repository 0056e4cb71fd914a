"""The safety floor stands above every rule set, and needs two people."""

from dataclasses import replace
from typing import Any

import pytest

from calls.triage.conditions import Vocabulary
from calls.triage.decide import DecidedBy, against_floor, decide, explain
from calls.triage.floor import NO_FLOOR, Floor, floor_to_dict, parse_floor
from calls.triage.rules import RuleSetFault
from tests.calls.triage.documents import a_rule
from tests.calls.triage.test_decide import CALM, a_case, a_rule_set
from tests.programmes.tables import SLUGS, all_no, an_ordinary_case, floor_of, programme, rule_set_of


def a_floor(**changes: Any) -> Floor:
    document: dict[str, Any] = {
        "invariants": [
            {
                "id": "F1",
                "when": {"field": "answer.hazard", "is": "yes"},
                "route": "sworn",
                "because": {"en": "Hazard!"},
            }
        ],
        "never_cso": ["FIGHT"],
        "not_applicable": [],
    }
    return parse_floor(document | changes)


NOT_ASKED = {"type": "DOG", "code": "hazard", "reason": {"en": "A dog does not leak."}, "by": ["ada", "sue"]}


def test_a_rule_set_that_forgot_a_disqualifier_is_held_by_the_floor() -> None:
    careless = a_rule_set(disqualifiers=[])
    case = a_case(answers=CALM | {"hazard": "yes"})

    assert decide(careless, NO_FLOOR, case).route == "cso"

    decision = decide(careless, a_floor(), case)
    assert (decision.route, decision.decided_by) == ("sworn", DecidedBy("disqualifier", "F1"))
    assert decision.reasons == ("Hazard!",)
    assert [(b.id, b.known) for b in against_floor(careless, a_floor(), case)] == [("F1", True)]


def test_what_the_floor_reads_and_nobody_asks_is_open_unless_two_people_declared_it_not_applicable() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", {"field": "type", "is": "DOG"})])
    case = a_case(type="DOG", answers=dict.fromkeys(("injury", "violence", "weapon"), "no"))

    assert decide(rule_set, a_floor(), case).open_questions == ("hazard",)
    assert decide(rule_set, a_floor(not_applicable=[NOT_ASKED]), case).route == "cso"


def test_a_type_that_is_never_for_csos_is_sworn_whatever_the_rules_say() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", {"field": "type", "is": "FIGHT"})])

    decision = decide(rule_set, a_floor(), a_case(type="FIGHT"))

    assert (decision.route, decision.decided_by) == ("sworn", DecidedBy("disqualifier", "never_cso"))


def test_a_retired_type_is_sworn_whatever_the_rules_say() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", {"field": "hour", "at_least": 0})])
    in_use = Floor(types=frozenset({"CAR"}))

    assert decide(rule_set, in_use, a_case(type="OLD", hour=3)).decided_by == DecidedBy(
        "disqualifier", "type_not_in_use"
    )
    assert decide(rule_set, in_use, a_case(type="CAR", hour=3)).route == "cso"


def test_priority_1_never_goes_to_a_cso() -> None:
    floor = a_floor()

    assert decide(a_rule_set(), floor, a_case(priority=1)).route == "sworn"
    assert decide(a_rule_set(), floor, a_case(priority=2)).route == "cso"


def test_the_rule_sets_own_invariants_hold_too() -> None:
    rule_set = a_rule_set(rules=[a_rule("R1", {"field": "type", "is": "PERMISS"})])
    floor = a_floor(invariants=[])

    assert decide(rule_set, floor, a_case(type="PERMISS", subject_age=9)).decided_by == DecidedBy("disqualifier", "I1")
    assert decide(rule_set, floor, a_case(type="PERMISS", subject_age=None)).open_questions == ("subject_age",)
    assert decide(rule_set, floor, a_case(type="PERMISS", subject_age=19)).route == "cso"


def test_an_override_to_a_cso_needs_what_is_unknown_to_be_known() -> None:
    rule_set, floor = rule_set_of("san-jose"), floor_of("san-jose")
    noise = an_ordinary_case("san-jose", "NOISE")

    assert {b.id for b in against_floor(rule_set, floor, noise)} >= {"F-weapon", "F-injury"}
    assert against_floor(rule_set, floor, replace(noise, answers=all_no())) == ()


@pytest.mark.parametrize(
    ("words", "route"),
    [
        *((said, "sworn") for said in ("nobody", " Nobody ", "NONE", "not secured", "nadie")),
        *((said, None) for said in ("", "unknown", None)),
        *((said, "cso") for said in ("sworn", "Unit 3A12")),
    ],
)
def test_nobody_secured_means_no_assist_however_it_is_written(words: str | None, route: str | None) -> None:
    case = an_ordinary_case("seattle", "MVAINJY", source="sworn_request", answers=all_no(), scene_secured_by=words)

    assert decide(rule_set_of("seattle"), floor_of("seattle"), case).route == route


def test_each_part_tells_its_own_verdict() -> None:
    verdicts = {v.id: v for v in explain(a_rule_set(), a_floor(), a_case(answers=CALM | {"weapon": "unknown"}))}

    assert verdicts["D1"].holds is None
    assert verdicts["D1"].open == ("weapon",)
    assert verdicts["D2"].holds is False
    assert verdicts["R1"].holds is True
    assert verdicts["F1"].holds is False


@pytest.mark.parametrize("slug", SLUGS)
def test_every_templates_floor_comes_back_letter_for_letter(slug: str) -> None:
    assert floor_to_dict(floor_of(slug)) == programme(slug).floor


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"not_applicable": [NOT_ASKED | {"by": ["ada", " Ada "]}]}, "not_applicable[0].by"),
        ({"not_applicable": [NOT_ASKED | {"by": ["ada"]}]}, "not_applicable[0].by"),
        ({"not_applicable": [NOT_ASKED | {"reason": {"en": ""}}]}, "not_applicable[0].reason.en"),
        ({"not_applicable": [NOT_ASKED, NOT_ASKED]}, "not_applicable[1]"),
        ({"never_cso": ["FIGHT", "FIGHT"]}, "never_cso[1]"),
        ({"never_cso": "FIGHT"}, "never_cso"),
        ({"never_cso": ["GONE"]}, "never_cso[0]"),
        ({"rules": []}, "rules"),
    ],
)
def test_a_bad_floor_is_refused_where_it_is_bad(changes: dict[str, Any], path: str) -> None:
    document = floor_to_dict(a_floor()) | changes

    with pytest.raises(RuleSetFault) as caught:
        parse_floor(document, vocabulary=Vocabulary(types=frozenset({"FIGHT", "DOG"})))

    assert caught.value.path == path
