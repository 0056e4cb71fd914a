"""What codes are called on the screen, in the language that is active."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency

Label = str | Promise

STATUS: dict[str, Label] = {
    "new": _("New"),
    "queued": _("Queued"),
    "assigned": _("Assigned"),
    "on_scene": _("On scene"),
    "scheduled": _("Scheduled"),
    "transferred": _("Transferred"),
    "referred": _("Referred"),
    "closed": _("Closed"),
    "cancelled": _("Cancelled"),
}
ROUTE: dict[str, Label] = {"cso": _("CSO"), "sworn": _("Sworn"), "referral": _("Referral")}
MODE: dict[str, Label] = {"in_person": _("in person"), "phone": _("by phone"), "appointment": _("by appointment")}
SOURCE: dict[str, Label] = {
    "phone": _("Phone"),
    "radio": _("Radio"),
    "walk_in": _("Walk-in"),
    "online": _("Online"),
    "transfer": _("Transferred to us"),
    "sworn_request": _("Sworn unit asks"),
    "open311": _("Open311"),
    "self_initiated": _("Self-initiated"),
}
# The languages offered first at intake; an agency's own come before them. Names as an English speaker says them.
LANGUAGE: dict[str, Label] = {
    "en": _("English"),
    "es": _("Spanish"),
    "vi": _("Vietnamese"),
    "zh": _("Chinese"),
    "tl": _("Tagalog"),
    "so": _("Somali"),
    "am": _("Amharic"),
    "ko": _("Korean"),
    "ru": _("Russian"),
    "ar": _("Arabic"),
    "fa": _("Farsi"),
    "hi": _("Hindi"),
    "pt": _("Portuguese"),
    "fr": _("French"),
    "ase": _("American Sign Language"),
}
FACT: dict[str, Label] = {
    "subject_age": _("Age of the person concerned"),
    "caller_age": _("Age of the caller"),
    "elapsed_min": _("Minutes since it happened"),
    "scene_secured_by": _("Scene secured by"),
    "requested_by": _("Officer asking"),
}
CLOCK: dict[str, Label] = {
    "undecided": _("decide"),
    "undecided_sworn": _("goes to sworn"),
    "unassigned": _("unassigned"),
    "unassigned_supervisor": _("unassigned, supervisor"),
    "approval": _("supervisor's yes"),
    "approval_sworn": _("supervisor's yes, else sworn"),
    "delayed_caller": _("call the caller back"),
    "appointment": _("appointment"),
    "acknowledge": _("acknowledge"),
    "en_route": _("en route"),
    "welfare_check": _("welfare"),
    "welfare_alarm": _("welfare, dispatcher"),
    "welfare_mayday": _("welfare, everybody"),
    "transfer": _("acceptance"),
    "transfer_supervisor": _("acceptance, supervisor"),
}

# What a proof is about, by the name that programs read.
PROPERTY: dict[str, Label] = {
    "floor": _("safety floor"),
    "invariant": _("invariant"),
    "never_cso": _("never cso"),
    "priority_1": _("priority 1"),
    "disqualifier": _("disqualifier"),
    "rule": _("rule"),
    "route": _("route"),
    "coverage": _("coverage"),
    "authority": _("authority"),
    "dead_rule": _("dead rule"),
    "double_id": _("double id"),
    "time": _("time"),
    "replay": _("replay"),
}


def active() -> str:
    """The language that is active, as texts kept by language name it."""
    return (get_language() or "en").split("-")[0]


def label(labels: Mapping[str, Label], code: str | None) -> str:
    """The label of `code`; the code itself, made readable, where there is none."""
    if not code:
        return ""
    found = labels.get(code)
    return str(found) if found is not None else code.replace("_", " ")


def status_words(status: str) -> str:
    """The status of a call within a sentence."""
    return label(STATUS, status).lower()


def route_words(route: str) -> str:
    """Who takes it, within a sentence; a name that is no route as it is."""
    return label(ROUTE, route).lower() if route in ROUTE else route


def said(text: Mapping[str, Any] | None) -> str:
    """A text kept by language, in the active one, else in English."""
    if not text:
        return ""
    return str(text.get(active()) or text.get("en") or next(iter(text.values()), ""))


def named(agency: Agency, kind: str) -> dict[str, str]:
    """A list from the agency's settings (`override_reasons`, `statuses`, ...) as code -> name."""
    return {entry["code"]: said(entry["names"]) for entry in agency.settings.get(kind, [])}


def language_name(code: str) -> str:
    """A language by its code, or as it was written down."""
    return str(LANGUAGE.get(code, code))
