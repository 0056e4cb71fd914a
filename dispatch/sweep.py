"""The sweep: finds what is due and does it, whoever runs it and however many run at once.

Rows are the truth. Due ids are read unlocked; then, in one transaction, their calls are locked by id, the deadlines
are read again under a lock, the effects are done, and the agency's counter is taken last. Killed at any line, nothing
is lost; run twice at once, nothing is done twice. A call that a user holds is passed over until the next sweep.
"""

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, OperationalError

from agencies import doors
from agencies.errors import Busy, Refused
from agencies.models import Agency
from agencies.scope import agency_scope, current_agency_id
from calls import queries as call_queries
from calls.models import Call
from calls.queries import HeldCall
from dispatch import alarms
from dispatch.alarms import Batch, Duties
from dispatch.models import Assignment
from ledger import deadlines, heartbeats
from ledger.deadlines import Found
from ledger.record import record

LONGEST_S = 3.0
# So many calls are locked at once. Sweeps that run side by side look at the same window and share it between them.
BATCH, WINDOW = deadlines.BATCH, 4 * deadlines.BATCH
ALONE, BATCHES_A_TURN = 20, 5
# After a batch, so much of the time that it took belongs to people: whoever takes a call meanwhile waits half as long.
REST = 0.3
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


@dataclass
class _Turn:
    """One agency's deadlines in a sweep: ids that fired, and ids that were tried, fired or not."""

    duties: Duties
    agency: Agency | None = None
    fired: set[int] = field(default_factory=set)
    tried: set[int] = field(default_factory=set)


def sweep(now: datetime) -> int:
    """Fires what is due at `now` in all agencies, most overdue first, in turns; answers how many deadlines fired."""
    until = time.monotonic() + LONGEST_S
    waiting = {agency_id: _Turn(Duties(now)) for agency_id in doors.agencies_with_something_due(now)}
    fired = 0
    while waiting and time.monotonic() < until:
        for agency_id, turn in list(waiting.items()):
            with agency_scope(agency_id):
                number, done = _work(turn, now, until)
            fired += number
            if done:
                del waiting[agency_id]
    return fired


def watch(now: datetime, *names: str) -> int:
    """One sweep and, after it, the sign of life of the clock and of `names`."""
    fired = sweep(now)
    heartbeats.beat(heartbeats.CLOCK, *names, now=now)
    return fired


def _work(turn: _Turn, now: datetime, until: float) -> tuple[int, bool]:
    """Some batches of one agency: how many deadlines fired, and whether there is nothing left to be tried."""
    number, done = 0, False
    for _ in range(BATCHES_A_TURN):
        began = time.monotonic()
        due = deadlines.due(now, limit=WINDOW, without=turn.tried | _set_aside())
        _take_turn(turn, due, now)
        number += len(turn.fired)
        done = len(due) < WINDOW and turn.tried | turn.fired >= {d.pk for d in due}
        turn.tried -= turn.fired  # they are armed no more, so nobody finds them again
        turn.fired = set()
        ended = time.monotonic()
        if done or ended > until:
            break
        time.sleep(REST * (ended - began))
    return number, done


def _take_turn(turn: _Turn, due: list[Found], now: datetime) -> None:
    """One batch of what can go together, and some of what cannot."""
    if not due:
        return
    agency = turn.agency = turn.agency or Agency.objects.get()
    together = [d for d in due if not alarms.waits_alone(d)]
    if together:
        _try(turn, agency, together, now)
    for deadline in [d for d in due if alarms.waits_alone(d)][:ALONE]:
        _try(turn, agency, [deadline], now)


def _try(turn: _Turn, agency: Agency, due: list[Found], now: datetime) -> None:
    """Fires `due` in one transaction; when that fails, one by one, so that one of them does not stop the others."""
    try:
        _fire(turn, agency, due, now)
    except OperationalError:
        raise
    except Busy:
        # Somebody held the agency's counter for too long: the next sweep comes in a second.
        log.warning("a batch of deadlines waits: agency %s was busy", agency.slug)
        turn.tried.update(d.pk for d in due)
    except _FAULTS as error:
        if len(due) == 1:
            _put_aside(due[0], error)
            turn.tried.add(due[0].pk)
        for deadline in due if len(due) > 1 else ():
            _try(turn, agency, [deadline], now)


def _fire(turn: _Turn, agency: Agency, due: list[Found], now: datetime) -> None:
    prepared = alarms.prepare(due)
    with record(by=None, now=now, agency=agency) as book:
        calls = _lock_calls({d.call_id for d in due if d.call_id is not None}, whole=alarms.waits_alone(due[0]))
        free = [d.pk for d in due if d.call_id is None or d.call_id in calls]
        claimed = deadlines.claim(free, now, calls=calls.keys())
        if claimed:
            assignments = _assignments({d.assignment_id for d in claimed if d.assignment_id is not None})
            alarms.take_effect(Batch(book, calls, assignments, turn.duties, prepared=prepared), claimed)
    turn.fired.update(d.pk for d in claimed)
    # With a full batch there may be more in the window; with less, whatever is left there is somebody else's.
    turn.tried.update(free if len(calls) == BATCH else (d.pk for d in due))
    for deadline in claimed:
        _aside.pop(deadline.pk, None)


def _lock_calls(ids: Collection[int], *, whole: bool) -> Mapping[int, Call | HeldCall]:
    """A batch of the calls that nobody else holds, locked in the order of their ids; `whole` with type and decision."""
    if not ids:
        return {}
    if not whole:
        return call_queries.hold_free_calls(ids, most=BATCH)
    locked = call_queries.lock_calls(ids, skip_locked=True, most=BATCH)
    return {call.pk: call for call in Call.objects.filter(pk__in=locked).select_related("type", "decision")}


def _assignments(ids: Collection[int]) -> dict[int, Assignment]:
    """Whose clocks these are. They cannot change: whoever moves an assignment locks its call first."""
    if not ids:
        return {}
    rows = Assignment.objects.filter(pk__in=ids).select_related("unit")
    return {row.pk: row for row in rows.only("status", "unit__callsign")}


def _set_aside() -> set[int]:
    now = time.monotonic()
    return {pk for pk, pause in list(_aside.items()) if pause.until > now}


def _put_aside(deadline: Found, error: BaseException) -> None:
    pause = _aside.setdefault(deadline.pk, _Pause())
    pause.until = time.monotonic() + pause.seconds
    log.error(
        "the effect of deadline %s (%s, agency %s) failed; next try in %.0f s",
        deadline.pk, deadline.kind, current_agency_id(), pause.seconds, exc_info=error,
    )  # fmt: skip
    pause.seconds = min(pause.seconds * 2, _LONGEST_PAUSE_S)
