"""`python -m cso.web`: the web processes, all behind one port.

By itself it is the parent of CSO_WEB_PROCESSES of them, which end with it: for a container. With `--fd` it is one of
them, on a socket that is open already and that it shares with the others: `make run` knows each of its processes.

Whoever is idle accepts. A process that is busy, frozen or dead leaves new connections to the others, which a port of
each one's own (SO_REUSEPORT) would not do.
"""

import argparse
import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from uvicorn.supervisors import multiprocess

LONGEST_WAIT_MS = 8
TICKS_PER_SIGN = 10  # of a tenth of a second
METERS = "PROMETHEUS_MULTIPROC_DIR"
HOW: dict[str, Any] = {
    # Clients keep a connection for a minute or so; one that is closed just as it is used again costs them a request.
    "timeout_keep_alive": 75,
    "lifespan": "off",
    "access_log": False,
    "server_header": False,
}


def main() -> None:
    given = arguments()
    if given.fd is None:
        all_of_them(given.application, host=given.host, port=given.port)
    else:
        one_of_them(given.application, fd=given.fd, ready=given.ready, meters=given.meters)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cso.web", description=__doc__)
    parser.add_argument("application", nargs="?", default="cso.asgi:application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fd", type=int, help="one process, on this socket that listens already")
    parser.add_argument("--ready", type=Path, help="with --fd: a file to make once connections are accepted")
    parser.add_argument("--meters", type=Path, help="with --fd: the folder where all processes count")
    return parser.parse_args()


def all_of_them(application: str, *, host: str, port: int) -> None:
    """As many as CSO_WEB_PROCESSES says, until this one is told to stop. One that dies or hangs is replaced."""
    with TemporaryDirectory(prefix="cso-meters-") as meters:
        os.environ.setdefault(METERS, meters)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")
        from django.conf import settings

        # The settings are read here already: what is wrong with them is said once, and ends the start.
        workers = settings.WEB_PROCESSES
        config = uvicorn.Config(application, host=host, port=port, workers=workers, timeout_graceful_shutdown=5, **HOW)
        door = config.bind_socket()
        door.listen(config.backlog)
        # Its only way to be told what runs in a process.
        multiprocess.Process = Worker  # type: ignore[misc]
        multiprocess.Multiprocess(config, sockets=[door]).run()


def one_of_them(application: str, *, fd: int, ready: Path | None, meters: Path | None) -> None:
    if meters is not None:
        os.environ[METERS] = str(meters)
    config = uvicorn.Config(application, log_level="warning", timeout_graceful_shutdown=1, **HOW)
    # Not uvicorn's own `fd`: it takes every socket for a unix one, without clients' addresses, its packets held back.
    Neighbour(config, ready=ready).run([socket.socket(fileno=fd)])


class Neighbour(uvicorn.Server):
    """One of several that let connections in by one door. `ready` is a file that it makes once it does, and that it
    touches as long as it goes on: whoever keeps it running sees by that whether it is frozen.

    Who has more of them waits longer before it takes another, so that they spread, also those that come all at once
    or stay for hours. Nobody has to know of the others: of whom is frozen or dead, the rest are let in by who is left.
    """

    def __init__(self, config: uvicorn.Config, *, ready: Path | None = None) -> None:
        super().__init__(config)
        self._ready = ready
        self._coming: set[asyncio.Task[Any]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        assert sockets, "there is a door"
        [self._door] = sockets
        await super().startup(sockets=[])
        self._door.setblocking(False)
        self._listen()

    async def on_tick(self, counter: int) -> bool:
        if self._ready is not None and counter % TICKS_PER_SIGN == 0:
            with suppress(OSError):  # without a sign it is started again, which may help
                self._ready.touch()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().remove_reader(self._door)
        self._door.close()
        await super().shutdown(sockets=[])

    def _listen(self) -> None:
        if self._door.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._door, self._knocked)

    def _knocked(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._door)
        have = len(self.server_state.connections) + len(self._coming)
        loop.call_later(min(have, LONGEST_WAIT_MS) / 1000, self._let_in, 1 + have // LONGEST_WAIT_MS)

    def _let_in(self, most: int) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):  # there is nobody any more: another process was first
            for _ in range(most):
                came, _ = self._door.accept()
                came.setblocking(False)
                came.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                task = loop.create_task(loop.connect_accepted_socket(self._protocol, came))
                self._coming.add(task)
                task.add_done_callback(self._coming.discard)
        self._listen()

    def _protocol(self) -> asyncio.Protocol:
        kind: Any = self.config.http_protocol_class
        made: asyncio.Protocol = kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        return made


class Worker(multiprocess.Process):
    """One of the processes of a container, which uvicorn's parent starts, asks again and again, and replaces."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Neighbour(self.config)
        return self._server


if __name__ == "__main__":
    main()
