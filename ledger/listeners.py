"""Who listens to a stream, and whether they still may: asked again and again while the stream is open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg import AsyncConnection

from agencies.errors import Refused
from agencies.pipeline import ask
from agencies.prepared import unseen
from agencies.roles import Role
from ledger.models import Cursor

_STANDING = unseen("""
SELECT 'member', m.id::text, role
FROM agencies_member m JOIN agencies_user u ON u.id = m.user_id, unnest(m.roles) AS role
WHERE m.id = ANY(%(members)s::bigint[]) AND m.active AND u.is_active
UNION ALL
SELECT 'token', id::text, '' FROM agencies_token WHERE id = ANY(%(tokens)s::bigint[]) AND revoked_at IS NULL
UNION ALL
SELECT 'session', session_key, '' FROM django_session
WHERE session_key = ANY(%(sessions)s::text[]) AND expire_date > now()
""")


class Ahead(Refused):
    """The listener knows more than the ledger: a backup was restored, and what it waits for comes never."""

    code, title = "ahead", gettext_lazy("The ledger has not come to that number")


def refuse_ahead(after: int | None) -> None:
    """`Ahead` for a number that the ledger of the agency in scope has not come to."""
    if after is not None and after > (Cursor.objects.values_list("last_seq", flat=True).first() or 0):
        raise Ahead(_("Nothing has this number yet. A backup was restored, perhaps: read everything again."))


@dataclass(frozen=True)
class Listener:
    """A member of an agency working as a role, let in by a session or by a token."""

    agency_id: int
    member_id: int
    role: Role
    session_key: str | None = None
    token_id: int | None = None


async def still_welcome(connection: AsyncConnection[Any], listeners: Iterable[Listener]) -> set[Listener]:
    """Those who are still active members, still hold their role, and whose session or token still holds. One query."""
    asked = set(listeners)
    rows = await (await connection.execute(_STANDING, _given(asked))).fetchall()
    return _welcome(asked, rows)


def ask_welcome(listeners: Iterable[Listener]) -> Callable[[], set[Listener]]:
    """The same, of the agency in scope. Asks now; what is answered here waits."""
    asked = set(listeners)
    fetch = ask(_STANDING, _given(asked))
    return lambda: _welcome(asked, fetch())


def _given(asked: set[Listener]) -> dict[str, Any]:
    return {
        "members": list({one.member_id for one in asked}),
        "tokens": list({one.token_id for one in asked if one.token_id is not None}),
        "sessions": list({one.session_key for one in asked if one.session_key is not None}),
    }


def _welcome(asked: set[Listener], rows: Iterable[tuple[str, str, str]]) -> set[Listener]:
    standing = set(rows)
    return {one for one in asked if _needs(one) <= standing}


def _needs(one: Listener) -> set[tuple[str, str, str]]:
    needs = {("member", str(one.member_id), one.role.value)}
    if one.token_id is not None:
        needs.add(("token", str(one.token_id), ""))
    if one.session_key is not None:
        needs.add(("session", one.session_key, ""))
    return needs
