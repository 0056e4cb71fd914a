"""A whole installation of real processes that a test kills, freezes and starts again: PostgreSQL, Valkey, web, worker,
beat. Nobody starts them again by themselves, as `make run` would: a test says when that happens.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import psycopg

from cso.local import __main__ as make_run
from cso.local.processes import Process, is_alive, look_up, send, wait_gone
from cso.local.services import Services
from cso.local.supervisor import Child
from tests.cso.console import wait_until
from tests.fixtures import free_port
from tests.room import ROOT, Room

WEB = ("web-1", "web-2")
SITE = (*WEB, "worker", "beat")
SERVERS = ("postgres", "valkey")
LONGEST_S = 120.0  # what is awaited takes a second or two on a machine that does nothing else

# Tables, an agency with its people on duty, dora's token and her browser's session.
PREPARE = """
import json
import django
django.setup()
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from cso.local.prepare import as_owner
with as_owner():
    call_command("migrate", verbosity=0, interactive=False)
from agencies.actions import create_token
from agencies.scope import agency_scope
from tests.conftest import company
made = company("san-jose", timezone.now())
dora = made.members["dora"]
client = Client()
client.force_login(dora.user, backend="agencies.signed_in.AuthenticationBackend")
with agency_scope(made.agency.pk):
    token = create_token(dora, role=dora.role)
print(json.dumps({"agency": made.agency.pk, "token": token, "session": client.session.session_key}))
"""


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int
    body: Any = None
    headers: Message = field(default_factory=Message)
    took_s: float = 0.0


@dataclass
class Installation:
    """The processes by name, and what is needed to use them. `door` is what web processes listen at, shared by them."""

    room: Room
    services: Services
    port: int = field(default_factory=free_port)
    door: socket.socket | None = None
    running: dict[str, Process] = field(default_factory=dict)
    watcher: "psycopg.Connection[Any] | None" = None
    agency: int = 0
    token: str = ""
    session: str = ""

    @classmethod
    def make(cls, room: Room) -> "Installation":
        data = room.path / f"faults-{room.worker}"
        (data / "log").mkdir(parents=True)
        made = cls(room, Services(data))
        made.start(*SERVERS)
        for name, value in json.loads(made.run(PREPARE)).items():
            setattr(made, name, value)
        return made

    def environment(self, **more: str) -> dict[str, str]:
        mine = {"CSO_DEMO": "0", "CSO_STATIC_AS_IS": "1", "CSO_STANDBY_CLOCK": "1", "PYTHONPATH": str(ROOT)}
        return os.environ | self.services.environment() | mine | more

    def run(self, code: str, *arguments: str) -> str:
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # --- What happens to processes ------------------------------------------------------------------------------

    def start(self, *names: str) -> None:
        """Starts those that do not run."""
        if set(names) & set(SERVERS):
            self.services.start()
            for server in SERVERS:
                self._know(server, getattr(self.services, server))
        for name in names:
            if name not in SERVERS and not is_alive(self.running.get(name)):
                child = self._child(name)
                self.start_another(name, child.command, files=child.files)

    def start_another(self, name: str, program: list[str], files: tuple[int, ...] = (), **settings: str) -> Process:
        environment = self.environment(**settings)
        with self.log(name).open("ab") as out:
            popen = subprocess.Popen(program, cwd=ROOT, env=environment, stdout=out, stderr=out, pass_fds=files)
        process = look_up(popen.pid)
        assert process is not None
        self._know(name, process)
        return process

    def start_web_elsewhere(self, name: str, **settings: str) -> int:
        """One more web process, by itself; answers its port."""
        with make_run.open_door(0) as door:
            child = make_run.web_child(name, door, data=self.services.data)
            self.start_another(name, child.command, files=child.files, **settings)
            return int(door.getsockname()[1])

    def command(self, name: str) -> list[str]:
        """What `make run` starts under this name."""
        return self._child(name).command

    def _child(self, name: str) -> Child:
        if self.door is None:
            self.door = make_run.open_door(self.port)
            make_run.meters(self.services.data).mkdir(exist_ok=True)
        known = make_run.children(self.door, data=self.services.data, web=len(WEB))
        return next(child for child in known if child.name == name)

    def kill(self, *names: str) -> None:
        """kill -9, all of them before anybody looks whether they are gone. With all web processes the port goes too."""
        if self.door is not None and set(WEB) <= set(names):
            self.door.close()
            self.door = None
        for name in names:
            send(self.running[name], signal.SIGKILL)
        assert wait_gone([self.running[name] for name in names], seconds=10)

    def freeze(self, name: str) -> None:
        """It does nothing any more when this returns."""
        process = self.running[name]
        send(process, signal.SIGSTOP)
        stat = Path(f"/proc/{process.pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", what=f"{name} frozen", seconds=10)

    def thaw(self, *names: str) -> None:
        for name in names:
            send(self.running[name], signal.SIGCONT)

    def make_whole(self) -> None:
        """Everything runs, and says so itself."""
        for name in set(self.running) - {*SITE, *SERVERS}:
            send(self.running[name], signal.SIGKILL)
            del self.running[name]
        self.thaw(*self.running)
        self.start(*SERVERS, *SITE)
        begin = self.clock()
        self.until(lambda: self.heard_of("worker", since=begin) and self.ready() == {}, what="everything at work")

    def end(self) -> None:
        """All of it, at once."""
        for process in self.running.values():
            send(process, signal.SIGKILL)
        wait_gone(list(self.running.values()), seconds=5)
        if self.services.sockets is not None:
            shutil.rmtree(self.services.sockets, ignore_errors=True)

    def log(self, name: str) -> Path:
        return self.services.data / "log" / f"{name}.log"

    def last_words(self, name: str, many: int = 1500) -> str:
        """The end of what a process has logged."""
        return f"{name}: {self.log(name).read_text(errors='replace')[-many:]}"

    def _know(self, name: str, process: Process | None) -> None:
        assert process is not None
        if self.running.get(name) != process:
            self.running[name] = process
            self.room.note(process)

    # --- What is seen from outside ------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "", port: int = 0) -> Answer:  # noqa: ANN401
        """One request of dora's program (/api/...) or of her browser."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        mine = {"Authorization": f"Bearer {self.token}"} if path.startswith("/api/") else {}
        headers |= mine or {"Cookie": f"cso_session={self.session}"}
        begin = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            connection.close()
        content = json.loads(raw) if "json" in (answer.headers["Content-Type"] or "") else raw.decode()
        return Answer(answer.status, content, answer.headers, time.monotonic() - begin)

    def take(self, address: str, *, key: str = "") -> Answer:
        """Dora's program takes a call about a car, before anybody has asked the safety questions."""
        return self.ask("POST", "/api/v1/calls", {"type": "VEHABND", "location": {"address": address}}, key=key)

    def ready(self) -> dict[str, str]:
        """What /readyz says is not as it should be."""
        answer = self.ask("GET", "/readyz")
        if answer.status not in (200, 503):
            return {"web": f"status {answer.status}"}
        return {part: state for part, state in answer.body.items() if state != "ok"}

    # --- What is true, past the site ----------------------------------------------------------------------------

    def sql(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        """Asks as the superuser; on a new connection where the old one died with PostgreSQL."""
        try:
            return self._ask_database(query, given)
        except psycopg.OperationalError:
            self.watcher = None
            return self._ask_database(query, given)

    def _ask_database(self, query: str, given: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if self.watcher is None:
            self.watcher = psycopg.connect(
                host=str(self.services.sockets), user="postgres", dbname="cso", autocommit=True
            )
        cursor = self.watcher.execute(query, given)
        return cursor.fetchall() if cursor.description else []

    def clock(self) -> Any:  # noqa: ANN401
        return self.sql("SELECT clock_timestamp()")[0][0]

    def heard_of(self, name: str, *, since: object) -> bool:
        return bool(self.sql("SELECT 1 FROM ledger_heartbeat WHERE name = %s AND at > %s", name, since))

    def later(self, name: str, *, seconds: int) -> None:
        """So much time passes without a sign of life of `name`."""
        self.sql("UPDATE ledger_heartbeat SET at = at - %s * interval '1 s' WHERE name = %s", seconds, name)

    def make_due(self, numbers: Iterable[str]) -> set[int]:
        """The minute in which the route of these calls had to be decided is over. Answers the deadlines."""
        rows = self.sql(
            "UPDATE ledger_deadline d SET due_at = clock_timestamp() FROM calls_call c WHERE c.id = d.call_id"
            " AND d.state = 'armed' AND d.kind = 'undecided' AND c.number = ANY(%s) RETURNING d.id",
            list(numbers),
        )
        return {pk for (pk,) in rows}

    def fired(self) -> dict[int, int]:
        """How often each deadline was missed, as the ledger tells it."""
        missed = "SELECT (data->>'deadline')::bigint AS deadline FROM ledger_event WHERE kind = 'deadline.missed'"
        return dict(self.sql(f"SELECT deadline, count(*) FROM ({missed}) AS line GROUP BY 1"))

    def until(self, true: Callable[[], object], *, what: str) -> None:
        try:
            wait_until(true, what=what, seconds=LONGEST_S)
        except AssertionError as error:
            ends = [self.last_words(name) for name in self.running]
            raise AssertionError("\n".join([f"{error}; {self.ready()}", *ends])) from error
