"""The narrow doors: the only three questions that may be asked before an agency's scope is open.

Each is a database function that runs as `cso_doors`, a role that can read exactly the columns it needs and that
nobody can sign in as. They return ids and names of tenants, never rows.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True)
class Membership:
    """One agency a user belongs to."""

    agency_id: int
    slug: str
    name: str
    member_id: int


@dataclass(frozen=True)
class TokenHolder:
    """Whom an API token stands for."""

    agency_id: int
    member_id: int
    token_id: int


def memberships(user_id: int) -> list[Membership]:
    """The sign-in door: every agency in which `user_id` is an active member, by name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT agency_id, slug, name, member_id FROM door_memberships(%s)", [user_id])
        return [Membership(*row) for row in cursor.fetchall()]


def token_holder(token_hash: str) -> TokenHolder | None:
    """The token door: whom this token stands for, None where it is unknown, revoked or its holder left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT agency_id, member_id, token_id FROM door_token(%s)", [token_hash])
        row = cursor.fetchone()
    return TokenHolder(*row) if row else None


def agencies_with_something_due(now: datetime) -> list[int]:
    """The clock's door: ids of the agencies with a deadline due at `now`, most overdue first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT agency_id FROM door_due(%s)", [now])
        return [row[0] for row in cursor.fetchall()]


def agencies_with_deliveries(now: datetime) -> list[int]:
    """The clock's door again: ids of the agencies with a delivery due at `now`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT agency_id FROM door_deliveries(%s)", [now])
        return [row[0] for row in cursor.fetchall()]


def agency_ids() -> list[int]:
    """Ids of all agencies, for data migrations, backups' checks and demonstrations, which then work in scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT agency_id FROM door_agencies()")
        return [row[0] for row in cursor.fetchall()]


def agency_by_slug(slug: str) -> int | None:
    """The id of the agency with this slug, for commands run by whoever runs the installation."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT agency_id FROM door_agencies() WHERE slug = %s", [slug])
        row = cursor.fetchone()
    return row[0] if row else None
