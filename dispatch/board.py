"""What the board, the tablet and the wall show: plain frozen rows, and how they are made.

A row holds nothing of the viewer and nothing that changes by itself: times are given as they
are stored and the browser ticks them, so that one rendering serves every viewer of one role.
Board rows carry no resident's name, phone or age.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from agencies.models import Agency, Member
from agencies.prepared import Prepared, given
from calls.models import Call, Transfer
from calls.pages import place_of
from calls.queries import open_calls
from calls.states import CallStatus, Source
from calls.words import CLOCK, ROUTE, STATUS, label, language_name, named, said
from dispatch import distress, queries
from dispatch.models import Assignment
from dispatch.queries import UnitNow
from dispatch.states import AssignmentStatus, UnitStatus
from dispatch.words import ALARM, ASSIGNMENT, SECONDARY
from ledger.alarms import MAYDAY
from ledger.models import Alarm, Cursor, Deadline


@dataclass(frozen=True)
class Clock:
    """An open deadline: what must have happened by when. Late is seen by the browser."""

    kind: str
    label: str
    due_at: datetime


@dataclass(frozen=True)
class UnitTag:
    """A unit as it stands on one call."""

    callsign: str
    status: str
    status_label: str
    primary: bool


@dataclass(frozen=True)
class CallRow:
    """One line of the board. `priority` is 1 (most urgent) to 4, None while undecided."""

    number: str
    href: str
    status: str
    status_label: str
    route: str
    route_label: str
    priority: int | None
    type_code: str
    type_label: str
    place: str
    units: Sequence[UnitTag]
    received_at: datetime
    clock: Clock | None
    sort: str
    area: str = ""
    language: str = ""
    interpreter: bool = False
    self_initiated: bool = False
    assist: bool = False
    overridden: bool = False
    emergency: bool = False


@dataclass(frozen=True)
class UnitRow:
    """One line of the unit board. `group` is free, busy or away, from the primary meaning."""

    callsign: str
    group: str
    status: str
    status_label: str
    since: datetime
    members: Sequence[str]
    sort: str
    call_number: str = ""
    call_href: str = ""
    stacked: int = 0
    clock: Clock | None = None


@dataclass(frozen=True)
class AlarmRow:
    """A missed deadline, until somebody takes it, or an officer in danger, until that is over.

    `level` is danger or warning; `unit` is in danger, and
    `stands` says in words who has the alarm and who has not answered yet.
    """

    id: int
    kind: str
    level: str
    title: str
    detail: str
    at: datetime
    take_url: str
    sort: str
    href: str = ""
    number: str = ""
    unit: str = ""
    stands: str = ""
    taken: bool = False


@dataclass(frozen=True)
class BoardView:
    """The whole board as a role sees it. `after` is the last event that it is sure to contain."""

    calls: Sequence[CallRow]
    units: Sequence[UnitRow]
    alarms: Sequence[AlarmRow]
    after: int
    stream_url: str


# The clock that a call or an assignment in this state runs against.
_CALL_CLOCK = {
    CallStatus.NEW: "undecided",
    CallStatus.QUEUED: "unassigned",
    CallStatus.SCHEDULED: "appointment",
    CallStatus.TRANSFERRED: "transfer",
}
_ASSIGNMENT_CLOCK = {
    AssignmentStatus.ASSIGNED: "acknowledge",
    AssignmentStatus.ACKNOWLEDGED: "en_route",
    AssignmentStatus.ON_SCENE: "welfare_check",
}
Clocks = dict[tuple[int | None, int | None, str], Clock]


def board_view(agency: Agency, now: datetime) -> BoardView:
    """The board as it is. The number is read first: what happens meanwhile comes once more by stream."""
    after = last_seq(agency)
    return BoardView(
        calls=call_rows(agency, on_board()),
        units=unit_rows(agency, queries.units_now(now)),
        alarms=alarm_rows(agency, distress.open_alarms()),
        after=after,
        stream_url=f"/a/{agency.slug}/stream/",
    )


def last_seq(agency: Agency) -> int:
    """The agency's latest event number."""
    return Cursor.objects.filter(agency=agency).values_list("last_seq", flat=True).first() or 0


def on_board() -> QuerySet[Call]:
    """Open calls, without those that sworn has accepted."""
    accepted = Transfer.objects.filter(call=OuterRef("pk"), ended_at=None, acknowledged_at__isnull=False)
    return open_calls().exclude(Exists(accepted), status=CallStatus.TRANSFERRED.value)


# Everybody who looks at a board waits for these.
_CALLS = Prepared(lambda: on_board().filter(pk__any=given("calls")))
_ASSIGNED = Prepared(
    lambda: (
        Assignment.objects.filter(call_id__any=given("calls"), status__in=queries.OPEN_VALUES)
        .select_related("unit")
        .order_by("-primary", "assigned_at", "pk")
    )
)
_CLOCKS = Prepared(
    lambda: (
        Deadline.objects.filter(call_id__any=given("calls"))
        .exclude(state=Deadline.State.DISARMED)
        .order_by("armed_at", "pk")
    )
)


def rows_of_calls(agency: Agency, ids: Collection[int]) -> list[CallRow]:
    """Rows for those of the calls that are on the board."""
    calls = _CALLS.ask(calls=list(ids))
    assigned, clocks = _ASSIGNED.ask(calls=list(ids)), _CLOCKS.ask(calls=list(ids))
    return _rows(agency, calls(), assigned(), clocks_by_kind(clocks()))


def call_rows(agency: Agency, calls: Iterable[Call]) -> list[CallRow]:
    """Rows for `calls`, in the order of the board. Two queries, whatever their number."""
    found = list(calls)
    ids = [call.pk for call in found]
    return _rows(agency, found, _ASSIGNED(calls=ids), clocks_of(ids))


def _rows(agency: Agency, calls: Iterable[Call], assigned: Iterable[Assignment], clocks: Clocks) -> list[CallRow]:
    units: dict[int, list[Assignment]] = {}
    for assignment in assigned:
        units.setdefault(assignment.call_id, []).append(assignment)
    return sorted((call_row(agency, c, units.get(c.pk, []), clocks) for c in calls), key=lambda row: row.sort)


def call_row(agency: Agency, call: Call, assignments: Sequence[Assignment], clocks: Clocks) -> CallRow:
    decision = call.decision
    return CallRow(
        number=call.number,
        href=reverse("call", args=[agency.slug, call.number]),
        status=call.status,
        status_label=label(STATUS, call.status),
        route=call.route or "",
        route_label=label(ROUTE, call.route),
        priority=call.priority if call.route else None,
        type_code=call.type.code if call.type else "",
        type_label=said(call.type.name) if call.type else "",
        place=place_of(call),
        units=[unit_tag(a) for a in assignments],
        received_at=call.received_at,
        clock=_clock_of(call, assignments, clocks),
        sort=f"{call.priority if call.route else 0}-{call.received_at:%Y%m%d%H%M%S%f}-{call.pk:012d}",
        area=call.area,
        language=language_name(call.caller_language) if call.caller_language not in ("", "en") else "",
        interpreter=call.interpreter,
        self_initiated=call.source == Source.SELF_INITIATED,
        assist=call.source == Source.SWORN_REQUEST,
        overridden=bool(decision and decision.suggested_route and decision.suggested_route != decision.route),
        emergency=call.priority == 1 and call.status == CallStatus.TRANSFERRED,
    )


def unit_tag(assignment: Assignment) -> UnitTag:
    return UnitTag(
        callsign=assignment.unit.callsign,
        status=assignment.status,
        status_label=label(ASSIGNMENT, assignment.status),
        primary=assignment.primary,
    )


def clocks_of(call_ids: Sequence[int]) -> Clocks:
    """The latest clock of each kind, by call and assignment, also one that has fired: late stays late until done."""
    return clocks_by_kind(_CLOCKS(calls=list(call_ids)))


def clocks_by_kind(rows: Iterable[Deadline]) -> Clocks:
    return {(d.call_id, d.assignment_id, d.kind): Clock(d.kind, label(CLOCK, d.kind), d.due_at) for d in rows}


def assignment_clock(assignment: Assignment, clocks: Clocks) -> Clock | None:
    kind = _ASSIGNMENT_CLOCK.get(AssignmentStatus(assignment.status))
    return clocks.get((assignment.call_id, assignment.pk, kind)) if kind else None


def unit_rows(agency: Agency, units: Iterable[UnitNow]) -> list[UnitRow]:
    """Rows for `units`, by callsign."""
    found = list(units)
    clocks = clocks_of([u.active.call_id for u in found if u.active])
    names = named(agency, "statuses")
    return sorted((unit_row(agency, unit, clocks, names) for unit in found), key=lambda row: row.sort)


def unit_row(agency: Agency, now: UnitNow, clocks: Clocks, names: dict[str, str]) -> UnitRow:
    active = now.active
    number = active.call.number if active else ""
    return UnitRow(
        callsign=now.unit.callsign,
        group="busy" if active else ("away" if now.unit.primary == UnitStatus.NOT_AVAILABLE else "free"),
        status=active.status if active else now.unit.primary,
        status_label=label(ASSIGNMENT, active.status) if active else secondary_label(now.unit.secondary, names),
        since=now.since,
        members=[member.name for member in now.members],
        sort=_natural(now.unit.callsign),
        call_number=number,
        call_href=reverse("call", args=[agency.slug, number]) if number else "",
        stacked=len(now.stacked),
        clock=assignment_clock(active, clocks) if active else None,
    )


def secondary_label(code: str, names: dict[str, str]) -> str:
    """What the agency calls a unit's status."""
    return names.get(code) or label(SECONDARY, code)


def alarm_rows(agency: Agency, alarms: Iterable[Alarm]) -> list[AlarmRow]:
    """Rows for `alarms`: officers in danger first, of them those that nobody has taken, then the oldest."""
    found = list(alarms)
    calls = Call.objects.select_related("type").in_bulk([a.call_id for a in found if a.call_id])
    crews = queries.crews({a.unit_id: a.raised_at for a in found if a.unit_id and _is_distress(a)})
    transfers = distress.transfers_of([a.call_id for a in found if a.call_id and a.kind == MAYDAY])
    alone = distress.units_left_alone([a.call_id for a in found if a.call_id and a.kind == "transfer"])
    rows = (
        _alarm_row(
            agency,
            alarm,
            calls.get(alarm.call_id or 0),
            _Around(
                crew=crews.get(alarm.unit_id or 0, []),
                transfer=transfers.get(alarm.call_id or 0),
                alone=alone.get(alarm.call_id or 0, []) if alarm.kind == "transfer" else [],
            ),
        )
        for alarm in found
    )
    return sorted(rows, key=lambda row: row.sort)


@dataclass(frozen=True)
class _Around:
    """`crew` is who is in danger: the people of the unit, whoever noted its call for help. `alone`: the units on scene
    that asked for sworn for danger."""

    crew: Sequence[Member]
    transfer: Transfer | None
    alone: Sequence[str]


def _is_distress(alarm: Alarm) -> bool:
    """An officer who answers nobody is a MAYDAY, whoever sounded it: the clock does in the end."""
    return alarm.kind == MAYDAY or alarm.level == Alarm.Level.EVERYONE


def _alarm_row(agency: Agency, alarm: Alarm, call: Call | None, around: _Around) -> AlarmRow:
    """That sworn has not accepted a call for help in time, or one where a CSO asked for them for danger, is as loud as
    a call for help."""
    distressed = _is_distress(alarm)
    silent = distressed and alarm.kind != MAYDAY
    danger = distressed or bool(around.alone or (call and call.type and call.type.code == "MAYDAY"))
    rank = 3 if not danger else 2 if alarm.taken_at else 0 if distressed else 1
    callsign = str(alarm.about.get("unit", ""))
    number = call.number if call else ""
    who = [str(member) for member in around.crew] if distressed else []
    alone = _("%(units)s on scene, asked for sworn for danger") % {"units": " ".join(around.alone)}
    by_radio = alarm.kind == MAYDAY and alarm.raised_by is not None and alarm.raised_by not in around.crew
    noted = _("noted by %(who)s") % {"who": alarm.raised_by} if by_radio else ""
    type_label = said(call.type.name) if call and call.type and alarm.kind != MAYDAY else ""
    number_to_call = agency.round_the_clock_number
    nobody = (
        _("nobody on duty: call %(number)s") % {"number": number_to_call} if number_to_call else _("nobody on duty")
    )
    offered = str(_("offered for re-assignment")) if alarm.kind == "acknowledge" else ""
    notes = [nobody if alarm.nobody_on_duty else "", offered, alone if around.alone else ""]
    return AlarmRow(
        id=alarm.pk,
        kind=MAYDAY if silent else alarm.kind,
        level="danger" if danger else "warning",
        title=" ".join(filter(None, [label(ALARM, "welfare_mayday" if silent else alarm.kind), callsign])),
        detail=", ".join(filter(None, [*notes, type_label, *who, place_of(call) if call else "", noted])),
        at=alarm.due_at or alarm.raised_at,
        take_url=reverse("alarm-taking", args=[agency.slug, alarm.pk]),
        sort=f"{rank}-{alarm.raised_at:%Y%m%d%H%M%S%f}-{alarm.pk:012d}",
        href=reverse("call", args=[agency.slug, number]) if number else "",
        number=number,
        unit=callsign if distressed else "",
        stands=distress.standing(alarm, around.transfer) if distressed else "",
        taken=alarm.taken_at is not None,
    )


def _clock_of(call: Call, assignments: Sequence[Assignment], clocks: Clocks) -> Clock | None:
    if call.route is None and call.status == CallStatus.NEW:
        return clocks.get((call.pk, None, "undecided"))
    kind = _CALL_CLOCK.get(CallStatus(call.status))
    own = [clocks.get((call.pk, None, kind))] if kind else []
    if kind == "unassigned" and call.decision is not None and call.decision.approval:
        own.append(clocks.get((call.pk, None, "approval_sworn")))
    running = [clock for clock in [*own, *(assignment_clock(a, clocks) for a in assignments)] if clock]
    return min(running, key=lambda clock: clock.due_at, default=None)


def _natural(callsign: str) -> str:
    """C7 before C12."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(6), callsign)
