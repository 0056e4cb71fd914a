"""What the page of the safety floor shows: the floor as sentences, and what is proposed of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from agencies.models import Member
from agencies.permissions import may
from agencies.roles import Operation
from calls.models import CallType, SafetyFloor
from calls.pages import Choice
from calls.queries import rules_in_force
from calls.rule_pages import Part, choices, invariant
from calls.triage.conditions import ANSWER, field_tests
from calls.triage.floor import Floor, NotApplicable, parse_floor
from calls.triage.reading import words
from calls.triage.sentences import name_of
from calls.words import active, said

NEW, CHANGED, STRUCK = "new", "changed", "struck"


@dataclass(frozen=True)
class Entry:
    """A type, or a question that a type need not be asked. `key`: as the script names it; `state` as of a `Part`."""

    key: str
    type: str
    what: str
    because: str = ""
    by: str = ""
    state: str = ""


@dataclass(frozen=True)
class FloorPage:
    """The floor, or a floor that is being written; `before` is then the one in force, and `lines` what differs."""

    version: int
    invariants: Sequence[Part]
    never_cso: Sequence[Entry]
    not_applicable: Sequence[Entry]
    lines: Sequence[str]
    document: Mapping[str, Any]
    may_edit: bool
    may_order: bool = False
    """Invariants hold in any order."""

    @property
    def declared(self) -> int:
        """How many questions need not be asked."""
        return sum(entry.state != STRUCK for entry in self.not_applicable)

    @property
    def revision(self) -> int:
        return self.version


@dataclass(frozen=True)
class FloorForm:
    """What the form of a proposal offers."""

    before: Mapping[str, Any]
    choices: Mapping[str, Any]
    types: Sequence[Choice]
    codes: Sequence[Choice]


@dataclass(frozen=True)
class FloorChangeView:
    """A change that waits for another member. `is_own`: this viewer proposed it."""

    id: int
    version: int
    reason: str
    by: str
    at: datetime
    is_own: bool
    lines: Sequence[str]


def floor_page(row: SafetyFloor, *, viewer: Member, document: Mapping[str, Any] | None = None) -> FloorPage:
    """The floor in force as sentences, or what `document` would make of it."""
    new = row.document if document is None else document
    old, found, language = parse_floor(row.document), parse_floor(new), active()
    names = {t.code: said(t.name) for t in CallType.objects.all()}
    return FloorPage(
        version=row.version,
        invariants=list(_invariants(old, found, language)),
        never_cso=[
            Entry(code, code, names.get(code, ""), state=_state(code, old.never_cso, found.never_cso))
            for code in sorted(old.never_cso | found.never_cso)
        ],
        not_applicable=list(_declarations(old, found, language)),
        lines=list(differences(old, found, language)),
        document=new,
        may_edit=may(viewer, Operation.CHANGE_FLOOR),
    )


def floor_form(row: SafetyFloor, *, viewer: Member) -> FloorForm:
    """What may be put into conditions and lists: types in use, and every code that the rules or the floor know."""
    floor, known = parse_floor(row.document), rules_in_force().rule_set.codes
    tested = {test.field for item in floor.invariants for test in field_tests(item.when)}
    codes = {*known, *(name.removeprefix(ANSWER) for name in tested if name.startswith(ANSWER))}
    types = CallType.objects.filter(retired_at=None).order_by("code")
    return FloorForm(
        before=row.document,
        choices=choices(viewer.agency, codes),
        types=[Choice(t.code, said(t.name)) for t in types],
        codes=[Choice(code, name_of(ANSWER + code, active())) for code in sorted(codes)],
    )


def floor_change(row: SafetyFloor, current: SafetyFloor, *, viewer: Member) -> FloorChangeView:
    """A proposed change, line by line."""
    return FloorChangeView(
        id=row.pk,
        version=row.version,
        reason=row.reason,
        by=row.proposed_by.name if row.proposed_by else "",
        at=row.at,
        is_own=row.proposed_by_id == viewer.pk,
        lines=list(differences(parse_floor(current.document), parse_floor(row.document), active())),
    )


def differences(old: Floor, new: Floor, language: str) -> Iterator[str]:
    """What the new floor changes, a line for each thing."""
    for part in _invariants(old, new, language):
        if part.state:
            verb = _("Invariant gone") if part.state == STRUCK else _("Invariant new or changed")
            yield f"{verb}: {part.id}: {part.when}"
    for code in sorted(old.never_cso ^ new.never_cso):
        verb = _("Never for a CSO from now on") if code in new.never_cso else _("No longer never for a CSO")
        yield f"{verb}: {code}"
    said_before, said_now = ({(e.type, e.code) for e in floor.not_applicable} for floor in (old, new))
    for kind, code in sorted(said_before ^ said_now):
        verb = _("Need not be asked any more") if (kind, code) in said_now else _("Has to be asked again")
        yield f"{verb}: {code.replace('_', ' ')}, {kind}"


def _invariants(old: Floor, new: Floor, language: str) -> Iterator[Part]:
    """Those of the new floor in their order, then what is struck."""
    before, after = ({item.id: item for item in floor.invariants} for floor in (old, new))
    for name, item in after.items():
        known = before.get(name)
        yield invariant(item, language, NEW if known is None else "" if known == item else CHANGED)
    for name, item in before.items():
        if name not in after:
            yield invariant(item, language, STRUCK)


def _declarations(old: Floor, new: Floor, language: str) -> Iterator[Entry]:
    before, after = ({_key(entry): entry for entry in floor.not_applicable} for floor in (old, new))
    for key, entry in _both(after, before):
        state = _state(key, before, after)
        if not state and before[key].reason != entry.reason:
            state = CHANGED
        what, because = name_of(ANSWER + entry.code, language), words(entry.reason, language)
        yield Entry(key, entry.type, what, because, ", ".join(entry.by), state)


def _both(
    first: Mapping[str, NotApplicable], second: Mapping[str, NotApplicable]
) -> Iterable[tuple[str, NotApplicable]]:
    return {**second, **first}.items()


def _key(entry: NotApplicable) -> str:
    return f"{entry.type} {entry.code}"


def _state(key: str, before: Collection[str], after: Collection[str]) -> str:
    if key not in after:
        return STRUCK
    return "" if key in before else NEW
