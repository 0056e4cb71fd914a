"""/healthz and /readyz, as those who watch the installation see them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ledger.models import Heartbeat
from tests.fixtures import Valkey


@pytest.fixture
def alive(db: None) -> None:
    for name in ("worker", "clock"):
        Heartbeat.objects.create(name=name, at=timezone.now())


def test_everything_is_there(client: Client, alive: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"database": "ok", "broker": "ok", "worker": "ok", "clock": "ok"},
    )


def test_a_clock_that_stopped_is_named(client: Client, alive: None) -> None:
    Heartbeat.objects.filter(name="clock").update(at=timezone.now() - timedelta(seconds=40))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["clock"] == "last heartbeat 40 s ago"
    assert answer.json()["worker"] == "ok"


def test_a_worker_that_never_was_is_named(client: Client, db: None) -> None:
    assert client.get("/readyz").json()["worker"] == "no heartbeat yet"


def test_a_broker_that_is_away_is_named(client: Client, alive: None, valkey: Valkey) -> None:
    valkey.stop()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["broker"].startswith("away")
    assert answer.json()["database"] == "ok"


def test_a_process_that_lives_says_so_without_asking_anybody(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
