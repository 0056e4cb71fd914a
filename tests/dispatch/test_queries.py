"""A page asks the database as often with a hundred rows as with ten: every page, and everything the API reads.

A new address that answers a GET is walked at once; one that needs an object of its own needs a name in `addresses`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import Agency, Member, Qualification, User
from agencies.roles import Role
from calls.models import Call, Decision, ExternalNumber, Note, RuleSet, Transfer
from dispatch import shelf
from dispatch.models import Assignment, Duty, Shift, Unit
from ledger.models import Alarm, Cursor, Deadline, Event
from tests.api.operations import OPERATIONS
from tests.conftest import Company
from tests.walls.test_every_url_refuses_rex import PAGES, ROUTES, STREAMS

FEW, MANY, DRAFTS = 10, 100, 100
LISTS = {"board", "wall", "calls", "call", "shifts", "shift", "tablet"}
API_LISTS = {"calls_list", "calls_events", "calls_recommendations", "units_list", "shifts_list", "rule_sets_list"}
READS = {name: row.path for name, row in OPERATIONS.items() if row.method == "GET"}


@dataclass
class Town:
    """An agency that grows: of everything that can be listed there are `size`, and of what hangs on the call too."""

    company: Company
    call: Call
    now: datetime
    size: int = 0

    def grow(self, size: int) -> None:
        numbers = range(self.size, size)
        members = self._members(numbers)
        units = self._units(numbers, members)
        calls = self._calls(numbers)
        self._on_calls(calls, units)
        self._about_the_call(numbers, units)
        self._shifts(numbers, members)
        self._alarms([*calls, self.call])
        document = RuleSet.objects.get(version=1).document
        for number in numbers:
            RuleSet.objects.create(version=DRAFTS + number, document=document, drafted_at=self.now)
        self.size = size

    def _members(self, numbers: Sequence[int]) -> list[Member]:
        users = User.objects.bulk_create(User(email=f"many{n}@example.org", name=f"Many {n}") for n in numbers)
        agency = self.company.agency
        made = Member.objects.bulk_create(
            Member(agency=agency, user=user, roles=[Role.OFFICER], name=user.name, email=user.email) for user in users
        )
        Qualification.objects.bulk_create(Qualification(agency=agency, member=m, code="bicycle") for m in made)
        return list(made)

    def _units(self, numbers: Sequence[int], members: Sequence[Member]) -> list[Unit]:
        agency, shift = self.company.agency, self.company.shift
        units = Unit.objects.bulk_create(Unit(agency=agency, callsign=f"M{n}", since=self.now) for n in numbers)
        pairs = zip(units, members, strict=True)
        Duty.objects.bulk_create(Duty(agency=agency, shift=shift, unit=u, member=m, role="officer") for u, m in pairs)
        return list(units)

    def _calls(self, numbers: Sequence[int]) -> list[Call]:
        values = Call.objects.values().get(pk=self.call.pk) | {"id": None}
        return list(Call.objects.bulk_create(Call(**values | {"number": f"98-{n:06d}"}) for n in numbers))

    def _on_calls(self, calls: Sequence[Call], units: Sequence[Unit]) -> None:
        """Each call has its unit, its clock, a number elsewhere and a transfer, and the first unit stacks them all."""
        agency, now = self.company.agency, self.now
        first = next(iter(self.company.units.values()))
        for unit, status, primary in ((None, "assigned", True), (first, "stacked", False)):
            Assignment.objects.bulk_create(
                Assignment(
                    agency=agency, call=c, unit=unit or u, status=status, primary=primary, since=now, assigned_at=now
                )
                for c, u in zip(calls, units, strict=True)
            )
        Deadline.objects.bulk_create(
            Deadline(agency=agency, kind="unassigned", call_id=c.pk, armed_at=now, due_at=now) for c in calls
        )
        ExternalNumber.objects.bulk_create(
            ExternalNumber(agency=agency, call=c, system="cad", number="1") for c in calls
        )
        Transfer.objects.bulk_create(Transfer(agency=agency, call=c, to="sworn", requested_at=now) for c in calls)

    def _about_the_call(self, numbers: Sequence[int], units: Sequence[Unit]) -> None:
        """Notes, decisions, units and events of the one call that is opened."""
        agency, now, call = self.company.agency, self.now, self.call
        dora = self.company.members["dora"]
        Note.objects.bulk_create(
            Note(agency=agency, call=call, text="x", by=dora, at=now, occurred_at=now) for _ in numbers
        )
        values = Decision.objects.values().filter(call=call).latest("at") | {"id": None}
        Decision.objects.bulk_create(Decision(**values) for _ in numbers)
        Assignment.objects.bulk_create(
            Assignment(agency=agency, call=call, unit=unit, status="stacked", since=now) for unit in units
        )
        last = Cursor.objects.get(agency=agency).last_seq
        about = {"at": now, "occurred_at": now, "by": dora, "call_id": call.pk, "about": {"call": call.number}}
        Event.objects.bulk_create(
            Event(agency=agency, seq=last + n, kind="call.amended", **about) for n, _ in enumerate(numbers, 1)
        )
        Cursor.objects.update(last_seq=last + len(numbers))

    def _shifts(self, numbers: Sequence[int], members: Sequence[Member]) -> None:
        agency, sue = self.company.agency, self.company.members["sue"]
        begins = [self.now - timedelta(days=n + 1) for n in numbers]
        shifts = Shift.objects.bulk_create(
            Shift(agency=agency, name="Past", starts_at=at, ends_at=at + timedelta(hours=8), signed_off_by=sue)
            for at in begins
        )
        Duty.objects.bulk_create(
            Duty(agency=agency, shift=s, member=m, role="officer") for s, m in zip(shifts, members, strict=True)
        )

    def _alarms(self, calls: Sequence[Call]) -> None:
        first = next(iter(self.company.units.values()))
        given = {"kind": "unassigned", "level": "dispatcher", "unit_id": first.pk, "raised_at": self.now}
        Alarm.objects.bulk_create(
            (Alarm(agency=self.company.agency, call_id=c.pk, about={"call": c.number}, **given) for c in calls),
            ignore_conflicts=True,
        )


@pytest.fixture
def town(ours: Company, agency: Agency, take: Callable[..., Call], now: datetime) -> Town:
    return Town(ours, take(), now)


def addresses(town: Town) -> dict[str, str]:
    """Every address that is read, by the name of its page or operation."""
    company = town.company
    unit, shift = next(iter(company.units.values())), company.shift
    names: dict[str, Any] = {
        "number": town.call.number, "callsign": unit.callsign, "shift_id": shift.pk if shift else 0,
        "assignment_id": 0, "note_id": 0, "alarm_id": 0, "version": 1, "floor_id": 0, "code": "VEHABND",
    }  # fmt: skip
    given = {"call": town.call.number, "shift": names["shift_id"], "unit": unit.callsign, "draft": DRAFTS}
    found = {name: f"/api/v1/{path.format(**given)}?limit={MANY}" for name, path in READS.items()}
    for name in PAGES:
        pattern = next(p for p in ROUTES.values() if p.name == name).pattern
        wanted = {key: names[key] for key in pattern.converters if key != "agency"}
        found[name] = reverse(name, kwargs=wanted | {"agency": company.agency.slug})
    return {name: path for name, path in found.items() if name not in STREAMS}


def asked(client: Client, path: str) -> list[str] | None:
    """The statements behind an address that answers a GET; None for others."""
    shelf._places.clear()
    if client.get(path).status_code != 200:
        return None
    shelf._places.clear()
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return [query["sql"] for query in captured.captured_queries]


def readers(town: Town, sign_in: Callable[..., Client], token_for: Callable[..., str]) -> dict[str, tuple[Client, str]]:
    """Who reads what: the officer the tablet, the dispatcher everything else."""
    members = town.company.members
    dora, cole = sign_in(members["dora"]), sign_in(members["cole"])
    api = Client(headers={"Authorization": f"Bearer {token_for(members['dora'], Role.DISPATCHER)}"})
    return {
        name: (api if name in READS else cole if name == "tablet" else dora, path)
        for name, path in addresses(town).items()
    }


def test_no_address_asks_more_often_when_there_is_more_to_show(
    town: Town, sign_in: Callable[..., Client], token_for: Callable[..., str]
) -> None:
    who = readers(town, sign_in, token_for)
    town.grow(FEW)
    few = {name: asked(client, path) for name, (client, path) in who.items()}
    town.grow(MANY)
    many = {name: asked(client, path) for name, (client, path) in who.items()}
    assert {name for name, statements in few.items() if statements} >= LISTS | API_LISTS
    grown = {
        name: [q for q in many[name] or [] if q not in (few[name] or [])] for name in few if _more(few, many, name)
    }
    assert not grown, {name: (len(few[name] or []), len(many[name] or [])) for name in grown}


def _more(few: dict[str, list[str] | None], many: dict[str, list[str] | None], name: str) -> bool:
    return len(many[name] or []) != len(few[name] or [])


@pytest.mark.parametrize("name", sorted(LISTS | API_LISTS))
def test_what_is_listed_grew(
    name: str, town: Town, sign_in: Callable[..., Client], token_for: Callable[..., str]
) -> None:
    client, path = readers(town, sign_in, token_for)[name]
    before = len(client.get(path).content)
    town.grow(FEW)
    assert len(client.get(path).content) > before
