"""The verbs of call types: add one, change one, retire one, bring it back."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from agencies.errors import Invalid, NotFound, StaleEdit
from agencies.models import Member
from agencies.permissions import require
from agencies.roles import Operation
from calls.intake import check_text
from calls.models import CallType
from calls.triage.rules import MODES
from ledger.record import record

Words = dict[str, str]
CODE = re.compile(r"[A-Z][A-Z0-9]{1,15}")


@dataclass(frozen=True)
class TypeOrder:
    """What an administrator says of a type. Names and synonyms by language; synonyms one in each entry."""

    name: Words
    apco_code: str
    category: str
    synonyms: dict[str, list[str]] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    priority: int = 3
    qualification: str = ""
    mode: str = "in_person"


def add_type(code: str, order: TypeOrder, *, by: Member, now: datetime) -> CallType:
    """A new type. Until a rule names it the rules' default has its calls: sworn."""
    require(by, Operation.EDIT_RULE_SETS)
    if not CODE.fullmatch(code):
        raise Invalid(errors={"code": [_("A code is 2 to 16 capital letters and digits, a letter first.")]})
    _check(order, by)
    with record(by=by, now=now) as book:
        if CallType.objects.filter(code=code).exists():
            raise Invalid(errors={"code": [_("There is a call type %(code)s already.") % {"code": code}]})
        # Only calls of the same type can be one call told twice: nobody has said yet which types are alike.
        row = CallType(agency=book.agency, code=code, family=code.lower())
        _write(row, order)
        book.add("type.added", data={"type": row.code})
    return row


def change_type(code: str, order: TypeOrder, *, by: Member, now: datetime, seen: str = "") -> CallType:
    """Writes a type anew. Which types are never for CSOs is the safety floor's business, not this one's.

    With `seen`, what `mark_of` said of the type that was read, it must still be that one: `StaleEdit` otherwise.
    """
    require(by, Operation.EDIT_RULE_SETS)
    _check(order, by)
    with record(by=by, now=now) as book:
        row = _locked(code)
        if seen and seen != mark_of(row):
            raise StaleEdit(_("Somebody else saved %(code)s since you opened it. Read it again.") % {"code": row.code})
        _write(row, order)
        book.add("type.changed", data={"type": row.code})
    return row


def retire_type(code: str, *, is_retired: bool, by: Member, now: datetime) -> CallType:
    """Takes a type out of use, or back into it. Calls that have it keep it; rules that name it no longer apply."""
    require(by, Operation.EDIT_RULE_SETS)
    if code == "MAYDAY":
        raise Invalid(_("MAYDAY is the type of a CSO's call for help: it stays."))
    with record(by=by, now=now) as book:
        row = _locked(code)
        row.retired_at = now if is_retired else None
        row.save()
        book.add("type.retired" if is_retired else "type.restored", data={"type": row.code})
    return row


def mark_of(row: CallType) -> str:
    """Another one whenever anything differs that can be changed here."""
    said = {name: getattr(row, name) for name in TypeOrder.__dataclass_fields__}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def call_type(code: str) -> CallType:
    """The type, in use or not; `NotFound` otherwise."""
    found = CallType.objects.filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no call type %(code)s.") % {"code": code})
    return found


def _write(row: CallType, order: TypeOrder) -> None:
    for name in order.__dataclass_fields__:
        setattr(row, name, getattr(order, name))
    row.save()


def _locked(code: str) -> CallType:
    found = CallType.objects.select_for_update().filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no call type %(code)s.") % {"code": code})
    return found


def _check(order: TypeOrder, by: Member) -> None:
    check_text("name.en", order.name.get("en", ""), 120, required=True)
    for shown, text, limit in (("apco_code", order.apco_code, 16), ("category", order.category, 40)):
        check_text(shown, text, limit, required=True)
    for words in order.synonyms.values():
        for word in words:
            check_text("synonyms", word, 80)
    known = {entry["code"] for entry in by.agency.settings.get("qualifications", [])}
    if order.qualification and order.qualification not in known:
        raise Invalid(errors={"qualification": [_("The agency has no such qualification.")]})
    if order.mode not in MODES or order.priority not in (1, 2, 3, 4):
        raise Invalid(errors={"mode": [_("Choose a way of handling and a priority from 1 to 4.")]})
