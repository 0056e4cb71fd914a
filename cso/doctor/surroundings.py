"""Settings, the certificate people see, the disk, and backups."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.checks import Tags, run_checks

from cso import backups
from cso.doctor.findings import MANAGE, Finding, ago, note, ok, wrong

LEAST_FREE = 2_000_000_000  # bytes
OLDEST_BACKUP = timedelta(days=2)
CERTIFICATE_DAYS = 14
HERE = {"127.0.0.1", "localhost"}
# What follows from plain http, which is allowed on one's own machine only.
ABOUT_HTTPS = {"security.W004", "security.W008", "security.W012", "security.W016", "security.W021"}


def look(now: datetime) -> Iterator[Finding]:
    yield from _settings()
    for host in names():
        yield certificate(host, now=now)
    yield disk(settings.DATA_DIR if settings.DATA_DIR.exists() else settings.BASE_DIR)
    yield _backup(now)


def names() -> list[str]:
    """The console's own names, as people type them, where it is opened by https."""
    if settings.INSECURE_HTTP:
        return []
    return [host for host in settings.ALLOWED_HOSTS if host not in HERE and not host.startswith((".", "*"))]


def _settings() -> Iterator[Finding]:
    begin = "settings"
    found = []
    for message in run_checks(tags=[Tags.security], include_deployment_checks=True):
        if not (settings.INSECURE_HTTP and message.id in ABOUT_HTTPS):
            found.append(wrong(begin, f"{message.id}: {message.msg}", str(message.hint or "Set it, and start again.")))
    if settings.INSECURE_HTTP:
        found.append(
            note(begin, "Plain http is allowed (CSO_INSECURE_HTTP): good for this machine only.", "Unset it elsewhere.")
        )
    elif settings.DEMO:
        found.append(
            wrong(
                begin, "The demo is on: anybody who opens the sign-in page gets in.", "Unset CSO_DEMO and start again."
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(wrong(begin, "ALLOWED_HOSTS takes every name.", "Name the console's own names, with commas."))
    elif not settings.INSECURE_HTTP and not set(settings.ALLOWED_HOSTS) - HERE:
        found.append(
            wrong(
                begin, "ALLOWED_HOSTS names nobody but this machine: others get 400.", "Name the console's own names."
            )
        )
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        found.append(note(begin, "No mail server is set: nobody is written to.", "Set EMAIL_URL."))
    yield from found
    if not any(finding.level == "wrong" for finding in found):
        yield ok(begin, "Nothing is wrong with the settings")


def certificate(host: str, *, now: datetime, port: int = 443, trusted: str | None = None) -> Finding:
    """The certificate that a browser is shown at `host`. `trusted`: a file of authorities, the system's by default."""
    part = f"certificate {host}"
    context = ssl.create_default_context(cafile=trusted)
    try:
        with (
            socket.create_connection((host, port), timeout=3) as plain,
            context.wrap_socket(plain, server_hostname=host) as tls,
        ):
            shown = tls.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return wrong(part, f"Browsers will refuse the certificate: {error.verify_message}.", "Renew it at the proxy.")
    except OSError as error:
        return note(part, f"Could not be looked at from here ({type(error).__name__}).", "Look at it from a console.")
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), tz=UTC)
    days = (until - now).days
    if days < CERTIFICATE_DAYS:
        return wrong(part, f"It ends in {days} days: then no browser opens the console.", "Renew it at the proxy now.")
    return ok(part, f"It is good for {days} days")


def disk(folder: Path, *, least: int = LEAST_FREE) -> Finding:
    """`least`: how many bytes have to be free."""
    usage = shutil.disk_usage(folder)
    free = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.0f} GB are free in {folder}"
    if usage.free < least:
        return wrong("disk", f"Only {free}: a full disk stops PostgreSQL.", "Make room, or move the data, today.")
    return ok("disk", free)


def _backup(now: datetime) -> Finding:
    folder = settings.BACKUP_DIR
    file = backups.newest(folder)
    if file is None:
        return note(
            "backup", f"No backup is in {folder}.", f"make backup ({MANAGE} backup); CSO_BACKUP_DIR says where."
        )
    stat = file.stat()
    age = now - datetime.fromtimestamp(stat.st_mtime, tz=UTC)
    size = f"{file.name}, {stat.st_size / 1e6:.1f} MB, {ago(age.total_seconds())} old"
    if age > OLDEST_BACKUP:
        return wrong("backup", f"The last backup is too old: {size}.", "make backup, and see why nobody made one.")
    return ok("backup", size)
