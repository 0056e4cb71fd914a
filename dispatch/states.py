"""The states of an assignment and of a unit, as tables. Plain Python."""

from enum import StrEnum


class AssignmentStatus(StrEnum):
    STACKED = "stacked"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLEARED = "cleared"
    CANCELLED = "cancelled"
    DECLINED = "declined"


_STACKED, _ASSIGNED, _ACKNOWLEDGED = AssignmentStatus.STACKED, AssignmentStatus.ASSIGNED, AssignmentStatus.ACKNOWLEDGED
_EN_ROUTE, _ON_SCENE, _CLEARED = AssignmentStatus.EN_ROUTE, AssignmentStatus.ON_SCENE, AssignmentStatus.CLEARED
_CANCELLED, _DECLINED = AssignmentStatus.CANCELLED, AssignmentStatus.DECLINED

# A status may be skipped forward, never back; diverted units go back to the stack; declined only before en route.
MOVES: dict[AssignmentStatus, frozenset[AssignmentStatus]] = {
    _STACKED: frozenset({_ASSIGNED, _ACKNOWLEDGED, _EN_ROUTE, _ON_SCENE, _CLEARED, _CANCELLED, _DECLINED}),
    _ASSIGNED: frozenset({_ACKNOWLEDGED, _EN_ROUTE, _ON_SCENE, _CLEARED, _CANCELLED, _DECLINED, _STACKED}),
    _ACKNOWLEDGED: frozenset({_EN_ROUTE, _ON_SCENE, _CLEARED, _CANCELLED, _DECLINED, _STACKED}),
    _EN_ROUTE: frozenset({_ON_SCENE, _CLEARED, _CANCELLED, _STACKED}),
    _ON_SCENE: frozenset({_CLEARED, _CANCELLED}),
    _CLEARED: frozenset(),
    _CANCELLED: frozenset(),
    _DECLINED: frozenset(),
}

OPEN: frozenset[AssignmentStatus] = frozenset({_STACKED, _ASSIGNED, _ACKNOWLEDGED, _EN_ROUTE, _ON_SCENE})
ACTIVE: frozenset[AssignmentStatus] = OPEN - {_STACKED}
NEEDS_REASON: frozenset[AssignmentStatus] = frozenset({_CANCELLED, _DECLINED})


def may_move(before: AssignmentStatus | str, after: AssignmentStatus | str) -> bool:
    """Whether an assignment may go from `before` to `after` in one step."""
    return AssignmentStatus(after) in MOVES[AssignmentStatus(before)]


class UnitStatus(StrEnum):
    """EIDO table 3-9. Agencies name the secondaries as they like; clocks and reports hang on these."""

    AVAILABLE = "available"
    CONDITIONALLY_AVAILABLE = "conditionally_available"
    NOT_AVAILABLE = "not_available"


# The shipped secondaries and the primary each one means.
SECONDARIES: dict[str, UnitStatus] = {
    "available": UnitStatus.AVAILABLE,
    "report_writing": UnitStatus.CONDITIONALLY_AVAILABLE,
    "outreach": UnitStatus.CONDITIONALLY_AVAILABLE,
    "meal": UnitStatus.NOT_AVAILABLE,
    "training": UnitStatus.NOT_AVAILABLE,
    "court": UnitStatus.NOT_AVAILABLE,
    "out_of_service": UnitStatus.NOT_AVAILABLE,
}
