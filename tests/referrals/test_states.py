"""A referral is followed until it is closed: every pair of its states."""

import itertools

import pytest

from referrals.states import NEEDS_REASON, ReferralStatus, may_move

MOVES = """
draft: sent declined_by_resident unable_to_reach cancelled
sent: accepted on_hold declined_by_service redirected expired declined_by_resident unable_to_reach cancelled
accepted: in_progress on_hold declined_by_service redirected declined_by_resident unable_to_reach cancelled
in_progress: completed on_hold declined_by_resident unable_to_reach cancelled
on_hold: sent accepted in_progress declined_by_service redirected expired declined_by_resident unable_to_reach cancelled
unable_to_reach: in_progress
"""
ALLOWED = {
    (before, after)
    for before, _, rest in (line.partition(":") for line in MOVES.strip().splitlines())
    for after in rest.split()
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(ReferralStatus, ReferralStatus)))
def test_a_referral_moves_as_the_table_says(before: ReferralStatus, after: ReferralStatus) -> None:
    assert may_move(before, after) is ((before.value, after.value) in ALLOWED)


def test_a_service_that_says_no_says_why() -> None:
    assert {s for s in ReferralStatus if "declined" in s.value} <= NEEDS_REASON
