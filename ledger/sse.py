"""Server-sent events: how a frame is written, and the answer whose body goes on after the view."""

import json
from collections.abc import AsyncIterator, Callable

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse

from agencies.errors import Invalid

COMMENT = b":\n\n"


def frame(data: object, *, seq: int | None = None, event: str = "") -> bytes:
    """One frame. `seq` is what the listener says when it comes back; `event` is left out for ordinary messages."""
    head = (f"id: {seq}\n" if seq is not None else "") + (f"event: {event}\n" if event else "")
    return f"{head}data: {json.dumps(data, cls=DjangoJSONEncoder, separators=(',', ':'))}\n\n".encode()


class StreamResponse(HttpResponse):
    """A view's leave to listen.

    The view runs like any other: on a thread, in its agency's scope, behind every middleware. `cso.handler` calls
    `body` only when all of that is over, so that a listener holds no thread, no connection and no scope.
    """

    def __init__(self, body: Callable[[], AsyncIterator[bytes]]) -> None:
        super().__init__(content_type="text/event-stream; charset=utf-8")
        self.body = body
        self["Cache-Control"] = "no-store"
        self["X-Accel-Buffering"] = "no"


def last_seen(request: HttpRequest) -> int | None:
    """The number after which a listener wants to hear. A browser that comes back by itself says it in the header."""
    given = request.headers.get("Last-Event-ID") or request.GET.get("after")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise Invalid(errors={"after": ["This is the number of an event."]})
    return int(given)
