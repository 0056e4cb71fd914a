"""What is measured: real servers in a folder of their own, an agency with its people, and web processes beside them."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import psycopg

from cso.local import servers
from cso.local.__main__ import children, open_door
from cso.local.services import ROOT, Services, used

if TYPE_CHECKING:
    from agencies.models import Member

MANY = "1000000000"  # requests a minute that a token may make here: the throttle counts, and refuses nobody
HOST = "127.0.0.1"
CONSOLE, WEB = "cso.asgi:application", 2  # what `make run` starts, and how often as shipped


@dataclass
class Stage:
    """The servers of one run. `quick` asks for fewer rounds: figures to look at, not to keep."""

    services: Services
    quick: bool
    stack: ExitStack
    environment: dict[str, str] = field(default_factory=dict)
    people: dict[str, "Member"] = field(default_factory=dict)
    slug: str = "seattle"

    @property
    def agency_id(self) -> int:
        return self.people["dora"].agency_id

    def rounds(self, number: int) -> int:
        return max(3, number // 5) if self.quick else number

    def url(self, role: str, name: str = "cso") -> str:
        assert self.services.sockets is not None
        return servers.database_url(self.services.sockets, role=role, name=name)

    def superuser(self, name: str = "cso") -> "psycopg.Connection[Any]":
        """Past the walls; what it fills in is not checked against other tables."""
        connection = _connect(self.url("postgres", name))
        connection.execute("SET session_replication_role = replica")
        return connection

    def app(self, name: str = "cso") -> "psycopg.Connection[Any]":
        """As the site connects, in the agency's scope."""
        connection = _connect(self.url("cso_app", name))
        connection.execute("SELECT set_config('cso.agency_id', %s, false)", [str(self.agency_id)])
        return connection

    @contextmanager
    def web(self, *, database: str = "cso", clock: bool = False) -> Iterator[int]:
        """The web processes as `make run` starts them; gives their port."""
        more = {"CSO_STANDBY_CLOCK": "1" if clock else "0", "DATABASE_URL": self.url("cso_app", database)}
        with self.behind_one_port(CONSOLE, more=more) as port:
            yield port

    @contextmanager
    def behind_one_port(self, application: str, *, more: dict[str, str]) -> Iterator[int]:
        """As many processes of an application as the console has, all of them at work; gives their port."""
        with open_door(0) as door, ExitStack() as stack, TemporaryDirectory(dir=self.services.data) as folder:
            webs = [child for child in children(door, data=Path(folder), web=WEB) if child.ready]
            Path(folder, "meters").mkdir()
            for child in webs:
                command = [application if word == CONSOLE else word for word in child.command]
                stack.enter_context(self.running(command, more=more, files=child.files))
            until = time.monotonic() + 30
            while not all(child.is_ready() for child in webs):
                if time.monotonic() > until:
                    raise RuntimeError("the web processes did not start: see bench.log")
                time.sleep(0.05)
            yield int(door.getsockname()[1])

    @contextmanager
    def running(
        self, command: Sequence[str], *, more: dict[str, str] | None = None, files: Sequence[int] = ()
    ) -> "Iterator[subprocess.Popen[str]]":
        """A process of the run's own, which ends with the block. It talks in lines."""
        with (self.services.data / "log" / "bench.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment | (more or {}), text=True, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, pass_fds=files,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(4)
            process.kill()
            process.wait()

    def token(self, name: str) -> str:
        from agencies.actions import create_token
        from agencies.scope import agency_scope

        member = self.people[name]
        with agency_scope(member.agency_id):
            return create_token(member, role=member.role)

    def session(self, name: str) -> str:
        """The cookie header of a browser that `name` is signed in with."""
        from django.conf import settings
        from django.test import Client

        client = Client()
        client.force_login(self.people[name].user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _connect(url: str) -> "psycopg.Connection[Any]":
    """As Django connects: values are put into the statements, and each is planned for its own."""
    return psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor)


@contextmanager
def bare_web(made: Stage) -> Iterator[int]:
    """`tests.bench.bare` on the same server as the console, in as many processes; gives its port."""
    from tests.bench.bare import TABLE

    with made.superuser() as superuser:
        superuser.execute(TABLE)
    with made.behind_one_port("tests.bench.bare:application", more={"CSO_BENCH_BARE": "1"}) as port:
        yield port


@contextmanager
def stage(data: Path, *, quick: bool) -> Iterator[Stage]:
    """Fresh servers and one agency with a shift under way; nothing of it is left afterwards."""
    folder = data / "bench"
    _clear(folder)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # hundreds of streams are hundreds of files
    (folder / "log").mkdir(parents=True)
    services = Services(folder)
    try:
        with used(services), ExitStack() as stack:
            made = Stage(services, quick, stack)
            made.environment = os.environ | services.environment() | {"CSO_DEMO": "0", "CSO_LOG_LEVEL": "INFO"}
            made.environment |= {"CSO_API_REQUESTS_PER_MINUTE": MANY, "ALLOWED_HOSTS": "testserver"}
            # Unbuffered, a long line that a signal interrupts would lose its end.
            made.environment.pop("PYTHONUNBUFFERED", None)
            os.environ.update(made.environment)
            _prepare(made)
            yield made
    finally:
        _clear(folder)


def _prepare(made: Stage) -> None:
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity=0"], cwd=ROOT, env=made.environment, check=True)
    subprocess.run(
        [*manage, "collectstatic", "--verbosity=0", "--no-input"], cwd=ROOT, env=made.environment, check=True
    )
    import django

    django.setup()
    from django.utils import timezone

    from agencies.roles import Role
    from tests.conftest import company

    people = [(f"dora{n}" if n else "dora", Role.DISPATCHER) for n in range(8)]
    people += [("cole", Role.OFFICER), ("sue", Role.SUPERVISOR)]
    made.people = company(made.slug, timezone.now() - timedelta(minutes=1), people=tuple(people)).members


def _clear(folder: Path) -> None:
    """What this run, or one that was killed, has left."""
    if not folder.exists():
        return
    Services(folder).stop()
    elsewhere = folder / "elsewhere"
    if elsewhere.exists():
        shutil.rmtree(elsewhere.read_text(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


class TimeUp(Exception):
    """The run has taken as long as it may."""


def stop_after(seconds: int) -> None:
    """Raises `TimeUp` in the main thread then, so that everything is put away."""

    def ring(*_: object) -> None:
        raise TimeUp

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
