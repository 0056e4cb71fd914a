"""Who may do what: every operation, tried by everybody."""

from datetime import datetime

import pytest

from agencies.models import Agency
from dispatch.models import Duty
from tests.api.conftest import ApiFor
from tests.api.operations import OPERATIONS, WHO, Scene, scene
from tests.conftest import Company


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_table_of_roles_holds(name: str, agency: Agency, ours: Company, api_for: ApiFor, now: datetime) -> None:
    row = OPERATIONS[name]
    # Cole is in the first unit; everybody else's turn plays with a unit that nobody has used.
    coles, *unused = ours.units.values()
    ready: Scene | None = None
    for who, may in sorted(zip(WHO, row.may, strict=True), key=lambda turn: turn[1] == 200):
        member = ours.members[who.partition(" ")[0]]
        if who == "cole":
            stage = scene(ours, row, unit=coles, asks=member, now=now)
            Duty.objects.create(shift=stage.shift, member=member, unit=coles, role="officer")
        else:
            stage = ready or scene(ours, row, unit=unused.pop(), asks=member, now=now)
            # Whoever was refused, or only read, has changed nothing: the next finds the stage as it was.
            ready = stage if may != 200 or row.method == "GET" else None
        answer = api_for(member).send(row.method, stage.path(row), stage.body(row))
        assert answer.status // 100 * 100 == 200 if may == 200 else answer.status == may, (who, answer)
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
