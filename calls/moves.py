"""`move_call`, the only writer of a call's status, and the clocks that a status starts and stops."""

from agencies import clocks, hours
from agencies.errors import IllegalMove
from calls.models import Call, Disposition, Transfer
from calls.states import ENDED, CallStatus, may_move
from ledger import deadlines
from ledger.models import Alarm, Deadline
from ledger.record import Book

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
        save_call(call)
        return
    if not may_move(before, status):
        raise IllegalMove(f"Call {call.number} is {_words(before)}: it cannot become {_words(status)}.")
    _leave(book, call, before)
    call.status = status.value
    _enter(book, call, status, disposition)
    save_call(call)
    data = {"from": before.value, "to": status.value, "version": call.version}
    data |= {"why": why} if why else {}
    data |= {"disposition": disposition.code} if disposition else {}
    book.add("call.moved", call=call, data=data)


def save_call(call: Call) -> None:
    """Saves a locked call under its next version."""
    call.version += 1
    call.save()


def start_undecided_clock(book: Book, call: Call) -> None:
    """A new call whose route is open has a clock of its own."""
    for kind in _CLOCKS[CallStatus.NEW]:
        deadlines.arm(book, kind, due_at=call.entered_at + clocks.allowed(book.agency, kind), call_id=call.pk)


def arm_unassigned(book: Book, call: Call) -> None:
    """The unassigned clock runs from the first queued time, also after the priority changed.

    For a call that waits for the programme to open it counts programme hours.
    """
    length = clocks.allowed(book.agency, f"unassigned_{call.priority or 4}")
    start = max(call.queued_at or book.now, call.hold_until or book.now)
    for kind, factor in (("unassigned", 1), ("unassigned_supervisor", 2)):
        held = call.hold_until is not None
        due_at = hours.add_programme_time(book.agency, start, length * factor) if held else start + length * factor
        deadlines.arm(book, kind, due_at=due_at, call_id=call.pk)


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
    if kinds:
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
        arm_unassigned(book, call)
        delayed = max(call.received_at, call.hold_until or call.received_at)
        due_at = delayed + clocks.allowed(book.agency, "delayed_caller")
        if due_at > book.now:
            deadlines.arm(book, "delayed_caller", due_at=due_at, call_id=call.pk)
    if status is CallStatus.SCHEDULED and call.scheduled_at is not None:
        deadlines.arm(book, "appointment", due_at=call.scheduled_at, call_id=call.pk)
    if status in ENDED:
        if disposition is None:
            raise IllegalMove("A call ends only with a disposition.")
        call.closed_at, call.disposition = book.now, disposition
        deadlines.disarm(book, call_id=call.pk)


def _words(status: CallStatus) -> str:
    return status.value.replace("_", " ")
