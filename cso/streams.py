"""Streams: let in like any request, on a thread; written without one.

Django's own ASGI handler keeps a thread, and whatever connection that thread opened, for as long as an answer lasts.
Here the view has run and its connection is back in the pool before the first byte of the stream is written.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Any, cast

from django.core.handlers.asgi import ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpResponseBase
from django.urls import set_script_prefix

from ledger.sse import StreamResponse

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
DOORKEEPERS = 4


class Streams(BaseHandler):
    """The ASGI application of the addresses that answer a `StreamResponse`."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()
        self._threads = ThreadPoolExecutor(DOORKEEPERS, thread_name_prefix="doorkeeper")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        response = await asyncio.get_running_loop().run_in_executor(self._threads, self._let_in, scope)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
        headers += [(b"Set-Cookie", cookie.OutputString().encode("latin-1")) for cookie in response.cookies.values()]
        streams = isinstance(response, StreamResponse)
        if streams:
            headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        if isinstance(response, StreamResponse):
            await _write(response, receive, send)
        body = b"" if streams else b"".join(cast("Any", response))
        await send({"type": "http.response.body", "body": body})

    def _let_in(self, scope: Message) -> HttpResponseBase:
        """The whole of an ordinary request, to its end."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=type(self), scope=scope)
        response = self.get_response(ASGIRequest(scope, BytesIO()))
        response.close()
        return response


async def _write(response: StreamResponse, receive: Receive, send: Send) -> None:
    """Writes until the body ends, the client goes, or the server stops: each is a quiet end."""
    writing = asyncio.ensure_future(_pour(response, send))
    leaving = asyncio.ensure_future(_gone(receive))
    with suppress(asyncio.CancelledError):
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
