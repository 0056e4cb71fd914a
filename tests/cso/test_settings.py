"""A start with a missing or wrong setting ends with one line that says what to do, and never shows a secret."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.room import ROOT

GOOD = {"SECRET_KEY": "s", "DATABASE_URL": "postgresql:///cso"}
UNSET = ("CSO_", "DATABASE_", "REDIS_", "SECRET_KEY", "PYTEST_", "DJANGO_", "EMAIL_")
# Starts one process for each line it is given: a copy of itself that has read no setting yet. It has imported already
# what takes the time. What a process says goes to the file named; its exit status is answered.
STARTER = """
import json, os, sys
import cso.logs, cso.pool, csp.constants, environs
for line in sys.stdin:
    given = json.loads(line)
    if os.fork():
        print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
        continue
    os.environ.clear()
    os.environ.update(given["environment"])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(given[name], os.O_WRONLY | os.O_CREAT), number)
    from cso import settings as s
    print(eval(given["expression"]))
    sys.exit()
"""


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Read = Callable[..., Done]


@pytest.fixture(scope="module")
def starter() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", STARTER]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process


@pytest.fixture
def read(starter: "subprocess.Popen[str]", tmp_path: Path) -> Read:
    """Lets the settings be read by a process with these in its environment, which shows an expression of them."""

    def read(expression: str = "''", **settings: str) -> Done:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(UNSET)} | settings
        out, err = (tmp_path / f"{name}-{len(os.listdir(tmp_path))}" for name in ("out", "err"))
        given = {"environment": environment, "expression": expression, "out": str(out), "err": str(err)}
        assert starter.stdin is not None and starter.stdout is not None
        starter.stdin.write(json.dumps(given) + "\n")
        starter.stdin.flush()
        return Done(int(starter.stdout.readline()), out.read_text(), err.read_text())

    return read


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": "s"}, "DATABASE_URL"),
        (GOOD | {"DATABASE_URL": "mysql://console:hidden@db/cso"}, "DATABASE_URL"),
        (GOOD | {"SECRET_KEY_FILE": "/no/such/file"}, "SECRET_KEY_FILE"),
        (GOOD | {"REDIS_URL": "amqp://console:hidden@mq"}, "REDIS_URL"),
        (GOOD | {"SECRET_KEY_FILE": "/dev/null"}, "SECRET_KEY_FILE"),
        (GOOD | {"CSO_WEB_THREADS": "many"}, "CSO_WEB_THREADS"),
        (GOOD | {"CSO_WEB_THREADS": "-1"}, "CSO_WEB_THREADS"),
        (GOOD | {"CSO_API_REQUESTS_PER_MINUTE": "0"}, "CSO_API_REQUESTS_PER_MINUTE"),
        (GOOD | {"CSO_WEB_PROCESSES": "two"}, "CSO_WEB_PROCESSES"),
        (GOOD | {"CSO_WEB_PROCESSES": "0"}, "CSO_WEB_PROCESSES"),
        (GOOD | {"CSO_INSECURE_HTTP": "perhaps"}, "CSO_INSECURE_HTTP"),
        (GOOD | {"CSO_LOG_LEVEL": "loud"}, "CSO_LOG_LEVEL"),
        (GOOD | {"EMAIL_URL": "pigeon://console:hidden@loft"}, "EMAIL_URL"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line(read: Read, settings: dict[str, str], named: str) -> None:
    done = read(**settings)
    assert done.returncode == 1
    assert done.stderr.startswith(named)
    assert done.stderr.count("\n") == 1
    assert "hidden" not in done.stderr


@pytest.mark.parametrize("command", ["cso.asgi", "cso.web"])
def test_so_does_the_start_of_a_command(command: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(UNSET)} | {"SECRET_KEY": "s"}
    done = subprocess.run(
        [sys.executable, "-m", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL") and done.stderr.count("\n") == 1


def test_as_shipped_everything_is_https(read: Read) -> None:
    secure = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS >= 31536000"
    assert read(secure, **GOOD).stdout.strip() == "(True, True, True, True)"
    assert read(secure, **GOOD, CSO_INSECURE_HTTP="1").stdout.strip() == "(False, False, False, False)"


def test_a_secret_may_stand_in_a_file(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from a file\n")
    shown = read("s.SECRET_KEY", DATABASE_URL=GOOD["DATABASE_URL"], SECRET_KEY_FILE=str(file))
    assert shown.stdout.strip() == "from a file"


def test_the_broker_is_found_through_a_socket_too(read: Read) -> None:
    shown = read("s.CELERY_BROKER_URL", **GOOD, REDIS_URL="unix:///run/valkey.sock")
    assert shown.stdout.strip() == "redis+socket:///run/valkey.sock"
