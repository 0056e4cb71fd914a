"""What a page needs before its view runs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from agencies.errors import Forbidden
from agencies.models import Member
from agencies.roles import Grant, Operation, grant

View = Callable[..., HttpResponse]


class MemberRequest(HttpRequest):
    """A request that `member_required` has let through."""

    member: Member
    htmx: HtmxDetails


def member_required(*operations: Operation) -> Callable[[View], View]:
    """The view is for signed-in members whose role has at least one of `operations` (all roles where none is named).

    The view still asks its action, which knows whose unit it is; this only spares the others the page.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            member = getattr(request, "member", None)
            if member is None:
                return redirect_to_login(request.get_full_path())
            if operations and all(grant(member.role, operation) is Grant.NO for operation in operations):
                raise Forbidden
            return view(request, *args, **kwargs)

        return guarded

    return decorate
