"""pytest plugin: before Django reads its settings, says which database this worker is going to have."""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from tests import room as rooms

ROOM = "CSO_TEST_ROOM"


def _enter_room() -> rooms.Room:
    """The session's room: the first process makes its name, the workers find it in the environment."""
    if ROOM not in os.environ:
        path = Path(tempfile.mkdtemp(prefix="cso-", dir="/tmp"))
        path.chmod(0o711)
        os.environ[ROOM] = str(path)
    room = rooms.Room(Path(os.environ[ROOM]), os.environ.get("PYTEST_XDIST_WORKER", "main"))
    for name in [n for n in os.environ if n.startswith("CSO_") and n != ROOM]:
        del os.environ[name]
    os.environ |= {
        "SECRET_KEY": "only-for-tests",
        "DATABASE_URL": room.url("cso_app"),
        "DATABASE_OWNER_URL": room.url("cso_owner"),
        "DATABASE_BACKUP_URL": room.url("cso_backup"),
        "REDIS_URL": f"unix://{room.valkey_sockets}/valkey.sock",
        "CSO_INSECURE_HTTP": "1",
        "CSO_STATIC_AS_IS": "1",
        "CSO_METRICS_TOKEN": "only-for-tests",
        "CSO_STANDBY_CLOCK": "0",  # a test says itself when the clock looks
        "CSO_DATA_DIR": str(room.path / "console"),
    }
    return room


# The suite starts a hundred Pythons. Where none may keep what it compiled, each compiles all of it for a second or two.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
room = _enter_room()
guard: "subprocess.Popen[bytes] | None" = None


def pytest_configure(config: pytest.Config) -> None:
    global guard  # noqa: PLW0603 one session a process
    from django.contrib.auth.hashers import Argon2PasswordHasher

    from tests import fixtures

    # As slow as they are on purpose, passwords would take a tenth of a second each; real processes stay slow.
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1

    # After pytest-django's, so that ours win where the names are the same.
    config.pluginmanager.register(fixtures, "cso-fixtures")
    if not hasattr(config, "workerinput"):
        guard = rooms.start_guard(room)


def pytest_unconfigure(config: pytest.Config) -> None:
    if guard and guard.stdin:
        guard.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # then it cleans up after we are gone
            guard.wait(10)
