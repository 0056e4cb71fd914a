"""What is done to a call: send units, write, hand over, end."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from agencies.decorators import MemberRequest, member_required
from agencies.roles import Operation
from calls import queries
from calls.notes import find_note
from calls.views import see_call
from dispatch import actions
from dispatch.forms import (
    AcceptanceForm,
    AssignForm,
    CancelForm,
    CloseForm,
    JoinForm,
    NoteForm,
    ReasonForm,
    ScheduleForm,
    TransferForm,
)
from dispatch.queries import own_unit


@require_POST
@member_required(Operation.ASSIGN)
def assignments(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    order = actions.AssignOrder(**AssignForm.read(request))
    actions.assign_unit(call.pk, order, by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.NOTE)
def notes(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    given, now = NoteForm.read(request), timezone.now()
    unit = own_unit(request.member, now)
    actions.add_note(
        call.pk,
        given["text"],
        occurred_at=given["occurred_at"],
        for_unit=unit.callsign if unit else "",
        by=request.member,
        now=now,
    )
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.STRIKE_NOTE)
def strike(request: MemberRequest, agency: str, note_id: int) -> HttpResponse:
    note = find_note(note_id)
    actions.strike_note(note.pk, by=request.member, now=timezone.now())
    return see_call(request, agency, note.call.number)


@require_POST
@member_required(Operation.TRANSFER)
def transfer(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    order = actions.TransferOrder(**TransferForm.read(request))
    actions.transfer_call(call.pk, order, by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.TRANSFER)
def emergency(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    """The Emergency key on a call that is saved: sworn at priority 1, now."""
    call = queries.call_by_number(number)
    actions.transfer_call(call.pk, actions.TransferOrder(danger=True), by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.ACKNOWLEDGE_TRANSFER)
def acknowledgement(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    acceptance = actions.Acceptance(**AcceptanceForm.read(request))
    actions.acknowledge_transfer(call.pk, acceptance, by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.HAND_BACK)
def hand_back(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    actions.hand_back(call.pk, reason=ReasonForm.read(request)["reason"], by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.CLOSE)
def closure(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    order = actions.CloseOrder(**CloseForm.read(request))
    actions.close_call(call.pk, order, by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.CANCEL)
def cancellation(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    actions.cancel_call(call.pk, **CancelForm.read(request), by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.REOPEN)
def reopening(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    actions.reopen_call(call.pk, reason=ReasonForm.read(request)["reason"], by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.SCHEDULE)
def schedule(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    actions.schedule_call(call.pk, at=ScheduleForm.read(request)["at"], by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.JOIN)
def joining(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    into = JoinForm.read(request)["into"]
    actions.join_call(call.pk, into=into, by=request.member, now=timezone.now())
    return see_call(request, agency, into)
