"""What every programme template must hold."""

import pytest

from calls.triage import sentences
from calls.triage.conditions import FieldTest, field_tests
from calls.triage.decide import decide
from calls.triage.evaluate import Case
from calls.triage.questions import questions_for
from calls.triage.sentences import in_words
from cso import programmes
from tests.programmes.tables import SLUGS, USUAL, all_no, an_ordinary_case, floor_of, programme, rule_set_of

NEVER = {
    "MVAINJY", "PERSUSP", "SUSP", "VEHSUSP", "EDP", "MNTL", "ABUSE", "NEGLECT", "HARR", "TRESPASS", "JUV", "MAYDAY",
}  # fmt: skip
TYPES = NEVER | {
    "VEHABND", "DISVEH", "VEHASST", "VEHLOCK", "VEHREC", "VEHSTLN", "PARKING", "TOW", "THAZ", "MVA", "MVCP", "MVAHR",
    "LARCENY", "PROPLOST", "PROPFND", "PROPSTLN", "VANDAL", "FRAUD", "PERMISS", "RUNAWAY", "PERFND", "WELFARE",
    "CITASST", "CIVIL", "CDX", "NOISE", "ANIMAL", "PHANDLE", "FIREWRKS", "PUBWKS", "STDBY", "INFO", "BURG", "EVENT",
}  # fmt: skip
DISPOSITIONS = {
    "01", "02", "04", "05", "06", "07", "08", "09", "10", "12", "13", "14", "15", "16", "18", "21", "22", "29", "32",
    "35",
}  # fmt: skip

every_city = pytest.mark.parametrize("slug", SLUGS)


def leaving_sworn(slug: str) -> list[str]:
    """The types that can leave sworn hands, found by deciding a calm call of each."""
    return [
        t.code
        for t in programme(slug).types
        if decide(rule_set_of(slug), floor_of(slug), calm_case(slug, t.code)).route != "sworn"
    ]


def calm_case(slug: str, type_code: str, **answers: str) -> Case:
    return an_ordinary_case(slug, type_code, subject_age=40, answers=all_no(**answers))


def test_the_four_cities_are_there() -> None:
    assert set(programmes.slugs()) == set(SLUGS)


def test_an_unknown_programme_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        programmes.read("../san-jose")


@every_city
def test_every_city_has_every_type_and_disposition(slug: str) -> None:
    assert {t.code for t in programme(slug).types} == TYPES
    assert {t.apco for t in programme(slug).types} == TYPES
    assert {t.code for t in programme(slug).types if t.never_cso} == NEVER == floor_of(slug).never_cso
    assert {d.code for d in programme(slug).dispositions} == DISPOSITIONS


@every_city
def test_nobody_is_offered_an_arrest_and_a_citation_only_where_csos_may_cite(slug: str) -> None:
    by_code = {d.code: d for d in programme(slug).dispositions}

    assert "03" not in by_code
    assert {code for code, d in by_code.items() if d.authority} == {"04", "09"}
    assert programme(slug).authority["arrest"] is False


def test_san_joses_csos_may_not_cite_tow_or_arrest() -> None:
    authority = programme("san-jose").authority

    assert (authority["cite"], authority["tow"], authority["arrest"]) == (False, False, False)


@every_city
def test_every_rule_set_knows_all_eight_codes(slug: str) -> None:
    assert rule_set_of(slug).codes == set(USUAL)


@every_city
def test_each_disqualifier_is_covered_by_the_floor(slug: str) -> None:
    floor_conditions = {invariant.when for invariant in floor_of(slug).invariants}

    assert all(disqualifier.when in floor_conditions for disqualifier in rule_set_of(slug).disqualifiers)
    fields = {test.field for when in floor_conditions for test in field_tests(when)}
    assert {field for field in fields if field.startswith("answer.")} == {f"answer.{code}" for code in USUAL}


@every_city
def test_every_type_that_can_leave_sworn_hands_asks_every_usual_question_or_two_people_spared_it(slug: str) -> None:
    for type_code in leaving_sworn(slug):
        asked = {code for q in questions_for(rule_set_of(slug), type_code) for code in q.codes}
        assert all(code in asked or floor_of(slug).spares(type_code, code) for code in USUAL), type_code


@every_city
@pytest.mark.parametrize("code", USUAL)
def test_a_single_yes_or_unknown_keeps_any_call_from_a_cso(slug: str, code: str) -> None:
    for type_code in leaving_sworn(slug):
        case = calm_case(slug, type_code, **{code: "yes"})
        assert decide(rule_set_of(slug), floor_of(slug), case).route == "sworn", type_code
        case = calm_case(slug, type_code, **{code: "unknown"})
        assert decide(rule_set_of(slug), floor_of(slug), case).route is None, type_code


@every_city
def test_the_routes_do_not_depend_on_the_hour_or_the_day(slug: str) -> None:
    read = {test.field for rule in rule_set_of(slug).rules for test in field_tests(rule.when)}

    assert not read & {"hour", "weekday", "holiday"}


@every_city
def test_every_part_names_its_source_and_every_source_a_part(slug: str) -> None:
    rule_set, floor = rule_set_of(slug), floor_of(slug)
    parts = (rule_set.questions, rule_set.disqualifiers, rule_set.rules, rule_set.invariants, floor.invariants)

    assert set(programme(slug).sources) == {item.id for part in parts for item in part}


@every_city
def test_everything_people_read_is_in_english_and_spanish(slug: str) -> None:
    rule_set, floor, city = rule_set_of(slug), floor_of(slug), programme(slug)
    texts = [q.text for q in rule_set.questions]
    texts += [item.because for part in (rule_set.disqualifiers, rule_set.rules, rule_set.invariants) for item in part]
    texts += [
        rule_set.default.because,
        *(i.because for i in floor.invariants),
        *(n.reason for n in floor.not_applicable),
    ]
    texts += [t.names for t in city.types] + [d.names for d in city.dispositions] + [u.names for u in city.statuses]
    texts += [named.names for named in (*city.equipment, *city.qualifications, *city.override_reasons)]

    assert all(text["en"] and text["es"] for text in texts)
    assert all(t.synonyms["en"] and t.synonyms["es"] for t in city.types)
    assert not [t.code for t in city.types for said in t.synonyms.values() if len(set(said)) < len(said)]


@every_city
def test_four_units_are_qualified_for_every_type_the_rules_send_to_csos(slug: str) -> None:
    needed = {rule.qualification for rule in rule_set_of(slug).rules if rule.route == "cso"} - {None}
    units = programme(slug).units

    assert len(units) >= 6
    assert len({unit.callsign for unit in units}) == len(units)
    assert sum(needed <= set(unit.qualifications) for unit in units) >= 4
    assert any(not needed <= set(unit.qualifications) for unit in units)
    assert {unit.kind for unit in units} <= {"foot", "vehicle"}


def test_the_emergency_number_of_a_demo_is_invented() -> None:
    assert all("-555-01" in programme(slug).phone_24h for slug in SLUGS)


def test_eugene_budgets_24_positions_and_seattle_12() -> None:
    assert (programme("eugene").positions_budgeted, programme("seattle").positions_budgeted) == (24, 12)


@every_city
def test_what_staff_read_is_said_in_spanish_too(slug: str) -> None:
    city = programme(slug)
    lists = (city.types, city.dispositions, city.statuses, city.equipment, city.override_reasons, city.qualifications)
    assert [entry.code for entries in lists for entry in entries if not entry.names.get("es")] == []
    assert {kind.category for kind in city.types} <= set(sentences.CATEGORIES)
    of_a_category = in_words(FieldTest("category", "in", ("public_works", "ours")), "es")
    assert of_a_category == "la categoría de la llamada es obras públicas o ours"
