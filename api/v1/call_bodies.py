"""What comes in about a call, made into the orders of `calls.intake`."""

from typing import Any

from rest_framework import serializers

from api.fields import Body, Moment, Number, Text, Whole, YesNo
from api.v1.choices import ANSWERS, SOURCES
from calls.intake import NARRATIVE_LIMIT, Amendment, Intake
from calls.states import Source

OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}
# What the API says of the caller, and what `Intake` calls it.
_CALLER = {
    "name": "caller_name",
    "phone": "caller_phone",
    "anonymous": "caller_anonymous",
    "language": "caller_language",
    "interpreter": "interpreter",
    "no_contact": "no_contact",
}


class PlaceBody(Body):
    address = Text(max_length=300, **OPTIONAL)
    lat = Number(min_value=-90, max_value=90, **OPTIONAL)
    lon = Number(min_value=-180, max_value=180, **OPTIONAL)


class CallerBody(Body):
    name = Text(max_length=120, **OPTIONAL)
    phone = Text(max_length=40, **OPTIONAL)
    anonymous = YesNo(**OPTIONAL)
    language = Text(max_length=35, **OPTIONAL)
    interpreter = YesNo(**OPTIONAL)
    no_contact = YesNo(**OPTIONAL)


class FactsBody(Body):
    subject_age = Whole(min_value=0, max_value=130, **OPTIONAL)
    caller_age = Whole(min_value=0, max_value=130, **OPTIONAL)
    elapsed_min = Whole(min_value=0, max_value=5_256_000, **OPTIONAL)
    scene_secured_by = Text(max_length=120, **OPTIONAL)
    requested_by = Text(max_length=120, **OPTIONAL)


class ExternalBody(Body):
    system = Text(max_length=80)
    number = Text(max_length=60)


class AnswersField(serializers.DictField):
    """Question code -> yes, no or unknown."""

    child = serializers.ChoiceField(choices=ANSWERS)


class AmendBody(Body):
    """New values; what is not named stays as it is, null empties a field.

    Answers, facts and external numbers are added to those that are there.
    """

    type = Text(max_length=16, **OPTIONAL)
    priority = Whole(min_value=1, max_value=4, **OPTIONAL)
    location = PlaceBody(**OPTIONAL)
    narrative = Text(max_length=NARRATIVE_LIMIT, **OPTIONAL)
    caller = CallerBody(**OPTIONAL)
    answers = AnswersField(**OPTIONAL)
    facts = FactsBody(**OPTIONAL)
    external = serializers.ListSerializer(child=ExternalBody(), max_length=20, **OPTIONAL)
    report_number = Text(max_length=40, **OPTIONAL)


class IntakeBody(AmendBody):
    """A call. A place or a call-back number is enough; everything else may follow."""

    source = serializers.ChoiceField(choices=SOURCES, required=False)  # type: ignore[assignment]
    emergency = YesNo(required=False, help_text="Routes it sworn at priority 1 as it is.")
    occurred_at = Moment(**OPTIONAL)


class TriageBody(Body):
    type = Text(max_length=16, **OPTIONAL)
    answers = AnswersField(**OPTIONAL)
    facts = FactsBody(**OPTIONAL)
    cannot_say = YesNo(required=False, help_text="The caller can answer no more: what is open makes the call sworn.")


class SelfInitiatedBody(Body):
    type = Text(required=True, allow_blank=False, max_length=16)
    location = PlaceBody(**OPTIONAL)
    narrative = Text(max_length=NARRATIVE_LIMIT, **OPTIONAL)
    occurred_at = Moment(**OPTIONAL)


def intake(values: dict[str, Any]) -> Intake:
    """The order for a new call."""
    flat = _flat(values)
    if "source" in flat:
        flat["source"] = Source(flat["source"])
    return Intake(**flat)


def amendment(values: dict[str, Any]) -> Amendment:
    """The order for a change."""
    return Amendment(_flat(values))


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """The names and defaults of `Intake`: what is null is as if nobody had said it."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        match name:
            case "type":
                flat["type_code"] = value or None
            case "location":
                flat |= {"address": "", "lat": None, "lon": None} if value is None else _place(value)
            case "caller":
                flat |= _caller(value if value is not None else dict.fromkeys(_CALLER))
            case "answers" | "facts":
                flat[name] = dict(value or {})
            case "external":
                flat[name] = tuple((entry["system"], entry["number"]) for entry in value or ())
            case "narrative" | "report_number":
                flat[name] = value or ""
            case _:
                flat[name] = value
    return flat


def _place(given: dict[str, Any]) -> dict[str, Any]:
    return {name: (value or "") if name == "address" else value for name, value in given.items()}


def _caller(given: dict[str, Any]) -> dict[str, Any]:
    texts = ("name", "phone", "language")
    return {_CALLER[name]: value or ("" if name in texts else False) for name, value in given.items()}
