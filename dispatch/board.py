"""What the board, the tablet and the wall show: plain frozen rows, and how they are made.

A row holds nothing of the viewer and nothing that changes by itself: times are given as they
are stored and the browser ticks them, so that one rendering serves every viewer of one role.
Board rows carry no resident's name, phone or age.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Clock:
    """An open deadline: what must have happened by when. Late is seen by the browser."""

    kind: str
    label: str
    due_at: datetime


@dataclass(frozen=True)
class UnitTag:
    """A unit as it stands on one call."""

    callsign: str
    status: str
    status_label: str
    primary: bool


@dataclass(frozen=True)
class CallRow:
    """One line of the board. `priority` is 1 (most urgent) to 4, None while undecided."""

    number: str
    href: str
    status: str
    status_label: str
    route: str
    route_label: str
    priority: int | None
    type_code: str
    type_label: str
    place: str
    units: Sequence[UnitTag]
    received_at: datetime
    clock: Clock | None
    sort: str
    source: str = "phone"
    area: str = ""
    language: str = ""
    interpreter: bool = False
    self_initiated: bool = False
    assist: bool = False
    overridden: bool = False
    emergency: bool = False
    scheduled_for: datetime | None = None


@dataclass(frozen=True)
class UnitRow:
    """One line of the unit board. `group` is free, busy or away, from the primary meaning."""

    callsign: str
    href: str
    group: str
    status: str
    status_label: str
    since: datetime
    members: Sequence[str]
    sort: str
    call_number: str = ""
    call_href: str = ""
    place: str = ""
    stacked: int = 0
    clock: Clock | None = None
    area: str = ""
    mode: str = ""


@dataclass(frozen=True)
class AlarmRow:
    """A missed deadline or a MAYDAY, until somebody takes it. `level` is danger or warning."""

    id: str
    kind: str
    level: str
    title: str
    detail: str
    at: datetime
    take_url: str
    sort: str
    href: str = ""
    number: str = ""
    callsign: str = ""


@dataclass(frozen=True)
class BoardView:
    """The whole board as a role sees it. `after` is the last event it contains."""

    calls: Sequence[CallRow]
    units: Sequence[UnitRow]
    alarms: Sequence[AlarmRow]
    after: int
    stream_url: str
