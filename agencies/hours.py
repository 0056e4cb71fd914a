"""The programme's hours.

`Agency.hours` maps an ISO weekday ("1" Monday - "7") to `[["07:00", "21:00"], ...]`; empty means always open. A period
that ends at or before its start runs into the next day.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agencies.models import Agency

# What people may say a time is. PostgreSQL keeps years that Python cannot read: one such row would hide all others.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_DAYS_AHEAD = 15


def zone(agency: Agency) -> ZoneInfo:
    return ZoneInfo(agency.time_zone)


def is_open(agency: Agency, moment: datetime) -> bool:
    """Whether the programme works at `moment` (aware)."""
    return not agency.hours or any(start <= moment < end for start, end in _periods(agency, moment, back=1, ahead=0))


def next_opening(agency: Agency, moment: datetime) -> datetime | None:
    """The moment itself while open, else when the programme opens next; None where it never does."""
    if is_open(agency, moment):
        return moment
    starts = [start for start, _ in _periods(agency, moment, back=0, ahead=_DAYS_AHEAD) if start > moment]
    return min(starts, default=None)


def add_programme_time(agency: Agency, start: datetime, length: timedelta) -> datetime:
    """When `length` of open hours has passed since `start`; plain time where the programme is always open."""
    if not agency.hours:
        return start + length
    left = length
    for opens, closes in _periods(agency, start, back=1, ahead=_DAYS_AHEAD):
        begin = max(opens, start)
        if begin >= closes:
            continue
        if closes - begin >= left:
            return begin + left
        left -= closes - begin
    return start + length


def _periods(agency: Agency, moment: datetime, *, back: int, ahead: int) -> list[tuple[datetime, datetime]]:
    """Open periods of the local days around `moment`, in order."""
    here = zone(agency)
    today = moment.astimezone(here).date()
    periods = []
    for offset in range(-back, ahead + 1):
        day = today + timedelta(days=offset)
        for opens, closes in agency.hours.get(str(day.isoweekday()), []):
            start = datetime.combine(day, time.fromisoformat(opens), here)
            end_day = day if time.fromisoformat(closes) > time.fromisoformat(opens) else day + timedelta(days=1)
            periods.append((start, datetime.combine(end_day, time.fromisoformat(closes), here)))
    return sorted(periods)
