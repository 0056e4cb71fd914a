"""Many listeners of one stream, in one process that does little else.

Reads one JSON object: port and ask (one HTTP request for each listener). Says `ready` once all hear something; when its
input ends it writes for each listener [number, the moment at which it had the frame of that number] and the size of a
frame.
The moments are of a clock that all processes of a machine share.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvloop

from tests.bench.stage import HOST, Stage

_ID = re.compile(rb"(?:^|\n)id: (\d+)\n")


@dataclass(frozen=True)
class Heard:
    """For each listener the number of every frame and when it had it, in order; bytes of a frame."""

    at: list[list[tuple[int, float]]]
    bytes: float


@contextmanager
def listening(stage: Stage, port: int, ask: Sequence[str]) -> "Iterator[subprocess.Popen[str]]":
    """Listeners that hear something already."""
    with stage.running([sys.executable, "-m", "tests.bench.listen"]) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"port": port, "ask": list(ask)}) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the listeners hear nothing")
        yield process


def heard(process: "subprocess.Popen[str]") -> Heard:
    """What they heard until now; they listen no more."""
    said, _ = process.communicate("\n", timeout=60)
    found = json.loads(said)
    return Heard(found["at"], found["bytes"])


@dataclass
class Listener(asyncio.Protocol):
    ask: bytes
    ready: "asyncio.Future[None]"
    at: list[tuple[int, float]] = field(default_factory=list)
    size: int = 0
    _tail: bytes = b""
    _wire: Any = field(default=None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = transport
        self._wire.write(self.ask)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self.ready.done() and b"\r\n\r\n" in data:
            self.ready.set_result(None)
        found = _ID.findall(self._tail + data)
        self.at += [(int(seq), now) for seq in found]
        # The beginning of a frame may come in two pieces, but is not to be counted twice.
        self._tail = b"" if found else data[-24:]
        self.size += len(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the stream ended"))


async def main(order: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    listeners = [Listener(ask.encode(), loop.create_future()) for ask in order["ask"]]
    for listener in listeners:
        await loop.create_connection(lambda listener=listener: listener, HOST, order["port"])  # type: ignore[misc]
    await asyncio.gather(*(listener.ready for listener in listeners))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    frames = sum(len(listener.at) for listener in listeners)
    size = sum(listener.size for listener in listeners)
    return {"at": [listener.at for listener in listeners], "bytes": size / max(1, frames)}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(json.loads(sys.stdin.readline())))))
