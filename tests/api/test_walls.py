"""Rex of the rival works with real numbers and ids of ours: nothing is there, and nothing changes."""

from datetime import datetime

import pytest

from agencies.scope import agency_scope
from tests.api.client import Api
from tests.api.conftest import ApiFor
from tests.api.operations import OPERATIONS, Scene, scene
from tests.conftest import Company
from tests.fixtures import Database

NAMES_SOMETHING = [name for name, row in OPERATIONS.items() if "{" in row.path or name == "radio_checks"]
# These work for everybody in the own agency; what they answer must hold nothing of ours.
OWN_AGENCY = [name for name, row in OPERATIONS.items() if name not in NAMES_SOMETHING and row.may[0] == 200]
QUIET = {"django_session", "agencies_token", "ledger_access"}


@pytest.fixture
def stage(ours: Company, theirs: Company, now: datetime) -> Scene:
    """Our call, numbered as none of the rival's is, with a unit whose callsign the rival does not have."""
    with agency_scope(ours.agency.pk):
        unit = next(iter(ours.units.values()))
        unit.callsign = "OURS-1"
        unit.save()
        made = scene(ours, OPERATIONS["calls_read"], unit=unit, asks=ours.members["dora"], now=now)
        made.call.number = "26-999999"
        made.call.save()
        return made


@pytest.mark.parametrize("role", ["dispatcher", "officer", "supervisor", "administrator"])
def test_nothing_of_ours_is_there_for_the_rival(
    role: str, stage: Scene, theirs: Company, api_for: ApiFor, database: Database
) -> None:
    rex = theirs.members["rex"]
    with agency_scope(theirs.agency.pk):
        rex.roles = [role]
        rex.save()
        rexs = api_for(rex.as_role(role))
    before = _everything(database)
    for name in NAMES_SOMETHING:
        row = OPERATIONS[name]
        answer = rexs.send(row.method, stage.path(row), stage.body(row))
        # A list in the body names our unit too, but a role that may never ask is told that first.
        expected = (404, 403) if name == "radio_checks" and role == "administrator" else (404,)
        assert answer.status in expected, (name, answer)
        assert "OURS-1 " not in str(answer.body)
    assert _everything(database) == before


def test_what_the_rival_gets_holds_nothing_of_ours(stage: Scene, rexs: Api) -> None:
    for name in OWN_AGENCY:
        row = OPERATIONS[name]
        answer = rexs.send(row.method, row.path, {**stage.body(row), "type": "WELFARE"} if row.body else None)
        assert answer.status < 300, (name, answer)
        for secret in ("26-999999", "OURS-1", "Ann Lee", "san-jose"):
            assert secret not in str(answer.body), name


def test_a_foreign_number_in_a_body_is_not_found(stage: Scene, rexs: Api) -> None:
    own = rexs.get("calls")["results"][0]["number"]
    assert rexs.post(f"calls/{own}/join", {"into": "26-999999"}).status == 404
    assert rexs.post(f"calls/{own}/assignments", {"unit": "OURS-1"}).status == 404
    assert rexs.get("calls?unit=OURS-1")["results"] == []


def _everything(database: Database) -> dict[str, object]:
    """Every row of every table."""
    with database.superuser() as superuser:
        tables = set(database.tables) - QUIET
        return {
            name: superuser.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t"
            ).fetchall()
            for name in sorted(tables)
        }
