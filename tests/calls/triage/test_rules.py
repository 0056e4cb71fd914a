"""A document is read whole or refused with the place of the fault; nothing hostile gets through."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from calls.triage import rules
from calls.triage.rules import RuleSetFault, Vocabulary
from tests.calls.triage.documents import a_document, a_rule, documents
from tests.programmes.tables import SLUGS, programme, rule_set_of


def fault_of(document: object, **options: Any) -> RuleSetFault:
    with pytest.raises(RuleSetFault) as caught:
        rules.parse(document, **options)
    return caught.value


def with_rule(**changes: Any) -> dict[str, Any]:
    document = a_document()
    document["rules"][0] |= changes
    return document


def with_condition(when: object) -> dict[str, Any]:
    return with_rule(when=when)


def test_the_document_of_the_papers_comes_back_letter_for_letter() -> None:
    assert rules.to_dict(rules.parse(a_document())) == a_document()


@pytest.mark.parametrize("slug", SLUGS)
def test_every_template_comes_back_letter_for_letter(slug: str) -> None:
    assert rules.to_dict(rule_set_of(slug)) == programme(slug).rule_set


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_any_rule_set_comes_back_letter_for_letter(document: dict[str, Any]) -> None:
    assert rules.to_dict(rules.parse(document)) == document


def test_what_may_be_left_out_gets_its_usual_value() -> None:
    document = a_document()
    for key in ("qualification", "mode", "off_hours", "approval"):
        del document["rules"][0][key]
    del document["invariants"]

    rule_set = rules.parse(document)

    assert rules.to_dict(rule_set)["rules"] == a_document()["rules"]
    assert rule_set.invariants == ()


@pytest.mark.parametrize(
    ("when", "path", "words"),
    [
        ({"field": "colour", "is": "red"}, "rules[0].when.field", "no such field: colour"),
        ({"field": "hour", "like": 3}, "rules[0].when.like", "no such key"),
        ({"field": "hour"}, "rules[0].when", "needs exactly one comparison"),
        ({"field": "hour", "is": 3, "below": 4}, "rules[0].when", "needs exactly one comparison"),
        ({"field": "hour", "is": "three"}, "rules[0].when.is", "must be a whole number"),
        ({"field": "hour", "is": True}, "rules[0].when.is", "must be a whole number"),
        ({"field": "hour", "is": 3.5}, "rules[0].when.is", "must be a whole number"),
        ({"field": "hour", "is": 24}, "rules[0].when.is", "must be between 0 and 23"),
        ({"field": "weekday", "between": [6, 2]}, "rules[0].when.between", "the first number is above the second"),
        ({"field": "weekday", "between": [6]}, "rules[0].when.between", "needs at least 2 items"),
        ({"field": "weekday", "in": []}, "rules[0].when.in", "needs at least 1 item"),
        ({"field": "type", "in": ["A", "A"]}, "rules[0].when.in", "names a value twice"),
        ({"field": "type", "below": "A"}, "rules[0].when.below", "type cannot be compared so"),
        ({"field": "type", "is": 7}, "rules[0].when.is", "must be text"),
        ({"field": "type", "is": ""}, "rules[0].when.is", "is empty"),
        ({"field": "type", "is": "a\x00b"}, "rules[0].when.is", "has a control character"),
        ({"field": "type", "is": "\ud800"}, "rules[0].when.is", "has a control character"),
        ({"field": "holiday", "is": "yes"}, "rules[0].when.is", "must be true or false"),
        ({"field": "source", "is": "pigeon"}, "rules[0].when.is", "must be one of phone"),
        ({"field": "answer.weapon", "is": "maybe"}, "rules[0].when.is", "must be one of yes, no, unknown"),
        ({"field": "answer.colour", "is": "yes"}, "rules[0].when.field", "no question has the code colour"),
        ({"field": "answer.", "is": "yes"}, "rules[0].when.field", "must be 1 to 40 small letters"),
        ({"all": []}, "rules[0].when.all", "needs at least 1 item"),
        ({"all": {}}, "rules[0].when.all", "must be a list"),
        ({"all": [{"not": {"field": "hour", "is": "x"}}]}, "rules[0].when.all[0].not.is", "must be a whole number"),
        ({"none": []}, "rules[0].when.none", "no such condition"),
        ({"all": [], "any": []}, "rules[0].when", "must have exactly one"),
        ({}, "rules[0].when", "must have exactly one"),
        ("true", "rules[0].when", "must be a condition"),
        (None, "rules[0].when", "must be a condition"),
    ],
)
def test_a_bad_condition_is_refused_where_it_is_bad(when: object, path: str, words: str) -> None:
    fault = fault_of(with_condition(when))

    assert fault.path == path
    assert words in fault.words


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"colour": "red"}, "rules[0].colour", "no such key"),
        ({"id": ""}, "rules[0].id", "must be 1 to 40"),
        ({"id": "D1"}, "rules[0].id", "the id D1 is used twice"),
        ({"route": "fire"}, "rules[0].route", "must be one of sworn, cso, referral"),
        ({"route": ["cso"]}, "rules[0].route", "must be one of"),
        ({"priority": 0}, "rules[0].priority", "must be between 1 and 4"),
        ({"priority": "1"}, "rules[0].priority", "must be a whole number"),
        ({"priority": 1}, "rules[0].priority", "no priority 1 goes to a CSO"),
        ({"mode": "by_pigeon"}, "rules[0].mode", "must be one of in_person"),
        ({"off_hours": "never"}, "rules[0].off_hours", "must be one of hold"),
        ({"approval": "yes"}, "rules[0].approval", "must be true or false"),
        ({"because": {"es": "Porque sí."}}, "rules[0].because.en", "the English words are missing"),
        ({"because": {"en": " "}}, "rules[0].because.en", "is empty"),
        ({"because": {"en": "x" * 1001}}, "rules[0].because.en", "is longer than 1000"),
        ({"because": {"en": "Yes.", "English": "Yes."}}, "rules[0].because.English", "is not a language code"),
        ({"because": "Yes."}, "rules[0].because", "must be an object of words by language"),
        ({"qualification": 3}, "rules[0].qualification", "must be 1 to 40"),
    ],
)
def test_a_bad_rule_is_refused_where_it_is_bad(changes: dict[str, Any], path: str, words: str) -> None:
    fault = fault_of(with_rule(**changes))

    assert fault.path == path
    assert words in fault.words


def test_the_default_can_only_be_sworn() -> None:
    default = {"route": "cso", "priority": 2, "because": {"en": "No."}}

    assert fault_of(a_document(default=default)).path == "default.route"


def test_an_invariant_can_only_say_sworn() -> None:
    document = a_document()
    document["invariants"][0]["route"] = "cso"

    assert fault_of(document).path == "invariants[0].route"


def test_a_missing_part_is_named() -> None:
    document = a_document()
    del document["rules"]

    assert (fault_of(document).path, fault_of(document).words) == ("rules", "is missing")


def test_an_unknown_part_is_named() -> None:
    assert fault_of(a_document(version=3)).path == "version"


@pytest.mark.parametrize("document", [None, [], "rules", 3, {"rules": None}])
def test_what_is_no_document_at_all_is_refused(document: object) -> None:
    assert fault_of(document).words


def test_two_rules_with_one_id_are_refused_with_both_places() -> None:
    when = {"field": "hour", "is": 3}

    fault = fault_of(a_document(rules=[a_rule("R1", when), a_rule("R1", when)]))

    assert fault.path == "rules[1].id"
    assert "rules[0].id" in fault.words


def test_a_rule_that_names_a_retired_type_is_refused() -> None:
    fault = fault_of(a_document(), vocabulary=Vocabulary(types=frozenset({"PERMISS"})))

    assert fault.path == "questions[1].types[0]"
    assert "VEHABND is not one of the agency's types in use" in fault.words


def test_a_qualification_that_nobody_has_is_refused() -> None:
    fault = fault_of(with_rule(qualification="pilot"), vocabulary=Vocabulary(qualifications=frozenset({"academy"})))

    assert fault.path == "rules[0].qualification"


def nested(depth: int) -> dict[str, Any]:
    when: dict[str, Any] = {"field": "hour", "is": 3}
    for _ in range(depth):
        when = {"not": when}
    return when


def test_sixteen_deep_is_the_limit() -> None:
    rules.parse(with_condition(nested(15)))

    assert "nested deeper than 16" in fault_of(with_condition(nested(16))).words


def test_a_thousand_deep_is_refused_and_harms_nothing() -> None:
    assert "nested deeper than 16" in fault_of(with_condition(nested(1000))).words


def test_json_a_hundred_thousand_deep_is_refused() -> None:
    with pytest.raises(RuleSetFault, match="nested too deep"):
        rules.read('{"not":' * 100_000)


def test_ten_megabytes_are_refused_before_they_are_parsed() -> None:
    with pytest.raises(RuleSetFault, match="larger than 1000000 bytes"):
        rules.read(" " * 10_000_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        (b"\xff\xfe{", "is not JSON"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
        ('{"rules": [], "rules": []}', "the key rules occurs twice"),
        ('{"a": ' + "9" * 5000 + "}", "is not JSON"),
    ],
)
def test_broken_json_is_refused_in_words(text: str | bytes, words: str) -> None:
    with pytest.raises(RuleSetFault, match=words):
        rules.read(text)


def test_good_json_is_read() -> None:
    assert rules.to_dict(rules.read(json.dumps(a_document()))) == a_document()


def test_too_many_rules_are_refused() -> None:
    many = [a_rule(f"R{n}", {"field": "hour", "is": 3}) for n in range(501)]

    assert "at most 500" in fault_of(a_document(rules=many)).words


def test_too_many_conditions_are_refused() -> None:
    wide = {"any": [{"all": [{"field": "hour", "is": 3}] * 199}] * 199}

    assert "more than 20000 conditions" in fault_of(with_condition(wide)).words


def test_a_hostile_key_is_shortened_in_the_message() -> None:
    assert len(fault_of(with_condition({"x" * 1_000_000: 1})).path) < 200
