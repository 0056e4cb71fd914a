"""A start with a missing or wrong setting ends with one line that says what to do, and never shows a secret."""

import os
import subprocess
import sys

import pytest

from tests.room import ROOT

GOOD = {"SECRET_KEY": "s", "DATABASE_URL": "postgresql:///cso"}
UNSET = ("CSO_", "DATABASE_", "REDIS_", "SECRET_KEY", "PYTEST_", "DJANGO_", "EMAIL_")
SHOW = "from cso import settings as s; print({expression})"


def read(expression: str = "''", **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith(UNSET)} | settings
    command = [sys.executable, "-c", SHOW.format(expression=expression)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": "s"}, "DATABASE_URL"),
        (GOOD | {"DATABASE_URL": "mysql://console:hidden@db/cso"}, "DATABASE_URL"),
        (GOOD | {"SECRET_KEY_FILE": "/no/such/file"}, "SECRET_KEY_FILE"),
        (GOOD | {"REDIS_URL": "amqp://console:hidden@mq"}, "REDIS_URL"),
        (GOOD | {"CSO_WEB_THREADS": "many"}, "CSO_WEB_THREADS"),
        (GOOD | {"CSO_INSECURE_HTTP": "perhaps"}, "CSO_INSECURE_HTTP"),
        (GOOD | {"CSO_LOG_LEVEL": "loud"}, "CSO_LOG_LEVEL"),
        (GOOD | {"EMAIL_URL": "pigeon://console:hidden@loft"}, "EMAIL_URL"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line(settings: dict[str, str], named: str) -> None:
    done = read(**settings)
    assert done.returncode == 1
    assert done.stderr.startswith(named)
    assert done.stderr.count("\n") == 1
    assert "hidden" not in done.stderr


def test_as_shipped_everything_is_https(monkeypatch: pytest.MonkeyPatch) -> None:
    secure = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS >= 31536000"
    assert read(secure, **GOOD).stdout.strip() == "True True True True"
    assert read(secure, **GOOD, CSO_INSECURE_HTTP="1").stdout.strip() == "False False False False"


def test_a_secret_may_stand_in_a_file(tmp_path: "os.PathLike[str]") -> None:
    file = os.path.join(tmp_path, "key")
    with open(file, "w") as out:
        out.write("from a file\n")
    assert read("s.SECRET_KEY", DATABASE_URL=GOOD["DATABASE_URL"], SECRET_KEY_FILE=file).stdout.strip() == "from a file"


def test_the_broker_is_found_through_a_socket_too() -> None:
    shown = read("s.CELERY_BROKER_URL", **GOOD, REDIS_URL="unix:///run/valkey.sock")
    assert shown.stdout.strip() == "redis+socket:///run/valkey.sock"
