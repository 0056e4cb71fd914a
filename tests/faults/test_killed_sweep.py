"""A worker that is killed in the middle of a sweep, again and again, loses no deadline and fires none twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

from agencies.models import Agency
from calls.models import Call
from dispatch.sweep import sweep
from ledger.models import Alarm, Cursor, Deadline, Event
from tests.cso.console import wait_until
from tests.dispatch.clocks import SECOND
from tests.fixtures import Database
from tests.room import ROOT

MANY = 900
# Sweeps for ever, as a worker does, in batches small enough to be killed between and inside of them.
WORKER = """
import sys
from datetime import datetime
import django
django.setup()
from dispatch import sweep
sweep.BATCH = 7
sweep.LONGEST_S = 0.02
while True:
    print(sweep.sweep(datetime.fromisoformat(sys.argv[1])), flush=True)
"""


def sweep_and_be_killed(now: datetime) -> None:
    """A worker that has fired some, killed within the next few milliseconds."""
    command = [sys.executable, "-c", WORKER, now.isoformat()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert process.stdout is not None
    for _ in range(3):
        assert process.stdout.readline()
    time.sleep(random.uniform(0, 0.03))
    process.send_signal(signal.SIGKILL)
    process.wait(5)


def many_calls(like: Call, agency: Agency, now: datetime) -> None:
    """Copies of a queued call, each with one deadline that is due."""
    values = Call.objects.values().get(pk=like.pk)
    made = Call.objects.bulk_create(Call(**values | {"id": None, "number": f"99-{n:06d}"}) for n in range(MANY))
    Deadline.objects.bulk_create(
        Deadline(agency=agency, kind="delayed_caller", call_id=call.pk, armed_at=now, due_at=now) for call in made
    )


def at_work(database: Database) -> int:
    """How many connections of the site's are in the middle of something."""
    with database.superuser() as server:
        [(many,)] = server.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'cso_app' AND state <> 'idle'"
        ).fetchall()
    return int(many)


@pytest.mark.timeout(120)
def test_a_worker_killed_in_mid_sweep_loses_nothing(
    take: Callable[..., Call], agency: Agency, now: datetime, database: Database
) -> None:
    like = take()
    many_calls(like, agency, now)
    later = now + SECOND
    for _ in range(4):
        sweep_and_be_killed(later)
        fired = set(Deadline.objects.filter(state="fired").values_list("pk", flat=True))
        assert {line.data["deadline"] for line in Event.objects.filter(kind="deadline.missed")} == fired
    assert 0 < len(fired) < MANY, "it was killed in the middle, not before or after"
    wait_until(lambda: at_work(database) == 0, what="the database sees that the killed one is gone", seconds=30)
    while sweep(later):
        pass
    lines = Counter(line.data["deadline"] for line in Event.objects.filter(kind="deadline.missed"))
    assert (len(lines), set(lines.values())) == (MANY, {1})
    assert Alarm.objects.count() == MANY
    seqs = list(Event.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, Cursor.objects.get(agency=agency).last_seq + 1))
