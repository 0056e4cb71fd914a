"""Reads an agency's documents by its own codes, and proves its rule sets against its safety floor."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.errors import Busy, Invalid, Refused
from agencies.models import Agency
from calls.models import CallType, RuleSet
from calls.triage import rules
from calls.triage.authority import KnownType, Setting
from calls.triage.conditions import Vocabulary
from calls.triage.floor import Floor, parse_floor
from calls.triage.proofs import Proof
from calls.triage.reading import RuleSetFault
from calls.words import active

if TYPE_CHECKING:
    from calls.triage.difference import Change


class UnsafeRuleSet(Refused):
    """A property of the rule set does not hold. `more`: the first failure's counter-example, and all failures."""

    code, title = "unsafe_rule_set", gettext_lazy("These rules are not safe")


def setting_of(agency: Agency) -> Setting:
    """The types in use and the authority of the agency, which is in scope."""
    rows = CallType.objects.filter(retired_at=None).order_by("code")
    types = tuple(KnownType(row.code, row.apco_code, row.category, row.priority) for row in rows)
    return Setting(types, agency.authority or None)


def vocabulary_of(agency: Agency, setting: Setting) -> Vocabulary:
    """The codes that the agency's documents may name; None where it has no list of that kind."""
    qualifications = [entry["code"] for entry in agency.settings.get("qualifications", [])]
    areas = agency.settings.get("areas", [])
    return Vocabulary(
        types=frozenset(known.code for known in setting.types),
        categories=frozenset(known.category for known in setting.types),
        areas=frozenset(areas) if areas else None,
        qualifications=frozenset(qualifications) if qualifications else None,
    )


def read_rule_set(document: object, *, agency: Agency, setting: Setting) -> rules.RuleSet:
    """The rule set of a document; `Invalid` with the path of what is wrong, such as a type that was retired."""
    try:
        return rules.parse(document, vocabulary=vocabulary_of(agency, setting))
    except RuleSetFault as fault:
        raise refused(fault) from fault


def read_floor(document: object, *, agency: Agency, setting: Setting) -> Floor:
    """The floor of a document; `Invalid` with the path of what is wrong."""
    try:
        return parse_floor(document, vocabulary=vocabulary_of(agency, setting))
    except RuleSetFault as fault:
        raise refused(fault, below="") from fault


def read_json(text: str | bytes) -> dict[str, Any]:
    """The document of a JSON file. Too large, too deep, a key twice, no object: `Invalid`."""
    try:
        document = rules.read_json(text)
    except RuleSetFault as fault:
        raise refused(fault) from fault
    if not isinstance(document, dict):
        raise Invalid(errors={"document": [_("A rule set is a JSON object.")]})
    return document


def refused(fault: RuleSetFault, *, below: str = "document") -> Invalid:
    """The fault of a document as a refusal that names the path."""
    path = fault.path if fault.path != "document" else ""
    name = ".".join(part for part in (below, path) if part) or "document"
    said = fault.said(active())
    return Invalid(f"{name}: {said}", errors={name: [said]})


def proof_of(
    document: Mapping[str, Any],
    floor_document: Mapping[str, Any],
    *,
    agency: Agency,
    setting: Setting,
    language: str = "en",
) -> Proof:
    """What the proof says of a rule set's document against a floor's; the same question is answered once."""
    read_rule_set(document, agency=agency, setting=setting)
    vocabulary = vocabulary_of(agency, setting)
    authority = None if setting.authority is None else json.dumps(setting.authority, sort_keys=True)
    return _proof(
        json.dumps(document, sort_keys=True),
        json.dumps(floor_document, sort_keys=True),
        types=setting.types,
        authority=authority,
        vocabulary=vocabulary,
        language=language,
    )


def moves_between(old: RuleSet, new: RuleSet, *, agency: Agency, floor_document: Mapping[str, Any]) -> list["Change"]:
    """Every call that moves to another route when `new` takes the place of `old`, as conditions with an example."""
    from calls.triage.difference import OutOfTime, difference  # z3, as in `_proof`

    setting = setting_of(agency)
    floor = replace(parse_floor(floor_document), types=frozenset(known.code for known in setting.types))
    try:
        return list(difference(rules.parse(old.document), rules.parse(new.document), floor, setting))
    except OutOfTime as late:
        raise Busy(_("These rule sets are too different to be compared in time.")) from late


def require_safe(proof: Proof) -> None:
    """Raises `UnsafeRuleSet` with the first failure, unless everything is proved."""
    if proof.proved:
        return
    first = proof.failures[0].as_dict()
    raise UnsafeRuleSet(
        first["because"],
        counter_example=first["counter_example"],
        property=first["property"],
        id=first["id"],
        failures=[failure.as_dict() for failure in proof.failures],
    )


@lru_cache(maxsize=64)
def _proof(
    document: str,
    floor_document: str,
    *,
    types: tuple[KnownType, ...],
    authority: str | None,
    vocabulary: Vocabulary,
    language: str,
) -> Proof:
    # Imported here: z3 takes half a second and 40 MB, which only who proves should pay.
    from calls.triage.prove import prove

    setting = Setting(types, json.loads(authority) if authority is not None else None)
    # As with calls: a type that the floor names and that was retired since holds nothing up.
    floor = replace(parse_floor(json.loads(floor_document)), types=vocabulary.types)
    return prove(rules.parse(json.loads(document), vocabulary=vocabulary), floor, setting, language=language)
