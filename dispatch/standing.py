"""Who is in danger, for the frame of every page: nobody who looks into a report or writes rules may miss it."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from agencies.models import Member
from dispatch import shelf


def standing(request: HttpRequest) -> dict[str, object]:
    """A context processor: the board as it stands, which is drawn only where a page asks for it."""
    member: Member | None = getattr(request, "member", None)
    if member is None:
        return {}
    language = getattr(request, "LANGUAGE_CODE", "en")
    return {"standing": SimpleLazyObject(lambda: shelf.board(member.agency, language, timezone.now()))}
