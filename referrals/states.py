"""The states of a referral (FHIR SDOH task states) and the moves between them, as a table. Plain Python."""

from enum import StrEnum


class ReferralStatus(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    ON_HOLD = "on_hold"
    DECLINED_BY_SERVICE = "declined_by_service"
    DECLINED_BY_RESIDENT = "declined_by_resident"
    UNABLE_TO_REACH = "unable_to_reach"
    REDIRECTED = "redirected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_S = ReferralStatus
_BY_ANYBODY = frozenset({_S.DECLINED_BY_RESIDENT, _S.UNABLE_TO_REACH, _S.CANCELLED})
_BY_THE_SERVICE = frozenset({_S.DECLINED_BY_SERVICE, _S.REDIRECTED})

MOVES: dict[ReferralStatus, frozenset[ReferralStatus]] = {
    _S.DRAFT: frozenset({_S.SENT}) | _BY_ANYBODY,
    _S.SENT: frozenset({_S.ACCEPTED, _S.ON_HOLD, _S.EXPIRED}) | _BY_THE_SERVICE | _BY_ANYBODY,
    _S.ACCEPTED: frozenset({_S.IN_PROGRESS, _S.ON_HOLD}) | _BY_THE_SERVICE | _BY_ANYBODY,
    _S.IN_PROGRESS: frozenset({_S.COMPLETED, _S.ON_HOLD}) | _BY_ANYBODY,
    _S.ON_HOLD: frozenset({_S.SENT, _S.ACCEPTED, _S.IN_PROGRESS, _S.EXPIRED}) | _BY_THE_SERVICE | _BY_ANYBODY,
    _S.UNABLE_TO_REACH: frozenset({_S.IN_PROGRESS}),
    _S.COMPLETED: frozenset(),
    _S.DECLINED_BY_SERVICE: frozenset(),
    _S.DECLINED_BY_RESIDENT: frozenset(),
    _S.REDIRECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
}

# Every negative state and the waiting list need a reason.
NEEDS_REASON = frozenset(
    {_S.ON_HOLD, _S.DECLINED_BY_SERVICE, _S.DECLINED_BY_RESIDENT, _S.UNABLE_TO_REACH, _S.EXPIRED, _S.CANCELLED}
)


def may_move(before: ReferralStatus | str, after: ReferralStatus | str) -> bool:
    """Whether a referral may go from `before` to `after` in one step."""
    return ReferralStatus(after) in MOVES[ReferralStatus(before)]
