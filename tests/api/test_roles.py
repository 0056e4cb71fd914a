"""Who may do what: every operation, tried by everybody."""

from datetime import datetime

import pytest

from agencies.models import Agency
from dispatch.models import Duty
from tests.api.conftest import ApiFor
from tests.api.operations import OPERATIONS, WHO, scene
from tests.conftest import Company


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_table_of_roles_holds(name: str, agency: Agency, ours: Company, api_for: ApiFor, now: datetime) -> None:
    row = OPERATIONS[name]
    units = list(ours.units.values())
    for index, who in enumerate(WHO):
        member = ours.members[who.partition(" ")[0]]
        # Cole is in the first unit; everybody else's turn plays with a unit that nobody has used.
        unit = units[0] if who == "cole" else units[index + 1]
        stage = scene(ours, row, unit=unit, asks=member, now=now)
        if who == "cole":
            Duty.objects.create(shift=stage.shift, member=member, unit=unit, role="officer")
        answer = api_for(member).send(row.method, stage.path(row), stage.body(row))
        assert answer.status // 100 * 100 == 200 if row.may[index] == 200 else answer.status == row.may[index], (
            who,
            answer,
        )
        if answer.status == 403:
            assert answer["code"] == "forbidden"


def test_a_role_that_never_may_is_told_so_before_its_request_is_read(
    agency: Agency, ours: Company, api_for: ApiFor, now: datetime
) -> None:
    ada = ours.members["ada"]
    stage = scene(ours, OPERATIONS["calls_read"], unit=next(iter(ours.units.values())), asks=ada, now=now)
    adas = api_for(ada)
    for name, row in OPERATIONS.items():
        if row.may[WHO.index("ada")] == 403 and row.body is not None:
            assert adas.send(row.method, stage.path(row), {"nonsense": 1}).status == 403, name
