"""Telling somebody outside: a row is claimed with a lease, attempted outside of any transaction, and marked.

Who dies between the attempt and the mark leaves a lease that runs out; the next attempt carries the same uuid.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from agencies import doors
from agencies.models import Agency
from agencies.scope import agency_scope
from ledger.channels import Fault, Message, Passing, Permanent, Send, email
from ledger.models import Delivery

LEASE = timedelta(seconds=90)
BATCH = 5
ATTEMPTS = 10
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=4)
CHANNELS: Mapping[str, Send] = {"email": email.send}
_one_at_a_time = threading.Lock()
log = logging.getLogger(__name__)


def deliver(now: datetime) -> int:
    """Attempts what is due in all agencies; answers how many were sent.

    A provider that keeps everybody waiting holds up one thread of a process, never the sweep.
    """
    if not _one_at_a_time.acquire(blocking=False):
        return 0
    try:
        return sum(_deliver_for(agency_id, now) for agency_id in doors.agencies_with_deliveries(now))
    finally:
        _one_at_a_time.release()


def _deliver_for(agency_id: int, now: datetime) -> int:
    with agency_scope(agency_id):
        agency = Agency.objects.get()
        return sum(_attempt(agency, delivery, now) for delivery in _claim(now))


def _claim(now: datetime) -> list[Delivery]:
    """Takes a lease on some due deliveries. One whose lease ran out is due again."""
    with transaction.atomic(durable=True):
        rows = Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        rows = rows.filter(state__in=[Delivery.State.WAITING, Delivery.State.LEASED], next_at__lte=now)
        claimed = list(rows.order_by("next_at", "pk")[:BATCH])
        until = now + LEASE
        Delivery.objects.filter(pk__in=[d.pk for d in claimed]).update(
            state=Delivery.State.LEASED, lease_until=until, next_at=until, attempts=F("attempts") + 1
        )
    for delivery in claimed:
        delivery.attempts += 1
        delivery.lease_until = until
    return claimed


def _attempt(agency: Agency, delivery: Delivery, now: datetime) -> bool:
    try:
        _channel(delivery.channel)(_message(agency, delivery))
    except Permanent as fault:
        _mark(delivery, state=Delivery.State.FAILED, fault=fault.code)
        _say(delivery, fault)
    except Passing as fault:
        last = delivery.attempts >= ATTEMPTS
        state = Delivery.State.FAILED if last else Delivery.State.WAITING
        _mark(delivery, state=state, fault=fault.code, next_at=now + pause_after(delivery.attempts))
        _say(delivery, fault)
    else:
        _mark(delivery, state=Delivery.State.SENT, fault="", sent_at=timezone.now())
        return True
    return False


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts that failed: doubled each time, 4 hours at most."""
    return min(_FIRST_PAUSE * (1 << (attempts - 1)), _LONGEST_PAUSE)


def _mark(delivery: Delivery, **values: object) -> None:
    """Only whoever holds the lease says how it went; after a stolen lease the other one does."""
    rows = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.LEASED, lease_until=delivery.lease_until)
    rows.update(lease_until=None, **values)


def _channel(name: str) -> Send:
    return CHANNELS.get(name) or partial(_no_channel, name)


def _no_channel(name: str, message: Message) -> None:
    raise Permanent(f"there is no channel {name}")


def _message(agency: Agency, delivery: Delivery) -> Message:
    return Message(
        uid=delivery.pk,
        address=delivery.address,
        kind=delivery.message,
        data=delivery.data,
        agency=agency.name,
        number=agency.round_the_clock_number,
        language=next(iter(agency.languages), "en"),
    )


def _say(delivery: Delivery, fault: Fault) -> None:
    log.warning("delivery %s by %s, attempt %s: %s", delivery.pk, delivery.channel, delivery.attempts, fault.code)
