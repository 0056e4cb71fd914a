"""Pages of intake and triage: find, allow, parse, act, answer."""

import time
import uuid
from dataclasses import replace

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies.decorators import MemberRequest, member_required
from agencies.errors import Forbidden, Refused
from agencies.permissions import may
from agencies.roles import Operation
from agencies.views import see
from calls import actions, pages, queries, routing
from calls.forms import (
    ApprovalForm,
    IntakeForm,
    OverrideForm,
    SearchForm,
    TriageForm,
    amendment,
    answers_in,
    facts_in,
    intake_order,
    type_code,
)
from calls.intake import Intake, Override
from calls.models import CallType
from calls.states import CallStatus, Route
from calls.words import ROUTE, STATUS, label

ONCE_S, WAIT_S = 3600, 5.0


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Operation.READ_RESIDENTS)
def calls(request: MemberRequest, agency: str) -> HttpResponse:
    """The list of calls; a POST takes a new one."""
    if request.method == "POST":
        return _take(request, agency)
    if not may(request.member, Operation.READ_RESIDENTS):
        raise Forbidden(_("The list of calls shows residents: an officer reads the calls of the own unit."))
    search = SearchForm(request.GET)
    wanted = search.cleaned_data if search.is_valid() else {"q": "", "status": "", "route": "", "before": None}
    before = wanted.pop("before")
    rows = pages.find_calls(**wanted)
    found = list((rows.filter(pk__lt=before) if before else rows)[: pages.PAGE + 1])
    context = {
        "here": "calls",
        "search": wanted,
        "rows": [pages.call_line(call, agency) for call in found[: pages.PAGE]],
        "statuses": [pages.Choice(s.value, label(STATUS, s.value)) for s in CallStatus],
        "routes": [pages.Choice(r.value, label(ROUTE, r.value)) for r in Route],
    }
    if len(found) > pages.PAGE:
        query = request.GET.copy()
        query["before"] = str(found[pages.PAGE - 1].pk)
        context["more_url"] = f"?{query.urlencode()}"
    return render(request, "calls/calls.html", context)


@require_safe
@member_required(Operation.TAKE_CALL)
def new_call(request: MemberRequest, agency: str) -> HttpResponse:
    """The intake panel; on its own it opens beside the board."""
    if not request.htmx:
        return redirect(f"{reverse('board', args=[agency])}?open=new")
    return render(request, "calls/intake.html#intake", intake_context(request))


def intake_context(request: MemberRequest) -> dict[str, object]:
    """What the intake panel shows before anything is typed."""
    return {
        "intake": pages.intake_page(request.member.agency, uuid.uuid4().hex),
        "questions": pages.questions(None, {}),
        "decision": None,
    }


@require_POST
@member_required(Operation.TAKE_CALL)
def preview(request: MemberRequest, agency: str) -> HttpResponse:
    """The route of what is typed so far, and calls that may be the same. Nothing is stored."""
    try:
        order = intake_order(request)
        typed, order = order.type_code, _as_far_as_typed(order)
        call = actions.draft_call(request.member.agency, order, now=timezone.now())
        found = routing.preview(request.member.agency, call, language=request.LANGUAGE_CODE)
    except Refused as refused:
        return render(request, "calls/intake.html#not-yet", {"refused": refused})
    same = queries.possible_duplicates(request.member.agency, call)
    context = {
        "decision": pages.preview_of(found.decision, found.rule_set, order.type_code),
        "asking": pages.asking_of(found),
        "suggested": pages.suggested_types(order.narrative) if not typed else [],
        "duplicates": [pages.call_line(row, agency) for row in same],
    }
    return render(request, "calls/intake.html#preview", context)


@require_safe
@member_required(Operation.TAKE_CALL)
def questions(request: MemberRequest, agency: str) -> HttpResponse:
    """The safety questions of a type."""
    wanted = type_code(request.GET.get("type", "")[:60])
    return render(request, "calls/intake.html#questions", {"questions": pages.questions(wanted, {})})


@require_POST
@member_required(Operation.AMEND_CALL)
def details(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    changes, version = amendment(request, call)
    if changes.values:
        actions.amend_call(call.pk, changes, by=request.member, now=timezone.now(), if_version=version)
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.TRIAGE)
def triage(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    given = TriageForm.read(request)
    actions.triage_call(
        call.pk,
        answers=answers_in(request.POST),
        facts=facts_in(given),
        type_code=type_code(given["type"]),
        cannot_say=given["cannot_say"],
        by=request.member,
        now=timezone.now(),
    )
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.OVERRIDE)
def override(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    call = queries.call_by_number(number)
    given = OverrideForm.read(request)
    chosen = Override(Route(given["route"]), given["code"], given["text"])
    actions.override_route(call.pk, chosen, by=request.member, now=timezone.now())
    return see_call(request, agency, number)


@require_POST
@member_required(Operation.APPROVE)
def approval(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    """A supervisor's yes or no."""
    call = queries.call_by_number(number)
    given = ApprovalForm.read(request)
    actions.answer_approval(
        call.pk,
        is_granted=given["answer"] == "yes",
        reason=given["reason"],
        by=request.member,
        now=timezone.now(),
    )
    return see_call(request, agency, number)


def see_call(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    """After a change: the call again, on the tablet the tablet."""
    if request.htmx.target == "tablet":
        return see(request, reverse("tablet", args=[agency]))
    return see(request, reverse("call", args=[agency, number]))


def _take(request: MemberRequest, agency: str) -> HttpResponse:
    given = IntakeForm.read(request)
    key = f"once:{request.member.pk}:{given['once']}" if given["once"] else ""
    earlier = _saved_before(key) if key else None
    if earlier:
        return see_call(request, agency, earlier)
    try:
        call = actions.take_call(intake_order(request), by=request.member, now=timezone.now())
    except Refused:
        if key:
            cache.delete(key)
        raise
    if key:
        cache.set(key, call.number, ONCE_S)
    if given["into"].strip():
        return HttpResponse(status=307, headers={"Location": reverse("call-joining", args=[agency, call.number])})
    return see_call(request, agency, call.number)


def _saved_before(key: str) -> str | None:
    """The call that the same panel was saved as: a double click waits for the first one to be done."""
    end = time.monotonic() + WAIT_S
    while not cache.add(key, "", ONCE_S):
        number = cache.get(key)
        if number or time.monotonic() > end:
            return str(number) if number else None
        time.sleep(0.05)
    return None


def _as_far_as_typed(order: Intake) -> Intake:
    """A type that is only half typed is none yet."""
    known = order.type_code is None or CallType.objects.filter(code=order.type_code, retired_at=None).exists()
    return order if known else replace(order, type_code=None)
