"""Clients that ask as fast as they are answered, in one process that does little else.

Reads one JSON object: port, seconds, most (requests of each client), pause (seconds between an answer and the next
request) and ask (one HTTP request as text for each client; in it `@@@@@@` becomes a number that counts up, `~~~~~~` one
from all over the place). Writes one: seconds, ms (of every answer) and statuses. A line on its input ends it early.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import uvloop

from tests.bench.stage import HOST, Stage

COUNTED, SCATTERED = b"@@@@@@", b"~~~~~~"


@dataclass(frozen=True)
class Answers:
    """What a load of requests came to: milliseconds of each, and how many a second."""

    ms: list[float]
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.ms) / self.seconds


def request(method: str, path: str, *, headers: dict[str, str], text: str = "") -> str:
    """One HTTP request, with the JSON `text`, for a connection that stays open."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
    lines += ["Content-Type: application/json", f"Content-Length: {len(text)}"] if text else []
    return "\r\n".join(lines) + "\r\n\r\n" + text


def asked(
    stage: Stage, port: int, ask: Sequence[str], *, seconds: float, most: int = 10**9, pause: float = 0
) -> Answers:
    """One client for each of `ask`, for so long or so many requests each. Any answer but 2xx is a fault."""
    with asking(stage, port, ask, seconds=seconds, most=most, pause=pause) as process:
        return _read(process.communicate(timeout=seconds + 60)[0])


def asking(
    stage: Stage, port: int, ask: Sequence[str], *, seconds: float, most: int = 10**9, pause: float = 0
) -> "AbstractContextManager[subprocess.Popen[str]]":
    """The same, begun: `answers` ends it."""
    order = json.dumps({"port": port, "seconds": seconds, "most": most, "pause": pause, "ask": list(ask)})
    return stage.running([sys.executable, "-m", "tests.bench.load", order])


def answers(process: "subprocess.Popen[str]") -> Answers:
    """What it has come to by now."""
    return _read(process.communicate("\n", timeout=60)[0])


def _read(said: str) -> Answers:
    found = json.loads(said)
    bad = {status: n for status, n in found["statuses"].items() if not status.startswith("2")}
    if bad or not found["ms"]:
        raise RuntimeError(f"answers that are none: {bad or 'not one'}")
    return Answers(found["ms"], found["seconds"])


@dataclass
class Client(asyncio.Protocol):
    """One connection with one request under way."""

    ask: bytes
    until: float
    most: int
    pause: float
    number: int
    done: "asyncio.Future[None]"
    ms: list[float] = field(default_factory=list)
    statuses: "Counter[str]" = field(default_factory=Counter)
    _buffer: bytes = b""
    _began: float = 0.0
    _wire: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = transport
        self._send()

    def _send(self) -> None:
        if self._wire.is_closing():
            return
        self.number += 1
        self._began = time.perf_counter()
        self._wire.write(_numbered(self.ask, self.number))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or not _complete(head.lower(), body):
            return
        self.ms.append((time.perf_counter() - self._began) * 1000)
        self.statuses[head[9:12].decode()] += 1
        self._buffer = b""
        if len(self.ms) >= self.most or time.perf_counter() >= self.until:
            self._wire.close()
        elif self.pause:
            asyncio.get_running_loop().call_later(self.pause, self._send)
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def _numbered(ask: bytes, number: int) -> bytes:
    return ask.replace(COUNTED, b"%06d" % number).replace(SCATTERED, b"%06d" % (number * 611_953 % 1_000_000))


def _complete(head: bytes, body: bytes) -> bool:
    _, named, length = head.partition(b"content-length:")
    if named:
        return len(body) >= int(length.split(b"\r\n", 1)[0])
    return body.endswith(b"0\r\n\r\n")


async def main(order: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = [
        Client(
            ask.encode(), began + order["seconds"], order["most"], order["pause"], index * 100_000, loop.create_future()
        )
        for index, ask in enumerate(order["ask"])
    ]
    for client in clients:
        await loop.create_connection(lambda client=client: client, HOST, order["port"])  # type: ignore[misc]
    ended = asyncio.gather(*(client.done for client in clients))
    loop.add_reader(sys.stdin, _stop, clients)
    await ended
    return {
        "seconds": time.perf_counter() - began,
        "ms": [round(ms, 3) for client in clients for ms in client.ms],
        "statuses": sum((client.statuses for client in clients), Counter[str]()),
    }


def _stop(clients: Sequence[Client]) -> None:
    """The answers that are on their way are waited for."""
    asyncio.get_running_loop().remove_reader(sys.stdin)
    if not sys.stdin.readline():
        return
    for client in clients:
        client.until = 0.0
    asyncio.get_running_loop().call_later(1.0, lambda: [client._wire.close() for client in clients])


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(json.loads(sys.argv[1])))))
