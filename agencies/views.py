"""Where a member lands, and the role a member works as."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agencies import doors
from agencies.decorators import MemberRequest, member_required
from agencies.errors import Forbidden
from agencies.forms import RoleForm
from agencies.middleware import ROLE_KEY
from agencies.roles import Role


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The agency of somebody who has one, a choice for somebody who has several."""
    found = doors.memberships(int(request.user.pk or 0))
    if len(found) == 1:
        return redirect("agency-home", found[0].slug)
    agencies = [{"name": door.name, "href": reverse("agency-home", args=[door.slug])} for door in found]
    return render(request, "agencies/choose.html", {"agencies": agencies, "demonstration": settings.DEMO})


@require_safe
@member_required()
def agency_home(request: MemberRequest, agency: str) -> HttpResponse:
    """The page a role works on."""
    return redirect("tablet" if request.member.role is Role.OFFICER else "board", agency)


@require_POST
@member_required()
def role(request: MemberRequest, agency: str) -> HttpResponse:
    """From now on the member works as another of the own roles, in this browser."""
    wanted = RoleForm.read(request)["role"]
    if wanted not in request.member.roles:
        raise Forbidden(_("You do not hold that role here."))
    request.session[ROLE_KEY + agency] = wanted
    return redirect("agency-home", agency)


def see(request: HttpRequest, url: str) -> HttpResponse:
    """After a change: look at `url`. htmx follows it as well and swaps what a reload would show."""
    return HttpResponseRedirect(url, status=303)
