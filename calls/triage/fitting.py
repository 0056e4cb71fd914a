"""A programme's rule set, made to fit the codes that another agency has.

What the agency has no code for is never dropped in silence: it is told part by part.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from calls.triage.conditions import FIELDS, Vocabulary
from calls.triage.rules import EVERY_TYPE

# Holds for every call: what is left of "not the type X" where there is no type X.
ALWAYS = {"field": "priority", "at_least": 1}
PARTS = ("questions", "disqualifiers", "rules", "invariants")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A programme's rules. `sources`: id of a part -> {title, date, url}."""

    slug: str
    name: str
    document: Document
    sources: Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True, slots=True)
class Missing:
    """A code that the agency does not have, in one part. `kind` is types, categories, areas or qualifications.

    `became`: "narrowed", the part no longer names it; "left_out", it was about nothing else; "asks", the rule asks a
    supervisor first, since nobody knows here who is trained for it.
    """

    kind: str
    code: str
    part: str
    became: str


def fitted(document: Document, vocabulary: Vocabulary) -> tuple[dict[str, Any], tuple[Missing, ...]]:
    """The document with the agency's codes only, and what it named besides."""
    made, missing = dict(document), list[Missing]()
    for name in PARTS:
        kept = []
        for part in document[name]:
            fitting, told = _fit(name, part, vocabulary)
            missing += told
            kept += [fitting] if fitting is not None else []
        made[name] = kept
    return made, tuple(missing)


def origin(template: Template, document: Document, missing: Iterable[Missing] = ()) -> dict[str, Any]:
    """Where the document comes from, as it is kept beside it: each part's source, and how the part was then."""
    sources = {
        part["id"]: {**template.sources[part["id"]], "mark": mark_of(part)}
        for part in _parts(document)
        if part["id"] in template.sources
    }
    told = [asdict(entry) for entry in missing]
    return {"template": template.slug, "name": template.name, "missing": told, "sources": sources}


def mark_of(part: Document) -> str:
    """Another one whenever anything of the part differs."""
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16]


def _parts(document: Document) -> Iterator[Document]:
    for name in PARTS:
        yield from document[name]


def _fit(name: str, part: Document, vocabulary: Vocabulary) -> tuple[dict[str, Any] | None, list[Missing]]:
    unknown: dict[tuple[str, str], None] = {}
    made = dict(part)
    if name == "questions":
        made["types"] = _known("types", part["types"], vocabulary, unknown)
    else:
        when = _folded(part["when"], vocabulary, unknown)
        if when is False:
            return None, [Missing(kind, code, part["id"], "left_out") for kind, code in unknown]
        made["when"] = ALWAYS if when is True else when
    told = [Missing(kind, code, part["id"], "narrowed") for kind, code in unknown]
    trained = part.get("qualification")
    if trained and not _known("qualifications", [trained], vocabulary, unknown):
        made |= {"qualification": None, "approval": part["route"] != "sworn"}
        told.append(Missing("qualifications", trained, part["id"], "asks" if made["approval"] else "narrowed"))
    return made, told


def _folded(
    condition: Document, vocabulary: Vocabulary, unknown: dict[tuple[str, str], None]
) -> Mapping[str, Any] | bool:
    """The condition as it is where no call ever has one of the unknown codes; a bool where nothing is left to test."""
    if "not" in condition:
        inner = _folded(condition["not"], vocabulary, unknown)
        return not inner if isinstance(inner, bool) else {"not": inner}
    for word, ends in (("all", False), ("any", True)):
        if word in condition:
            parts = [_folded(part, vocabulary, unknown) for part in condition[word]]
            left = [part for part in parts if not isinstance(part, bool)]
            if any(part is ends for part in parts) or not left:
                return ends if any(part is ends for part in parts) else not ends
            return {word: left}
    return _tested(condition, vocabulary, unknown)


def _tested(test: Document, vocabulary: Vocabulary, unknown: dict[tuple[str, str], None]) -> Mapping[str, Any] | bool:
    kind = FIELDS[test["field"]].vocabulary if test["field"] in FIELDS else ""
    if not kind:
        return test
    word = "in" if "in" in test else "is"
    given = test[word] if word == "in" else [test[word]]
    known = _known(kind, given, vocabulary, unknown)
    return {**test, word: known if word == "in" else known[0]} if known else False


def _known(kind: str, codes: Iterable[str], vocabulary: Vocabulary, unknown: dict[tuple[str, str], None]) -> list[str]:
    there = getattr(vocabulary, kind)
    known = [code for code in codes if there is None or code in there or code == EVERY_TYPE]
    unknown |= {(kind, code): None for code in codes if code not in known}
    return known
