"""Exactly which calls change route between two rule sets: each that is told does, and no other."""

import copy
import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from calls.triage import rules
from calls.triage.authority import NOWHERE
from calls.triage.changes import changes
from calls.triage.decide import decide
from calls.triage.difference import Change, difference
from calls.triage.evaluate import Case
from calls.triage.floor import Floor
from calls.triage.kinds import STRANGER, types_of
from calls.triage.programs import IS_ASSIST
from calls.triage.rules import RuleSet
from tests.calls.triage.test_properties import made_cases, made_sets
from tests.programmes.tables import floor_of, programme, rule_set_of

EXAMPLES = int(os.environ.get("PROOF_EXAMPLES", "24")) // 2


def san_jose(**rules_by_id: dict[str, Any] | None) -> RuleSet:
    """San José's rules with some of them changed, or (None) taken out."""
    document = copy.deepcopy(dict(programme("san-jose").rule_set))
    bent = []
    for rule in document["rules"]:
        change = rules_by_id.get(rule["id"].replace("-", "_"), {})
        bent += [rule | change] if change is not None else []
    return rules.parse(document | {"rules": bent})


def told(new: RuleSet) -> list[Change]:
    found = difference(rule_set_of("san-jose"), new, floor_of("san-jose"))
    return [change for change in found if not change.assist]


def larceny(when: dict[str, Any]) -> dict[str, Any]:
    return {"when": {"all": [{"field": "type", "is": "LARCENY"}, when]}}


def test_nothing_moves_where_nothing_changed() -> None:
    assert difference(rule_set_of("san-jose"), rule_set_of("san-jose"), floor_of("san-jose")) == ()


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (
            {"field": "hour", "between": [8, 17]},
            "LARCENY: calls that went to a CSO go to sworn where the hour is at most 7 or the hour is at least 18 "
            "or the hour is not known.",
        ),
        (
            {"not": {"field": "subject_age", "between": [18, 64]}},
            "LARCENY: calls that went to a CSO go to sworn where the age of the person it is about is from 18 to 64 "
            "or the age of the person it is about is not known.",
        ),
        (
            {"field": "source", "in": ["phone", "online"]},
            "LARCENY: calls that went to a CSO go to sworn where the source is open311 or radio or self_initiated or "
            "sworn_request or transfer or walk_in or the source is not known.",
        ),
    ],
)
def test_what_moves_is_said_as_a_condition(when: dict[str, Any], words: str) -> None:
    assert [change.in_words() for change in told(san_jose(R_theft=larceny(when)))] == [words]


def test_where_a_call_comes_from_is_said_in_the_readers_language() -> None:
    (change,) = told(san_jose(R_theft=larceny({"field": "source", "in": ["sworn_request"]})))
    assert "la radio" in change.in_words("es")
    assert "self_initiated" not in change.in_words("es")


def test_types_that_move_alike_are_told_together_in_both_languages() -> None:
    [change] = told(san_jose(R_by_phone=None))

    assert change.in_words() == "FRAUD, PROPLOST: calls that went to a CSO go to sworn."
    assert change.in_words("es") == "FRAUD, PROPLOST: llamadas que iban a un CSO van a un agente."


def test_a_call_that_a_cso_gets_now_is_told_as_such() -> None:
    later = {"when": {"field": "type", "in": ["TOW", "PROPSTLN", "CITASST", "CIVIL", "PHANDLE", "FIREWRKS", "INFO"]}}
    noise = {"when": {"field": "type", "in": ["VANDAL", "NOISE"]}}

    assert [change.in_words() for change in told(san_jose(R_sworn_later=later, R_vandalism=noise))] == [
        "NOISE: the calls that now go to a CSO went to sworn before."
    ]


def test_another_reason_or_priority_moves_no_call_but_is_said() -> None:
    new = san_jose(R_theft={"priority": 3, "because": {"en": "Thefts that are over."}})

    assert told(new) == []
    assert changes(rule_set_of("san-jose"), new) == (
        "Rule R-theft: the priority was 4 and is 3.",
        "Rule R-theft: the reason was “A theft that is over and where nobody is in danger is a report for a CSO.” "
        "and is “Thefts that are over.”.",
    )


def test_what_a_rule_does_is_said_in_the_readers_language() -> None:
    new = san_jose(R_theft={"route": "sworn", "off_hours": "sworn", "approval": True})
    said = changes(rule_set_of("san-jose"), new, "es")
    assert "Regla R-theft: el destino era CSO y es juramentado." in said
    assert "Regla R-theft: la aprobación del supervisor era no necesaria y es necesaria." in said
    assert not any(word in " ".join(said) for word in ("sworn", "hold", "True"))


def test_a_rule_that_comes_later_is_told_once() -> None:
    document = copy.deepcopy(dict(programme("san-jose").rule_set))
    document["rules"].append(document["rules"].pop(0))
    document["questions"] = document["questions"][:-1]
    document["disqualifiers"] = [d for d in document["disqualifiers"] if d["id"] != "D-legal_matter"]
    document["rules"][0]["when"] = {"not": {"field": "premise_flag", "is": True}}

    said = changes(rule_set_of("san-jose"), rules.parse(document))

    assert [line.partition(":")[0] for line in said] == [
        "Question Q-legal is gone",
        "Disqualifier D-legal_matter is gone",
        "Rule R-runaway",
        "Rule R-missing-child now comes after R-sworn-later.",
    ]
    assert "is “the place is not flagged”" in said[2]


@pytest.mark.timeout(36_000 if EXAMPLES > 500 else 120)
@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate, Phase.shrink])
@given(made_sets(), made_sets(), st.lists(made_cases, min_size=8, max_size=8))
def test_a_call_moves_exactly_where_the_difference_says_so(
    one: tuple[RuleSet, Floor], other: tuple[RuleSet, Floor], cases: list[Case]
) -> None:
    (old, floor), (new, _) = one, other
    found = difference(old, new, floor)
    known = types_of(old, floor, NOWHERE) | types_of(new, floor, NOWHERE)
    for case in cases:
        shown = case.type if case.type in known else STRANGER
        asked = [_asked(rule_set, case) for rule_set in (old, new)]
        if not case.type or not all(code in case.answers for code in asked[0] | asked[1]):
            continue
        heard = [_heard(case, own, asked[0] | asked[1]) for own in asked]
        routes = tuple(
            decide(rule_set, floor, told, cannot_say=True).route
            for rule_set, told in zip((old, new), heard, strict=True)
        )
        said = {
            (change.old, change.new)
            for change in found
            if shown in change.types and change.assist == (IS_ASSIST.value(case) is True) and _meets(case, change)
        }
        if routes[0] != routes[1]:
            assert routes in said, (case, [change.in_words() for change in found])
        # Of the calls that leave sworn hands by the one version, those that meet a condition move as it says.
        for was, now in said:
            away, side = (now, routes[1]) if was == "sworn" else (was, routes[0])
            assert side != away or routes == (was, now) or not _whole(found), (case, was, now)


def _asked(rule_set: RuleSet, case: Case) -> set[str]:
    """What the version asks of such a call; of a secured assist nothing."""
    if case.source == "sworn_request" and IS_ASSIST.value(case) is True:
        return set()
    return {code for question in rule_set.questions if question.asked_of(case.type) for code in question.codes}


def _heard(case: Case, own: set[str], anybodys: set[str]) -> Case:
    """The call as a version that asks only its own questions hears it."""
    return replace(case, answers={c: a for c, a in case.answers.items() if c in own or c not in anybodys})


def _whole(found: tuple[Change, ...]) -> bool:
    return all(change.whole for change in found)


def _meets(case: Case, change: Change) -> bool:
    for name, values, could in change.cube:
        given = case.answers.get(name.removeprefix("answer.")) if "answer." in name else getattr(case, name)
        if _nearest(given, could) not in values:
            return False
    return True


def _nearest(given: Any, could: tuple[Any, ...]) -> Any:  # noqa: ANN401 a value of any field
    """The value that stands for the given one."""
    if given is None or given in could:
        return given
    if isinstance(given, str):
        if given.strip().lower() in {"", "unknown"}:
            return None
        return next((value for value in could if str(value).lower() == given.strip().lower()), "Unit 1")
    return max(value for value in could if value is not None and value <= given)
