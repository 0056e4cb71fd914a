"""What units do, by tablet or by radio, and the alarms."""

import json
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agencies.decorators import MemberRequest, member_required
from agencies.errors import IllegalMove
from agencies.models import Member
from agencies.roles import Operation
from calls import queries as call_queries
from calls.intake import Intake
from calls.views import see_call
from dispatch import actions, queries
from dispatch.forms import (
    Command,
    CommandForm,
    RadioCheckForm,
    SelfInitiatedForm,
    StatusForm,
    UnitStatusForm,
    command,
    not_understood,
    plain,
)
from dispatch.states import AssignmentStatus
from dispatch.tablet import primary_of, statuses


@require_POST
@member_required(Operation.UNIT_STATUS)
def assignment_status(request: MemberRequest, agency: str, assignment_id: int) -> HttpResponse:
    assignment = queries.assignment_by_id(assignment_id)
    given = StatusForm.read(request)
    order = actions.StatusOrder(
        AssignmentStatus(given["status"]), occurred_at=given["occurred_at"], reason=given["reason"]
    )
    actions.move_assignment(assignment.pk, order, by=request.member, now=timezone.now())
    return see_call(request, agency, assignment.call.number)


@require_POST
@member_required(Operation.UNIT_STATUS)
def status(request: MemberRequest, agency: str, callsign: str) -> HttpResponse:
    given = UnitStatusForm.read(request)
    order = actions.UnitStatusOrder(
        given["status"], primary=primary_of(request.member.agency, given["status"]), occurred_at=given["occurred_at"]
    )
    actions.set_unit_status(callsign, order, by=request.member, now=timezone.now())
    return _answer(request, agency)


@require_POST
@member_required(Operation.ANSWER_WELFARE)
def welfare(request: MemberRequest, agency: str, callsign: str) -> HttpResponse:
    """The unit is well: said by the officer, or by radio to the dispatcher."""
    assignment = actions.answer_welfare(callsign, by=request.member, now=timezone.now())
    return see_call(request, agency, assignment.call.number)


@require_POST
@member_required(Operation.MAYDAY)
def mayday(request: MemberRequest, agency: str, callsign: str) -> HttpResponse:
    """A call for help. Sent again it is the same one."""
    actions.send_mayday(callsign, by=request.member, now=timezone.now())
    return _answer(request, agency)


@require_POST
@member_required(Operation.SELF_INITIATE)
def unit_calls(request: MemberRequest, agency: str, callsign: str) -> HttpResponse:
    """A call that the unit found itself: on scene in one action."""
    given = SelfInitiatedForm.read(request)
    order = Intake(
        type_code=given["type"],
        address=given["address"],
        narrative=given["narrative"],
        lat=given["lat"],
        lon=given["lon"],
    )
    call = actions.open_self_initiated(callsign, order, by=request.member, now=timezone.now())
    return see_call(request, agency, call.number)


@require_POST
@member_required(Operation.RADIO_CHECK)
def radio_checks(request: MemberRequest, agency: str) -> HttpResponse:
    """Many units answered, at one time."""
    given = RadioCheckForm.read(request)
    actions.check_by_radio(given["callsigns"], at=given["at"], by=request.member, now=timezone.now())
    return _answer(request, agency)


@require_POST
@member_required(Operation.TAKE_ALARM)
def alarm_taking(request: MemberRequest, agency: str, alarm_id: int) -> HttpResponse:
    actions.take_alarm(alarm_id, by=request.member, now=timezone.now())
    return _answer(request, agency)


@require_POST
@member_required(Operation.ASSIGN)
def commands(request: MemberRequest, agency: str) -> HttpResponse:
    """A line of the command line: done, and the call it was about is opened."""
    now = timezone.now()
    said = command(CommandForm.read(request)["text"], timezone.localtime(now).year % 100)
    number = _obey(said, request, now)
    if not number:
        return _answer(request, agency)
    href = reverse("call", args=[agency, number])
    if not request.htmx:
        return redirect(href)
    opened = json.dumps({"cso:open": {"number": number, "href": href}})
    return HttpResponse(status=204, headers={"HX-Trigger": opened})


def _obey(said: Command, request: MemberRequest, now: datetime) -> str:
    """Does what was said; answers the number of the call to show, if any."""
    by = request.member
    if said.verb in {"mayday", "found", "unit"}:
        return _for_the_unit(said, by, now)
    if said.verb == "check":
        actions.check_by_radio(said.callsigns, by=by, now=now)
        return ""
    if said.verb == "well":
        return str(actions.answer_welfare(said.callsigns[0], by=by, now=now).call.number)
    if said.verb == "status" and said.status is not None:
        active = queries.active_assignment(queries.unit_by_callsign(said.callsigns[0]))
        if active is None:
            raise IllegalMove(_("%(unit)s is on no call.") % {"unit": said.callsigns[0]})
        actions.move_assignment(active.pk, actions.StatusOrder(said.status), by=by, now=now)
        return str(active.call.number)
    call = call_queries.call_by_number(said.number)
    if said.verb == "assign":
        actions.assign_unit(call.pk, actions.AssignOrder(said.callsigns[0]), by=by, now=now)
    elif said.verb == "note":
        actions.add_note(call.pk, said.text, by=by, now=now)
    return call.number


def _for_the_unit(said: Command, by: Member, now: datetime) -> str:
    """What a unit that is on no call says by radio: it calls for help, found something, or is at its meal."""
    [callsign] = said.callsigns
    if said.verb == "mayday":
        call = actions.send_mayday(callsign, by=by, now=now)
        if said.text:
            actions.add_note(call.pk, said.text, by=by, now=now, for_unit=callsign)
        return str(call.number)
    if said.verb == "found":
        order = Intake(type_code=said.type_code, address=said.text)
        return str(actions.open_self_initiated(callsign, order, by=by, now=now).number)
    # By its code or by its name in any language of the agency.
    called = {plain(name): code for code, names in statuses(by.agency).items() for name in (code, *names)}
    if said.text not in called:
        raise not_understood()
    actions.set_unit_status(callsign, actions.UnitStatusOrder(called[said.text]), by=by, now=now)
    return ""


def _answer(request: MemberRequest, agency: str) -> HttpResponse:
    """What changed comes by the stream; the tablet draws itself anew, and a browser without scripts goes home."""
    if request.htmx.target == "tablet":
        return redirect("tablet", agency)
    return HttpResponse(status=204) if request.htmx else redirect("agency-home", agency)
