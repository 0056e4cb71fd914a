"""The stream of a board's changes for browsers."""

from django.http import HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from agencies.decorators import MemberRequest, member_required
from agencies.roles import Operation
from dispatch import live
from ledger.listeners import Listener, refuse_ahead
from ledger.sse import StreamResponse, last_seen


@require_GET
@member_required(Operation.READ_BOARD)
def stream(request: MemberRequest, agency: str) -> HttpResponse:
    """Frames after the number in `?after=`; see `dispatch.live`. 409 sends the browser for the page again."""
    member, after, language = request.member, last_seen(request), get_language() or "en"
    refuse_ahead(after)
    listener = Listener(member.agency_id, member.pk, member.role, session_key=request.session.session_key)
    return StreamResponse(lambda: live.frames(listener, after=after, language=language))
