"""One port: streams run as coroutines, pages on threads (which is twice as fast for them)."""

import gc
import os
import re

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")

from typing import Any

from a2wsgi import WSGIMiddleware
from django.conf import settings

from cso.wsgi import application as wsgi  # isort: skip  sets Django up, which what follows needs
from cso import standby
from cso.streams import Message, Receive, Send, Streams

STREAMS = re.compile(r"/a/[^/]+/stream/|/api/v1/events")

# Two libraries have types of their own for the same ASGI messages.
streams = Streams()
pages: Any = WSGIMiddleware(wsgi, workers=settings.WEB_THREADS)  # type: ignore[arg-type]


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Send a stream's path to the coroutines and everything else to the threads."""
    if scope["type"] == "http" and STREAMS.fullmatch(scope["path"]):
        await streams(scope, receive, send)
    else:
        await pages(scope, receive, send)


standby.start()

# What is loaded by now stays: looking through it again and again would hold every stream up for a quarter of a second.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 50, 1000)
