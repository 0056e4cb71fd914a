"""What the supervisor sees of a shift: its numbers, each share with its denominator, and what was late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.board import AlarmRow


@dataclass(frozen=True)
class Count:
    code: str
    label: str
    n: int


@dataclass(frozen=True)
class Share:
    """`part` of `whole`. `percent` is None where there is nothing to divide by."""

    label: str
    part: int
    whole: int
    whole_label: str
    percent: int | None


@dataclass(frozen=True)
class StepTime:
    """Seconds from one step to another: median and 90th percentile over `n` calls."""

    label: str
    median: str
    p90: str
    n: int


@dataclass(frozen=True)
class LateRow:
    label: str
    number: str
    href: str
    callsign: str
    due_at: datetime
    taken_by: str = ""


@dataclass(frozen=True)
class ShiftRow:
    id: int
    name: str
    href: str
    starts_at: datetime
    ends_at: datetime
    on_duty: int
    under_way: bool
    signed_off_by: str = ""


@dataclass(frozen=True)
class ShiftPage:
    """One shift. `final` is false while it is under way: then the numbers are as of `counted_at`."""

    row: ShiftRow
    counted_at: datetime | None
    final: bool
    totals: Sequence[Count]
    shares: Sequence[Share]
    by_route: Sequence[Count]
    by_type: Sequence[Count]
    by_disposition: Sequence[Count]
    not_sent: Sequence[Count]
    times: Sequence[StepTime]
    late_by_kind: Sequence[Count]
    late: Sequence[LateRow]
    roster: Sequence[tuple[str, Sequence[str]]]
    alarms: Sequence[AlarmRow]
    most: int = 1
    sign_off_url: str = ""
    sign_off_note: str = ""
