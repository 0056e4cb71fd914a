"""The demonstration: invented people in real programmes, with a shift under way whatever the hour.

Loading it again keeps what is there and only sees to the shift.
"""

import os
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from agencies import doors
from agencies.actions import add_member
from agencies.models import Agency, Member, Qualification, User
from agencies.roles import Role
from agencies.scope import agency_scope
from cso import demo_calls, programmes
from cso.programmes import Programme
from cso.programmes.loading import create_from_template
from dispatch import queries
from dispatch.actions import RosterLine, ShiftOrder, plan_shift
from dispatch.models import Unit

AGENCIES = ("san-jose", "seattle")
LENGTH = timedelta(hours=16)


@dataclass(frozen=True)
class Person:
    """A demo sign-in."""

    given: str
    name: str
    role: Role


CAST = (
    Person("dora", "Dora Okafor", Role.DISPATCHER),
    Person("cole", "Cole Whitaker", Role.OFFICER),
    Person("sue", "Sue Lindqvist", Role.SUPERVISOR),
    Person("ada", "Ada Reyes", Role.ADMINISTRATOR),
)
_OFFICERS = ("Mina Park", "Luis Ortega", "Grace Tran", "Omar Haddad", "June Walker", "Ivo Petrov", "Nia Brooks",
             "Tomas Silva", "Kay Nguyen", "Ben Foster", "Lena Hart", "Raj Mehta")  # fmt: skip
_CENTRES = {
    "san-jose": (37.3382, -121.8863),
    "seattle": (47.6062, -122.3321),
    "virginia-beach": (36.8529, -75.9780),
    "eugene": (44.0521, -123.0868),
}


def load(*, password: str | None = None, now: datetime | None = None) -> None:
    """Makes the demo agencies that are missing, and sees that each has a shift under way for at least 8 more hours.

    The password is taken from `CSO_DEMO_PASSWORD` unless it is given.
    """
    now, password = now or timezone.now(), password or os.environ["CSO_DEMO_PASSWORD"]
    for slug in AGENCIES:
        programme = programmes.read(slug)
        agency_id = doors.agency_by_slug(slug)
        fresh = agency_id is None
        if agency_id is None:
            agency_id = create_from_template(programme, now=now, demonstration=True)
            with agency_scope(agency_id):
                _people(programme)
                _place_units(slug, now)
        with agency_scope(agency_id):
            _set_password(slug, password)
            _shift_under_way(programme, now)
            if fresh:
                demo_calls.play(slug, dora=_dora(slug), now=now)


def email(given: str, slug: str) -> str:
    return f"{given.lower().replace(' ', '.')}@{slug}.example"


def _people(programme: Programme) -> None:
    for person in CAST:
        add_member(email=email(person.given, programme.slug), name=person.name, roles=[person.role])
    for name in _OFFICERS[: len(programme.units) - 1]:
        add_member(email=email(name, programme.slug), name=name, roles=[Role.OFFICER])
    everything = {code.code for code in programme.qualifications}
    agency = Agency.objects.get()
    Qualification.objects.bulk_create(
        Qualification(agency=agency, member=member, code=code)
        for member in Member.objects.filter(roles__contains=[Role.OFFICER.value])
        for code in sorted(everything)
    )


def _dora(slug: str) -> Member:
    found = Member.objects.select_related("agency", "user").get(email=email("dora", slug))
    return found.as_role(Role.DISPATCHER)


def _set_password(slug: str, password: str) -> None:
    """The demo's password is the one that was printed last. Hashed once: argon2 is slow on purpose."""
    users = User.objects.filter(email__endswith=f"@{slug}.example")
    dora = users.get(email=email("dora", slug))
    if not (dora.has_usable_password() and dora.check_password(password)):
        users.update(password=make_password(password))


def _place_units(slug: str, now: datetime) -> None:
    """Spreads the units over the city, the same way every time."""
    lat, lon = _CENTRES[slug]
    chance = random.Random(slug)  # noqa: S311 - a demonstration, not a secret
    for unit in Unit.objects.order_by("callsign"):
        unit.lat = round(lat + chance.uniform(-0.04, 0.04), 5)
        unit.lon = round(lon + chance.uniform(-0.05, 0.05), 5)
        unit.position_at = now
        unit.save(update_fields=["lat", "lon", "position_at"])


def _shift_under_way(programme: Programme, now: datetime) -> None:
    if any(shift.ends_at >= now + timedelta(hours=8) for shift in queries.current_shifts(now)):
        return
    slug = programme.slug
    units = [unit.callsign for unit in programme.units]
    officers = [CAST[1].given, *_OFFICERS]
    roster = [RosterLine(email(who, slug), unit) for who, unit in zip(officers, units, strict=False)]
    roster += [
        RosterLine(email("dora", slug), role=Role.DISPATCHER),
        RosterLine(email("sue", slug), role=Role.SUPERVISOR),
    ]
    # From before the demo's first call, so that its calls fall into the watch.
    starts = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=4)
    plan_shift(
        ShiftOrder(name="Day and night", starts_at=starts, ends_at=starts + LENGTH, roster=roster), by=None, now=now
    )
