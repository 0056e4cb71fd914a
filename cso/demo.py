"""The demonstration: invented people in real programmes, a fortnight behind them, a shift under way whatever the hour.

Loading it again keeps what is there: it ends what the demonstration itself left open, and sees to the shift.
"""

import os
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.utils import timezone

from agencies import doors
from agencies.actions import add_member
from agencies.models import Agency, Member, Qualification, User
from agencies.roles import Role
from agencies.scope import agency_scope
from cso import demo_calls, demo_past, programmes
from cso.programmes import Programme
from cso.programmes.loading import create_from_template
from dispatch import queries
from dispatch.actions import RosterLine, ShiftOrder, plan_shift
from dispatch.models import Shift, Unit

AGENCIES = ("san-jose", "virginia-beach", "eugene", "seattle")
LEFT_ALONE = 4
_BEFORE, _LATER = timedelta(hours=4), timedelta(minutes=20)
_MORNING = timedelta(hours=3, minutes=32)
_LENGTH, _AHEAD = timedelta(hours=16), timedelta(hours=8)


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
# Takes the calls that nobody really made. Whatever carries this name, or an officer's below, the demonstration did.
DESK = Person("robin", "Robin Vale (simulated)", Role.DISPATCHER)
_OFFICERS = ("Mina Park", "Luis Ortega", "Grace Tran", "Omar Haddad", "June Walker", "Ivo Petrov", "Nia Brooks",
             "Tomas Silva", "Kay Nguyen", "Ben Foster", "Lena Hart", "Raj Mehta")  # fmt: skip


def load(*, password: str | None = None, now: datetime | None = None) -> None:
    """Makes the demo agencies that are missing, and sees that each has a shift under way for at least 8 more hours.

    The password is taken from `CSO_DEMO_PASSWORD` unless it is given.
    """
    now, password = now or timezone.now(), password or os.environ["CSO_DEMO_PASSWORD"]
    standing = {slug: doors.agency_by_slug(slug) for slug in AGENCIES}
    # First of all, before a clock can ring for what nobody ever waited for.
    for slug, agency_id in standing.items():
        if agency_id is not None:
            with agency_scope(agency_id):
                demo_calls.end_what_is_stale(hands(slug), now)
    for slug, agency_id in standing.items():
        programme = programmes.read(slug)
        made = agency_id or create_from_template(programme, now=now, demonstration=True)
        with agency_scope(made):
            _people(programme)
            _shift_under_way(programme, now)
    _set_password(password)


def email(given: str, slug: str) -> str:
    return f"{given.lower().replace(' ', '.')}@{slug}.example"


def left_alone(programme: Programme) -> list[str]:
    """Callsigns of the units that nothing but people ever send: cole's and three others that are trained for all."""
    needed = {rule["qualification"] for rule in programme.rule_set["rules"] if rule["route"] == "cso"} - {None}
    return [unit.callsign for unit in programme.units if needed <= set(unit.qualifications)][:LEFT_ALONE]


def simulated(programme: Programme) -> list[str]:
    """Callsigns of the other units: those that the demonstration moves."""
    kept = left_alone(programme)
    return [unit.callsign for unit in programme.units if unit.callsign not in kept]


def hands(slug: str) -> dict[str, Member]:
    """The members by whom the demonstration acts, by e-mail: the desk and the officers that nobody signs in as."""
    emails = [email(name, slug) for name in (DESK.given, *_OFFICERS)]
    found = {m.email: m for m in Member.objects.select_related("agency", "user").filter(email__in=emails)}
    return {
        address: member.as_role(Role.OFFICER if Role.OFFICER in member.roles else Role.DISPATCHER)
        for address, member in found.items()
    }


def keep_shift(programme: Programme, now: datetime, *, ahead: timedelta, is_quiet: bool = False) -> bool:
    """Plans the next shifts of the agency in scope when cole's ends in less than `ahead`; says whether it had to.

    `is_quiet`: the ledger says nothing of the last hours, so that they may be planned as if it had been in time.
    """
    runs = Shift.objects.filter(starts_at__lte=now, ends_at__gte=now + ahead)
    if runs.filter(duties__member__email=email("cole", programme.slug)).exists():
        return False
    is_manned = bool(queries.current_shifts(now))
    starts = _hour(now) - (timedelta() if is_manned else _BEFORE)
    in_time = is_quiet and not is_manned
    _plan(programme, starts, now=now, at=starts - timedelta(minutes=30) if in_time else now)
    return True


def _people(programme: Programme) -> None:
    slug = programme.slug
    if Member.objects.filter(email=email(DESK.given, slug)).exists():
        return
    for person in (*CAST, DESK):
        add_member(email=email(person.given, slug), name=person.name, roles=[person.role])
    agency = Agency.objects.get()
    trained = []
    for name, unit in _seats(programme):
        member = add_member(email=email(name, slug), name=name, roles=[Role.OFFICER])
        trained += [Qualification(agency=agency, member=member, code=code) for code in unit.qualifications]
    Qualification.objects.bulk_create(trained, ignore_conflicts=True)
    if slug == "seattle":
        # Two of Seattle's twelve supervise, and are CSOs themselves.
        add_member(email=email(_OFFICERS[-1], slug), name=_OFFICERS[-1], roles=[Role.SUPERVISOR, Role.OFFICER])
    _place_units(programme)


def _seats(programme: Programme) -> Iterator[tuple[str, programmes.Unit]]:
    """Who sits in which unit: cole in the first one, then the others in their order."""
    names = iter((CAST[1].given, *_OFFICERS))
    for unit in programme.units:
        for _ in range(unit.members):
            yield next(names), unit


def _set_password(password: str) -> None:
    """The demo's password is the one that was printed last. Hashed once: argon2 is slow on purpose."""
    emails = [f"@{slug}.example" for slug in AGENCIES]
    known = set(User.objects.filter(email__in=[f"dora{e}" for e in emails]).values_list("password", flat=True))
    if len(known) == 1 and check_password(password, next(iter(known))):
        return
    encoded = make_password(password)
    for ending in emails:
        User.objects.filter(email__endswith=ending).update(password=encoded)


def _place_units(programme: Programme) -> None:
    """Each unit in its area, the same way every time."""
    chance = random.Random(programme.slug)  # noqa: S311 - a demonstration, not a secret
    places = {place.area: place for place in programme.places}
    for unit in Unit.objects.order_by("callsign"):
        place = places.get(unit.area) or programme.places[0]
        unit.lat = round(place.lat + chance.uniform(-0.008, 0.008), 5)
        unit.lon = round(place.lon + chance.uniform(-0.01, 0.01), 5)
        unit.position_at = unit.since
        unit.save(update_fields=["lat", "lon", "position_at"])


def _shift_under_way(programme: Programme, now: datetime) -> None:
    begins = _hour(now) - _BEFORE
    if not Shift.objects.exists():
        roster = roster_of(programme, {unit.callsign for unit in programme.units})
        demo_past.write(programme, roster, until=begins - timedelta(hours=1))
    is_quiet = demo_calls.nothing_since(begins - timedelta(hours=1))
    was_manned = bool(queries.current_shifts(now))
    is_new = keep_shift(programme, now, ahead=_AHEAD, is_quiet=is_quiet)
    if is_new and not was_manned:
        Unit.objects.update(position_at=now)
    if is_quiet and not (is_new and was_manned):
        _play_morning(programme, now)


def _play_morning(programme: Programme, now: datetime) -> None:
    names = simulated(programme)
    if {u.unit.callsign for u in queries.units_now(now - _MORNING)} >= set(names):
        units = sorted(Unit.objects.filter(callsign__in=names), key=lambda unit: names.index(unit.callsign))
        demo_calls.play(programme.slug, units, desk=desk(programme.slug), now=now)


def desk(slug: str) -> Member:
    found = Member.objects.select_related("agency", "user").get(email=email(DESK.given, slug))
    return found.as_role(Role.DISPATCHER)


def roster_of(programme: Programme, callsigns: Collection[str]) -> list[RosterLine]:
    """The lines of a roster for these units: everybody who sits in them."""
    slug = programme.slug
    return [
        RosterLine(email(name, slug), unit.callsign) for name, unit in _seats(programme) if unit.callsign in callsigns
    ]


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _plan(programme: Programme, starts: datetime, *, now: datetime, at: datetime) -> None:
    """Two shifts that overlap: one with cole, the units left alone, Dora and Sue; a later one with the other units."""
    slug, here = programme.slug, set(Unit.objects.values_list("callsign", flat=True))
    first = roster_of(programme, here & set(left_alone(programme)))
    first += [RosterLine(email(p.given, slug), role=p.role) for p in (CAST[0], CAST[2])]
    second = roster_of(programme, here & set(simulated(programme)))
    second.append(RosterLine(email(DESK.given, slug), role=DESK.role))
    for name, roster, begins, length in (
        ("First shift", first, starts, _LENGTH),
        ("Second shift", second, min(starts + _LATER, _hour(now)), _LENGTH),
    ):
        order = ShiftOrder(name=name, starts_at=begins, ends_at=begins + length, roster=roster)
        plan_shift(order, by=None, now=at)
