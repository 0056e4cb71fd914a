"""When something in the field happened. Plain Python.

Bounded, its skew measured; a late fact is recorded and flagged, never refused.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

OLDEST = timedelta(hours=72)
AHEAD = timedelta(seconds=30)
LATE = timedelta(minutes=5)


@dataclass(frozen=True)
class FieldTime:
    """`moment` is what counts; `flags` go into the ledger: `late_s`, `skew_s` where the clock was wrong."""

    moment: datetime
    flags: dict[str, Any] = field(default_factory=dict)


def bounded(occurred_at: datetime | None, now: datetime) -> FieldTime:
    """The moment to keep for something said to have happened at `occurred_at`, entered at `now`."""
    if occurred_at is None:
        return FieldTime(now)
    skew = (occurred_at - now).total_seconds()
    if occurred_at > now:
        return FieldTime(now, {"skew_s": round(skew)} if occurred_at > now + AHEAD else {})
    if occurred_at < now - OLDEST:
        return FieldTime(now - OLDEST, {"late_s": round(-skew), "skew_s": round(skew)})
    return FieldTime(occurred_at, {"late_s": round(-skew)} if occurred_at < now - LATE else {})
