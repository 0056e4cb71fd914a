"""Reading units, shifts and assignments. Every read starts in the agency's scope."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from agencies.errors import NotFound
from agencies.models import Agency, Member, Qualification
from agencies.pipeline import ask
from agencies.scope import current_agency_id
from calls.models import Call
from calls.words import named
from dispatch import distress
from dispatch.models import Assignment, Duty, Shift, Unit
from dispatch.recommend import BUSY, NOTHING, Candidate, Need, Recommendation, Shortfall, Words, rank
from dispatch.states import ACTIVE, OPEN
from dispatch.words import unit_reason

ACTIVE_VALUES = [s.value for s in ACTIVE]
OPEN_VALUES = [s.value for s in OPEN]
AFTER_SHIFT = timedelta(hours=8)


@dataclass
class UnitNow:
    """A unit with who is in it, what it is on, and what its people are trained for."""

    unit: Unit
    members: list[Member] = field(default_factory=list)
    qualifications: frozenset[str] = frozenset()
    active: Assignment | None = None
    stacked: list[Assignment] = field(default_factory=list)

    @property
    def primary(self) -> str:
        return "not_available" if self.active else self.unit.primary

    @property
    def secondary(self) -> str:
        return self.active.status if self.active else self.unit.secondary

    @property
    def since(self) -> datetime:
        return self.active.since if self.active else self.unit.since


def unit_by_callsign(callsign: str) -> Unit:
    """The unit with this callsign; `NotFound` otherwise."""
    found = Unit.objects.filter(callsign__iexact=callsign, retired_at=None).first()
    if found is None:
        raise NotFound(_("There is no unit %(callsign)s.") % {"callsign": callsign})
    return found


def locked_unit(unit_id: int) -> Unit:
    """The unit, locked until the transaction ends. Locked after its call, never before."""
    return Unit.objects.select_for_update(of=("self",)).get(pk=unit_id)


def assignment_by_id(assignment_id: int) -> Assignment:
    """The assignment with its call and unit; `NotFound` otherwise."""
    found = Assignment.objects.select_related("call", "unit").filter(pk=assignment_id).first()
    if found is None:
        raise NotFound(_("There is no such assignment."))
    return found


def open_assignments(call: Call) -> list[Assignment]:
    """The call's open assignments, earliest first, each with its unit."""
    rows = Assignment.objects.filter(call=call, status__in=OPEN_VALUES).select_related("unit")
    return list(rows.order_by("assigned_at", "pk"))


def active_assignment(unit: Unit) -> Assignment | None:
    """What the unit is on now, with the call."""
    return Assignment.objects.filter(unit=unit, status__in=ACTIVE_VALUES).select_related("call").first()


def current_shifts(moment: datetime) -> list[Shift]:
    """Shifts that run at `moment`; they may overlap."""
    return list(Shift.objects.filter(starts_at__lte=moment, ends_at__gt=moment).order_by("starts_at", "pk"))


def duties_now(moment: datetime, wanted: Q | None = None) -> list[Duty]:
    """Every line (that is `wanted`) of the rosters that run at `moment`, with member and unit."""
    rows = Duty.objects.filter(wanted or Q(), shift__starts_at__lte=moment, shift__ends_at__gt=moment)
    return list(rows.select_related("member", "unit", "shift").order_by("unit__callsign", "pk"))


def own_unit(member: Member, moment: datetime) -> Unit | None:
    """The unit that `member` is in at `moment`: the running shift's, else that of a shift that ended a while ago.

    A shift's end does not take a unit's call for help, or its report, away from the people in it.
    """
    duties = Duty.objects.filter(member=member, unit__isnull=False, shift__starts_at__lte=moment)
    latest = duties.filter(shift__ends_at__gt=moment - AFTER_SHIFT).order_by("-shift__ends_at", "-pk")
    duty = latest.select_related("unit").first()
    return duty.unit if duty else None


def is_own_unit(member: Member, unit: Unit, moment: datetime) -> bool:
    """Whether `unit` is the one that `member` is in at `moment`."""
    mine = own_unit(member, moment)
    return mine is not None and mine.pk == unit.pk


def crews(moments: Mapping[int, datetime]) -> dict[int, list[Member]]:
    """Who was in each unit (by its id) at its moment, or in its last shift a while before. One query."""
    if not moments:
        return {}
    rows = Duty.objects.filter(unit_id__in=list(moments), shift__starts_at__lte=max(moments.values()))
    rows = rows.filter(shift__ends_at__gt=min(moments.values()) - AFTER_SHIFT).select_related("member", "shift")
    found: dict[int, list[Duty]] = {}
    for duty in rows.order_by("pk"):
        if duty.unit_id is not None and duty.shift.starts_at <= moments[duty.unit_id]:
            found.setdefault(duty.unit_id, []).append(duty)
    return {unit: _crew(duties, moments[unit]) for unit, duties in found.items()}


def _crew(duties: list[Duty], moment: datetime) -> list[Member]:
    last = max(duty.shift.ends_at for duty in duties)
    running = [duty.member for duty in duties if duty.shift.ends_at > moment]
    return list(dict.fromkeys(running or [duty.member for duty in duties if duty.shift.ends_at == last]))


def is_own_call(member: Member, call: Call, moment: datetime) -> bool:
    """Whether the unit that `member` is in at `moment` is, or was, on `call`."""
    mine = own_unit(member, moment)
    return mine is not None and Assignment.objects.filter(call=call, unit=mine).exists()


def ask_on_duty(moment: datetime) -> Callable[[], bool]:
    """Whether any unit is rostered at `moment`. Asks now; what is answered here waits."""
    fetch = ask(_ON_DUTY, {"agency": current_agency_id(), "moment": moment})
    return lambda: bool(fetch()[0][0])


# Asked for every call that is taken: said to the database as it stands, it costs a third.
_ON_DUTY = """
SELECT EXISTS (
    SELECT FROM dispatch_duty AS duty
    JOIN dispatch_shift AS shift ON shift.agency_id = duty.agency_id AND shift.id = duty.shift_id
    WHERE duty.agency_id = %(agency)s AND duty.unit_id IS NOT NULL
      AND shift.starts_at <= %(moment)s AND shift.ends_at > %(moment)s
)
"""


def units_now(moment: datetime) -> list[UnitNow]:
    """Every unit on duty at `moment` or still on a call, by callsign. Five queries, whatever the number of units."""
    found = units_standing(moment)
    trained = _qualifications({m.pk for u in found for m in u.members}, moment)
    for unit in found:
        unit.qualifications = frozenset(code for m in unit.members for code in trained.get(m.pk, ()))
    return found


def units_standing(moment: datetime, *, only: Collection[int] | None = None) -> list[UnitNow]:
    """Units (those of `only`) as `units_now` has them, without what their people are trained for. Two queries."""
    wanted = Q() if only is None else Q(unit_id__in=only)
    found: dict[int, UnitNow] = {}
    for duty in duties_now(moment, wanted):
        if duty.unit is not None:
            members = found.setdefault(duty.unit.pk, UnitNow(duty.unit)).members
            # Shifts overlap: who is on two of them is one person all the same.
            members += [] if duty.member in members else [duty.member]
    rows = Assignment.objects.filter(wanted, status__in=OPEN_VALUES).select_related("unit", "call", "call__type")
    for assignment in rows.order_by("stack_order", "pk"):
        now = found.setdefault(assignment.unit_id, UnitNow(assignment.unit))
        if assignment.status in ACTIVE_VALUES:
            now.active = assignment
        else:
            now.stacked.append(assignment)
    return sorted(found.values(), key=lambda u: u.unit.callsign)


def unit_now(unit: Unit, moment: datetime) -> UnitNow:
    """One unit as `units_now` shows it, also when it is not on duty."""
    return next((u for u in units_now(moment) if u.unit.pk == unit.pk), UnitNow(unit))


def candidate(now: UnitNow, moment: datetime, *, in_danger: bool = False) -> Candidate:
    """The unit as the recommendation sees it."""
    unit, active = now.unit, now.active
    age = (moment - unit.position_at).total_seconds() if unit.position_at else None
    return Candidate(
        callsign=unit.callsign,
        kind=unit.kind,
        on_duty=bool(now.members),
        primary=unit.primary,
        secondary=unit.secondary,
        busy_with=Words(BUSY, status=active.status, number=active.call.number) if active else NOTHING,
        in_danger=in_danger,
        stacked=len(now.stacked),
        qualifications=now.qualifications,
        area=unit.area,
        lat=unit.lat,
        lon=unit.lon,
        position_age_s=age,
    )


def need_of(call: Call) -> Need:
    """What the call asks of a unit: its decision's qualification, or its type's."""
    wanted = call.decision.qualification if call.decision else ""
    wanted = wanted or (call.type.qualification if call.type else "")
    return Need(lat=call.lat, lon=call.lon, area=call.area, qualification=wanted)


def recommendations(call: Call, moment: datetime) -> tuple[list[Recommendation], list[Shortfall]]:
    """Units for `call`, best first, and those that cannot go with the reason."""
    in_danger = distress.units()
    found = [candidate(now, moment, in_danger=now.unit.pk in in_danger) for now in units_now(moment)]
    return rank(need_of(call), found)


def _qualifications(member_ids: set[int], moment: datetime) -> dict[int, set[str]]:
    trained: dict[int, set[str]] = {}
    rows = Qualification.objects.filter(member_id__in=member_ids)
    for row in rows.filter(Q(until=None) | Q(until__gte=moment.date())):
        trained.setdefault(row.member_id, set()).add(row.code)
    return trained


def reason_in_words(agency: Agency, found: Words) -> str:
    """A reason of the recommendation in the active language, with the agency's own names."""
    names = named(agency, "statuses") | named(agency, "qualifications")
    return unit_reason(found.pattern, found.values, names=names)
