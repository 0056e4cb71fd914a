"""Asks the table of roles: may this member do this? Called by every action, so every door gets the same answer."""

from django.utils.translation import gettext_lazy

from agencies.errors import Forbidden
from agencies.models import Member
from agencies.roles import Grant, Operation, grant

_SAYING = {
    Grant.NO: gettext_lazy("Your role does not allow this."),
    Grant.OWN: gettext_lazy("This is only for your own unit and the calls it is on."),
}


def may(member: Member, operation: Operation, *, own: bool = False) -> bool:
    """Whether `member`, in the present role, may do `operation`; `own`: it concerns the member's own unit."""
    given = grant(member.role, operation)
    return given is Grant.YES or (given is Grant.OWN and own)


def require(member: Member, operation: Operation, *, own: bool = False) -> None:
    """Raise `Forbidden` unless `may(...)`."""
    if not may(member, operation, own=own):
        raise Forbidden(str(_SAYING[grant(member.role, operation)]))
