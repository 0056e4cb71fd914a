"""Signs of life of the machinery. They belong to the installation, so no agency's scope is needed.

`clock`: deadlines were looked at, by whomever. `worker`: a Celery worker did it. `beat`: the one who knocks lives.
"""

from datetime import datetime, timedelta

from ledger.models import Heartbeat

CLOCK, WORKER, BEAT = "clock", "worker", "beat"


def beat(*names: str, now: datetime) -> None:
    """Notes that each of `names` lives at `now`, in one statement."""
    rows = [Heartbeat(name=name, at=now) for name in sorted(names)]
    Heartbeat.objects.bulk_create(rows, update_conflicts=True, unique_fields=["name"], update_fields=["at"])


def silent_for(name: str, now: datetime) -> timedelta:
    """How long nothing was heard of `name`; for ever where it never lived."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return timedelta.max if at is None else now - at
