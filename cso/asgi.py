"""One port: streams run as coroutines, pages on threads (which is twice as fast for them)."""

import os
import re

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")

from collections.abc import Awaitable, Callable
from typing import Any

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application

from cso.wsgi import application as wsgi

STREAMS = re.compile(r"/a/[^/]+/stream/|/api/v1/events")

# The two libraries and asgiref each have types of their own for the same ASGI messages.
streams: Any = get_asgi_application()
pages: Any = WSGIMiddleware(wsgi, workers=settings.WEB_THREADS)  # type: ignore[arg-type]


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Send a stream's path to the coroutines and everything else to the threads."""
    if scope["type"] == "http" and STREAMS.fullmatch(scope["path"]):
        await streams(scope, receive, send)
    else:
        await pages(scope, receive, send)
