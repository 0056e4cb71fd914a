"""Every page in each language: what a page says is in the catalogue, translated, with the same places to fill in.

`make messages` mends the catalogue; the words are written by hand in `locale/<language>/LC_MESSAGES/django.po`.
"""

import ast
import re

import pytest
from babel.messages.catalog import Catalog, Message

from tests import catalogue
from tests.catalogue import KEYWORDS, LANGUAGES, ROOMS, ROOT

# %(name)s, %s, {name} and {}: what the code fills in.
PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def kept(language: str) -> Catalog:
    return catalogue.kept(language)


def test_every_word_that_a_page_says_is_in_the_catalogue(kept: Catalog) -> None:
    assert keys(catalogue.found()) - keys(kept) == set(), "run make messages, then translate what is new"


def test_the_catalogue_holds_nothing_that_no_page_says_any_more(kept: Catalog) -> None:
    assert keys(kept) - keys(catalogue.found()) == set(), "run make messages"
    assert not kept.obsolete


def test_nothing_is_left_untranslated_or_only_guessed(kept: Catalog) -> None:
    assert catalogue.untranslated(kept) == []
    assert [said.id for said in kept if said.id and said.fuzzy] == []


def test_a_translation_is_filled_in_with_what_the_english_is_filled_in_with(kept: Catalog) -> None:
    # A plural takes what either of its forms takes: "one call" may name no number.
    wrong = [said.id for said in kept if said.id and not fills_alike(said)]
    assert wrong == []


def test_what_gettext_reads_is_what_the_catalogue_says(language: str, kept: Catalog) -> None:
    compiled = catalogue.path_of(language).with_suffix(".mo").read_bytes()
    assert compiled == catalogue.compiled(kept), "run make messages"


def test_a_translation_begins_and_ends_as_its_english_does(kept: Catalog) -> None:
    pairs = [pair for said in kept if said.id for pair in zip(*both(said), strict=True)]
    assert [pair for pair in pairs if edges(pair[0]) != edges(pair[1])] == []


def test_no_word_hides_in_an_f_string_where_nobody_finds_it() -> None:
    hidden = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if "{_(" in (source := file.read_text()) or "gettext(" in source
        for text in ast.walk(ast.parse(source))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in KEYWORDS
    ]
    assert hidden == []


def keys(catalog: Catalog) -> set[tuple[str | None, str]]:
    return {(said.context, str(said.id)) for said in catalog if said.id}


def both(said: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The English forms and the translated ones: one each, or one for each plural form."""
    ids = (said.id,) if isinstance(said.id, str) else tuple(said.id)
    strings = (said.string,) if isinstance(said.string, str) else tuple(said.string or ())
    return ids, strings


def fills_alike(said: Message) -> bool:
    ids, strings = both(said)
    allowed = {place for english in ids for place in PLACES.findall(english)}
    return set(PLACES.findall(strings[-1])) == set(PLACES.findall(ids[-1])) and all(
        set(PLACES.findall(string)) <= allowed for string in strings
    )


def edges(text: str) -> tuple[bool, bool, str]:
    """Space at either end and the last mark: the page joins these words to others."""
    last = text[-1:] if text[-1:] in ".:?…" else ""
    return text[:1].isspace(), text[-1:].isspace(), last
