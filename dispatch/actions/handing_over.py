"""Handing a call to sworn or another agency, hearing that it was accepted, and taking it back.

Nobody in sworn dispatch has an account here: whoever read the call back enters who accepted it and its number there.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from agencies.errors import IllegalMove
from agencies.models import Member
from agencies.permissions import require
from agencies.roles import Operation
from calls import notes, routing
from calls import queries as call_queries
from calls.intake import check_text
from calls.models import Call, ExternalNumber
from calls.moves import open_transfer, save_call
from calls.states import ENDED, CallStatus
from dispatch import queries
from dispatch.actions.assigning import follow_primary
from dispatch.actions.ending import to_queue
from ledger import deadlines
from ledger.record import Book, record


@dataclass(frozen=True)
class TransferOrder:
    """`danger`: a CSO is in it; the receiver has 60 s instead of 5 minutes (as shipped)."""

    to: str = routing.SWORN
    reason: str = ""
    danger: bool = False


@dataclass(frozen=True)
class Acceptance:
    accepted_by: str
    external_number: str = ""
    disposition: str = "15"


def transfer_call(call_id: int, order: TransferOrder, *, by: Member, now: datetime) -> Call:
    """Asks sworn (or another agency) to take the call. Units on scene stay on it until a person clears them."""
    check_text("to", order.to, 80, required=True)
    check_text("reason", order.reason, 500)
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(call_id)
        require(by, Operation.TRANSFER, own=queries.is_own_call(by, call, now))
        if call.status == CallStatus.TRANSFERRED:
            _hurry(book, call, order)
            return call
        decision = routing.upgrade(book, call, order.to, danger=order.danger)
        call.decision, call.route, call.priority = decision, decision.route, decision.priority
        routing.hand_over(book, call, to=order.to, reason=order.reason, danger=order.danger)
        if order.reason.strip():
            notes.write_note(book, call, order.reason)
    return call


def acknowledge_transfer(call_id: int, acceptance: Acceptance, *, by: Member, now: datetime) -> Call:
    """The receiver has it: stops the clock, keeps their number, and closes the call once no unit is open on it."""
    check_text("accepted_by", acceptance.accepted_by, 120, required=True)
    check_text("external_number", acceptance.external_number, 60)
    ending = call_queries.disposition(acceptance.disposition)
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(call_id)
        require(by, Operation.ACKNOWLEDGE_TRANSFER)
        transfer = open_transfer(call)
        if _said_before(call, acceptance):
            return call
        if transfer is None:
            words = _("Call %(number)s is not waiting for anybody to accept it.")
            raise IllegalMove(words % {"number": call.number})
        if transfer.acknowledged_at is not None:
            words = _("%(who)s accepted call %(number)s already.")
            raise IllegalMove(words % {"who": transfer.accepted_by, "number": call.number})
        transfer.accepted_by, transfer.external_number = acceptance.accepted_by, acceptance.external_number
        transfer.disposition_code = ending.code
        transfer.acknowledged_at, transfer.acknowledged_by = now, by
        transfer.save()
        deadlines.disarm(book, "transfer", "transfer_supervisor", call_id=call.pk)
        if acceptance.external_number:
            ExternalNumber.objects.get_or_create(call=call, system=transfer.to, number=acceptance.external_number)
        save_call(book, call)
        book.add("transfer.acknowledged", call=call, data={"transfer": transfer.pk, "version": call.version})
        follow_primary(book, call)
    return call


def hand_back(call_id: int, *, reason: str, by: Member, now: datetime) -> Call:
    """Sworn gives the call back: queued again, for a CSO unless the safety floor keeps it from one."""
    check_text("reason", reason, 500, required=True)
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(call_id)
        require(by, Operation.HAND_BACK)
        handed_over = call.transfers.exists()
        if not handed_over or CallStatus(call.status) not in ENDED | {CallStatus.TRANSFERRED}:
            raise IllegalMove(_("Call %(number)s was not handed over.") % {"number": call.number})
        decision = routing.handed_back(book, call)
        call.decision, call.route, call.priority = decision, decision.route, decision.priority
        to_queue(book, call, why="handed_back", reason=reason)
    return call


def _said_before(call: Call, acceptance: Acceptance) -> bool:
    """Whether this very acceptance is what the call's latest transfer has: saying it twice changes nothing."""
    latest = call.transfers.order_by("-pk").first()
    if latest is None or latest.acknowledged_at is None or call.status == CallStatus.QUEUED:
        return False
    return (latest.accepted_by, latest.external_number) == (acceptance.accepted_by, acceptance.external_number)


def _hurry(book: Book, call: Call, order: TransferOrder) -> None:
    """A second request for a call that waits already: danger makes its clock run shorter, otherwise nothing changes."""
    transfer = open_transfer(call)
    if transfer is None or transfer.acknowledged_at is not None or transfer.danger or not order.danger:
        return
    transfer.danger = True
    transfer.save(update_fields=["danger"])
    routing.arm_transfer(book, call, danger=True)
    book.add("transfer.hurried", call=call, data={"transfer": transfer.pk, "danger": True})
