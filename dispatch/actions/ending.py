"""How a call ends or waits: close, cancel, reopen, schedule, join."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from agencies.errors import IllegalMove, Invalid
from agencies.hours import LATEST
from agencies.models import Member
from agencies.permissions import require
from agencies.roles import Operation
from calls import approvals, moves, notes
from calls import queries as call_queries
from calls.intake import check_text
from calls.models import Call, Disposition
from calls.states import ENDED, CallStatus, may_move
from calls.words import status_words
from dispatch import queries
from dispatch.actions.assigning import follow_primary, step
from dispatch.models import Assignment
from dispatch.states import AssignmentStatus
from ledger.record import Book, record

DUPLICATE, CANCELS = "22", ("10", "21", "32")
# What a call may close as while nobody has decided its route.
_WHILE_NEW = ("13", DUPLICATE)


@dataclass(frozen=True)
class CloseOrder:
    """How a call ends. `into`: the number of the other call, for a duplicate."""

    disposition: str
    comment: str = ""
    into: str = ""


def close_call(call_id: int, order: CloseOrder, *, by: Member, now: datetime) -> Call:
    """Closes a call with a disposition and clears its units with it. A duplicate joins its caller to the other call."""
    check_text("comment", order.comment, 2000)
    ending = call_queries.disposition(order.disposition)
    if ending.ends_by != "close":
        words = _("%(code)s cancels a call; it does not close one.")
        raise Invalid(errors={"disposition": [words % {"code": ending.code}]})
    into = _other_call(order)
    with record(by=by, now=now) as book:
        call, other = _locked_pair(call_id, into)
        require(by, Operation.CLOSE, own=queries.is_own_call(by, call, now))
        if call.status == CallStatus.CLOSED:
            return _closed_already(call, ending)
        if call.status == CallStatus.NEW and ending.code not in _WHILE_NEW:
            words = _("Decide the route first: an undecided call closes only as information or a duplicate.")
            raise IllegalMove(words)
        if other is not None:
            _join(book, call, other)
        call.closing_comment = order.comment
        _clear_units(book, call, AssignmentStatus.CLEARED, ending)
        moves.move_call(book, call, CallStatus.CLOSED, disposition=ending)
    return call


def cancel_call(call_id: int, *, disposition: str, reason: str, by: Member, now: datetime) -> Call:
    """Cancels a call (10, 21, 32) and takes its units off it."""
    check_text("reason", reason, 500, required=True)
    if disposition not in CANCELS:
        words = _("A call is cancelled as one of %(codes)s.")
        raise Invalid(errors={"disposition": [words % {"codes": ", ".join(CANCELS)}]})
    ending = call_queries.disposition(disposition)
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(call_id)
        require(by, Operation.CANCEL)
        if call.status == CallStatus.CANCELLED and call.disposition == ending:
            return call
        if not may_move(call.status, CallStatus.CANCELLED):
            over = CallStatus(call.status) in ENDED
            words = (
                _("Call %(number)s is %(status)s already. Reopen it first.")
                if over
                else _("Call %(number)s is %(status)s: it can be closed, not cancelled.")
            )
            raise IllegalMove(words % {"number": call.number, "status": status_words(call.status)})
        call.closing_comment = reason
        _clear_units(book, call, AssignmentStatus.CANCELLED, ending)
        moves.move_call(book, call, CallStatus.CANCELLED, disposition=ending)
    return call


def reopen_call(call_id: int, *, reason: str, by: Member, now: datetime) -> Call:
    """Puts a closed or cancelled call back into the queue, with a reason."""
    check_text("reason", reason, 500, required=True)
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(call_id)
        require(by, Operation.REOPEN)
        if CallStatus(call.status) not in ENDED:
            raise IllegalMove(_("Call %(number)s is open.") % {"number": call.number})
        to_queue(book, call, why="reopened", reason=reason)
        if call.decision is not None and approvals.is_missing(call):
            approvals.ask(book, call, call.decision)
    return call


def schedule_call(call_id: int, *, at: datetime, by: Member, now: datetime) -> Call:
    """Sets the call aside until `at`, when it is queued by itself. Its units are taken off it."""
    if at <= now:
        raise Invalid(errors={"at": [_("That time has passed.")]})
    if at >= LATEST:
        raise Invalid(errors={"at": [_("This must be a time between the years 2000 and 2100.")]})
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(call_id)
        require(by, Operation.SCHEDULE)
        if not may_move(call.status, CallStatus.SCHEDULED) and call.status != CallStatus.SCHEDULED:
            words = _("Call %(number)s is %(status)s: it cannot be scheduled.")
            raise IllegalMove(words % {"number": call.number, "status": status_words(call.status)})
        _release_units(book, call)
        if call.status == CallStatus.SCHEDULED:
            moves.move_call(book, call, CallStatus.QUEUED, why="rescheduled")
        call.scheduled_at = at
        moves.move_call(book, call, CallStatus.SCHEDULED)
    return call


def join_call(call_id: int, *, into: str, by: Member, now: datetime) -> Call:
    """Joins this call to another: its caller and its units go there, and it closes as a duplicate."""
    target = call_queries.call_by_number(into)
    ending = call_queries.disposition(DUPLICATE)
    with record(by=by, now=now) as book:
        call, other = _locked_pair(call_id, target)
        require(by, Operation.JOIN)
        if other is None:
            raise Invalid(errors={"into": [_("Give the number of another call.")]})
        _join(book, call, other)
        moves.move_call(book, call, CallStatus.CLOSED, disposition=ending, why="joined")
    return call


def to_queue(book: Book, call: Call, *, why: str, reason: str) -> None:
    """Back into the queue as if it came in now, keeping its number and its history."""
    call.queued_at, call.closing_comment = None, ""
    moves.move_call(book, call, CallStatus.QUEUED, why=why)
    if reason.strip():
        notes.write_note(book, call, reason)
    follow_primary(book, call)


def _closed_already(call: Call, ending: Disposition) -> Call:
    """Closing it the same way again changes nothing; another way needs it reopened first."""
    if call.disposition_id != ending.pk:
        words = _("Call %(number)s is closed already, as something else. Reopen it first.")
        raise IllegalMove(words % {"number": call.number})
    return call


def _other_call(order: CloseOrder) -> Call | None:
    if order.disposition != DUPLICATE:
        return None
    if not order.into:
        raise Invalid(errors={"into": [_("Which call is this a duplicate of? Give its number.")]})
    return call_queries.call_by_number(order.into)


def _locked_pair(call_id: int, other: Call | None) -> tuple[Call, Call | None]:
    """Both calls locked, the lower id first, so that two joins the other way round wait instead of dead-locking."""
    if other is None:
        return call_queries.locked_call(call_id), None
    if other.pk == call_id:
        raise Invalid(errors={"into": [_("A call cannot be joined to itself.")]})
    locked = {pk: call_queries.locked_call(pk) for pk in sorted({call_id, other.pk})}
    return locked[call_id], locked[other.pk]


def _join(book: Book, call: Call, other: Call) -> None:
    if CallStatus(other.status) in ENDED:
        words = _("Call %(number)s is %(status)s: nothing can be joined to it.")
        raise IllegalMove(words % {"number": other.number, "status": status_words(other.status)})
    for assignment in queries.open_assignments(call):
        _carry_over(book, assignment, call, other)
    call.joined_into = other
    book.add("call.joined", call=call, data={"into": other.number})
    book.add("call.joined_by", call=other, data={"from": call.number})
    follow_primary(book, other)


def _carry_over(book: Book, assignment: Assignment, call: Call, other: Call) -> None:
    """Moves an open assignment to the other call; a unit that is there already is taken off this one."""
    there = Assignment.objects.filter(call=other, unit=assignment.unit, status__in=queries.OPEN_VALUES).exists()
    if there:
        assignment.call = call
        step(book, assignment, AssignmentStatus.CANCELLED, reason="joined")
        return
    assignment.call, assignment.primary = other, False
    assignment.save(update_fields=["call", "primary"])
    moves.carry_clocks(call, other, assignment.pk)
    # Who reads only the other call's lines must learn here what the unit has done so far.
    steps = ("assigned_at", "acknowledged_at", "en_route_at", "on_scene_at")
    times = {name: moment.isoformat() for name in steps if (moment := getattr(assignment, name))}
    data = {"assignment": assignment.pk, "from_call": call.number, "times": times}
    book.add("assignment.carried", call=other, unit=assignment.unit, data=data)


def _clear_units(book: Book, call: Call, status: AssignmentStatus, ending: Disposition) -> None:
    reason = "" if status is AssignmentStatus.CLEARED else "call ended"
    for assignment in _locked_assignments(call):
        step(book, assignment, status, reason=reason, disposition=ending)


def _locked_assignments(call: Call) -> list[Assignment]:
    """The call's open assignments with their units locked, by unit id: two calls may share two units."""
    assignments = queries.open_assignments(call)
    units = {pk: queries.locked_unit(pk) for pk in sorted(a.unit_id for a in assignments)}
    for assignment in assignments:
        assignment.call, assignment.unit = call, units[assignment.unit_id]
    return assignments


def _release_units(book: Book, call: Call) -> None:
    for assignment in _locked_assignments(call):
        on_scene = assignment.status == AssignmentStatus.ON_SCENE
        step(
            book,
            assignment,
            AssignmentStatus.CLEARED if on_scene else AssignmentStatus.CANCELLED,
            reason="scheduled for later",
        )
