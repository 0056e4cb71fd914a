"""The embedded servers of one data folder: who uses them, how they are found, when they stop.

`make run` and every management command hold a shared lock while they use the servers, and so do the processes that
`make run` starts. Who comes first starts them; who goes last stops them.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from cso.local import servers
from cso.local.processes import Process, is_alive, stop
from cso.local.servers import CannotStart

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "cso"
TABLES_AS_THEY_ARE = (["migrate"], ["restore"], ["doctor"])  # commands for which no tables are made first


def data_folder() -> Path:
    """CSO_DATA_DIR, `.data` in the checkout as shipped; made when it is not there."""
    folder = Path(os.environ.get("CSO_DATA_DIR") or ROOT / ".data").resolve()
    try:
        (folder / "log").mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(f"The data folder {folder} is not writable ({error.strerror}): set CSO_DATA_DIR") from error
    return folder


def kept_secret(file: Path, *, length: int) -> str:
    """A random secret that stays the same from start to start; only our own account may read it."""
    with suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as new:
            new.write(secrets.token_urlsafe(length))
    return file.read_text().strip()


def write_note(file: Path, content: dict[str, Any]) -> None:
    """Write JSON so that a reader sees either the old or the new content, whatever happens."""
    new = file.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps(content, indent=1))
    new.replace(file)


def read_note(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def process_of(content: object) -> Process | None:
    return Process(**content) if isinstance(content, dict) else None


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """One at a time; waits for the one who is in."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@dataclass
class Services:
    """PostgreSQL and Valkey of one data folder."""

    data: Path
    sockets: Path | None = None
    postgres: Process | None = None
    valkey: Process | None = None

    @property
    def note(self) -> Path:
        return self.data / "services.json"

    def are_alive(self) -> bool:
        return is_alive(self.postgres) and is_alive(self.valkey)

    def start(self) -> None:
        """Take over what runs and start what does not. Safe to call at any time, by anybody."""
        with locked(self.data / "services.lock"):
            self._read()
            if self.are_alive():
                return
            home = servers.find_home(self.data)
            if self.sockets is None or not self.sockets.is_dir():
                self.sockets = servers.private_folder()
                self._write()
            if not is_alive(self.postgres):
                self.postgres = servers.start_postgres(home, self.sockets, log=self.data / "log" / "postgres.log")
                self._write()
            if not is_alive(self.valkey):
                self.valkey = servers.start_valkey(home, self.sockets, log=self.data / "log" / "valkey.log")
                self._write()
            servers.make_database(self.sockets, name=DATABASE)

    def stop(self) -> None:
        """Stop both cleanly; what does not end in time is ended (the write-ahead log brings everything back)."""
        with locked(self.data / "services.lock"):
            self._read()
            if self.valkey:
                stop([self.valkey], ask=signal.SIGTERM, seconds=1)
            if self.postgres:
                stop([self.postgres], ask=signal.SIGINT, seconds=5)
            if self.sockets:
                shutil.rmtree(self.sockets, ignore_errors=True)
            self.note.unlink(missing_ok=True)

    def environment(self) -> dict[str, str]:
        """What the site needs to know to use them, in addition to what is set already."""
        assert self.sockets is not None, "start first"
        return {
            "DATABASE_URL": servers.database_url(self.sockets, role="cso_app", name=DATABASE),
            "DATABASE_OWNER_URL": servers.database_url(self.sockets, role="cso_owner", name=DATABASE),
            "DATABASE_BACKUP_URL": servers.database_url(self.sockets, role="cso_backup", name=DATABASE),
            "REDIS_URL": servers.redis_url(self.sockets),
            "SECRET_KEY": kept_secret(self.data / "secret-key", length=48),
            "CSO_DEMO_PASSWORD": demo_password(self.data),
            "CSO_DATA_DIR": str(self.data),
            "CSO_STATIC_ROOT": str(self.data / "static"),
            "CSO_INSECURE_HTTP": "1",
            "CSO_DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "cso.settings",
        }

    def has_tables(self) -> bool:
        assert self.sockets is not None, "start first"
        with psycopg.connect(servers.database_url(self.sockets, role="cso_owner", name=DATABASE)) as database:
            row = database.execute("SELECT to_regclass('django_migrations') IS NOT NULL").fetchone()
        return bool(row and row[0])

    def _read(self) -> None:
        note = read_note(self.note)
        self.sockets = Path(note["sockets"]) if note.get("sockets") else None
        self.postgres = process_of(note.get("postgres"))
        self.valkey = process_of(note.get("valkey"))

    def _write(self) -> None:
        parts = {"postgres": self.postgres, "valkey": self.valkey}
        content = {name: asdict(process) for name, process in parts.items() if process}
        write_note(self.note, {"sockets": str(self.sockets), **content})


def demo_password(data: Path) -> str:
    return os.environ.get("CSO_DEMO_PASSWORD") or kept_secret(data / "demo-password", length=9)


@contextmanager
def used(services: Services) -> Iterator[int]:
    """The servers, started when they are not there and stopped by the last user; gives the lock to hand to children."""
    with (services.data / "users.lock").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            services.start()
            yield users.fileno()
        finally:
            with suppress(BlockingIOError):  # somebody else uses them still
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                services.stop()


@contextmanager
def borrowed() -> Iterator[Services]:
    """The servers for one management command, which finds their addresses in the environment."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        services = Services(data_folder())
        with used(services):
            os.environ.update(services.environment())
            if sys.argv[1:2] not in TABLES_AS_THEY_ARE and not services.has_tables():
                migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"]
                subprocess.run(migrate, env=os.environ | {"CSO_AS_OWNER": "1"}, check=True)
            yield services
    except CannotStart as error:
        sys.exit(str(error))
