"""The states of a call and the moves between them, as a table. Plain Python.

Reopening and handing back are moves like the others; the reason they need is asked for by their actions.
"""

from enum import StrEnum


class CallStatus(StrEnum):
    NEW = "new"
    QUEUED = "queued"
    ASSIGNED = "assigned"
    ON_SCENE = "on_scene"
    SCHEDULED = "scheduled"
    TRANSFERRED = "transferred"
    REFERRED = "referred"
    CLOSED = "closed"
    CANCELLED = "cancelled"


_NEW, _QUEUED, _ASSIGNED, _ON_SCENE = CallStatus.NEW, CallStatus.QUEUED, CallStatus.ASSIGNED, CallStatus.ON_SCENE
_SCHEDULED, _TRANSFERRED, _REFERRED = CallStatus.SCHEDULED, CallStatus.TRANSFERRED, CallStatus.REFERRED
_CLOSED, _CANCELLED = CallStatus.CLOSED, CallStatus.CANCELLED

MOVES: dict[CallStatus, frozenset[CallStatus]] = {
    _NEW: frozenset({_QUEUED, _ON_SCENE, _TRANSFERRED, _REFERRED, _SCHEDULED, _CLOSED, _CANCELLED}),
    _QUEUED: frozenset({_ASSIGNED, _SCHEDULED, _TRANSFERRED, _REFERRED, _CANCELLED, _CLOSED}),
    _ASSIGNED: frozenset({_ON_SCENE, _QUEUED, _SCHEDULED, _TRANSFERRED, _REFERRED, _CANCELLED, _CLOSED}),
    _ON_SCENE: frozenset({_ASSIGNED, _QUEUED, _SCHEDULED, _TRANSFERRED, _REFERRED, _CLOSED}),
    _SCHEDULED: frozenset({_QUEUED, _ASSIGNED, _TRANSFERRED, _REFERRED, _CANCELLED, _CLOSED}),
    _TRANSFERRED: frozenset({_QUEUED, _CLOSED, _CANCELLED}),
    _REFERRED: frozenset({_QUEUED, _TRANSFERRED, _CLOSED, _CANCELLED}),
    _CLOSED: frozenset({_QUEUED}),
    _CANCELLED: frozenset({_QUEUED}),
}

ENDED: frozenset[CallStatus] = frozenset({_CLOSED, _CANCELLED})
OPEN: frozenset[CallStatus] = frozenset(CallStatus) - ENDED


def may_move(before: CallStatus | str, after: CallStatus | str) -> bool:
    """Whether a call may go from `before` to `after` in one step."""
    return CallStatus(after) in MOVES[CallStatus(before)]


class Route(StrEnum):
    SWORN = "sworn"
    CSO = "cso"
    REFERRAL = "referral"


class Source(StrEnum):
    PHONE = "phone"
    RADIO = "radio"
    WALK_IN = "walk_in"
    ONLINE = "online"
    OPEN311 = "open311"
    TRANSFER = "transfer"
    SWORN_REQUEST = "sworn_request"
    SELF_INITIATED = "self_initiated"
