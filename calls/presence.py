"""Who else has a draft open. A courtesy, kept in the cache: nothing depends on it, saving has a lock of its own."""

from collections.abc import Iterable

from django.core.cache import cache

from agencies.models import Member
from agencies.roles import Role

FORGOTTEN_S = 30


def look_in(draft_id: int, member: Member) -> list[str]:
    """Notes that `member` has the draft open, and names the others who have."""
    cache.set(_key(draft_id, member.pk), 1, FORGOTTEN_S)
    others = list(Member.objects.filter(active=True, roles__contains=[Role.ADMINISTRATOR]).exclude(pk=member.pk))
    here = cache.get_many(_key(draft_id, other.pk) for other in others)
    return _names(other for other in others if _key(draft_id, other.pk) in here)


def _names(members: Iterable[Member]) -> list[str]:
    return sorted(member.name for member in members)


def _key(draft_id: int, member_id: int) -> str:
    return f"editing:{draft_id}:{member_id}"
