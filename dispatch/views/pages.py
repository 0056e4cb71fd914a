"""What is looked at: the board, the wall, one call, the tablet."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from agencies.decorators import MemberRequest, member_required
from agencies.errors import Forbidden, NotFound
from agencies.models import Member
from agencies.permissions import may
from agencies.roles import Operation, Role
from calls import presence
from calls import queries as call_queries
from calls.models import Call
from calls.routing import SWORN
from calls.views import intake_context
from calls.words import route_words
from dispatch import queries, shelf
from dispatch.board import last_seq
from dispatch.call_page import call_page
from dispatch.tablet import tablet_view
from dispatch.views import frames
from ledger.access import trace


@require_safe
@member_required(Operation.READ_BOARD)
def board(request: MemberRequest, agency: str) -> HttpResponse:
    """The board, with the panel that the address names: `?open=new` or `?open=26-000412`."""
    member = request.member
    context: dict[str, Any] = {
        "here": "board",
        "board_url": reverse("board", args=[agency]),
        "new_url": reverse("call-new", args=[agency]),
        "radio_check_url": reverse("radio-checks", args=[agency]),
        "may_take": may(member, Operation.TAKE_CALL),
    }
    standing = shelf.board(member.agency, request.LANGUAGE_CODE, timezone.now())
    opened = request.GET.get("open", "")
    if not opened:
        return frames.page(request, "dispatch/board.html", context, board=standing)
    if opened == "new" and may(member, Operation.TAKE_CALL):
        context |= intake_context(request)
    else:
        context |= _opened(request, opened)
    return render(request, "dispatch/board.html", context | {"board": standing})


@require_safe
@member_required(Operation.READ_BOARD)
def wall(request: MemberRequest, agency: str) -> HttpResponse:
    """The board to be read from across the room."""
    standing = shelf.board(request.member.agency, request.LANGUAGE_CODE, timezone.now())
    return render(request, "dispatch/wall.html", {"board": standing})


@require_safe
@member_required(Operation.READ_RESIDENTS)
def call(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    """One call: the panel for htmx, a page of its own otherwise. Opening it is the traced read."""
    template = "dispatch/call.html#call" if request.htmx else "dispatch/call.html"
    return render(request, template, call_context(request, call_queries.call_by_number(number)))


@require_safe
@member_required(Operation.READ_RESIDENTS)
def viewers(request: MemberRequest, agency: str, number: str) -> HttpResponse:
    """Who else has the call open. Asked again and again while it is: that is how the others know."""
    found = call_queries.call_by_number(number)
    _refuse_strangers(request.member, found)
    context = {"number": found.number, "viewers": _viewers(request.member, found)}
    return render(request, "dispatch/call.html#viewers", context)


@require_safe
@member_required(Operation.READ_BOARD)
def tablet(request: MemberRequest, agency: str) -> HttpResponse:
    """The own unit of an officer."""
    now = timezone.now()
    unit = queries.own_unit(request.member, now)
    if unit is None:
        return render(request, "dispatch/no_unit.html", {"here": "tablet"})
    view = tablet_view(unit, viewer=request.member, now=now)
    if view.call is not None and not refreshed(request):
        trace(call_queries.call_by_number(view.call.row.number).pk, by=request.member, where="tablet", now=now)
    template = "dispatch/tablet.html#tablet" if request.htmx else "dispatch/tablet.html"
    return render(request, template, {"here": "tablet", "tablet": view, "transfer_to": route_words(SWORN)})


def call_context(request: MemberRequest, found: Call) -> dict[str, Any]:
    """What the call's panel needs. Raises `Forbidden` where the member may not read its resident."""
    now, member = timezone.now(), request.member
    _refuse_strangers(member, found)
    if not refreshed(request):
        trace(found.pk, by=member, where="page", now=now)
    return {
        "call": call_page(found, viewer=member, now=now),
        "viewers": _viewers(member, found),
        "board_url": reverse("board", args=[member.agency.slug]),
        "stream_url": f"/a/{member.agency.slug}/stream/",
        "after": last_seq(member.agency),
        "transfer_to": route_words(SWORN),
        "here": "board",
    }


def _refuse_strangers(member: Member, found: Call) -> None:
    if not may(member, Operation.READ_RESIDENTS, own=queries.is_own_call(member, found, timezone.now())):
        raise Forbidden(_("This call is not your unit's."))


def _viewers(member: Member, found: Call) -> list[str]:
    roles = (Role.DISPATCHER, Role.SUPERVISOR, Role.OFFICER)
    return presence.look_in(f"call:{found.pk}", member, roles=roles)


def refreshed(request: MemberRequest) -> bool:
    """Whether a page that is open already brings itself up to date."""
    return bool(request.htmx) and request.htmx.trigger in ("call", "tablet")


def _opened(request: MemberRequest, number: str) -> dict[str, Any]:
    """The call in the panel; an address that names none, or one of somebody else's, shows the board alone."""
    try:
        found = call_context(request, call_queries.call_by_number(number))
        return {name: found[name] for name in ("call", "viewers", "transfer_to")}
    except (NotFound, Forbidden):
        return {}
