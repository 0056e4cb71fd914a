"""Making an agency, letting people in, handing out tokens."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils.translation import gettext as _

from agencies.errors import Invalid
from agencies.middleware import hash_token
from agencies.models import Agency, Member, Token, User
from agencies.roles import Role
from agencies.scope import agency_scope


@dataclass(frozen=True)
class AgencyOrder:
    """What a new agency is made of. Clocks in seconds; hours as in `agencies.hours`."""

    slug: str
    name: str
    time_zone: str
    languages: list[str] = field(default_factory=lambda: ["en"])
    round_the_clock_number: str = ""
    demonstration: bool = False
    hours: dict[str, Any] = field(default_factory=dict)
    authority: dict[str, Any] = field(default_factory=dict)
    clocks: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def create_agency(order: AgencyOrder) -> int:
    """Makes the agency and answers its id. The wall asks for the agency's own scope, so the id is drawn first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('agencies_agency', 'id'))")
        agency_id = int(cursor.fetchone()[0])
    with agency_scope(agency_id), transaction.atomic(durable=True):
        Agency.objects.create(pk=agency_id, **{name: getattr(order, name) for name in order.__dataclass_fields__})
    return agency_id


def add_member(
    *, email: str, name: str, roles: Collection[Role], password: str | None = None, badge: str = ""
) -> Member:
    """Lets a person into the agency in scope, or gives a member further roles. The user is made when there is none.

    `Invalid` for an address that no mail can reach.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        words = _("%(email)s is not an e-mail address.") % {"email": email or "''"}
        raise Invalid(words, errors={"email": [words]}) from error
    with transaction.atomic():
        user = User.objects.filter(email=email).first() or User.objects.create_user(email, password, name=name)
        member = Member.objects.select_for_update().filter(user=user).first()
        if member is None:
            return Member.objects.create(user=user, roles=sorted(set(roles)), name=name, email=email, badge=badge)
        member.roles = sorted({*member.roles, *roles})
        member.active = True
        member.save(update_fields=["roles", "active"])
        return member


def create_token(member: Member, *, role: Role, label: str = "") -> str:
    """A new API token for `member`, working as `role`. Answers the secret, which is stored nowhere."""
    member.as_role(role)
    secret = f"cso_{secrets.token_urlsafe(32)}"
    Token.objects.create(member=member, role=role, token_hash=hash_token(secret), label=label)
    return secret
