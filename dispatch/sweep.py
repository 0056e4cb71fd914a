"""The sweep: finds what is due and does it, whoever runs it and however many run at once.

Rows are the truth. Due ids are read unlocked; then, in one transaction, their calls are locked by id, the deadlines
are read again under a lock, the effects are done, and the agency's counter is taken last. Killed at any line, nothing
is lost; run twice at once, nothing is done twice. A call that a user holds is passed over until the next sweep.
"""

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, OperationalError

from agencies import doors
from agencies.errors import Busy, Refused
from agencies.models import Agency
from agencies.scope import agency_scope
from calls.models import Call
from dispatch import alarms
from dispatch.alarms import Batch
from dispatch.models import Assignment
from ledger import deadlines, heartbeats
from ledger.models import Deadline
from ledger.record import record

LONGEST_S = 3.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 60.0
# Whatever an effect may fail with by itself. A lost database (OperationalError) is no fault of a deadline.
_FAULTS = (
    ArithmeticError, AssertionError, AttributeError, DatabaseError, LookupError, Refused, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
log = logging.getLogger(__name__)


@dataclass
class _Pause:
    until: float = 0.0
    seconds: float = _FIRST_PAUSE_S


# Deadlines whose effect failed, by this process: armed still, and tried again after growing pauses.
_aside: dict[int, _Pause] = {}


def sweep(now: datetime) -> int:
    """Fires what is due at `now` in all agencies, most overdue first, in turns; answers how many deadlines fired."""
    until = time.monotonic() + LONGEST_S
    passed_over: dict[int, set[int]] = {key: set() for key in doors.agencies_with_something_due(now)}
    fired = 0
    while passed_over and time.monotonic() < until:
        for agency_id, left in list(passed_over.items()):
            with agency_scope(agency_id):
                due = deadlines.due(now, without=left | _set_aside())
                done = _work_off(due, now) if due else set()
            fired += len(done)
            left.update({d.pk for d in due} - done)
            if len(due) < deadlines.BATCH:
                del passed_over[agency_id]
    return fired


def watch(now: datetime, *names: str) -> int:
    """One sweep and, after it, the sign of life of the clock and of `names`."""
    fired = sweep(now)
    heartbeats.beat(heartbeats.CLOCK, *names, now=now)
    return fired


def _work_off(due: list[Deadline], now: datetime) -> set[int]:
    agency = Agency.objects.get()
    together = [d for d in due if not alarms.waits_alone(d)]
    done = _try(agency, together, now) if together else set()
    for deadline in due:
        if alarms.waits_alone(deadline):
            done |= _try(agency, [deadline], now)
    return done


def _try(agency: Agency, due: list[Deadline], now: datetime) -> set[int]:
    """Fires `due` in one transaction; when that fails, one by one, so that one of them does not stop the others."""
    try:
        done = _fire(agency, due, now)
    except OperationalError:
        raise
    except Busy:
        # Somebody held the agency's counter for too long: the next sweep comes in a second.
        log.warning("a batch of %s deadlines waits: agency %s was busy", len(due), agency.slug)
        return set()
    except _FAULTS as error:
        if len(due) == 1:
            _put_aside(due[0], error)
            return set()
    else:
        for pk in done:
            _aside.pop(pk, None)
        return done
    return set[int]().union(*(_try(agency, [deadline], now) for deadline in due))


def _fire(agency: Agency, due: list[Deadline], now: datetime) -> set[int]:
    alone = alarms.waits_alone(due[0])
    prepared = alarms.prepare(due, now)
    with record(by=None, now=now, agency=agency) as book:
        calls = _lock_calls({d.call_id for d in due if d.call_id is not None}, whole=alone)
        free = [d.pk for d in due if d.call_id is None or d.call_id in calls]
        claimed = deadlines.claim(free, now) if free else []
        # A call that was joined to another a moment ago took its clocks with it: that one is not locked.
        claimed = [d for d in claimed if d.call_id is None or d.call_id in calls]
        if claimed:
            assignments = _assignments({d.assignment_id for d in claimed if d.assignment_id is not None})
            alarms.take_effect(Batch(book, calls, assignments, prepared=prepared), claimed)
    return {d.pk for d in claimed}


def _lock_calls(ids: Collection[int], *, whole: bool) -> dict[int, Call]:
    """The calls that nobody else holds, locked in the order of their ids."""
    if not ids:
        return {}
    rows = Call.objects.select_for_update(of=("self",), skip_locked=True).filter(pk__in=ids).order_by("pk")
    rows = rows.select_related("type", "decision") if whole else rows.only("number", "status")
    return {call.pk: call for call in rows}


def _assignments(ids: Collection[int]) -> dict[int, Assignment]:
    """Whose clocks these are. They cannot change: whoever moves an assignment locks its call first."""
    if not ids:
        return {}
    rows = Assignment.objects.filter(pk__in=ids).select_related("unit")
    return {row.pk: row for row in rows.only("status", "unit__callsign")}


def _set_aside() -> set[int]:
    now = time.monotonic()
    return {pk for pk, pause in list(_aside.items()) if pause.until > now}


def _put_aside(deadline: Deadline, error: BaseException) -> None:
    pause = _aside.setdefault(deadline.pk, _Pause())
    pause.until = time.monotonic() + pause.seconds
    log.error(
        "the effect of deadline %s (%s, agency %s) failed; next try in %.0f s",
        deadline.pk, deadline.kind, deadline.agency_id, pause.seconds, exc_info=error,
    )  # fmt: skip
    pause.seconds = min(pause.seconds * 2, _LONGEST_PAUSE_S)
