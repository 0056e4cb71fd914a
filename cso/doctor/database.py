"""PostgreSQL: there, new enough, walled, migrated, and of the same opinion about the time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.core.checks import Tags, run_checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from agencies import doors
from cso.doctor.findings import MANAGE, Finding, ok, wrong

OLDEST = 150_000
MOST_SKEW = timedelta(seconds=2)
BESIDE = 16  # connections of the worker, beat, management commands and a backup
_CONNECTIONS = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true), '0')::int
"""


def reachable() -> Finding:
    """Whether PostgreSQL answers; nothing else can be looked at where it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, pg_size_pretty(pg_database_size(current_database()))")
            role, size = cursor.fetchone()
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0].split()[0]
    except Error as error:
        return wrong(
            "database",
            f"PostgreSQL does not answer ({type(error).__name__}). No call can be taken: pages say 503.",
            "Start PostgreSQL and look at its log; check the host, name and password in DATABASE_URL. Until then take "
            "calls by radio and on paper. The site needs no restart when it is back.",
        )
    return ok("database", f"PostgreSQL {version} answers as {role}; {size}")


def look(now: datetime) -> Iterator[Finding]:
    """`now` is this machine's time."""
    yield _clock(now)
    yield _version()
    yield from _walls()
    yield from _migrations()
    yield _connections()
    yield _log()


def _clock(now: datetime) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    skew = abs(theirs - now)
    if skew > MOST_SKEW:
        return wrong(
            "time",
            f"This machine and PostgreSQL disagree about the time by {skew.total_seconds():.0f} s: clocks ring too "
            "early or too late.",
            "Set both machines by NTP (e.g. `timedatectl set-ntp true`).",
        )
    return ok("time", f"This machine and PostgreSQL agree to {skew.total_seconds():.1f} s")


def _version() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        number = int(cursor.fetchone()[0])
    if number < OLDEST:
        return wrong("version", f"PostgreSQL {number // 10_000} is too old.", "Move to PostgreSQL 15 or newer.")
    return ok("version", f"PostgreSQL {number // 10_000} is new enough")


def _log() -> Finding:
    """What PostgreSQL writes down of an error of the site's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('log_error_verbosity'), current_setting('log_min_error_statement')")
        verbosity, statements = cursor.fetchone()
    if verbosity != "terse" or statements not in ("fatal", "panic"):
        return wrong(
            "log",
            "PostgreSQL writes rows and statements into its log, residents' words among them.",
            "Run cso/roles.sql again as a superuser, then restart web, worker and beat. Look after the logs of before.",
        )
    return ok("log", "PostgreSQL's log names errors without rows and statements")


def _connections() -> Finding:
    """Every web process has a pool, and a reader for each agency whose board is open."""
    with connection.cursor() as cursor:
        cursor.execute(_CONNECTIONS)
        there: int = cursor.fetchone()[0]
    pool: int = connection.settings_dict["OPTIONS"]["pool"]["max_size"]
    needed = settings.WEB_PROCESSES * (pool + len(doors.agency_ids())) + BESIDE
    if needed > there:
        return wrong(
            "connections",
            f"PostgreSQL takes {there} connections, and {settings.WEB_PROCESSES} web processes may want {needed}: when "
            "much happens, calls are refused with 503.",
            f"Set PostgreSQL's max_connections to {needed + 20}, or CSO_WEB_PROCESSES or CSO_WEB_THREADS lower.",
        )
    return ok("connections", f"PostgreSQL takes {there} connections, more than the {needed} that may be wanted")


def _walls() -> Iterator[Finding]:
    """The role without SUPERUSER and BYPASSRLS, and row-level security forced on every tenant table."""
    found = run_checks(tags=[Tags.database], databases=["default"])
    for message in found:
        do = f"{message.hint or ''} Stop the site until it is mended: agencies could see each other's rows."
        yield wrong("walls", str(message.msg), do.strip())
    if not found:
        yield ok("walls", "The role sees one agency at a time, and every tenant table is walled")


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = [f"{m.app_label}.{m.name}" for m, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    newer = sorted(
        f"{app}.{name}"
        for app, name in set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations or ())
    )
    if missing:
        yield wrong(
            "migrations",
            f"Migrations that are not applied: {len(missing)}, {missing[0]} first.",
            f"{MANAGE} migrate (as cso_owner: DATABASE_OWNER_URL); `make run` does it by itself.",
        )
    if newer:
        yield wrong(
            "migrations",
            f"The database is newer than this code: it has {newer[-1]}.",
            "Install the version that the database was migrated to, or restore the backup from before.",
        )
    if not missing and not newer:
        yield ok("migrations", "All migrations are applied")
