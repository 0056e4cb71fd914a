"""The published schema and the parser agree."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from calls.triage import rules
from calls.triage.rules import RuleSetFault
from calls.triage.schema import PUBLISHED, json_schema
from tests.calls.triage.documents import a_document, documents
from tests.programmes.tables import SLUGS, programme

SCHEMA = Draft202012Validator(json_schema())
ODD = [
    None,
    True,
    0,
    -1,
    5,
    3.5,
    "",
    " ",
    "x",
    "cso",
    "sworn",
    [],
    {},
    {"en": "x"},
    {"es": "x"},
    ["*"],
    [1],
    ["a", "a"],
]


def test_the_published_file_is_up_to_date() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json_schema()


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("slug", SLUGS)
def test_every_template_fits_the_schema(slug: str) -> None:
    assert list(SCHEMA.iter_errors(programme(slug).rule_set)) == []


@settings(max_examples=40, deadline=None)
@given(documents())
def test_what_the_parser_takes_fits_the_schema(document: dict[str, Any]) -> None:
    rules.parse(document)

    assert SCHEMA.is_valid(document)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, by the keys that lead there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(places(a_document())[1:]), st.sampled_from([*ODD, "delete", "add"]))
def test_one_spoilt_place_is_judged_alike_by_both(place: tuple[Any, ...], odd: object) -> None:
    document = a_document()
    holder: Any = document
    for key in place[:-1]:
        holder = holder[key]
    if odd == "delete":
        del holder[place[-1]]
    elif odd == "add" and isinstance(holder, dict):
        holder["colour"] = "red"
    else:
        holder[place[-1]] = copy.deepcopy(odd)

    assert SCHEMA.is_valid(document) or not parses(document)
    if SCHEMA.is_valid(document):
        assert parses(document) or "code" in reason(document) or "used twice" in reason(document)


def parses(document: object) -> bool:
    return reason(document) == ""


def reason(document: object) -> str:
    try:
        rules.parse(document)
    except RuleSetFault as fault:
        return fault.words
    return ""
