"""Planning shifts with their rosters, and signing them off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from agencies.errors import IllegalMove, Invalid, NotFound, OwnWork
from agencies.models import Member
from agencies.permissions import require
from agencies.roles import Operation, Role
from calls.intake import check_text
from dispatch.models import Duty, Shift, Unit
from ledger import deadlines
from ledger.record import record

LONGEST = timedelta(hours=24)


@dataclass(frozen=True)
class RosterLine:
    """A member (by e-mail) in a unit (by callsign; empty for dispatchers and supervisors) for the length of a shift."""

    member: str
    unit: str = ""
    role: Role = Role.OFFICER


@dataclass(frozen=True)
class ShiftOrder:
    name: str
    starts_at: datetime
    ends_at: datetime
    roster: Sequence[RosterLine] = ()


def plan_shift(order: ShiftOrder, *, by: Member | None, now: datetime) -> Shift:
    """Plans a shift with its roster; at its end its rollup is counted. Shifts may overlap."""
    if by is not None:
        require(by, Operation.PLAN_SHIFT)
    check_text("name", order.name, 60, required=True)
    if not timedelta() < order.ends_at - order.starts_at <= LONGEST:
        raise Invalid(errors={"ends_at": [_("A shift ends after it starts, within 24 hours.")]})
    with record(by=by, now=now) as book:
        shift = Shift.objects.create(name=order.name, starts_at=order.starts_at, ends_at=order.ends_at, planned_by=by)
        units = _write_roster(shift, order.roster)
        deadlines.arm(book, "shift_end", due_at=shift.ends_at, shift_id=shift.pk)
        period = {"starts_at": shift.starts_at.isoformat(), "ends_at": shift.ends_at.isoformat()}
        book.add("shift.planned", data={"shift": shift.pk, "units": units} | period)
    return shift


def sign_off(shift_id: int, *, note: str, by: Member, now: datetime) -> Shift:
    """The supervisor vouches for the shift's numbers. Not for a shift that still runs, nor for the own work."""
    require(by, Operation.SIGN_OFF)
    check_text("note", note, 2000)
    with record(by=by, now=now) as book:
        shift = Shift.objects.select_for_update(of=("self",)).filter(pk=shift_id).first()
        if shift is None:
            raise NotFound(_("There is no such shift."))
        if shift.signed_off_at is not None:
            raise IllegalMove(_("%(who)s has signed it off.") % {"who": shift.signed_off_by})
        if shift.ends_at > now:
            raise IllegalMove(_("The shift still runs: it is signed off after its end."))
        if Duty.objects.filter(shift=shift, member=by).exclude(role=Role.SUPERVISOR).exists():
            raise OwnWork(_("You worked on this shift: another supervisor signs it off."))
        shift.signed_off_by, shift.signed_off_at, shift.sign_off_note = by, now, note
        shift.save(update_fields=["signed_off_by", "signed_off_at", "sign_off_note"])
        book.add("shift.signed_off", data={"shift": shift.pk})
    return shift


def _write_roster(shift: Shift, roster: Sequence[RosterLine]) -> dict[str, int]:
    """Writes the lines; answers the units on the roster, callsign -> id."""
    members = {m.email: m for m in Member.objects.filter(email__in=[line.member.lower() for line in roster])}
    units = {u.callsign: u for u in Unit.objects.filter(callsign__in=[line.unit for line in roster if line.unit])}
    duties: list[Duty] = []
    for index, line in enumerate(roster):
        at = f"roster.{index}"
        member = members.get(line.member.lower())
        if member is None:
            raise Invalid(errors={f"{at}.member": [_("%(who)s is no member here.") % {"who": line.member}]})
        if line.unit and line.unit not in units:
            raise Invalid(errors={f"{at}.unit": [_("There is no unit %(callsign)s.") % {"callsign": line.unit}]})
        if any(duty.member == member for duty in duties):
            raise Invalid(errors={f"{at}.member": [_("%(who)s stands on the roster already.") % {"who": line.member}]})
        duties.append(
            Duty(agency_id=shift.agency_id, shift=shift, member=member, unit=units.get(line.unit), role=line.role.value)
        )
    Duty.objects.bulk_create(duties)
    return {unit.callsign: unit.pk for unit in sorted(units.values(), key=lambda u: u.pk)}
