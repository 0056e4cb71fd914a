"""The servers of one test session, in a folder of their own that nothing else uses and that does not outlive it.

Started by the first test that needs them, whichever worker runs it; a guard stops them when the session is gone, even
when it was killed. `TEST_DATABASE_URL` (a superuser's) takes a PostgreSQL that runs elsewhere instead, which must
hold nothing of value: the roles get passwords of the tests'.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from cso.local import servers
from cso.local.processes import Process, stop

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = "template"


@dataclass(frozen=True)
class Room:
    """The folder of one session, shared by its workers; `worker` is this one's name."""

    path: Path
    worker: str

    @property
    def external(self) -> str:
        return os.environ.get("TEST_DATABASE_URL", "")

    @property
    def sockets(self) -> Path:
        """PostgreSQL's, for all workers."""
        return self.path / "sockets"

    @property
    def valkey_sockets(self) -> Path:
        return self.path / f"valkey-{self.worker}"

    def database(self, name: str = "") -> str:
        """The database's name; on a shared server it must not meet another session's."""
        return f"cso_test_{self.path.name.removeprefix('cso-')}_{name or self.worker}".lower()

    def url(self, role: str, *, name: str = "") -> str:
        """The address of this worker's database, or another, for a role; `postgres` is the superuser."""
        database = name or self.database()
        if not self.external:
            return servers.database_url(self.sockets, role=role, name=database)
        parts = urlsplit(self.external)
        who, _, where = parts.netloc.rpartition("@")
        return urlunsplit(
            parts._replace(netloc=f"{who if role == 'postgres' else f'{role}:{role}'}@{where}", path=f"/{database}")
        )

    def make_database(self) -> None:
        """This worker's own database, a copy of the migrated one."""
        made = self.path / "made"
        with self._locked():
            if not made.exists():
                made.write_text("by a worker that did not come to the end of it; see its own error")
                self._start_postgres()
                self._make_template()
                made.write_text("")
            if made.read_text():
                raise RuntimeError(f"The tests have no database: {made.read_text()}")
            self.create(self.database(), template=self.database(TEMPLATE))

    def start_valkey(self) -> Process:
        """This worker's own Valkey."""
        home = servers.find_home(self._data(f"data-{self.worker}"))
        self.valkey_sockets.mkdir(exist_ok=True)
        servers.give_away(self.valkey_sockets)
        process = servers.start_valkey(home, self.valkey_sockets, log=self.path / "valkey.log", durable=False)
        self.note(process)
        return process

    def clean(self) -> None:
        """Stop everything and remove the folder."""
        for note in self.path.glob("process-*.json"):
            stop([Process(**json.loads(note.read_text()))], ask=signal.SIGQUIT, seconds=3)
        if self.external:
            self._drop_databases()
        shutil.rmtree(self.path, ignore_errors=True)

    def _start_postgres(self) -> None:
        if self.external:
            return
        home = servers.find_home(self._data("data"))
        self.sockets.mkdir(exist_ok=True)
        servers.give_away(self.sockets)
        self.note(servers.start_postgres(home, self.sockets, log=self.path / "postgres.log", durable=False))

    def _make_template(self) -> None:
        name = self.database(TEMPLATE)
        self.create(name)
        urls = {"DATABASE_URL": self.url("cso_app", name=name), "DATABASE_OWNER_URL": self.url("cso_owner", name=name)}
        migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"]
        done = subprocess.run(migrate, cwd=ROOT, env=os.environ | urls, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"The tests' database cannot be migrated:\n{done.stderr}")

    def create(self, name: str, *, template: str | None = None) -> None:
        with psycopg.connect(self.url("postgres", name="postgres"), autocommit=True) as server:
            base = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + base)
        with psycopg.connect(self.url("postgres", name=name)) as database:
            database.execute(servers.ROLES.read_bytes())
            if self.external:
                for role in ("cso_owner", "cso_app", "cso_backup"):
                    database.execute(
                        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(role))
                    )

    def _drop_databases(self) -> None:
        with psycopg.connect(self.url("postgres", name="postgres"), autocommit=True) as server:
            ours = server.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.database(" ").strip()]
            )
            for (name,) in ours.fetchall():
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _data(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder

    def note(self, process: Process) -> None:
        """Have the process stopped when the session is over, however it ends."""
        (self.path / f"process-{process.pid}.json").write_text(json.dumps(asdict(process)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def start_guard(room: Room) -> "subprocess.Popen[bytes]":
    """A process that cleans the room when we are gone: its standard input ends with us, however we end."""
    command = [sys.executable, "-m", "tests.room", str(room.path)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdin.buffer.read()
    Room(Path(sys.argv[1]), "guard").clean()
