"""Django behind ASGI: every request is answered on a thread; a stream is written without one.

Django's own ASGI handler is made for views that are coroutines. Views on threads are half as fast with it, and a
thread, with whatever connection it opened, is kept for as long as an answer lasts. Here a request goes to its thread
whole and the answer comes back whole: two crossings, and no context of one request is copied into the next. A stream's
view has run, and its connection is back in the pool, before the first byte of the stream is written.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpResponseBase
from django.urls import set_script_prefix

from cso.meters import streams_open
from ledger.sse import StreamResponse

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Consoles that all come back at once must not keep a call waiting: who wants to listen is let in on threads of its own.
STREAMS = re.compile(r"/a/[^/]+/stream/|/api/v1/events")
DOORKEEPERS = 4
MOST_BYTES = 16 * 1024 * 1024  # no more is read of any request; Django refuses what is too large long before


class Answer(NamedTuple):
    """A response as the server wants it. `stream` is what goes on after it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    stream: StreamResponse | None


class Handler(BaseHandler):
    """The ASGI application."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()
        self._pages = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="page")
        self._doorkeepers = ThreadPoolExecutor(DOORKEEPERS, thread_name_prefix="doorkeeper")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        body = await _read(receive)
        if body is None:
            return
        threads = self._doorkeepers if STREAMS.fullmatch(scope["path"]) else self._pages
        answer = await asyncio.get_running_loop().run_in_executor(threads, self._answer, scope, body)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.stream is not None:
            await _write(answer.stream, receive, send)
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, scope: Message, body: bytes) -> Answer:
        """The whole of a request, to its end."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=type(self), scope=scope)
        response = self.get_response(ASGIRequest(_sized(scope, body), BytesIO(body)))
        try:
            return _whole(response)
        finally:
            response.close()


async def _read(receive: Receive) -> bytes | None:
    """The body of a request; None where the client went before its end."""
    pieces, size, more = [], 0, True
    while more and size <= MOST_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        pieces.append(piece)
        size += len(piece)
        more = message.get("more_body", False)
    return b"".join(pieces)


def _sized(scope: Message, body: bytes) -> Message:
    """A body that came in pieces did not say how long it is, and Django refuses what is too long by that."""
    if not body or any(name == b"content-length" for name, _ in scope["headers"]):
        return scope
    return {**scope, "headers": [*scope["headers"], (b"content-length", str(len(body)).encode())]}


def _whole(response: HttpResponseBase) -> Answer:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    headers += [(b"Set-Cookie", cookie.OutputString().encode("latin-1")) for cookie in response.cookies.values()]
    if isinstance(response, StreamResponse):
        endless = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        return Answer(response.status_code, endless, b"", response)
    return Answer(response.status_code, headers, b"".join(cast("Any", response)), None)


async def _write(response: StreamResponse, receive: Receive, send: Send) -> None:
    """Writes until the body ends, the client goes, or the server stops: each is a quiet end."""
    writing = asyncio.ensure_future(_pour(response, send))
    leaving = asyncio.ensure_future(_gone(receive))
    with streams_open.track_inprogress(), suppress(asyncio.CancelledError):
        await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if not writing.done():
        writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing


async def _pour(response: StreamResponse, send: Send) -> None:
    body = cast("AsyncGenerator[bytes, None]", response.body())
    try:
        async for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        await body.aclose()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
