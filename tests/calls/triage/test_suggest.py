"""Dora types what she hears; the console offers the type that is meant."""

from functools import cache
from itertools import chain

import pytest

from calls.triage.suggest import Suggester, Suggestible
from tests.programmes.tables import programme


@cache
def suggester(slug: str = "san-jose") -> Suggester:
    return Suggester(
        Suggestible(t.code, tuple(t.names.values()), tuple(chain.from_iterable(t.synonyms.values())), t.codes)
        for t in programme(slug).types
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("VEHABND", "VEHABND"), ("vehab", "VEHABND"), ("602", "TRESPASS"), ("11-24", "VEHABND"), ("1125", "THAZ"),
        ("459", "BURG"), ("415", "NOISE"), ("10851", "VEHSTLN"), ("5150", "EDP"),
        ("abandoned", "VEHABND"), ("abandonded car", "VEHABND"), ("graf", "VANDAL"), ("stolen bike", "LARCENY"),
        ("welfare ch", "WELFARE"), ("loud mus", "NOISE"), ("keys locked", "VEHLOCK"), ("pothole", "PUBWKS"),
        ("carro abandonado", "VEHABND"), ("perro suelto", "ANIMAL"), ("desaparecido", "PERMISS"), ("ruido", "NOISE"),
        ("mayday", "MAYDAY"), ("landlord", "CIVIL"), ("graffitti", "VANDAL"),
    ],
)  # fmt: skip
def test_the_type_box_finds_what_she_means(typed: str, meant: str) -> None:
    assert suggester().search(typed)[0].code == meant


def test_a_code_for_two_types_offers_both() -> None:
    assert {s.code for s in suggester().search("5150")} == {"EDP", "MNTL"}


def test_another_state_has_other_penal_codes() -> None:
    assert suggester("seattle").search("9A.52.080")[0].code == "TRESPASS"
    assert "TRESPASS" not in {s.code for s in suggester("seattle").search("602")}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Her elderly neighbor has not answered the door for two days", "WELFARE"),
        ("Someone stole my bike from the porch last night", "LARCENY"),
        ("My father has dementia, he wandered off this morning", "PERMISS"),
        ("mi papá no ha vuelto a casa, tiene 80 años", "PERMISS"),
        ("There is graffiti all over the wall of the shop", "VANDAL"),
        ("Neighbors arguing about the fence again", "CDX"),
        ("two cars, a fender bender, nobody is hurt", "MVA"),
        ("se metió un perro suelto en el patio", "ANIMAL"),
        ("RP reports a 459 from yesterday", "BURG"),
    ],
)
def test_the_narrative_suggests_a_type_while_she_types(said: str, meant: str) -> None:
    assert suggester().from_narrative(said)[0].code == meant


@pytest.mark.parametrize("text", ["", "   ", "?!", "xyzzy", "\x00", "🙂"])
def test_nothing_is_found_for_nothing(text: str) -> None:
    assert suggester().search(text) == ()


@pytest.mark.parametrize("text", ["", "   ", "?!", "xyzzy", "\x00", "🙂", "no no no", "is it at the", "es que no"])
def test_nothing_is_suggested_from_nothing(text: str) -> None:
    assert suggester().from_narrative(text) == ()


def test_it_says_which_words_made_it_think_so() -> None:
    assert suggester().from_narrative("a loud party upstairs")[0].why == "loud party"


def test_a_number_of_an_address_is_no_penal_code_by_chance_of_two_digits() -> None:
    assert suggester().from_narrative("at 48 Main, unit 59") == ()


def test_a_narrative_of_a_million_letters_does_not_stop_the_console() -> None:
    assert suggester().from_narrative("graffiti " * 200_000)[0].code == "VANDAL"


def test_no_more_is_offered_than_asked_for() -> None:
    assert len(suggester().search("veh", limit=3)) == 3
