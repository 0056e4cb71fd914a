"""Who may come in, as allauth and axes ask it."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnly(DefaultAccountAdapter):
    """Nobody signs up: an administrator adds members."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def name_tried(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str | None:
    """The e-mail address of a sign-in, so that a lock-out is for one person at one address."""
    tried = (credentials or {}).get("email") or (credentials or {}).get("username")
    if tried is None and request is not None:
        tried = request.POST.get("login")
    return str(tried).lower()[:254] if tried else None
