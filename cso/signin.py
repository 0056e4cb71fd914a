"""The sign-in page. Where the demonstration is loaded it has a button for each of its invented people."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from agencies import doors
from agencies.models import ROLE_NAMES, Agency, User
from agencies.roles import Role
from agencies.scope import agency_scope
from cso import demo

BACKEND = "agencies.signed_in.AuthenticationBackend"
_ICONS = {Role.DISPATCHER: "phone", Role.OFFICER: "cso", Role.SUPERVISOR: "star", Role.ADMINISTRATOR: "edit"}


@dataclass(frozen=True)
class DemoPerson:
    email: str
    name: str
    does: str
    icon: str


@dataclass(frozen=True)
class DemoAgency:
    name: str
    people: list[DemoPerson]


class SignIn(LoginView):
    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        return context | {"demonstration": settings.DEMO, "demo_people": list(_agencies()) if settings.DEMO else []}


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One click signs in as one of the demonstration's own people, and as nobody else."""
    email = request.POST.get("email", "")
    if not settings.DEMO or email not in {person.email for agency in _agencies() for person in agency.people}:
        raise Http404
    login(request, User.objects.get(email=email), backend=BACKEND)
    wanted = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return redirect(wanted if allowed else settings.LOGIN_REDIRECT_URL)


def _agencies() -> Iterator[DemoAgency]:
    for slug in demo.AGENCIES:
        agency_id = doors.agency_by_slug(slug)
        if agency_id is None:
            continue
        with agency_scope(agency_id):
            agency = Agency.objects.get()
        if agency.demonstration:
            yield DemoAgency(agency.name, [_person(person, slug) for person in demo.CAST])


def _person(person: demo.Person, slug: str) -> DemoPerson:
    return DemoPerson(demo.email(person.given, slug), person.name, str(ROLE_NAMES[person.role]), _ICONS[person.role])
