"""What the officer's tablet shows: the current call big, what is stacked, what is asked of him."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.board import AlarmRow, Clock, UnitRow
from dispatch.call_page import AssignmentRow, CallPage, Choice


@dataclass(frozen=True)
class StackedRow:
    number: str
    priority: int | None
    type_label: str
    place: str
    received_at: datetime
    take_url: str


@dataclass(frozen=True)
class Secondary:
    """A status an officer may give the own unit when it is on no call."""

    code: str
    label: str
    group: str
    chosen: bool = False


@dataclass(frozen=True)
class TabletView:
    """The tablet of one unit. `call` is None while the unit has no active assignment."""

    href: str
    once: str
    unit: UnitRow
    call: CallPage | None
    assignment: AssignmentRow | None
    welfare: Clock | None
    welfare_url: str
    mayday_url: str
    mayday: AlarmRow | None
    unit_status_url: str
    self_initiated_url: str
    secondaries: Sequence[Secondary]
    stacked: Sequence[StackedRow]
    types: Sequence[Choice]
    after: int
    stream_url: str
