"""A Django application with nothing in it, on the same server as the console: `/insert` writes a row, `/stream` tells.

What it does in a time is what the framework, the server, the database and the machine allow.
"""

import asyncio
import os
from typing import Any

import django
import redis.asyncio as valkey
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from environs import Env

from cso.handler import Handler, Message, Receive, Send

CHANNEL = "bench:bare"
TABLE = """
CREATE TABLE IF NOT EXISTS bench_row (
    id bigserial PRIMARY KEY, body text NOT NULL, at timestamptz NOT NULL DEFAULT now());
GRANT INSERT, SELECT ON bench_row TO cso_app;
GRANT USAGE ON SEQUENCE bench_row_id_seq TO cso_app;
"""

HERE = __name__ == "tests.bench.bare" and bool(os.environ.get("CSO_BENCH_BARE"))
if HERE:
    database = Env().dj_db_url("DATABASE_URL")
    database["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 24}}
    settings.configure(
        SECRET_KEY="bare",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": database},
        USE_TZ=True,
        WEB_THREADS=16,
    )
    django.setup()


def _model() -> Any:  # noqa: ANN401 a class that cannot be made before Django is there
    from django.db import models

    class BareRow(models.Model):
        body = models.TextField()

        class Meta:
            app_label = "bench"
            db_table = "bench_row"

    return BareRow


def insert(request: HttpRequest) -> HttpResponse:
    row = Row.objects.create(body=request.body.decode())
    return HttpResponse(str(row.pk), status=201)


Row: Any = _model() if HERE else None
urlpatterns = [path("insert", insert)]


class Tail:
    """One reader for all listeners."""

    def __init__(self) -> None:
        self.frame = b""
        self.bell = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def read(self) -> None:
        async with valkey.Redis.from_url(os.environ["REDIS_URL"]) as client, client.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            async for message in channel.listen():
                if message["type"] == "message":
                    self.frame = message["data"]
                    rung, self.bell = self.bell, asyncio.Event()
                    rung.set()


tail = Tail()


async def stream(send: Send) -> None:
    if tail.task is None:
        tail.task = asyncio.create_task(tail.read())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
    while True:
        await tail.bell.wait()
        await send({"type": "http.response.body", "body": tail.frame, "more_body": True})


pages: Any = Handler() if HERE else None


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "http" and scope["path"] == "/stream":
        await stream(send)
    else:
        await pages(scope, receive, send)
