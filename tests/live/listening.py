"""A program that listens to a stream, on a thread of its own."""

import http.client
import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.fixtures import Web


@dataclass
class Frame:
    """One frame as it came. A comment has no data and the event `comment`."""

    id: int | None = None
    event: str = ""
    data: Any = None
    at: float = field(default_factory=time.monotonic)


class Listening:
    """An open stream. `status` is its answer; `frames` are what came so far."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._connection.request("GET", path, headers=headers)
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        self.status, self.headers = self._response.status, self._response.headers
        self.frames: list[Frame] = []
        self.ended = threading.Event()
        self._queue: queue.Queue[Frame] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        lines: list[str] = []
        try:
            while raw := self._response.readline():
                line = raw.decode().rstrip("\n")
                if line:
                    lines.append(line)
                    continue
                self._queue.put(_frame(lines))
                lines = []
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        finally:
            self.ended.set()

    def next(self, seconds: float = 10) -> Frame:
        """The next frame that is neither comment nor pulse."""
        until = time.monotonic() + seconds
        while True:
            try:
                frame = self._queue.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"nothing came in {seconds} s; so far: {self.frames}") from None
            self.frames.append(frame)
            if not frame.event:
                return frame

    def take(self, count: int, seconds: float = 20) -> list[Frame]:
        return [self.next(seconds) for _ in range(count)]

    def until(self, wanted: Callable[[Frame], bool], seconds: float = 15) -> Frame:
        """The first frame, pulses included, that is `wanted`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                frame = self._queue.get(timeout=0.1)
            except queue.Empty:
                continue
            self.frames.append(frame)
            if wanted(frame):
                return frame
        raise AssertionError(f"it did not come in {seconds} s; so far: {self.frames}")

    def rest(self) -> list[Frame]:
        """What came and nobody has looked at, once the stream has ended."""
        return [self._queue.get() for _ in range(self._queue.qsize())]

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._connection.close()


def _frame(lines: list[str]) -> Frame:
    found = Frame()
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            found.id = int(value)
        elif name == "event":
            found.event = value
        elif name == "data":
            found.data = json.loads(value)
        elif name == "":
            found.event = "comment"
    return found


@contextmanager
def listening(
    web: Web, path: str, *, token: str = "", client: Client | None = None, last: int | None = None
) -> Iterator[Listening]:
    """A stream, for the length of the block: with a token, or as the browser that `client` stands for."""
    headers = {"Accept": "text/event-stream"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"Last-Event-ID": str(last)} if last is not None else {}
    if client is not None:
        headers["Cookie"] = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
    stream = Listening(web.port, path, headers)
    try:
        yield stream
    finally:
        stream.close()
