"""Sending units: assign, stack, and the status of an assignment. A call's status follows its primary assignment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies import clocks
from agencies.errors import IllegalMove, Invalid, Refused
from agencies.models import Member
from agencies.permissions import require
from agencies.roles import Operation
from calls import approvals, moves
from calls import queries as call_queries
from calls.intake import check_text, check_values
from calls.models import Call, Disposition, Transfer
from calls.states import CallStatus, Route
from calls.words import status_words
from dispatch import fieldtime, queries
from dispatch.models import Assignment, Unit
from dispatch.recommend import shortfall
from dispatch.states import ACTIVE, NEEDS_REASON, AssignmentStatus, may_move
from dispatch.words import assignment_words
from ledger import deadlines
from ledger.record import Book, record

_ASSIGNABLE = {CallStatus.QUEUED, CallStatus.ASSIGNED, CallStatus.ON_SCENE, CallStatus.SCHEDULED}
_FOLLOWS = {CallStatus.QUEUED, CallStatus.ASSIGNED, CallStatus.ON_SCENE}


class UnitBusy(Refused):
    """The unit is on another call, or cannot be sent; the detail says who has it."""

    code, title = "unit_busy", gettext_lazy("That unit cannot be sent now")


class UnitUnqualified(Refused):
    """Nobody in the unit has the qualification; a dispatcher may send it all the same, with a reason."""

    code, title = "unit_unqualified", gettext_lazy("That unit is not qualified for this call")


class ApprovalNeeded(Refused):
    """A rule wants a supervisor's yes before anybody is sent."""

    code, title = "approval_needed", gettext_lazy("A supervisor has to approve this first")


@dataclass(frozen=True)
class AssignOrder:
    unit: str
    stacked: bool = False
    override_reason: str = ""


@dataclass(frozen=True)
class StatusOrder:
    """A new status for an assignment. `occurred_at`: when it happened, if earlier than now."""

    status: AssignmentStatus
    occurred_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None
    reason: str = ""


def assign_unit(call_id: int, order: AssignOrder, *, by: Member, now: datetime) -> Assignment:
    """Sends a unit to a call, or stacks the call for it. One active call per unit: `UnitBusy` tells who has it."""
    check_text("override_reason", order.override_reason, 500)
    unit_id = queries.unit_by_callsign(order.unit).pk
    try:
        with record(by=by, now=now) as book:
            call = call_queries.locked_call(call_id)
            unit = queries.locked_unit(unit_id)
            require(by, Operation.ASSIGN, own=queries.is_own_unit(by, unit, now))
            _check_call(call)
            _check_unit(call, unit, order, now)
            assignment = _insert(book, call, unit, order)
            follow_primary(book, call)
    except IntegrityError as error:
        raise UnitBusy(_("%(unit)s was sent elsewhere a moment ago.") % {"unit": order.unit}) from error
    return assignment


def move_assignment(assignment_id: int, order: StatusOrder, *, by: Member, now: datetime) -> Assignment:
    """The unit's next step on its call. The present status again changes nothing; back is `IllegalMove`."""
    check_text("reason", order.reason, 500, required=order.status in NEEDS_REASON)
    faults = check_values({"lat": order.lat, "lon": order.lon})
    if faults:
        raise Invalid(errors=faults)
    found = queries.assignment_by_id(assignment_id)
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(found.call_id)
        unit = queries.locked_unit(found.unit_id)
        assignment = Assignment.objects.select_for_update(of=("self",)).get(pk=assignment_id)
        assignment.call, assignment.unit = call, unit
        require(by, Operation.UNIT_STATUS, own=queries.is_own_unit(by, unit, now))
        if assignment.status != order.status:
            step(book, assignment, order.status, occurred_at=order.occurred_at, reason=order.reason)
            follow_primary(book, call)
        if order.lat is not None and order.lon is not None:
            place_unit(unit, order.lat, order.lon, fieldtime.bounded(order.occurred_at, now).moment)
    return assignment


def step(
    book: Book,
    assignment: Assignment,
    status: AssignmentStatus,
    *,
    occurred_at: datetime | None = None,
    reason: str = "",
    disposition: Disposition | None = None,
) -> None:
    """One step of a locked assignment (with its locked call and unit), its clocks and its line in the ledger."""
    before = AssignmentStatus(assignment.status)
    if not may_move(before, status):
        words = _("%(unit)s is %(before)s on %(number)s: it cannot become %(after)s.")
        steps = {"before": assignment_words(before.value), "after": assignment_words(status.value)}
        raise IllegalMove(words % {"unit": assignment.unit.callsign, "number": assignment.call.number, **steps})
    if before is AssignmentStatus.STACKED and status in ACTIVE:
        refuse_busy(assignment.unit)
    when = fieldtime.bounded(occurred_at, book.now)
    assignment.status, assignment.since = status.value, when.moment
    _stamp(assignment, status, when.moment)
    assignment.end_reason, assignment.disposition = reason or assignment.end_reason, disposition
    if status not in ACTIVE:
        assignment.primary = False
    assignment.save()
    if before in ACTIVE and status not in ACTIVE:
        # The unit is back where it was, but not since then.
        assignment.unit.since = when.moment
        assignment.unit.save(update_fields=["since"])
    _clocks(book, assignment, status)
    data = {"assignment": assignment.pk, "from": before.value, "to": status.value} | when.flags
    data |= {"disposition": disposition.code} if disposition else {}
    data |= {"arrived": assignment.on_scene_at is not None} if status is AssignmentStatus.CLEARED else {}
    book.add("assignment.moved", call=assignment.call, unit=assignment.unit, data=data, occurred_at=when.moment)


def follow_primary(book: Book, call: Call) -> None:
    """Elects a primary where there is none and gives the locked call the status of its primary."""
    status = CallStatus(call.status)
    active = [a for a in queries.open_assignments(call) if a.status in ACTIVE]
    _close_when_received(book, call, active)
    if not active:
        if status in {CallStatus.ASSIGNED, CallStatus.ON_SCENE}:
            moves.move_call(book, call, CallStatus.QUEUED, why="no_unit_left")
        return
    primary = next((a for a in active if a.primary), None) or _elect(book, active[0])
    wanted = CallStatus.ON_SCENE if primary.status == AssignmentStatus.ON_SCENE else CallStatus.ASSIGNED
    if status not in _FOLLOWS | {CallStatus.SCHEDULED} or status is wanted:
        return
    if wanted is CallStatus.ON_SCENE and status is not CallStatus.ASSIGNED:
        moves.move_call(book, call, CallStatus.ASSIGNED)
    moves.move_call(book, call, wanted)


def refuse_busy(unit: Unit) -> None:
    """`UnitBusy` when the locked unit is on a call."""
    active = queries.active_assignment(unit)
    if active is not None:
        words = _("%(unit)s is %(status)s on %(number)s, assigned by %(who)s.")
        if active.assigned_by is None:
            words = _("%(unit)s is %(status)s on %(number)s.")
        said = {"unit": unit.callsign, "status": assignment_words(active.status), "who": active.assigned_by}
        raise UnitBusy(words % {"number": active.call.number, **said}, call=active.call.number)


def place_unit(unit: Unit, lat: float, lon: float, at: datetime) -> None:
    """Writes a newer position of a unit; an older one changes nothing."""
    if unit.position_at is None or at >= unit.position_at:
        unit.lat, unit.lon, unit.position_at = lat, lon, at
        unit.save(update_fields=["lat", "lon", "position_at"])


def arm_welfare_check(book: Book, assignment: Assignment) -> None:
    """Starts the lone worker's clock, shorter for types so marked."""
    call_type = assignment.call.type
    marked = call_type is not None and call_type.welfare_marked
    length = clocks.allowed(book.agency, "welfare_marked" if marked else "welfare")
    _arm(book, assignment, "welfare_check", length)


def _check_call(call: Call) -> None:
    status = CallStatus(call.status)
    if status not in _ASSIGNABLE:
        words = _("Call %(number)s is %(status)s: no unit can be sent to it.")
        raise IllegalMove(words % {"number": call.number, "status": status_words(status.value)})
    if call.route != Route.CSO:
        words = _("Call %(number)s is not for a CSO as it stands: decide its route first.")
        raise IllegalMove(words % {"number": call.number})
    if approvals.is_missing(call):
        words = _("A supervisor has to approve call %(number)s first.")
        raise ApprovalNeeded(words % {"number": call.number}, call=call.number)


def _check_unit(call: Call, unit: Unit, order: AssignOrder, now: datetime) -> None:
    mine = Assignment.objects.filter(call=call, unit=unit, status__in=queries.OPEN_VALUES).first()
    if mine is not None:
        words = _("%(unit)s is on %(number)s already, sent by %(who)s.")
        if mine.assigned_by is None:
            words = _("%(unit)s is on %(number)s already, sent.")
        said = {"unit": unit.callsign, "number": call.number, "who": mine.assigned_by}
        raise UnitBusy(words % said, call=call.number)
    if not order.stacked:
        refuse_busy(unit)
    standing = queries.candidate(queries.unit_now(unit, now), now)
    need = queries.need_of(call)
    lack = shortfall(need, standing)
    if not lack or (order.stacked and standing.busy_with):
        return
    words = _("%(unit)s is %(lack)s.") % {"unit": unit.callsign, "lack": queries.reason_in_words(call.agency, lack)}
    if lack.startswith("not qualified"):
        if not order.override_reason.strip():
            raise UnitUnqualified(words)
        return
    raise UnitBusy(words)


def _insert(book: Book, call: Call, unit: Unit, order: AssignOrder) -> Assignment:
    status = AssignmentStatus.STACKED if order.stacked else AssignmentStatus.ASSIGNED
    waiting = Assignment.objects.filter(unit=unit, status=AssignmentStatus.STACKED.value).count()
    assignment = Assignment.objects.create(
        call=call,
        unit=unit,
        status=status.value,
        stack_order=waiting + 1 if order.stacked else 0,
        since=book.now,
        assigned_at=None if order.stacked else book.now,
        assigned_by=book.by,
        override_reason=order.override_reason,
    )
    _clocks(book, assignment, status)
    data = {"assignment": assignment.pk, "to": status.value}
    data |= {"unqualified": True} if order.override_reason else {}
    book.add("assignment.made", call=call, unit=unit, data=data)
    return assignment


def _elect(book: Book, assignment: Assignment) -> Assignment:
    Assignment.objects.filter(pk=assignment.pk).update(primary=True)
    assignment.primary = True
    book.add("assignment.primary", call=assignment.call, unit=assignment.unit, data={"assignment": assignment.pk})
    return assignment


def _close_when_received(book: Book, call: Call, active: list[Assignment]) -> None:
    """An acknowledged transfer closes with the receiver's number once no unit is open on it."""
    if call.status != CallStatus.TRANSFERRED or active:
        return
    transfer = Transfer.objects.filter(call=call, ended_at=None).exclude(acknowledged_at=None).first()
    if transfer is not None:
        ending = call_queries.disposition(transfer.disposition_code)
        moves.move_call(book, call, CallStatus.CLOSED, disposition=ending, why="transferred")


def _stamp(assignment: Assignment, status: AssignmentStatus, moment: datetime) -> None:
    if status in (AssignmentStatus.CLEARED, AssignmentStatus.CANCELLED, AssignmentStatus.DECLINED):
        assignment.ended_at = moment
    elif status is not AssignmentStatus.STACKED:
        setattr(assignment, f"{status.value}_at", moment)
        assignment.assigned_at = assignment.assigned_at or moment


def _clocks(book: Book, assignment: Assignment, status: AssignmentStatus) -> None:
    deadlines.disarm(book, call_id=assignment.call_id, assignment_id=assignment.pk)
    if status is AssignmentStatus.ASSIGNED:
        _arm(book, assignment, "acknowledge", clocks.allowed(book.agency, "acknowledge"))
    elif status is AssignmentStatus.ACKNOWLEDGED:
        _arm(book, assignment, "en_route", clocks.allowed(book.agency, "en_route"))
    elif status is AssignmentStatus.ON_SCENE:
        arm_welfare_check(book, assignment)


def _arm(book: Book, assignment: Assignment, kind: str, length: timedelta) -> None:
    deadlines.arm(book, kind, due_at=book.now + length, call_id=assignment.call_id, assignment_id=assignment.pk)
