"""The published JSON Schema of the rule-set document, made from the tables that the parser uses.

`python -m calls.triage.schema` writes it to calls/triage/schema.json.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from calls.triage.conditions import ANSWER_FIELD, FIELDS, MAX_PARTS, OPERATORS, Field
from calls.triage.reading import CODE, IDENTIFIER, LANGUAGE, MAX_LANGUAGES, MAX_WORDS
from calls.triage.rules import MAX_ITEMS, MODES, OFF_HOURS, ROUTES

PUBLISHED = Path(__file__).with_name("schema.json")


def json_schema() -> dict[str, Any]:
    """The published JSON Schema. Double ids, unknown codes, depth and retired types are found by `parse` alone."""
    when, because = {"$ref": "#/$defs/condition"}, {"$ref": "#/$defs/text"}
    identifier, priority = {"type": "string", "pattern": f"^{IDENTIFIER}$"}, {"$ref": "#/$defs/priority"}
    rule = _closed(
        {"id": identifier, "when": when, "route": {"enum": list(ROUTES)}, "priority": priority, "because": because},
        optional={
            "qualification": {"anyOf": [{"type": "null"}, identifier]},
            "mode": {"enum": list(MODES)},
            "off_hours": {"enum": list(OFF_HOURS)},
            "approval": {"type": "boolean"},
        },
    )
    rule["if"] = {"properties": {"route": {"enum": ["cso", "referral"]}}}
    rule["then"] = {"properties": {"priority": {"minimum": 2}}}
    codes = {
        "type": "array",
        "items": {"type": "string", "pattern": f"^{CODE}$"},
        "minItems": 1,
        "maxItems": 20,
        "uniqueItems": True,
    }
    types = {
        "type": "array",
        "items": {"type": "string", "pattern": r"\S", "maxLength": 120},
        "maxItems": MAX_ITEMS,
        "uniqueItems": True,
    }
    sworn = {"const": "sworn"}
    parts: Mapping[str, dict[str, Any]] = {
        "questions": _closed({"id": identifier, "codes": codes, "text": because, "types": types}),
        "disqualifiers": _closed({"id": identifier, "when": when, "priority": priority, "because": because}),
        "rules": rule,
        "invariants": _closed({"id": identifier, "when": when, "route": sworn, "because": because}),
    }
    lists = {name: {"type": "array", "items": item, "maxItems": MAX_ITEMS} for name, item in parts.items()}
    default = _closed({"route": sworn, "priority": priority, "because": because})
    document = _closed(
        {name: lists[name] for name in ("questions", "disqualifiers", "rules")} | {"default": default},
        optional={"invariants": lists["invariants"]},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rule set",
        **document,
        "$defs": _definitions(),
    }


def _definitions() -> dict[str, Any]:
    text = {"type": "string", "pattern": r"\S", "maxLength": MAX_WORDS}
    return {
        "condition": condition_schema(),
        "priority": {"type": "integer", "minimum": 1, "maximum": 4},
        "text": {
            "type": "object",
            "required": ["en"],
            "propertyNames": {"pattern": f"^{LANGUAGE}$"},
            "maxProperties": MAX_LANGUAGES,
            "additionalProperties": text,
        },
    }


def _closed(required: dict[str, Any], *, optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def condition_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one condition; `#/$defs/condition` must be where it is put."""
    part = {"$ref": "#/$defs/condition"}
    several = {"type": "array", "items": part, "minItems": 1, "maxItems": MAX_PARTS}
    branches = [
        {"type": "object", "required": [word], "properties": {word: inner}, "additionalProperties": False}
        for word, inner in (("all", several), ("any", several), ("not", part))
    ]
    named = [
        _test_schema({"const": name}, field, operator)
        for name, field in FIELDS.items()
        for operator in OPERATORS[field.kind]
    ]
    answers = [
        _test_schema({"type": "string", "pattern": rf"^answer\.{CODE}$"}, ANSWER_FIELD, operator)
        for operator in OPERATORS["answer"]
    ]
    return {"anyOf": branches + named + answers}


def _test_schema(name: dict[str, Any], field: Field, operator: str) -> dict[str, Any]:
    scalar: dict[str, Any] = {"type": "string", "pattern": r"\S", "maxLength": 120}
    if field.kind == "number":
        scalar = {"type": "integer", "minimum": field.low, "maximum": field.high}
    elif field.kind == "flag":
        scalar = {"type": "boolean"}
    elif field.choices:
        scalar = {"enum": list(field.choices)}
    values = scalar
    if operator in {"in", "between"}:
        least, most = (2, 2) if operator == "between" else (1, MAX_PARTS)
        values = {"type": "array", "items": scalar, "minItems": least, "maxItems": most}
        if operator == "in":
            values["uniqueItems"] = True
    return {
        "type": "object",
        "required": ["field", operator],
        "properties": {"field": name, operator: values},
        "additionalProperties": False,
    }


if __name__ == "__main__":
    PUBLISHED.write_text(json.dumps(json_schema(), indent=1) + "\n", encoding="utf-8")
