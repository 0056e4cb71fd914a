"""The agency's ledger as server-sent events, for programs."""

from collections.abc import AsyncIterator
from functools import lru_cache

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request

from agencies.models import Token
from agencies.roles import Role
from api.resource import Resource
from api.schema import describes
from ledger import sse, tail
from ledger.kinds import may_see
from ledger.listeners import Listener, refuse_ahead
from ledger.sse import StreamResponse, last_seen
from ledger.tail import Line

_AFTER = OpenApiParameter("after", OpenApiTypes.INT64, description="Begin after this number; without it, at now.")
_LAST = OpenApiParameter(
    "Last-Event-ID", OpenApiTypes.INT64, OpenApiParameter.HEADER, description="The same; it goes before `after`."
)
_FRAMES = OpenApiResponse(OpenApiTypes.STR, "Frames, for as long as you listen.")


class Events(Resource):
    """What happens, as it happens."""

    @describes(
        "events",
        tag="events",
        answers={(200, "text/event-stream"): _FRAMES},
        problems=(400, 409),
        parameters=[_AFTER, _LAST],
    )
    def get(self, request: Request) -> HttpResponse:
        """Follow the ledger: one frame for every number, in order, without a gap.

        `id:` is the number, `data:` is JSON `{seq, kind, at, about, data}`. What the role may not see arrives as its
        number alone. The stream ends when the token is revoked or the member leaves. A number that the ledger has not
        come to is 409 `ahead`: a backup was restored, and what you know may be no more.
        """
        token: Token = request.auth  # type: ignore[assignment]
        listener = Listener(self.member.agency_id, self.member.pk, self.member.role, token_id=token.pk)
        after = last_seen(request)
        refuse_ahead(after)
        return StreamResponse(lambda: _frames(listener, after=after))


events = Events.as_view()


async def _frames(listener: Listener, *, after: int | None) -> AsyncIterator[bytes]:
    yield sse.COMMENT
    async for lines in tail.follow(listener, after=after):
        yield b"".join(_frame(line, listener.role) for line in lines) or sse.COMMENT


@lru_cache(maxsize=4096)
def _frame(line: Line, role: Role) -> bytes:
    if not may_see(role, line.kind):
        return sse.frame({"seq": line.seq}, seq=line.seq)
    said = {"seq": line.seq, "kind": line.kind, "at": line.at, "about": line.about, "data": line.data}
    return sse.frame(said, seq=line.seq)
