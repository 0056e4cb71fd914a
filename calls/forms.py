"""The forms of intake and triage, read into the orders that the actions take."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest

from agencies.forms import MomentField, PlainForm
from calls import queries
from calls.intake import ANSWERS, FACTS, NARRATIVE_LIMIT, Amendment, Intake, Override
from calls.models import Call, CallType
from calls.states import Route, Source
from calls.triage.rules import RuleSet
from calls.types import TypeOrder

QUESTION, FACT = "q_", "fact_"


def _text(limit: int, *, required: bool = False) -> forms.CharField:
    return forms.CharField(max_length=limit, required=required, strip=False)


class IntakeForm(PlainForm):
    """The intake panel. Everything may be empty: the action says what is enough."""

    address = _text(300)
    lat = forms.FloatField(required=False)
    lon = forms.FloatField(required=False)
    caller_phone = _text(40)
    caller_name = _text(120)
    caller_anonymous = forms.BooleanField(required=False)
    caller_language = _text(35)
    interpreter = forms.BooleanField(required=False)
    no_contact = forms.BooleanField(required=False)
    type = _text(60)
    narrative = _text(NARRATIVE_LIMIT)
    source = forms.ChoiceField(choices=[(s.value, s.value) for s in Source], required=False)
    fact_subject_age = forms.IntegerField(required=False, min_value=0, max_value=130)
    fact_caller_age = forms.IntegerField(required=False, min_value=0, max_value=130)
    fact_elapsed_min = forms.IntegerField(required=False, min_value=0, max_value=5_256_000)
    fact_scene_secured_by = _text(120)
    fact_requested_by = _text(120)
    external_number = _text(60)
    into = _text(12)
    once = _text(64)
    emergency = forms.BooleanField(required=False)
    override_route = forms.ChoiceField(choices=[(r.value, r.value) for r in Route], required=False)
    override_code = _text(40)
    override_text = _text(500)


_AS_TYPED = (
    "address", "lat", "lon", "caller_phone", "caller_name", "caller_anonymous", "caller_language", "interpreter",
    "no_contact", "narrative",
)  # fmt: skip


def intake_order(request: HttpRequest) -> Intake:
    """The call as typed. A type that is only half typed counts as none until a code, name or synonym is there."""
    given = IntakeForm.read(request)
    external = given["external_number"].strip()
    if given["lat"] is None or given["lon"] is None:
        given["lat"], given["lon"] = position_of(given["address"]) or (None, None)
    return Intake(
        **{name: given[name] for name in _AS_TYPED},
        type_code=type_code(given["type"]),
        answers=answers_in(request.POST),
        facts=facts_in(given),
        source=Source(given["source"] or Source.PHONE),
        external=(("sworn", external),) if external else (),
        emergency=given["emergency"],
        override=_override(given),
    )


_POSITION = re.compile(r"^\s*(-?\d{1,2}\.\d+)\s*[,; ]\s*(-?\d{1,3}\.\d+)\s*$")


def position_of(address: str) -> tuple[float, float] | None:
    """Where a place is: typed as a position, or known from an earlier call to the same place."""
    typed = _POSITION.match(address)
    if typed:
        return float(typed[1]), float(typed[2])
    known = Call.objects.filter(address_key=Call.key_of(address), lat__isnull=False) if address.strip() else None
    found = known.order_by("-received_at").values_list("lat", "lon").first() if known is not None else None
    return (found[0], found[1]) if found and found[0] is not None and found[1] is not None else None


def type_code(typed: str) -> str | None:
    """The code that is meant: a code in any case, or a name, synonym or radio code written in full."""
    wanted = typed.strip().casefold()
    if not wanted:
        return None
    rows = list(CallType.objects.filter(retired_at=None))
    for row in rows:
        if row.code.casefold() == wanted:
            return row.code
    for row in rows:
        words = [*row.name.values(), *row.codes, row.apco_code, *(w for found in row.synonyms.values() for w in found)]
        if wanted in {str(word).casefold() for word in words}:
            return row.code
    return typed.strip()


def answers_in(data: Mapping[str, Any]) -> dict[str, str]:
    """Answers by code: one spoken question answers all of its codes."""
    return answers_by_code(data, queries.rules_in_force().rule_set)


def answers_by_code(data: Mapping[str, Any], rule_set: RuleSet) -> dict[str, str]:
    """Answers by code to the questions of any rule set."""
    return {
        code: str(data[QUESTION + question.id])
        for question in rule_set.questions
        if data.get(QUESTION + question.id) in ANSWERS
        for code in question.codes
    }


def facts_in(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: given.get(FACT + name) for name in FACTS}
    return {
        name: value.strip() if isinstance(value, str) else value
        for name, value in values.items()
        if value not in (None, "")
    }


def _override(given: Mapping[str, Any]) -> Override | None:
    if not given["override_route"]:
        return None
    return Override(Route(given["override_route"]), given["override_code"], given["override_text"])


class DetailsForm(PlainForm):
    """What is known of a call, written anew. `version` is the one the member looked at."""

    address = _text(300)
    caller_phone = _text(40)
    caller_name = _text(120)
    caller_anonymous = forms.BooleanField(required=False)
    caller_language = _text(35)
    interpreter = forms.BooleanField(required=False)
    no_contact = forms.BooleanField(required=False)
    report_number = _text(40)
    priority = forms.TypedChoiceField(
        choices=[(str(n), str(n)) for n in range(1, 5)], coerce=int, empty_value=None, required=False
    )
    version = forms.IntegerField()


def amendment(request: HttpRequest, call: Call) -> tuple[Amendment, int]:
    """What differs from the call as it is, and the version that was looked at."""
    given = DetailsForm.read(request)
    version = given.pop("version")
    before = {name: getattr(call, name) for name in given if name != "priority"} | {"priority": call.picked_priority}
    return Amendment({name: value for name, value in given.items() if value != before[name]}), version


class TriageForm(PlainForm):
    type = _text(60)
    fact_subject_age = forms.IntegerField(required=False, min_value=0, max_value=130)
    fact_caller_age = forms.IntegerField(required=False, min_value=0, max_value=130)
    fact_elapsed_min = forms.IntegerField(required=False, min_value=0, max_value=5_256_000)
    fact_scene_secured_by = _text(120)
    fact_requested_by = _text(120)
    cannot_say = forms.BooleanField(required=False)


class OverrideForm(PlainForm):
    route = forms.ChoiceField(choices=[(r.value, r.value) for r in Route])
    code = _text(40)
    text = _text(500)


class ApprovalForm(PlainForm):
    answer = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    reason = _text(500)


class SearchForm(forms.Form):
    q = _text(200)
    status = _text(12)
    route = _text(12)
    before = forms.IntegerField(required=False, min_value=0)


class NewDraftForm(PlainForm):
    version = forms.IntegerField(min_value=1)


class DraftForm(PlainForm):
    document = forms.CharField(strip=False)
    revision = forms.IntegerField(min_value=1)


class PublicationForm(PlainForm):
    """`effective_from` as a time of the agency; `replaces`: the version that the publisher has seen in force."""

    effective_from = MomentField(required=False)
    replaces = forms.IntegerField(min_value=1, required=False)


class TrialForm(PlainForm):
    type = _text(60)
    hour = forms.IntegerField(required=False, min_value=0, max_value=23)
    weekday = forms.IntegerField(required=False, min_value=1, max_value=7)
    subject_age = forms.IntegerField(required=False, min_value=0, max_value=130)
    elapsed_min = forms.IntegerField(required=False, min_value=0, max_value=5_256_000)
    priority = forms.IntegerField(required=False, min_value=1, max_value=4)
    premise_flag = forms.BooleanField(required=False)
    off_duty = forms.BooleanField(required=False)


class FloorForm(PlainForm):
    """`version`: the floor that the proposer has read."""

    document = forms.CharField(strip=False, max_length=1_000_000)
    reason = _text(500, required=True)
    version = forms.IntegerField(min_value=1, required=False)


class FloorDraftForm(PlainForm):
    document = forms.CharField(strip=False, max_length=1_000_000)


class TypeForm(PlainForm):
    """A call type. `name_en`, `synonyms_en`, ... for each language of the agency; synonyms one on a line."""

    seen = _text(16)
    apco_code = _text(16, required=True)
    category = _text(40, required=True)
    codes = _text(400)
    priority = forms.IntegerField(min_value=1, max_value=4)
    qualification = _text(40)
    mode = _text(12, required=True)

    def __init__(self, data: Mapping[str, Any], *, languages: Sequence[str]) -> None:
        super().__init__(data)
        self.languages = languages
        for language in languages:
            self.fields[f"name_{language}"] = _text(120, required=language == "en")
            self.fields[f"synonyms_{language}"] = _text(2000)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        names = {language: given.get(f"name_{language}", "").strip() for language in self.languages}
        spoken = {language: _lines(given.get(f"synonyms_{language}", "")) for language in self.languages}
        if not self.errors:
            given["order"] = TypeOrder(
                name={language: name for language, name in names.items() if name},
                apco_code=given["apco_code"].strip(),
                category=given["category"].strip(),
                synonyms={language: words for language, words in spoken.items() if words},
                codes=_lines(given["codes"].replace(",", "\n")),
                priority=given["priority"],
                qualification=given["qualification"],
                mode=given["mode"],
            )
        return given


class NewTypeForm(TypeForm):
    code = _text(16, required=True)


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
