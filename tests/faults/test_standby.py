"""With the worker dead the web process keeps the clocks; with it alive it keeps out of the way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from agencies.models import Agency
from calls.models import Call
from cso import standby
from dispatch.tasks import sweep as worker_sweeps
from ledger import heartbeats
from ledger.models import Alarm, Deadline, Heartbeat
from tests.fixtures import Valkey


@pytest.fixture
def overdue(take: Callable[..., Call]) -> Call:
    """A call nobody has decided, whose minute is over by the clock on the wall."""
    call = take(answers={})
    Deadline.objects.filter(call_id=call.pk, kind="undecided").update(due_at=timezone.now() - timedelta(seconds=1))
    return call


def look_once() -> bool | None:
    """As the web process does: on a thread, and so on a connection, of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(standby.look_once).result(10)


def rang(call: Call) -> bool:
    return Alarm.objects.filter(call_id=call.pk, kind="undecided").exists()


def test_with_no_worker_the_web_process_fires_what_is_due(overdue: Call) -> None:
    assert look_once() is True
    assert rang(overdue)
    assert Heartbeat.objects.filter(name="clock").exists()
    assert not Heartbeat.objects.filter(name="worker").exists(), "it does not pretend to be a worker"


def test_while_a_worker_sweeps_the_web_process_keeps_out_of_the_way(overdue: Call) -> None:
    heartbeats.beat(heartbeats.WORKER, now=timezone.now())
    assert look_once() is False
    assert not rang(overdue)


def test_a_worker_silent_for_more_than_five_seconds_is_replaced(overdue: Call) -> None:
    heartbeats.beat(heartbeats.WORKER, now=timezone.now() - timedelta(seconds=6))
    assert look_once() is True
    assert rang(overdue)


def test_clocks_go_on_with_valkey_dead(overdue: Call, valkey: Valkey) -> None:
    valkey.stop()
    assert look_once() is True
    assert rang(overdue)


def test_the_readiness_page_reads_the_workers_and_the_clocks_heartbeats(agency: Agency) -> None:
    assert Client().get("/readyz").json()["worker"] == "no heartbeat yet"
    worker_sweeps()
    answer = Client().get("/readyz")
    assert (answer.json()["worker"], answer.json()["clock"]) == ("ok", "ok")
    Heartbeat.objects.filter(name="worker").update(at=timezone.now() - timedelta(seconds=16))
    assert Client().get("/readyz").status_code == 503


def test_the_database_away_for_a_moment_does_not_end_the_watch(overdue: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(heartbeats, "silent_for", away)
        assert look_once() is None
    assert look_once() is True
