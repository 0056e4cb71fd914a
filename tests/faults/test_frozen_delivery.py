"""A worker that freezes while it tells somebody, past its lease: another tells them, and the first changes nothing."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from agencies.models import Agency
from ledger.deliveries import LEASE, deliver
from ledger.models import Delivery
from ledger.record import record
from tests.ledger.mail_server import MailServer, mail_server
from tests.room import ROOT

WORKER = """
import sys
from datetime import datetime
import django
django.setup()
from ledger.deliveries import deliver
deliver(datetime.fromisoformat(sys.argv[1]))
"""


class Slow(MailServer):
    """Thinks for as long as it is told to before it says that it has taken the first message."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def answer_to(self, command: str) -> int:
        if command == "END" and not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(60)
        return super().answer_to(command)


@pytest.fixture
def server() -> Iterator[Slow]:
    with mail_server(Slow()) as running:
        assert isinstance(running, Slow)
        yield running
        running.go_on.set()


def test_a_worker_frozen_past_its_lease_marks_nothing(
    server: Slow,
    agency: Agency,
    now: datetime,
    settings: Any,  # noqa: ANN401 pytest-django's
) -> None:
    with record(by=None, now=now) as book:
        book.add("alarm.raised", data={})
        book.tell("email", "night@san-jose.example", "alarm.nobody_on_duty", {"alarms": []})
    environment = os.environ | {"EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "PYTHONPATH": str(ROOT)}
    first = subprocess.Popen([sys.executable, "-c", WORKER, now.isoformat()], env=environment)
    assert server.reached.wait(60)
    first.send_signal(signal.SIGSTOP)
    server.go_on.set()

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
    assert deliver(now + LEASE - timedelta(seconds=1)) == 0, "the lease is the frozen one's"
    assert deliver(now + LEASE) == 1
    told = Delivery.objects.get()
    assert (told.state, told.attempts) == ("sent", 2)

    first.send_signal(signal.SIGCONT)
    assert first.wait(30) == 0
    assert Delivery.objects.filter(pk=told.pk, state="sent", attempts=2, sent_at=told.sent_at).exists()
    assert len({mail["Message-ID"] for mail in server.received}) == 1, "whoever receives both knows that it is one"
