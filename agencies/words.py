"""What fields are called where a page speaks of them: in a refusal, and in the history of a call."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FIELD: dict[str, Promise] = {
    "accepted_by": _("accepted by"),
    "address": _("place"),
    "answers": _("answers"),
    "apco_code": _("APCO code"),
    "at": _("time"),
    "caller_anonymous": _("anonymous"),
    "caller_language": _("caller's language"),
    "caller_name": _("caller"),
    "caller.name": _("caller"),
    "caller_phone": _("call-back number"),
    "caller.phone": _("call-back number"),
    "caller.language": _("caller's language"),
    "callsigns": _("callsigns"),
    "category": _("category"),
    "codes": _("codes"),
    "comment": _("comment"),
    "disposition": _("disposition"),
    "document": _("document"),
    "effective_from": _("decides from"),
    "ends_at": _("end"),
    "external": _("numbers elsewhere"),
    "external_number": _("number there"),
    "facts": _("facts"),
    "file": _("file"),
    "interpreter": _("interpreter"),
    "into": _("other call"),
    "lat": _("position"),
    "location": _("place"),
    "location.address": _("place"),
    "location.lat": _("position"),
    "location.lon": _("position"),
    "lon": _("position"),
    "mode": _("handling"),
    "name": _("name"),
    "narrative": _("narrative"),
    "no_contact": _("no contact"),
    "note": _("note"),
    "occurred_at": _("happened at"),
    "override_reason": _("reason"),
    "priority": _("priority"),
    "qualification": _("qualification"),
    "reason": _("reason"),
    "reason.code": _("reason"),
    "report_number": _("report number"),
    "route": _("route"),
    "secondary": _("status"),
    "source": _("how it came in"),
    "status": _("status"),
    "text": _("text"),
    "to": _("to"),
    "type": _("type"),
    "type_code": _("type"),
    "unit": _("unit"),
}


def field_words(name: str) -> str:
    """The field in the active language; a name without words of its own, made readable, where there are none."""
    found = FIELD.get(name)
    return str(found) if found is not None else name.replace("_", " ")


def fields_words(names: Iterable[str]) -> str:
    """Fields in a row, each word once: a position is two fields."""
    return ", ".join(dict.fromkeys(field_words(name) for name in names))
