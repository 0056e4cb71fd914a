"""The cast: an agency and its rival, the people of each, and a shift under way.

A test that asks for `agency` (or for anybody in it) runs inside that agency's scope. Rex works for the rival and must
see nothing; the rival has calls of its own, so that there is data that could leak.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from agencies.actions import create_token
from agencies.models import Agency, Member, Qualification, User
from agencies.roles import Role
from agencies.scope import agency_scope
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call, CallType
from cso import programmes
from cso.programmes.loading import create_from_template
from dispatch.actions import RosterLine, ShiftOrder, plan_shift
from dispatch.models import Shift, Unit

USUAL = (
    "weapon",
    "violence",
    "suspect_present",
    "in_progress",
    "injury",
    "person_at_risk",
    "hazard",
    "legal_matter",
)
ALL_NO = dict.fromkeys(USUAL, "no")
# The workers take file after file. Those that wait for processes, for a browser and for nobody are dealt in turn, so
# that one works while another waits, and of each kind the long ones come first: none is begun when all else is done.
KINDS = (
    (
        "tests/faults/test_bad_days.py", "tests/cso/test_make_run.py", "tests/cso/test_simulation.py",
        "tests/cso/test_backups.py", "tests/live/", "tests/cso/", "tests/faults/",
    ),
    ("tests/browser/test_looks.py", "tests/browser/"),
    (
        "tests/programmes/test_mutations.py", "tests/api/test_fuzz.py", "tests/api/test_roles.py",
        "tests/calls/triage/test_p", "tests/walls/test_hostile_forms.py", "tests/dispatch/test_queries.py", "",
    ),
)  # fmt: skip
PEOPLE = (
    ("dora", Role.DISPATCHER),
    ("cole", Role.OFFICER),
    ("sue", Role.SUPERVISOR),
    ("ada", Role.ADMINISTRATOR),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    files = dict.fromkeys(item.nodeid.partition("::")[0] for item in items)
    dealt: dict[str, tuple[int, int]] = {}
    for turn, kind in enumerate(KINDS):
        mine = [file for prefix in kind for file in files if file.startswith(prefix)]
        for place, file in enumerate(dict.fromkeys(file for file in mine if file not in dealt)):
            dealt[file] = (place, turn)
    items.sort(key=lambda item: dealt[item.nodeid.partition("::")[0]])


@dataclass
class Company:
    """One agency of the cast. `members` by first name; `units` by callsign; everybody is on duty on `shift`."""

    agency: Agency
    members: dict[str, Member] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    shift: Shift | None = None


@pytest.fixture(autouse=True)
def english() -> None:
    """Django's client leaves the language of its last answer behind, in the thread of the next test."""
    translation.activate("en")


@pytest.fixture
def now() -> datetime:
    """The moment at which the test plays."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def ours(db: None, now: datetime) -> Company:
    """San José, with dora, cole, sue and ada; cole and his colleagues are on duty."""
    return company("san-jose", now)


@pytest.fixture
def theirs(db: None, now: datetime) -> Company:
    """The rival, Seattle, with rex (dispatcher), an officer, and a call of their own."""
    rival = company("seattle", now, people=(("rex", Role.DISPATCHER), ("roy", Role.OFFICER)))
    with agency_scope(rival.agency.pk):
        order = Intake(
            type_code="WELFARE", address="1 Rival Way", caller_name="Rita Rival", caller_phone="206-555-0199"
        )
        take_call(order, by=rival.members["rex"], now=now)
    return rival


@pytest.fixture
def agency(ours: Company) -> Iterator[Agency]:
    """Our agency, in scope for the length of the test."""
    with agency_scope(ours.agency.pk):
        yield ours.agency


@pytest.fixture
def rival(theirs: Company) -> Agency:
    """The other agency. Its scope is not open."""
    return theirs.agency


@pytest.fixture
def dora(agency: Agency, ours: Company) -> Member:
    return ours.members["dora"]


@pytest.fixture
def cole(agency: Agency, ours: Company) -> Member:
    return ours.members["cole"]


@pytest.fixture
def sue(agency: Agency, ours: Company) -> Member:
    return ours.members["sue"]


@pytest.fixture
def ada(agency: Agency, ours: Company) -> Member:
    return ours.members["ada"]


@pytest.fixture
def rex(theirs: Company) -> Member:
    """A dispatcher of the rival."""
    return theirs.members["rex"]


@pytest.fixture
def coles_unit(agency: Agency, ours: Company) -> Unit:
    """The unit that cole is in."""
    return next(iter(ours.units.values()))


@pytest.fixture
def other_unit(agency: Agency, ours: Company) -> Unit:
    """A unit that cole is not in."""
    return list(ours.units.values())[1]


@pytest.fixture
def take(dora: Member, now: datetime) -> Callable[..., Call]:
    """Dora takes a call. Without anything said it is a parked car that harms nobody: for a CSO."""

    def take(**values: Any) -> Call:
        given = {"type_code": "VEHABND", "address": "200 E Santa Clara St", "answers": ALL_NO} | values
        return take_call(Intake(**given), by=values.pop("by", dora), now=now)

    return take


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """A browser's session for a member."""

    def sign_in(member: Member, role: Role | None = None) -> Client:
        client = Client()
        client.force_login(member.user, backend="agencies.signed_in.AuthenticationBackend")
        if role is not None:
            session = client.session
            session[f"role:{member.agency.slug}"] = role.value
            session.save()
        return client

    return sign_in


@pytest.fixture
def token_for() -> Callable[[Member, Role], str]:
    """An API token for a member, made in the member's agency."""

    def token_for(member: Member, role: Role) -> str:
        with agency_scope(member.agency_id):
            return create_token(member, role=role)

    return token_for


def company(slug: str, now: datetime, people: tuple[tuple[str, Role], ...] = PEOPLE) -> Company:
    """Makes an agency from its template, its people, and a shift on which all of them are on duty."""
    agency_id = create_from_template(programmes.read(slug), now=now)
    with agency_scope(agency_id):
        made = Company(Agency.objects.get(pk=agency_id))
        _join(made, dict(people))
        made.units = {unit.callsign: unit for unit in Unit.objects.order_by("pk")}
        made.shift = _shift(made, now)
        for member in made.members.values():
            member.agency, member.user = made.agency, member.user
    return made


def _join(made: Company, people: dict[str, Role]) -> None:
    """Lets people in as `add_member` does, all of them in two statements."""
    users = [User(email=f"{name}@{made.agency.slug}.example", name=name.title()) for name in people]
    for user in users:
        user.set_unusable_password()
    members = [
        Member(agency=made.agency, user=user, roles=[role], name=user.name, email=user.email)
        for user, role in zip(User.objects.bulk_create(users), people.values(), strict=True)
    ]
    for name, member in zip(people, Member.objects.bulk_create(members), strict=True):
        made.members[name] = member.as_role(people[name])


def _shift(made: Company, now: datetime) -> Shift:
    """The first officer is in the first unit, an extra officer in each other one."""
    slug = made.agency.slug
    officers = [name for name, member in made.members.items() if member.role is Role.OFFICER]
    others = [f"officer{index}" for index in range(len(officers), len(made.units))]
    _join(made, dict.fromkeys(others, Role.OFFICER))
    crews = zip([*officers, *others], made.units, strict=False)
    roster = [RosterLine(f"{name}@{slug}.example", callsign) for name, callsign in crews]
    roster += [
        RosterLine(member.email, role=member.role)
        for member in made.members.values()
        if member.role in (Role.DISPATCHER, Role.SUPERVISOR)
    ]
    wanted = set(CallType.objects.exclude(qualification="").values_list("qualification", flat=True))
    wanted |= {entry["code"] for entry in made.agency.settings["qualifications"]}
    Qualification.objects.bulk_create(
        Qualification(agency=made.agency, member=member, code=code)
        for member in made.members.values()
        if member.role is Role.OFFICER
        for code in sorted(wanted)
    )
    order = ShiftOrder("Day", now - timedelta(hours=1), now + timedelta(hours=8), roster)
    return plan_shift(order, by=None, now=now)
