"""The forms of dispatch, read into the orders that the actions take, and the command line."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from unicodedata import combining, normalize

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_time
from django.utils.translation import gettext as _

from agencies.errors import Invalid
from agencies.forms import DayField, MomentField, PlainForm
from calls.intake import NARRATIVE_LIMIT
from calls.routing import SWORN
from calls.words import route_words
from dispatch.states import AssignmentStatus


def _text(limit: int, *, required: bool = False) -> forms.CharField:
    return forms.CharField(max_length=limit, required=required, strip=False)


class OccurredField(forms.CharField):
    """When something happened: a moment as a tablet sends it, or a time of the agency's day as people type it."""

    def clean(self, value: object) -> datetime | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            moment = parse_datetime(text)
            clock = None if moment else parse_time(text)
        except ValueError:
            moment = clock = None
        if moment is not None:
            return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
        if clock is None:
            raise forms.ValidationError(_("Give a time like 14:05."))
        now = timezone.localtime()
        found = now.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
        return found - timedelta(days=1) if found > now + timedelta(minutes=1) else found


class AssignForm(PlainForm):
    unit = _text(20, required=True)
    stacked = forms.BooleanField(required=False)
    override_reason = _text(500)


class StatusForm(PlainForm):
    status = forms.ChoiceField(choices=[(s.value, s.value) for s in AssignmentStatus])
    occurred_at = OccurredField(required=False)
    reason = _text(500)


class NoteForm(PlainForm):
    text = _text(NARRATIVE_LIMIT, required=True)
    occurred_at = OccurredField(required=False)


class TransferForm(PlainForm):
    to = _text(80, required=True)
    reason = _text(500)
    danger = forms.BooleanField(required=False)

    def clean_to(self) -> str:
        """Sworn by its word on the page is sworn."""
        given = str(self.cleaned_data["to"])
        return SWORN if given.strip().lower() == route_words(SWORN) else given


class AcceptanceForm(PlainForm):
    accepted_by = _text(120, required=True)
    external_number = _text(60)


class CloseForm(PlainForm):
    disposition = _text(8, required=True)
    comment = _text(2000)
    into = _text(12)


class CancelForm(PlainForm):
    disposition = _text(8, required=True)
    reason = _text(500, required=True)


class ReasonForm(PlainForm):
    reason = _text(500, required=True)


class ScheduleForm(PlainForm):
    at = MomentField()


class JoinForm(PlainForm):
    into = forms.CharField(max_length=12)


class UnitStatusForm(PlainForm):
    status = forms.CharField(max_length=24)
    occurred_at = OccurredField(required=False)


class SelfInitiatedForm(PlainForm):
    type = forms.CharField(max_length=16)
    address = _text(300)
    narrative = _text(NARRATIVE_LIMIT)
    lat = forms.FloatField(required=False)
    lon = forms.FloatField(required=False)


class RadioCheckForm(PlainForm):
    callsigns = forms.CharField(max_length=2000)
    at = OccurredField(required=False)

    def clean_callsigns(self) -> list[str]:
        return callsigns(self.cleaned_data["callsigns"])


class SignOffForm(PlainForm):
    note = _text(2000)


class CommandForm(PlainForm):
    text = forms.CharField(max_length=200)


@dataclass(frozen=True)
class Command:
    """A line of the command line, understood. `verb`: open, assign, status, well, check, note, mayday, found, unit.

    `text` is a note's, a MAYDAY's or a found call's words, or the unit's status by its code or a name; `type_code` is
    of the call that the unit found.
    """

    verb: str
    number: str = ""
    callsigns: tuple[str, ...] = ()
    status: AssignmentStatus | None = None
    text: str = ""
    type_code: str = ""


_NUMBER = re.compile(r"^(?:(\d\d)-)?(\d{1,6})$")
# English and Spanish side by side, whatever language the page is in: who works beside a colleague types as they do.
_STATUS = {
    "ack": AssignmentStatus.ACKNOWLEDGED,
    "confirma": AssignmentStatus.ACKNOWLEDGED,
    "er": AssignmentStatus.EN_ROUTE,
    "en route": AssignmentStatus.EN_ROUTE,
    "camino": AssignmentStatus.EN_ROUTE,
    "en camino": AssignmentStatus.EN_ROUTE,
    "os": AssignmentStatus.ON_SCENE,
    "on scene": AssignmentStatus.ON_SCENE,
    "lugar": AssignmentStatus.ON_SCENE,
    "en el lugar": AssignmentStatus.ON_SCENE,
    "clear": AssignmentStatus.CLEARED,
    "clr": AssignmentStatus.CLEARED,
    "libera": AssignmentStatus.CLEARED,
}
_WELL, _MAYDAY, _FOUND = {"ok", "bien"}, {"mayday", "auxilio"}, {"found", "hallo"}
_CHECK, _NOTE = {"rc", "control"}, {"n", "note", "nota"}


def command(typed: str, year: int) -> Command:
    """What is meant by `typed`; short call numbers are of `year` (two digits). `Invalid` says what is understood."""
    words = typed.split()
    number = call_number(words[0], year)
    if len(words) > 1:
        return _for_help(words) or _noted_or_checked(typed, words, year) or _of_a_unit(words, year)
    if not number:
        raise not_understood()
    return Command("open", number)


def _for_help(words: list[str]) -> Command | None:
    """Whoever types this has no time: the callsign before or after, and what else was heard is kept."""
    for word, callsign in ((words[0], words[1]), (words[1], words[0])):
        if plain(word) in _MAYDAY:
            return Command("mayday", callsigns=(callsign.upper(),), text=" ".join(words[2:]))
    return None


def _noted_or_checked(typed: str, words: list[str], year: int) -> Command | None:
    first, noted = plain(words[0]), call_number(words[1], year) if len(words) > 2 else ""
    if first in _CHECK:
        return Command("check", callsigns=tuple(callsigns(" ".join(words[1:]))))
    return Command("note", noted, text=typed.split(maxsplit=2)[2]) if first in _NOTE and noted else None


def _of_a_unit(words: list[str], year: int) -> Command:
    if len(words) > 2 and plain(words[1]) in _FOUND:
        place = " ".join(words[3:])
        return Command("found", callsigns=(words[0].upper(),), type_code=words[2].upper(), text=place)
    if call_number(words[0], year) or (len(words) > 2 and call_number(words[1], year)):
        raise not_understood()
    return _about_a_unit(words[0].upper(), " ".join(words[1:]), year)


def _about_a_unit(callsign: str, said: str, year: int) -> Command:
    number, word = call_number(said, year), plain(said)
    if number:
        return Command("assign", number, (callsign,))
    if word in _WELL:
        return Command("well", callsigns=(callsign,))
    status = _STATUS.get(word)
    if status is None:
        return Command("unit", callsigns=(callsign,), text=word)
    return Command("status", callsigns=(callsign,), status=status)


def plain(text: str) -> str:
    """As it is compared: in small letters, without accents."""
    return "".join(c for c in normalize("NFD", text.casefold()) if not combining(c))


def call_number(word: str, year: int) -> str:
    """`412` and `26-412` as `26-000412`; empty where it is no call number."""
    found = _NUMBER.match(word)
    return f"{int(found[1]) if found[1] else year:02d}-{int(found[2]):06d}" if found else ""


def callsigns(typed: str) -> list[str]:
    """Callsigns as typed, in any case, between spaces or commas."""
    return [word.upper() for word in re.split(r"[\s,;]+", typed) if word]


def not_understood() -> Invalid:
    return Invalid(
        _(
            "Not understood. Try: 412 · C12 412 · C12 os · C12 ok · C12 meal · C12 found NOISE 5 Oak St · C12 mayday "
            "· rc C12 C14 · n 412 words"
        )
    )


class PeriodForm(forms.Form):
    """The days of a period."""

    first = DayField(required=False)
    last = DayField(required=False)
