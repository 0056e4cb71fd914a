"""What is taken down about a call, checked in one place for every door: the console, the API, the tablet.

Odd but legal input (emoji, right-to-left text, script tags, phones as given) is kept letter for letter.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from agencies.errors import Invalid
from calls.states import Route, Source

NARRATIVE_LIMIT = 20_000
ANSWERS = ("yes", "no", "unknown")
FACTS = ("subject_age", "caller_age", "elapsed_min", "scene_secured_by", "requested_by")
_NUMBERS = {"subject_age": 130, "caller_age": 130, "elapsed_min": 5_256_000}
_LIMITS = {
    "address": ("location.address", 300),
    "caller_name": ("caller.name", 120),
    "caller_phone": ("caller.phone", 40),
    "caller_language": ("caller.language", 35),
    "narrative": ("narrative", NARRATIVE_LIMIT),
    "report_number": ("report_number", 40),
}
OLDEST, AHEAD = timedelta(days=366), timedelta(minutes=2)
Errors = dict[str, list[str]]


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def language_code(given: str) -> str:
    """The caller's language as a code, for the ledger and for counting: what is no language tag becomes `other`."""
    return given.lower() if not given or _LANGUAGE.fullmatch(given) else "other"


@dataclass(frozen=True)
class Override:
    """A person's choice of route against what the rules say."""

    route: Route
    reason_code: str
    reason_text: str = ""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """A call as it comes in. `answers`: code -> yes, no or unknown; `facts`: keys of `FACTS`; times are aware."""

    type_code: str | None = None
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    narrative: str = ""
    caller_name: str = ""
    caller_phone: str = ""
    caller_anonymous: bool = False
    caller_language: str = ""
    interpreter: bool = False
    no_contact: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    source: Source = Source.PHONE
    external: tuple[tuple[str, str], ...] = ()
    report_number: str = ""
    priority: int | None = None
    emergency: bool = False
    override: Override | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class Amendment:
    """New values for some fields of `Intake`, by name."""

    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        strangers = set(self.values) - AMENDABLE
        if strangers:
            raise ValueError(f"cannot be amended: {sorted(strangers)}")


AMENDABLE = {f.name for f in fields(Intake)} - {"source", "emergency", "override", "occurred_at"}


def check_intake(order: Intake, *, now: datetime) -> None:
    """Raises `Invalid` with every fault by field. A place or a call-back number is enough."""
    values = {f.name: getattr(order, f.name) for f in fields(order)}
    errors = check_values(values)
    if order.occurred_at is not None and not now - OLDEST <= order.occurred_at <= now + AHEAD:
        errors["occurred_at"] = [_("That time is more than a year ago or in the future.")]
    placed = order.address.strip() or order.lat is not None
    free = order.emergency or order.source is Source.SELF_INITIATED
    if not (placed or order.caller_phone.strip() or free or errors):
        errors["location"] = [_("Give a place or a call-back number: one of them is enough.")]
    if errors:
        raise Invalid(errors=errors)


def check_values(values: Mapping[str, Any]) -> Errors:
    """Faults of some intake fields, by the API's field name."""
    errors: Errors = {}
    for name, (shown, limit) in _LIMITS.items():
        if name in values:
            _check_text(errors, shown, values[name], limit)
    _check_position(errors, values)
    _check_answers(errors, values.get("answers") or {})
    _check_facts(errors, values.get("facts") or {})
    for index, (system, number) in enumerate(values.get("external") or ()):
        _check_text(errors, f"external.{index}.system", system, 80, required=True)
        _check_text(errors, f"external.{index}.number", number, 60, required=True)
    if values.get("priority") not in (None, 1, 2, 3, 4):
        errors["priority"] = [_("A priority is a class from 1 (most urgent) to 4.")]
    return errors


def check_text(shown: str, text: str, limit: int, *, required: bool = False) -> None:
    """Raises `Invalid` for the field `shown` when `text` is too long, missing though required, or cannot be kept."""
    errors: Errors = {}
    _check_text(errors, shown, text, limit, required=required)
    if errors:
        raise Invalid(errors=errors)


def _check_text(errors: Errors, shown: str, text: str, limit: int, *, required: bool = False) -> None:
    if len(text) > limit:
        words = _("This is %(length)s characters long; %(limit)s is the most.")
        errors[shown] = [words % {"length": f"{len(text):,}", "limit": f"{limit:,}"}]
    elif required and not text.strip():
        errors[shown] = [_("This is needed.")]
    elif any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        errors[shown] = [_("This has control characters that cannot be kept.")]


def _check_position(errors: Errors, values: Mapping[str, Any]) -> None:
    lat, lon = values.get("lat"), values.get("lon")
    if (lat is None) != (lon is None):
        errors["location"] = [_("A position needs both lat and lon.")]
    for name, value, most in (("lat", lat, 90.0), ("lon", lon, 180.0)):
        if value is not None and not (math.isfinite(value) and -most <= value <= most):
            errors[f"location.{name}"] = [_("This must be between -%(most)s and %(most)s.") % {"most": f"{most:g}"}]


def _check_answers(errors: Errors, answers: Mapping[str, Any]) -> None:
    for code, answer in answers.items():
        if answer not in ANSWERS:
            errors[f"answers.{code}"] = [_("An answer is yes, no or unknown.")]


def _check_facts(errors: Errors, facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        shown = f"facts.{name}"
        if name not in FACTS:
            errors[shown] = [_("There is no such fact. Facts are: %(facts)s.") % {"facts": ", ".join(FACTS)}]
        elif value is None:
            continue
        elif name in _NUMBERS:
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _NUMBERS[name]:
                errors[shown] = [_("This is a whole number from 0 to %(most)s.") % {"most": f"{_NUMBERS[name]:,}"}]
        elif not isinstance(value, str):
            errors[shown] = [_("This is text.")]
        else:
            _check_text(errors, shown, value, 120)
