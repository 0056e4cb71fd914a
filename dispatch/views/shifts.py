"""Shifts: what is planned, what was done, and who vouches for it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agencies.decorators import MemberRequest, member_required
from agencies.errors import NotFound
from agencies.roles import Operation
from dispatch import actions
from dispatch.forms import SignOffForm
from dispatch.models import Shift
from dispatch.shift_page import shift_page, shift_rows


@require_safe
@member_required(Operation.READ_SHIFTS)
def shifts(request: MemberRequest, agency: str) -> HttpResponse:
    """The shifts, the latest first; an officer sees the own ones."""
    rows = shift_rows(viewer=request.member, now=timezone.now())
    return render(request, "dispatch/shifts.html", {"here": "shifts", "shifts": rows})


@require_safe
@member_required(Operation.READ_SHIFTS)
def shift(request: MemberRequest, agency: str, shift_id: int) -> HttpResponse:
    page = shift_page(_find(shift_id), viewer=request.member, now=timezone.now())
    return render(request, "dispatch/shift.html", {"here": "shifts", "shift": page})


@require_POST
@member_required(Operation.SIGN_OFF)
def sign_off(request: MemberRequest, agency: str, shift_id: int) -> HttpResponse:
    note = SignOffForm.read(request)["note"]
    actions.sign_off(_find(shift_id).pk, note=note, by=request.member, now=timezone.now())
    return redirect("shift", agency, shift_id)


def _find(shift_id: int) -> Shift:
    found = Shift.objects.select_related("signed_off_by").filter(pk=shift_id).first()
    if found is None:
        raise NotFound(_("There is no such shift."))
    return found
