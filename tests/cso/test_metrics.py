"""What an operator sees of the console, and that nobody else sees it."""

import http.client
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from agencies.models import Agency, Member
from calls.models import Call
from dispatch import sweep
from dispatch.board import board_view
from ledger.models import Deadline, Delivery, Heartbeat
from tests.fixtures import Database, Web
from tests.live.listening import listening

TOKEN = {"Authorization": "Bearer only-for-tests"}
Series = dict[str, float]


def read(text: str) -> Series:
    """Every series by its name and labels as they are written."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {f"{s.name}{{{','.join(f'{k}={v}' for k, v in sorted(s.labels.items()))}}}": s.value for s in samples}


def metrics() -> Series:
    answer = Client(headers=TOKEN).get("/metrics")
    assert answer.status_code == 200
    return read(answer.content.decode())


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "only-for-tests", "Basic only-for-tests", "Bearer ü"])
def test_without_the_token_there_is_no_such_address(db: None, given: str) -> None:
    answer = Client(headers={"Authorization": given} if given else {}).get("/metrics")
    assert (answer.status_code, answer.content) == (404, b"")


def test_without_a_token_in_the_settings_nobody_is_let_in(db: None, settings: Any) -> None:  # noqa: ANN401 pytest-django's
    settings.METRICS_TOKEN = ""
    for given in ("Bearer", "Bearer ", "Bearer only-for-tests"):
        assert Client(headers={"Authorization": given}).get("/metrics").status_code == 404


def test_a_member_is_let_in_no_more_than_a_stranger(dora: Member, sign_in: Callable[..., Client]) -> None:
    assert sign_in(dora).get("/metrics").status_code == 404


def test_requests_are_counted_by_route_and_status(
    dora: Member, agency: Agency, take: Callable[..., Call], sign_in: Callable[..., Client]
) -> None:
    client, before = sign_in(dora), metrics()
    for number in (take().number, "26-999999"):
        client.get(f"/a/{agency.slug}/calls/{number}/")
    client.generic("BREW", "/no/such/path")
    after = metrics()

    def more(method: str, route: str, status: int) -> float:
        name = f"cso_request_seconds_count{{method={method},route={route},status={status}}}"
        return after.get(name, 0) - before.get(name, 0)

    assert more("GET", "a/<slug:agency>/calls/<str:number>/", 200) == 1
    assert more("GET", "a/<slug:agency>/calls/<str:number>/", 404) == 1
    assert more("other", "nowhere", 404) == 1


def test_calls_are_counted_for_each_agency(agency: Agency, rival: Agency, take: Callable[..., Call]) -> None:
    take()
    take()
    found = metrics()
    assert found["cso_calls_taken_total{agency=san-jose}"] == 2
    assert found["cso_calls_taken_total{agency=seattle}"] == 1


def test_clocks_that_ring_late_are_seen(agency: Agency, take: Callable[..., Call]) -> None:
    take()
    late = timezone.now() - timedelta(seconds=90)
    Deadline.objects.filter(kind__in=["unassigned", "delayed_caller"]).update(due_at=late)
    before = metrics()
    assert before["cso_deadlines_overdue{agency=san-jose}"] == 2
    assert before["cso_deadlines_fired_5m{agency=san-jose}"] == 0
    sweep.sweep(timezone.now())
    after = metrics()
    assert after["cso_deadlines_overdue{agency=san-jose}"] == 0
    assert after["cso_deadlines_fired_5m{agency=san-jose}"] == 2
    for what in ("median", "max"):
        assert 90 <= after[f"cso_deadline_lateness_{what}_seconds_5m{{agency=san-jose}}"] < 120


def test_deliveries_that_wait_are_counted(agency: Agency, now: datetime) -> None:
    for state in ("waiting", "leased", "sent", "failed"):
        Delivery.objects.create(channel="email", address="a@b.example", message="x", next_at=now, state=state)
    assert metrics()["cso_deliveries_waiting{agency=san-jose}"] == 2


def test_a_heartbeat_grows_old(db: None) -> None:
    Heartbeat.objects.create(name="worker", at=timezone.now() - timedelta(minutes=2))
    assert 120 <= metrics()["cso_heartbeat_age_seconds{name=worker}"] < 150


def test_open_streams_are_counted(web: Web, agency: Agency, dora: Member, sign_in: Callable[..., Client]) -> None:
    def streams() -> float:
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
        connection.request("GET", "/metrics", headers=TOKEN)
        return read(connection.getresponse().read().decode())["cso_streams_open{}"]

    before = streams()
    with listening(web, board_view(agency, timezone.now()).stream_url, client=sign_in(dora)) as stream:
        stream.until(lambda frame: frame.event == "pulse")
        assert streams() == before + 1


def test_no_resident_is_in_it(
    agency: Agency, dora: Member, take: Callable[..., Call], sign_in: Callable[..., Client]
) -> None:
    take(caller_name="Zebulon Q", caller_phone="408-555-0123", address="7 Secret St", narrative="my son did it")
    sign_in(dora).get(f"/a/{agency.slug}/calls/", {"q": "Zebulon"})
    text = Client(headers=TOKEN).get("/metrics").content.decode()
    for words in ("Zebulon", "555-0123", "Secret", "my son", "dora", "26-0"):
        assert words not in text


def test_the_metrics_answer_while_the_database_does_not(database: Database, agency: Agency) -> None:
    with database.superuser() as superuser:
        superuser.execute("ALTER TABLE ledger_heartbeat RENAME TO ledger_heartbeat_away")
        try:
            found = metrics()
        finally:
            superuser.execute("ALTER TABLE ledger_heartbeat_away RENAME TO ledger_heartbeat")
    assert found["cso_database_up{}"] == 0
    assert metrics()["cso_database_up{}"] == 1
