"""A small rule-set document to bend, and strategies that make whole ones."""

import copy
from typing import Any

from hypothesis import strategies as st

from calls.triage.conditions import SOURCES

TYPES = ("CAR", "DOG", "LOST")
CODES = ("weapon", "injury", "hazard")
WORDS = {"en": "because", "es": "porque"}

NUMBERS = {"priority": (1, 4), "hour": (0, 23), "subject_age": (0, 150), "earlier_calls": (0, 20)}
FLAGS = ("premise_flag", "holiday", "cso_available")


def a_document(**changes: Any) -> dict[str, Any]:
    """The document of interfaces.md, parts of it replaced."""
    document: dict[str, Any] = {
        "questions": [
            {"id": "Q1", "codes": ["injury", "violence", "weapon"], "text": {"en": "Danger?"}, "types": ["*"]},
            {"id": "Q2", "codes": ["hazard"], "text": {"en": "Leaking?", "es": "¿Gotea?"}, "types": ["VEHABND"]},
        ],
        "disqualifiers": [
            {"id": "D1", "when": {"field": "answer.weapon", "is": "yes"}, "priority": 1, "because": {"en": "Armed."}},
            {"id": "D2", "when": {"field": "answer.hazard", "is": "yes"}, "priority": 2, "because": {"en": "Hazard."}},
        ],
        "rules": [
            {
                "id": "R1",
                "when": {
                    "all": [
                        {"field": "type", "in": ["VEHABND"]},
                        {"not": {"field": "premise_flag", "is": True}},
                    ]
                },
                "route": "cso",
                "priority": 4,
                "qualification": None,
                "mode": "in_person",
                "off_hours": "hold",
                "approval": False,
                "because": {"en": "A parked car is for a CSO.", "es": "Un carro estacionado es para un CSO."},
            },
        ],
        "default": {"route": "sworn", "priority": 2, "because": {"en": "Sworn by default."}},
        "invariants": [
            {
                "id": "I1",
                "when": {"all": [{"field": "type", "is": "PERMISS"}, {"field": "subject_age", "below": 18}]},
                "route": "sworn",
                "because": {"en": "A missing child is sworn."},
            },
        ],
    }
    return copy.deepcopy(document | changes)


def a_rule(identifier: str, when: dict[str, Any], route: str = "cso", **others: Any) -> dict[str, Any]:
    rule = {
        "id": identifier, "when": when, "route": route, "priority": 3, "qualification": None, "mode": "in_person",
        "off_hours": "hold", "approval": False, "because": {"en": f"Because of {identifier}."},
    }  # fmt: skip
    return rule | others


def single_tests() -> st.SearchStrategy[dict[str, Any]]:
    """Single tests over every kind of field."""
    numbers = st.sampled_from(sorted(NUMBERS)).flatmap(_number_test)
    flags = st.builds(lambda f, v: {"field": f, "is": v}, st.sampled_from(FLAGS), st.booleans())
    types = st.builds(
        lambda v: {"field": "type", "in": v}, st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True)
    )
    sources = st.builds(lambda v: {"field": "source", "is": v}, st.sampled_from(SOURCES))
    secured = st.builds(lambda v: {"field": "scene_secured_by", "is": v}, st.sampled_from(["sworn", "nobody"]))
    answers = st.builds(
        lambda c, v: {"field": f"answer.{c}", "is": v}, st.sampled_from(CODES), st.sampled_from(["yes", "no"])
    )
    return st.one_of(numbers, flags, types, sources, secured, answers, answers)


def _number_test(name: str) -> st.SearchStrategy[dict[str, Any]]:
    low, high = NUMBERS[name]
    one = st.integers(low, high)
    single = st.builds(
        lambda op, v: {"field": name, op: v}, st.sampled_from(["is", "at_least", "at_most", "below", "above"]), one
    )
    pair = st.builds(lambda v: {"field": name, "between": sorted(v)}, st.tuples(one, one))
    several = st.builds(lambda v: {"field": name, "in": v}, st.lists(one, min_size=1, max_size=3, unique=True))
    return st.one_of(single, pair, several)


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        single_tests(),
        lambda inner: st.one_of(
            st.builds(lambda p: {"all": p}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda p: {"any": p}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda p: {"not": p}, inner),
        ),
        max_leaves=5,
    )


def dangers() -> st.SearchStrategy[dict[str, Any]]:
    """What disqualifiers look like, and now and then anything at all."""
    plain = st.builds(lambda code: {"field": f"answer.{code}", "is": "yes"}, st.sampled_from(CODES))
    flagged = st.just({"field": "premise_flag", "is": True})
    return st.one_of(plain, plain, plain, flagged, conditions())


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Whole rule sets, good and bad ones: nothing says that they are safe."""
    types = st.one_of(st.just(["*"]), st.lists(st.sampled_from(TYPES), max_size=2, unique=True))
    routes = st.sampled_from(["cso", "referral", "sworn"])
    return {
        "questions": [
            {"id": f"Q{n}", "codes": [code], "text": WORDS, "types": draw(types)} for n, code in enumerate(CODES)
        ],
        "disqualifiers": [
            {"id": f"D{n}", "when": draw(dangers()), "priority": draw(st.integers(1, 4)), "because": WORDS}
            for n in range(draw(st.integers(0, 2)))
        ],
        "rules": [
            a_rule(f"R{n}", draw(conditions()), draw(routes), off_hours=draw(st.sampled_from(["hold", "sworn"])))
            for n in range(draw(st.integers(0, 4)))
        ],
        "default": {"route": "sworn", "priority": 2, "because": WORDS},
        "invariants": [],
    }


@st.composite
def floors(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "invariants": [
            {"id": f"F{n}", "when": draw(dangers()), "route": "sworn", "because": WORDS}
            for n in range(draw(st.integers(0, 2)))
        ],
        "never_cso": draw(st.lists(st.sampled_from(TYPES), max_size=1)),
        "not_applicable": [
            {"type": type_code, "code": code, "reason": WORDS, "by": ["ada", "sue"]}
            for type_code in TYPES
            for code in draw(st.lists(st.sampled_from(CODES), max_size=2, unique=True))
        ],
    }
