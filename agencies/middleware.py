"""Lets a member in: the signed-in user by the agency in the URL, an API client by its token.

A stranger gets 404, the same as for an agency that does not exist. The agency's scope stays open exactly as long as
the request is worked on.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agencies import doors, hours
from agencies.errors import Refused
from agencies.models import Member, Token
from agencies.pipeline import together
from agencies.prepared import Prepared, given
from agencies.roles import Role
from agencies.scope import agency_scope
from agencies.words import field_words, fields_words

ROLE_KEY = "role:"
MOST_TOKENS = 10_000
_agencies: dict[str, int] = {}
Next = Callable[[HttpRequest], HttpResponse]
_TOKEN = Prepared(
    lambda: Token.objects.select_related("member__agency", "member__user").filter(
        token_hash=given("token"), revoked_at=None, member__active=True
    )
)
_MEMBER = Prepared(lambda: Member.objects.select_related("agency", "user").filter(pk=given("member")))


class AgencyMiddleware:
    """Pages: `/a/<agency>/...` and a session."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        slug = _slug(request.path_info)
        # No name of anything, and PostgreSQL takes no such text. What a form or a program sends is looked at there.
        if "\x00" in request.path_info or (slug is not None and "%00" in request.META["QUERY_STRING"]):
            return render(request, "404.html", status=404)
        if slug is None or not request.user.is_authenticated:
            return self.get_response(request)
        door = next((d for d in doors.memberships(request.user.pk) if d.slug == slug), None)
        if door is None:
            return render(request, "404.html", status=404)
        with ExitStack() as scope:
            with together():
                scope.enter_context(agency_scope(door.agency_id))
                found = _MEMBER.ask(member=door.member_id)
            request.member = _working_as(found(), wanted=request.session.get(ROLE_KEY + slug))  # type: ignore[attr-defined]
            with timezone.override(hours.zone(request.member.agency)):  # type: ignore[attr-defined]
                return _kept_by_nobody(self.get_response(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        htmx = request.headers.get("HX-Request") == "true"
        template = "refused.html#message" if htmx else "refused.html"
        context = {"refused": exception, "faults": _faults(exception), "changed": _changed(exception)}
        return render(request, template, context, status=exception.status)


class TokenMiddleware:
    """The API: `Authorization: Bearer ...`. Views without a member answer 401 themselves."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if not request.path_info.startswith("/api/") or scheme.lower() != "bearer" or not secret:
            return self.get_response(request)
        hashed = hash_token(secret.strip())
        agency_id = _agency_of(hashed)
        if agency_id is None:
            return self.get_response(request)
        with ExitStack() as scope:
            with together():
                scope.enter_context(agency_scope(agency_id))
                tokens = _TOKEN.ask(token=hashed)
            for token in tokens():
                if token.role in token.member.roles:  # a token is for one role, and dies with it
                    request.member = token.member.as_role(token.role)  # type: ignore[attr-defined]
                    request.token = token  # type: ignore[attr-defined]
            return _kept_by_nobody(self.get_response(request))


def _kept_by_nobody(response: HttpResponse) -> HttpResponse:
    """What a member reads stays in no cache: the next at this desk does not get it back with one key."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _agency_of(hashed: str) -> int | None:
    """Whose scope a token is looked up in: it never goes to another agency, so the door is asked once."""
    known = _agencies.get(hashed)
    if known is not None:
        return known
    holder = doors.token_holder(hashed)
    if holder is None:
        return None
    if len(_agencies) >= MOST_TOKENS:
        _agencies.clear()
    _agencies[hashed] = holder.agency_id
    return holder.agency_id


def hash_token(secret: str) -> str:
    """The form in which a token is stored: SHA-256 in hex. Tokens are long and random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def member_by_id(member_id: int, *, wanted: str | None = None) -> Member:
    """The member, working as `wanted` where that role is held, otherwise as the first of the own roles."""
    return _working_as(_MEMBER(member=member_id), wanted=wanted)


def _working_as(found: Sequence[Member], *, wanted: str | None) -> Member:
    (member,) = found
    held = [role for role in Role if role in member.roles]
    if not held:
        raise Http404
    return member.as_role(wanted if wanted in held else held[0])


def _faults(refused: Refused) -> list[tuple[str, str]]:
    """Each field that needs another look, in words, with what is wrong."""
    return [(field_words(field), " ".join(messages)) for field, messages in refused.errors.items()]


def _changed(refused: Refused) -> list[tuple[str, str]]:
    """Who changed what meanwhile."""
    lines = refused.more.get("changed", ())
    return [(line["by"] or "", fields_words(line["data"].get("fields", ()))) for line in lines]


def _slug(path: str) -> str | None:
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1] == "a" and parts[2] else None
