"""Who is asking: the member whom the bearer token stands for, as `agencies.middleware` found out."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from agencies.errors import Forbidden
from agencies.models import Member, Token
from agencies.roles import Grant, Operation, grant


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer ...`. The token was looked up and the agency's scope opened before this."""

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        member = getattr(request, "member", None)
        if member is not None:
            return member, request.token  # type: ignore[attr-defined]
        if request.headers.get("Authorization", "").lower().startswith("bearer "):
            raise AuthenticationFailed(_("This token is unknown or was revoked, or its member has left."))
        return None

    def authenticate_header(self, request: Request) -> str:
        """Makes the answer a 401 and tells the client what is wanted."""
        return 'Bearer realm="api"'


class Members(BasePermission):
    """Members only; what a member may do is asked of the table of roles."""

    def has_permission(self, request: Request, view: object) -> bool:
        return isinstance(request.auth, Token)


def allow(member: Member, *operations: Operation) -> None:
    """`Forbidden` where the member's role has none of `operations` at all.

    The action asks again, and knows whose unit and whose call it is; this only keeps a role that may never do it from
    hearing what is wrong with its request.
    """
    if all(grant(member.role, operation) is Grant.NO for operation in operations):
        raise Forbidden(_("Your role does not allow this."))
