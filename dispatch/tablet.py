"""What the officer's tablet shows: the current call big, what is stacked, what is asked of him."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from agencies.models import Agency, Member
from calls.models import CallType, Transfer
from calls.pages import Choice, place_of
from calls.queries import call_by_number
from calls.words import said
from dispatch import board, distress, queries
from dispatch.board import AlarmRow, Clock, UnitRow
from dispatch.call_page import AssignmentRow, CallPage, assignment_row, call_page
from dispatch.models import Assignment, Unit
from dispatch.states import SECONDARIES, AssignmentStatus, UnitStatus
from dispatch.words import SECONDARY
from ledger.alarms import MAYDAY
from ledger.models import Alarm

HELP_SHOWN = timedelta(minutes=30)

# Statuses that follow from an assignment and are not chosen by hand.
_DERIVED = {"en_route", "on_scene", "assigned", "acknowledged"}


@dataclass(frozen=True)
class StackedRow:
    number: str
    priority: int | None
    type_label: str
    place: str
    received_at: datetime
    take_url: str


@dataclass(frozen=True)
class Secondary:
    """A status an officer may give the own unit when it is on no call."""

    code: str
    label: str
    group: str
    chosen: bool = False


@dataclass(frozen=True)
class HelpView:
    """The unit's call for help, by tablet or by radio, and who has it. Empty words: nobody yet."""

    number: str
    taken_by: str
    accepted_by: str


@dataclass(frozen=True)
class TabletView:
    """The tablet of one unit. `call` is None while the unit has no active assignment."""

    href: str
    once: str
    unit: UnitRow
    call: CallPage | None
    assignment: AssignmentRow | None
    welfare: Clock | None
    welfare_url: str
    help: HelpView | None
    colleagues: Sequence[AlarmRow]
    mayday_url: str
    unit_status_url: str
    self_initiated_url: str
    secondaries: Sequence[Secondary]
    stacked: Sequence[StackedRow]
    types: Sequence[Choice]
    after: int
    stream_url: str


def tablet_view(unit: Unit, *, viewer: Member, now: datetime) -> TabletView:
    """The tablet of `unit` for the officer in it."""
    agency = viewer.agency
    after = board.last_seq(agency)
    found = queries.unit_now(unit, now)
    active = found.active
    clocks = board.clocks_of([active.call_id]) if active else {}
    row = board.unit_rows(agency, [found])[0]
    on_scene = active is not None and active.status == AssignmentStatus.ON_SCENE
    return TabletView(
        href=reverse("tablet", args=[agency.slug]),
        once=uuid.uuid4().hex,
        unit=row,
        call=call_page(call_by_number(active.call.number), viewer=viewer, now=now) if active else None,
        assignment=assignment_row(active, clocks, agency) if active else None,
        welfare=row.clock if on_scene else None,
        welfare_url=reverse("unit-welfare", args=[agency.slug, unit.callsign]),
        help=_help(unit, now),
        colleagues=_colleagues(unit, agency),
        mayday_url=reverse("unit-mayday", args=[agency.slug, unit.callsign]),
        unit_status_url=reverse("unit-status", args=[agency.slug, unit.callsign]),
        self_initiated_url=reverse("unit-calls", args=[agency.slug, unit.callsign]),
        secondaries=secondaries(agency, unit),
        stacked=[_stacked(assignment, agency) for assignment in found.stacked],
        types=_types(),
        after=after,
        stream_url=f"/a/{agency.slug}/stream/",
    )


def _help(unit: Unit, now: datetime) -> HelpView | None:
    """As long as nobody has taken the alarm or sworn has not accepted, and a while after."""
    own = [alarm for alarm in distress.open_alarms() if (alarm.kind, alarm.unit_id) == (MAYDAY, unit.pk)]
    late = Alarm.objects.filter(kind=MAYDAY, unit_id=unit.pk, raised_at__gt=now - HELP_SHOWN)
    late = late.select_related("taken_by").order_by("-raised_at")
    alarm = max(own, key=lambda alarm: alarm.raised_at, default=None) or late.first()
    if alarm is None:
        return None
    transfer = Transfer.objects.filter(call_id=alarm.call_id or 0).order_by("-requested_at").first()
    return HelpView(
        number=str(alarm.about.get("call", "")),
        taken_by=str(alarm.taken_by or ""),
        accepted_by=transfer.accepted_by if transfer else "",
    )


def _colleagues(unit: Unit, agency: Agency) -> list[AlarmRow]:
    """Officers of other units who are in danger: whoever is near may be who helps."""
    return board.alarm_rows(agency, [alarm for alarm in distress.for_everybody() if alarm.unit_id != unit.pk])


def secondaries(agency: Agency, unit: Unit) -> list[Secondary]:
    """The statuses to choose from."""
    return [
        Secondary(s["code"], said(s["names"]), s["primary"], chosen=_is(unit, s["code"], s["primary"]))
        for s in _listed(agency)
    ]


def statuses(agency: Agency) -> dict[str, list[str]]:
    """The same by their codes, each with its names in every language."""
    return {s["code"]: list(s["names"].values()) for s in _listed(agency)}


def _listed(agency: Agency) -> list[dict[str, Any]]:
    """The agency's own list, or the shipped one, without what follows from an assignment."""
    listed = agency.settings.get("statuses") or [
        {"code": code, "primary": primary.value, "names": {"en": str(SECONDARY[code])}}
        for code, primary in SECONDARIES.items()
    ]
    return [status for status in listed if status["code"] not in _DERIVED]


def primary_of(agency: Agency, code: str) -> UnitStatus | None:
    """What a status of the agency's list means; None for one that is not on it."""
    return next((UnitStatus(s["primary"]) for s in agency.settings.get("statuses", []) if s["code"] == code), None)


def _is(unit: Unit, code: str, primary: str) -> bool:
    ready = unit.secondary == "available" and primary == UnitStatus.AVAILABLE
    return unit.secondary == code or (ready and unit.primary == UnitStatus.AVAILABLE)


def _stacked(assignment: Assignment, agency: Agency) -> StackedRow:
    call = assignment.call
    return StackedRow(
        number=call.number,
        priority=call.priority,
        type_label=said(call.type.name) if call.type else "",
        place=place_of(call),
        received_at=call.received_at,
        take_url=reverse("assignment-status", args=[agency.slug, assignment.pk]),
    )


def _types() -> list[Choice]:
    rows = CallType.objects.filter(retired_at=None, never_cso=False).order_by("code")
    return sorted((Choice(row.code, said(row.name)) for row in rows), key=lambda choice: choice.label)
