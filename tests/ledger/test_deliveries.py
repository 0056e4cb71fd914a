"""Somebody outside is told, by a mail server that really listens on a port."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from agencies.models import Agency
from agencies.scope import agency_scope
from ledger import deliveries
from ledger.deliveries import deliver
from ledger.models import Delivery
from ledger.record import record
from tests.ledger.mail_server import MailServer, mail_server

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:  # noqa: ANN401 pytest-django's
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "127.0.0.1", False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    with mail_server() as running:
        settings.EMAIL_PORT = running.port
        yield running


@pytest.fixture
def waiting(agency: Agency, now: datetime) -> Delivery:
    """Nobody is on duty, and the agency's address is to be told."""
    with record(by=None, now=now) as book:
        book.add("alarm.raised", data={})
        data = {"alarms": [{"alarm": 7, "kind": "undecided", "call": "26-000123"}]}
        book.tell("email", "night@san-jose.example", "alarm.nobody_on_duty", data)
    return Delivery.objects.get()


def fresh(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


def test_the_agency_is_written_to_once(server: MailServer, waiting: Delivery, agency: Agency, now: datetime) -> None:
    assert deliver(now) == 1
    assert deliver(now + MINUTE) == 0
    (mail,) = server.received
    assert mail["To"] == "night@san-jose.example"
    assert "nobody on duty" in mail["Subject"]
    text = mail.get_content()
    assert "26-000123" in text
    assert agency.round_the_clock_number in text
    assert str(waiting.pk) in mail["Message-ID"]
    assert (fresh(waiting).state, fresh(waiting).attempts, fresh(waiting).fault) == ("sent", 1, "")


def test_an_agency_that_gave_no_number_is_not_told_to_call_one(
    server: MailServer, waiting: Delivery, agency: Agency, now: datetime
) -> None:
    Agency.objects.filter(pk=agency.pk).update(round_the_clock_number="")
    assert deliver(now) == 1
    text = server.received[0].get_content()
    assert "Nobody is on duty who could take these alarms." in text
    assert "call ." not in text


def test_an_address_the_server_refuses_is_not_tried_again(server: MailServer, waiting: Delivery, now: datetime) -> None:
    server.answers = {"RCPT": [550]}
    assert deliver(now) == 0
    assert (fresh(waiting).state, fresh(waiting).fault) == ("failed", "550")
    assert deliver(now + timedelta(days=1)) == 0
    assert server.received == []


@pytest.mark.parametrize("answers", [{"RCPT": [451]}, {"END": [421]}, {"MAIL": [0]}, {"DATA": [452]}])
def test_a_server_that_asks_for_patience_gets_it(
    server: MailServer, waiting: Delivery, now: datetime, answers: dict[str, list[int]]
) -> None:
    server.answers = answers
    assert deliver(now) == 0
    assert fresh(waiting).state == "waiting"
    assert deliver(now + 14 * SECOND) == 0, "not at once again"
    assert deliver(now + 15 * SECOND) == 1
    assert (fresh(waiting).state, fresh(waiting).attempts) == ("sent", 2)


def test_every_attempt_carries_the_same_number(server: MailServer, waiting: Delivery, now: datetime) -> None:
    deliver(now)
    Delivery.objects.filter(pk=waiting.pk).update(state="leased", next_at=now)  # who sent it died before the mark
    deliver(now + 2 * MINUTE)
    first, second = server.received
    assert first["Message-ID"] == second["Message-ID"]


def test_nobody_listening_is_no_reason_to_give_up_at_once(
    server: MailServer,
    waiting: Delivery,
    now: datetime,
    settings: Any,  # noqa: ANN401
) -> None:
    server.server_close()
    moment = now
    for _ in range(deliveries.ATTEMPTS - 1):
        deliver(moment)
        assert fresh(waiting).state == "waiting"
        moment = fresh(waiting).next_at
    assert moment - now > timedelta(hours=1), "an evening without a mail server is survived"
    deliver(moment)
    assert (fresh(waiting).state, fresh(waiting).attempts) == ("failed", deliveries.ATTEMPTS)


def test_without_a_mail_server_the_row_says_so(
    waiting: Delivery,
    now: datetime,
    settings: Any,  # noqa: ANN401
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    deliver(now)
    assert fresh(waiting).state == "failed"
    assert "EMAIL_URL" in fresh(waiting).fault


def test_a_channel_that_is_not_there_fails_for_good(agency: Agency, now: datetime) -> None:
    with record(by=None, now=now) as book:
        book.add("alarm.raised", data={})
        book.tell("pigeon", "loft 3", "alarm.nobody_on_duty", {})
    deliver(now)
    assert Delivery.objects.get().fault == "there is no channel pigeon"


def test_a_lease_keeps_others_away_until_it_runs_out(server: MailServer, waiting: Delivery, now: datetime) -> None:
    Delivery.objects.filter(pk=waiting.pk).update(state="leased", lease_until=now + MINUTE, next_at=now + MINUTE)
    assert deliver(now) == 0
    assert deliver(now + MINUTE) == 1


def test_two_workers_send_one_mail(server: MailServer, waiting: Delivery, now: datetime) -> None:
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        for delivery in _claim_in_scope(waiting.agency_id, now):
            claimed.append(delivery)
        connections.close_all()

    claimed: list[Delivery] = []
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 1


def test_the_rivals_messages_go_out_in_their_own_name(
    server: MailServer, waiting: Delivery, rival: Agency, now: datetime
) -> None:
    with agency_scope(rival.pk), record(by=None, now=now) as book:
        book.add("alarm.raised", data={})
        book.tell("email", "night@seattle.example", "alarm.nobody_on_duty", {"alarms": []})
    assert deliver(now) == 2
    subjects = {mail["To"]: mail["Subject"] for mail in server.received}
    assert rival.name in subjects["night@seattle.example"]
    assert rival.name not in subjects["night@san-jose.example"]


def _claim_in_scope(agency_id: int, now: datetime) -> list[Delivery]:
    with agency_scope(agency_id):
        return deliveries._claim(now)
