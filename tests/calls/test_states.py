"""Every pair of states, against the tables as domain experts wrote them."""

import itertools

import pytest

from calls.states import CallStatus, may_move
from dispatch import states as dispatch_states
from dispatch.states import AssignmentStatus

CALL_MOVES = """
new: queued on_scene transferred referred scheduled closed cancelled
queued: assigned scheduled transferred referred cancelled closed
assigned: on_scene queued scheduled transferred referred cancelled closed
on_scene: assigned queued scheduled transferred referred closed
scheduled: queued assigned transferred referred cancelled closed
transferred: queued closed cancelled
referred: queued transferred closed cancelled
closed: queued
cancelled: queued
"""
ASSIGNMENT_MOVES = """
stacked: assigned acknowledged en_route on_scene cleared cancelled declined
assigned: acknowledged en_route on_scene cleared cancelled declined stacked
acknowledged: en_route on_scene cleared cancelled declined stacked
en_route: on_scene cleared cancelled stacked
on_scene: cleared cancelled
cleared:
cancelled:
declined:
"""


def allowed(table: str) -> set[tuple[str, str]]:
    lines = [line.partition(":") for line in table.strip().splitlines()]
    return {(before, after) for before, _, rest in lines for after in rest.split()}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(CallStatus, CallStatus)))
def test_a_call_moves_as_the_table_says(before: CallStatus, after: CallStatus) -> None:
    assert may_move(before, after) is ((before.value, after.value) in allowed(CALL_MOVES))


@pytest.mark.parametrize(("before", "after"), list(itertools.product(AssignmentStatus, AssignmentStatus)))
def test_an_assignment_moves_as_the_table_says(before: AssignmentStatus, after: AssignmentStatus) -> None:
    assert dispatch_states.may_move(before, after) is ((before.value, after.value) in allowed(ASSIGNMENT_MOVES))
