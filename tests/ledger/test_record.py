"""What becomes of a change that does not come to its end."""

import time
from datetime import datetime

import pytest
from django.db import connection

from agencies.errors import Busy
from agencies.models import Member
from agencies.scope import agency_scope
from ledger.models import Event
from ledger.record import record


def stand_still(dora: Member, now: datetime) -> None:
    """PostgreSQL ends what was begun, so that nobody waits for it."""
    with record(by=dora, now=now) as book, connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 100")
        time.sleep(0.5)
        book.add("alarm.raised", data={})


def test_a_process_that_stood_still_for_too_long_tells_people_to_try_again(dora: Member, now: datetime) -> None:
    before = Event.objects.count()
    with pytest.raises(Busy):
        stand_still(dora, now)
    with agency_scope(dora.agency_id):  # as the next request, on a new connection
        assert Event.objects.count() == before
        with record(by=dora, now=now) as book:
            book.add("alarm.raised", data={})
        assert Event.objects.count() == before + 1
