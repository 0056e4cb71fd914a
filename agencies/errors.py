"""Refusals: what a user asked for and cannot have, in the user's words.

Every refusal has a `code` that the outside relies on and an HTTP `status`. They are turned into answers in
exactly two places: `agencies.middleware` for pages and `api.problems` for the API.
"""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """Base of all refusals. `detail` is shown to the user as it is; `errors` maps a field to its messages."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[str | Promise] = _("That is not possible")

    def __init__(self, detail: str = "", *, errors: dict[str, list[str]] | None = None, **more: Any) -> None:
        self.detail = detail or str(self.title)
        super().__init__(self.detail)
        self.errors = errors or {}
        self.more = more


class Invalid(Refused):
    """What was sent cannot be read or breaks a rule of the field."""

    code, status, title = "invalid", 400, _("Some fields need another look")


class Forbidden(Refused):
    """The member's role does not allow it in this agency."""

    code, status, title = "forbidden", 403, _("Your role does not allow this")


class NotFound(Refused):
    """There is no such thing, as far as this member can know."""

    code, status, title = "not_found", 404, _("Not found")


class IllegalMove(Refused):
    """The state machine has no such move."""

    code, title = "illegal_move", _("That step is not possible from here")


class StaleEdit(Refused):
    """Somebody changed it in the meantime; `more["changed"]` says what."""

    code, status, title = "stale", 412, _("Somebody changed this in the meantime")


class Busy(Refused):
    """A lock was not to be had in time: another user is at the same row."""

    code, status, title = "busy", 409, _("Somebody else is changing this right now. Try again.")


class OwnWork(Refused):
    """A member may not sign off, approve or publish the own work."""

    code, title = "own_work", _("Another person has to do this")
