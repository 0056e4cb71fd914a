"""Rows in large numbers: open calls as a busy morning has them, and past calls by the million."""

from datetime import timedelta
from typing import Any

import psycopg

from tests.bench.stage import Stage

# Past calls; a tenth of them with what is kept about each: the clock that was stopped, the assignment that was cleared.
_CALLS = """
INSERT INTO calls_call (agency_id, number, status, type_id, priority, route, source, emergency, address, address_key,
    lat, lon, area, caller_name, caller_phone, caller_anonymous, caller_language, interpreter, no_contact, narrative,
    answers, facts, report_number, received_at, entered_at, queued_at, closed_at, disposition_id, closing_comment,
    version)
SELECT %(agency)s, '20-' || n, 'closed',
    (SELECT array_agg(id) FROM calls_calltype WHERE agency_id = %(agency)s)[1 + n %% 40],
    2 + n %% 3, 'cso', 'phone', false, n %% 5000 || ' Pine St', n %% 5000 || ' pine st', 47.6 + (n %% 1000) * 0.0001,
    -122.3 + (n %% 777) * 0.0001, 'downtown', 'A Caller', '206-555-0100', false, '', false, false, 'a parked car', '{}',
    '{}', '', at, at, at, at + interval '40 minutes',
    (SELECT min(id) FROM calls_disposition WHERE agency_id = %(agency)s), '', 3
FROM (SELECT n, now() - interval '1 day' - n * interval '2 minutes' AS at
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) AS past
"""
_CLOCKS = """
INSERT INTO ledger_deadline (agency_id, kind, call_id, armed_at, due_at, state, settled_at)
SELECT agency_id, 'unassigned', id, received_at, received_at + interval '1 hour', 'disarmed', received_at
FROM calls_call WHERE agency_id = %(agency)s AND status = 'closed' AND id > %(known)s AND id %% 10 = 0
"""
_ASSIGNMENTS = """
INSERT INTO dispatch_assignment (agency_id, call_id, unit_id, status, "primary", stack_order, since, override_reason,
    assigned_at, ended_at, end_reason)
SELECT agency_id, id, (SELECT array_agg(id) FROM dispatch_unit WHERE agency_id = %(agency)s)[1 + id %% 4], 'cleared',
    true, 0, closed_at, '', received_at, closed_at, ''
FROM calls_call WHERE agency_id = %(agency)s AND status = 'closed' AND id > %(known)s AND id %% 10 = 0
"""
_TABLES = "calls_call, ledger_deadline, dispatch_assignment"


def past_calls(stage: Stage, *, first: int, last: int, database: str = "cso") -> None:
    """Past calls number `first` to `last`, many with a stopped clock and an ended assignment."""
    with stage.superuser(database) as superuser:
        known = superuser.execute("SELECT coalesce(max(id), 0) FROM calls_call").fetchone()
        given = {"agency": stage.agency_id, "first": first, "last": last, "known": known[0] if known else 0}
        for statement in (_CALLS, _CLOCKS, _ASSIGNMENTS):
            superuser.execute(statement, given)
        tidy(superuser, _TABLES)


def tidy(superuser: "psycopg.Connection[Any]", tables: str) -> None:
    """As autovacuum would have left them long ago, so that it does not begin in the middle of a measurement."""
    superuser.execute(f"VACUUM ANALYZE {tables}")
    superuser.execute("CHECKPOINT")


def empty_board(stage: Stage) -> None:
    """All that is open ends: a board has a hundred calls, not all of those that are taken here in a second."""
    with stage.superuser() as superuser:
        superuser.execute(
            "UPDATE calls_call SET status = 'closed', closed_at = now(),"
            " disposition_id = (SELECT min(id) FROM calls_disposition) WHERE status NOT IN ('closed', 'cancelled')"
        )
        superuser.execute(
            "UPDATE dispatch_assignment SET status = 'cleared', ended_at = now()"
            " WHERE status NOT IN ('cleared', 'cancelled', 'declined')"
        )
        superuser.execute("UPDATE ledger_deadline SET state = 'disarmed' WHERE state = 'armed' AND call_id IS NOT NULL")
        tidy(superuser, _TABLES)


def open_calls(stage: Stage, number: int) -> None:
    """A board with so many calls as they come in on a busy morning, the units on some of them."""
    empty_board(stage)
    from django.utils import timezone

    from agencies.scope import agency_scope
    from calls.actions import take_call
    from calls.intake import Intake
    from dispatch.actions import AssignOrder, StatusOrder, assign_unit, move_assignment
    from dispatch.models import Unit
    from dispatch.states import AssignmentStatus
    from tests.conftest import ALL_NO

    dora, now = stage.people["dora"], timezone.now()
    with agency_scope(stage.agency_id):
        units = list(Unit.objects.order_by("callsign").values_list("callsign", flat=True))
        for n in range(number):
            answers = ALL_NO if n % 5 else {}
            order = Intake(type_code="WELFARE" if n % 3 else "CDX", address=f"{n} Pine St", answers=answers)
            call = take_call(order, by=dora, now=now - timedelta(seconds=20))
            if n < len(units) and call.status == "queued":
                assignment = assign_unit(call.pk, AssignOrder(units[n]), by=dora, now=now)
                move_assignment(assignment.pk, StatusOrder(AssignmentStatus.ON_SCENE), by=dora, now=now)
