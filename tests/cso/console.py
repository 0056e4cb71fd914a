"""`make run` as the tests start it: real processes, a port and a data folder of its own."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from cso.local.processes import Process, is_alive
from tests.fixtures import free_port
from tests.room import ROOT

LEFT_OUT = ("CSO_", "DATABASE_", "REDIS_", "SECRET_KEY", "PYTEST_", "DJANGO_")


def environment(**more: str) -> dict[str, str]:
    """The environment of a person at a terminal, who has set nothing for the console."""
    return {k: v for k, v in os.environ.items() if not k.startswith(LEFT_OUT)} | {"PYTHONUNBUFFERED": "1"} | more


@dataclass
class Console:
    """One installation."""

    data: Path
    port: int = field(default_factory=free_port)
    popen: "subprocess.Popen[bytes] | None" = None

    @property
    def output(self) -> str:
        return self.data.with_suffix(".out").read_text()

    def start(self) -> None:
        with self.data.with_suffix(".out").open("wb") as out:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "cso.local"], cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                env=environment(PORT=str(self.port), CSO_DATA_DIR=str(self.data), CSO_SIMULATE="0"),
                start_new_session=True,
            )  # fmt: skip

    def wait_ready(self) -> None:
        assert self.popen is not None
        wait_until(lambda: "Ready: " in self.output or self.popen.poll() is not None, what="ready")  # type: ignore[union-attr]
        assert "Ready: " in self.output, self.output

    def interrupt(self) -> int:
        """Ctrl-C; gives the exit status."""
        assert self.popen is not None
        self.popen.send_signal(signal.SIGINT)
        return self.popen.wait(20)

    def processes(self) -> dict[str, Process]:
        """By name, as the notes in the data folder tell it."""
        run = json.loads((self.data / "run.json").read_text())
        servers = json.loads((self.data / "services.json").read_text())
        found = {**run["children"], "supervisor": run["supervisor"]}
        found |= {name: servers[name] for name in ("postgres", "valkey")}
        return {name: Process(**content) for name, content in found.items()}

    def kill(self, *names: str) -> None:
        processes = self.processes()
        for name in names:
            os.kill(processes[name].pid, signal.SIGKILL)
        if "supervisor" in names and self.popen:
            self.popen.wait(5)

    def back(self, name: str, *, than: Process) -> bool:
        """Whether another process runs under the name by now."""
        now = self.processes().get(name)
        return now != than and is_alive(now)

    def readyz(self) -> tuple[int, dict[str, Any]]:
        status, body = self.get("/readyz")
        return status, json.loads(body) if status in (200, 503) else {}

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def database(self) -> "psycopg.Connection[Any]":
        sockets = json.loads((self.data / "services.json").read_text())["sockets"]
        return psycopg.connect(host=sockets, user="postgres", dbname="cso", autocommit=True)

    def end(self) -> None:
        """After the last test, whatever happened in it."""
        if self.popen and self.popen.poll() is None:
            self.interrupt()


def wait_until(true: Callable[[], object], *, what: str, seconds: float = 250) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"waited {seconds:.0f} s for: {what}"
        time.sleep(0.05)
