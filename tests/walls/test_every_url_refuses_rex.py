"""Every page there is, with real objects of the agency behind it: rex of the rival gets 404 and nothing changes."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from agencies.models import Agency, Member
from calls.floors import FloorChange, propose_floor
from calls.models import Call
from dispatch.actions import AssignOrder, add_note, assign_unit, send_mayday
from dispatch.models import Unit
from ledger.models import Alarm
from tests.conftest import Company
from tests.fixtures import Database

# Pages that belong to no agency, each with what they are.
OF_NO_AGENCY = {
    "healthz": "the process lives",
    "readyz": "the parts work",
    "metrics": "for whoever has the installation's token: tests/cso/test_metrics.py",
    "set_language": "the browser's own choice",
    "home": "goes to the own agency",
    "demo-sign-in": "exists on the demonstration only",
    "api-schema": "the contract, public",
    "api-docs": "the contract, public",
    "events": "the API's stream: walked with the API's operations",
}
STREAMS = {"stream": "answered by the asynchronous side: walked in tests/live"}


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, route)
        else:
            yield route, entry


ROUTES = dict(_patterns(get_resolver()))
PAGES = sorted(str(p.name) for route, p in ROUTES.items() if route.startswith("a/<slug:agency>/"))
OTHERS = sorted(
    str(p.name) for route, p in ROUTES.items() if not route.startswith(("a/<slug:agency>/", "accounts/", "api/v1/"))
)


@pytest.fixture
def things(
    take: Callable[..., Call], dora: Member, cole: Member, coles_unit: Unit, ours: Company, now: datetime
) -> dict[str, Any]:
    """A real object of ours for every kind of name in an address."""
    call = take(caller_name="Renata Real", caller_phone="408-555-0100")
    assignment = assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    note = add_note(call.pk, "blue van", by=dora, now=now)
    change = FloorChange(never_cso=["SUSP"], reason="to be looked at")
    ours.members["ada"].agency = dora.agency
    floor = propose_floor(change, by=ours.members["ada"], now=now)
    send_mayday(coles_unit.callsign, by=cole, now=now)
    return {
        "number": call.number,
        "assignment_id": assignment.pk,
        "note_id": note.pk,
        "callsign": coles_unit.callsign,
        "alarm_id": Alarm.objects.get(kind="mayday").pk,
        "shift_id": ours.shift.pk if ours.shift else 0,
        "version": 1,
        "floor_id": floor.pk,
        "code": "VEHABND",
    }


def _address(name: str, slug: str, things: dict[str, Any]) -> str:
    pattern = next(p for p in ROUTES.values() if p.name == name)
    wanted = {key: things[key] for key in pattern.pattern.converters if key != "agency"}
    return reverse(name, kwargs=wanted | {"agency": slug})


def _everything(database: Database) -> dict[str, int]:
    """What the agencies have, past the walls."""
    with database.superuser() as superuser:
        rows = superuser.execute("SELECT seq, kind FROM ledger_event ORDER BY agency_id, seq").fetchall()
        calls = superuser.execute("SELECT id, version, status FROM calls_call ORDER BY id").fetchall()
        units = superuser.execute("SELECT id, secondary, since FROM dispatch_unit ORDER BY id").fetchall()
    return {"ledger": hash(tuple(rows)), "calls": hash(tuple(calls)), "units": hash(tuple(units))}


def test_every_page_that_belongs_to_no_agency_is_known_and_says_why() -> None:
    assert set(OTHERS) <= set(OF_NO_AGENCY)


@pytest.mark.parametrize("method", ["get", "post"])
def test_rex_finds_no_page_of_ours(
    agency: Agency, rex: Member, things: dict[str, Any], sign_in: Callable[..., Client], database: Database, method: str
) -> None:
    before, client = _everything(database), sign_in(rex)
    for name in PAGES:
        if name in STREAMS:
            continue
        answer = getattr(client, method)(_address(name, agency.slug, things))
        assert answer.status_code == 404, (name, answer.status_code)
        assert b"Renata" not in answer.content
    assert _everything(database) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_rex_finds_nothing_of_ours_through_his_own_agency(
    rival: Agency, rex: Member, things: dict[str, Any], sign_in: Callable[..., Client], database: Database, method: str
) -> None:
    before, client = _everything(database), sign_in(rex)
    for name in PAGES:
        pattern = next(p for p in ROUTES.values() if p.name == name)
        if not {"assignment_id", "note_id", "alarm_id", "shift_id", "floor_id"} & set(pattern.pattern.converters):
            continue
        answer = getattr(client, method)(_address(name, rival.slug, things))
        # Rex is a dispatcher: what no dispatcher may do is refused before anything is looked up.
        above = name in ("shift-sign-off", "floor-approval", "floor-withdrawal") and method == "post"
        assert answer.status_code in ((403,) if above else (404, 405)), name
    assert _everything(database) == before


def test_a_stranger_is_asked_to_sign_in(agency: Agency, things: dict[str, Any], database: Database) -> None:
    before = _everything(database)
    for name in PAGES:
        if name in STREAMS:
            continue
        answer = Client().post(_address(name, agency.slug, things))
        assert answer.status_code in (302, 405), (name, answer.status_code)
        assert answer.status_code == 405 or "/accounts/login/" in answer.headers["Location"]
    assert _everything(database) == before


def test_dora_finds_her_pages(
    dora: Member, agency: Agency, things: dict[str, Any], sign_in: Callable[..., Client]
) -> None:
    client = sign_in(dora)
    for name in ("board", "wall", "call", "calls", "shifts", "shift"):
        assert client.get(_address(name, agency.slug, things)).status_code == 200, name
