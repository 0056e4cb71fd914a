"""Who is signed in: Django's sessions and sign-ins, whose two questions are asked with every page and so kept ready."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend as ByEmail
from django.contrib.sessions.backends.db import SessionStore as Stored
from django.contrib.sessions.models import Session
from django.utils import timezone

from agencies.models import User
from agencies.prepared import Prepared, given

_SESSION = Prepared(lambda: Session.objects.filter(session_key=given("key"), expire_date__gt=given("now")))
_USER = Prepared(lambda: User.objects.filter(pk=given("user")))


class SessionStore(Stored):
    """`SESSION_ENGINE`."""

    def load(self) -> dict[str, Any]:
        found = _SESSION(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return {}
        return self.decode(found[0].session_data)


class AuthenticationBackend(ByEmail):
    """Of `AUTHENTICATION_BACKENDS`: by e-mail address and password."""

    def get_user(self, user_id: int) -> User | None:
        found = _USER(user=user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None
