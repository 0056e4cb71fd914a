"""Who else has a call or a draft open. A courtesy, kept in the cache: nothing depends on it."""

from collections.abc import Collection

from django.core.cache import cache

from agencies.models import Member
from agencies.roles import Role

FORGOTTEN_S = 30


def look_in(what: str, member: Member, *, roles: Collection[Role]) -> list[str]:
    """Notes that `member` has `what` open, and names the others of `roles` who have, in the order of their names.

    `what` is one thing of the agency in scope: `call:17`, `draft:3`. Who says nothing for 30 s has put it away.
    """
    cache.set(_key(what, member.pk), 1, FORGOTTEN_S)
    rows = Member.objects.filter(active=True, roles__overlap=list(roles)).exclude(pk=member.pk)
    others = dict(rows.values_list("pk", "name"))
    here = cache.get_many([_key(what, pk) for pk in others])
    return sorted(name for pk, name in others.items() if _key(what, pk) in here)


def _key(what: str, member_id: int) -> str:
    return f"open:{what}:{member_id}"
