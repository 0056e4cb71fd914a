"""`move_call`, the only writer of a call's status, and the clocks that a status starts and stops."""

from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from agencies import clocks, hours
from agencies.errors import IllegalMove
from agencies.prepared import insertion
from calls.models import Approval, Call, Disposition, Transfer
from calls.states import ENDED, CallStatus, may_move
from calls.words import status_words
from ledger import deadlines
from ledger.models import Alarm, Deadline
from ledger.record import Book, Naming

# The clocks that belong to a status; leaving it stops them.
_CLOCKS: dict[CallStatus, tuple[str, ...]] = {
    CallStatus.NEW: ("undecided", "undecided_sworn"),
    CallStatus.QUEUED: ("unassigned", "unassigned_supervisor", "delayed_caller", "appointment"),
    CallStatus.TRANSFERRED: ("transfer", "transfer_supervisor"),
    CallStatus.SCHEDULED: ("appointment",),
}


def move_call(
    book: Book, call: Call, status: CallStatus, *, why: str = "", disposition: Disposition | None = None
) -> None:
    """Moves `call` (locked, unsaved changes are kept) to `status`. The same status again is no move.

    Raises `IllegalMove`. `why` is a code, not a resident's words.
    """
    before = CallStatus(call.status)
    if before is status:
        save_call(book, call)
        return
    if not may_move(before, status):
        words = _("Call %(number)s is %(before)s: it cannot become %(after)s.")
        steps = {"before": status_words(before.value), "after": status_words(status.value)}
        raise IllegalMove(words % {"number": call.number, **steps})
    _leave(book, call, before)
    call.status = status.value
    _enter(book, call, status, disposition)
    save_call(book, call)
    data = {"from": before.value, "to": status.value, "version": call.version}
    data |= {"why": why} if why else {}
    data |= {"disposition": disposition.code} if disposition else {}
    book.add("call.moved", call=call, data=data)


def save_call(book: Book, call: Call) -> None:
    """Saves a locked call under its next version, and a call that is being taken under the agency's next number."""
    if call._state.adding:
        book.name(_numbering(call))
        return
    book.settle()
    call.version += 1
    call.save()


# Whoever takes a call in the agency waits here for the commit of the one before.
_NUMBERED = """
counted AS (
    INSERT INTO calls_callcounter (agency_id, year, last) VALUES (%(agency_id)s, %(year)s, 1)
    ON CONFLICT (agency_id, year) DO UPDATE SET last = calls_callcounter.last + 1
    RETURNING lpad((year %% 100)::text, 2, '0') || '-' || lpad(last::text, greatest(6, length(last::text)), '0')
              AS number
), named AS (
    {insert}
)
"""


def _numbering(call: Call) -> Naming:
    year = call.entered_at.astimezone(hours.zone(call.agency)).year
    sql, values = insertion(call, found={"number": "(SELECT number FROM counted)"}, answer="number AS name")
    return Naming(_NUMBERED.format(insert=sql), values | {"year": year}, partial(setattr, call, "number"))


def start_undecided_clock(book: Book, call: Call) -> None:
    """A new call whose route is open has a clock of its own."""
    due = {kind: call.entered_at + clocks.allowed(book.agency, kind) for kind in _CLOCKS[CallStatus.NEW]}
    deadlines.arm_each(book, due, call_id=call.pk)


def arm_unassigned(book: Book, call: Call) -> None:
    """The unassigned clock runs from the first queued time, also after the priority changed.

    For a call that waits for the programme to open it counts programme hours.
    """
    deadlines.arm_each(book, _unassigned(book, call), call_id=call.pk)


def carry_clocks(call: Call, other: Call, assignment_id: int) -> None:
    """An assignment went from `call` to `other`: its clocks and alarms go with it."""
    Deadline.objects.filter(call_id=call.pk, assignment_id=assignment_id, state=Deadline.State.ARMED).update(
        call_id=other.pk
    )
    Alarm.objects.filter(call_id=call.pk, assignment_id=assignment_id, taken_at=None, settled_at=None).update(
        call_id=other.pk, about={"call": other.number}
    )


def open_transfer(call: Call) -> Transfer | None:
    """The call's transfer that has not come to an end."""
    return Transfer.objects.select_for_update().filter(call=call, ended_at=None).first()


def _leave(book: Book, call: Call, status: CallStatus) -> None:
    kinds = _CLOCKS.get(status)
    if kinds and not call._state.adding:
        deadlines.disarm(book, *kinds, call_id=call.pk)
    if status is CallStatus.TRANSFERRED:
        Transfer.objects.filter(call=call, ended_at=None).update(ended_at=book.now)
    if status in ENDED:
        call.closed_at, call.disposition, call.joined_into = None, None, None
    if status is CallStatus.SCHEDULED:
        call.scheduled_at = None


def _enter(book: Book, call: Call, status: CallStatus, disposition: Disposition | None) -> None:
    if status is CallStatus.QUEUED:
        call.queued_at = call.queued_at or book.now
        deadlines.arm_each(book, _unassigned(book, call) | _delayed_caller(book, call), call_id=call.pk)
    if status is CallStatus.SCHEDULED and call.scheduled_at is not None:
        deadlines.arm(book, "appointment", due_at=call.scheduled_at, call_id=call.pk)
    if status in ENDED:
        if disposition is None:
            raise IllegalMove(_("A call ends only with a disposition."))
        call.closed_at, call.disposition = book.now, disposition
        deadlines.disarm(book, call_id=call.pk)
        if call.decision is not None and call.decision.approval:
            waiting = Approval.objects.filter(call=call, answered_at=None)
            waiting.update(answered_at=book.now, answered_by=book.by, answer=Approval.Answer.WITHDRAWN)


def _unassigned(book: Book, call: Call) -> dict[str, datetime]:
    length = clocks.allowed(book.agency, f"unassigned_{call.priority or 4}")
    start = max(call.queued_at or book.now, call.hold_until or book.now)
    if call.hold_until is None:
        return {"unassigned": start + length, "unassigned_supervisor": start + 2 * length}
    return {
        "unassigned": hours.add_programme_time(book.agency, start, length),
        "unassigned_supervisor": hours.add_programme_time(book.agency, start, 2 * length),
    }


def _delayed_caller(book: Book, call: Call) -> dict[str, datetime]:
    """Nobody rings a caller back at once because a call was entered late: then the clock has run out already."""
    due_at = max(call.received_at, call.hold_until or call.received_at) + clocks.allowed(book.agency, "delayed_caller")
    return {"delayed_caller": due_at} if due_at > book.now else {}
