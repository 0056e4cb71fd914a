"""What happens in the field, by tablet or by radio: *by* is who entered it, the unit is whom it is *for*."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from agencies.errors import IllegalMove, Invalid
from agencies.models import Agency, Member
from agencies.permissions import require
from agencies.roles import Operation
from calls import actions as call_actions
from calls import moves, notes, routing
from calls import queries as call_queries
from calls.intake import Intake, check_intake, check_values
from calls.models import Call, Note
from calls.states import CallStatus, Route, Source
from dispatch import fieldtime, queries
from dispatch.actions.assigning import arm_welfare_check, place_unit, refuse_busy
from dispatch.models import Assignment, Unit
from dispatch.states import SECONDARIES, AssignmentStatus, UnitStatus
from ledger import deadlines
from ledger.alarms import MAYDAY, Subject, raise_alarm
from ledger.models import Alarm
from ledger.record import Book, record

WELFARE_CLOCKS = ("welfare_check", "welfare_alarm", "welfare_mayday")


@dataclass(frozen=True)
class UnitStatusOrder:
    """A unit's own status off calls: an agency-named secondary, or just its primary meaning."""

    secondary: str = ""
    primary: UnitStatus | None = None
    occurred_at: datetime | None = None


def open_self_initiated(callsign: str, order: Intake, *, by: Member, now: datetime) -> Call:
    """A call on scene in one action: the unit found it and is there, since `order.occurred_at` if that is earlier."""
    found = queries.unit_by_callsign(callsign)
    when = fieldtime.bounded(order.occurred_at, now)
    order = replace(order, source=Source.SELF_INITIATED, occurred_at=when.moment)
    if order.lat is None and not order.address.strip():
        order = replace(order, lat=found.lat, lon=found.lon)
    check_intake(order, now=now)
    with record(by=by, now=now) as book:
        require(by, Operation.SELF_INITIATE, own=queries.is_own_unit(by, found, now))
        unit = queries.locked_unit(found.pk)
        refuse_busy(unit)
        call = call_actions.open_call(book, order, flags=when.flags)
        decision = routing.self_initiated(book, call)
        call.decision, call.route, call.priority = decision, decision.route, decision.priority
        assignment = _put_on_scene(book, call, unit, when.moment)
        if decision.route == Route.CSO:
            moves.move_call(book, call, CallStatus.ON_SCENE, why="self_initiated")
        else:
            routing.hand_over(book, call, to=routing.SWORN)
        arm_welfare_check(book, assignment)
    return call


def send_mayday(
    callsign: str,
    *,
    by: Member,
    now: datetime,
    lat: float | None = None,
    lon: float | None = None,
    occurred_at: datetime | None = None,
) -> Call:
    """A CSO calls for help: a call of type MAYDAY to sworn, and an alarm on every console until somebody takes it.

    Pressed again while the alarm is open it changes nothing and answers the same call. However late it arrives, its
    clocks run from now.
    """
    faults = check_values({"lat": lat, "lon": lon})
    if faults:
        raise Invalid(errors=faults)
    found = queries.unit_by_callsign(callsign)
    when = fieldtime.bounded(occurred_at, now)
    with record(by=by, now=now) as book:
        require(by, Operation.MAYDAY, own=queries.is_own_unit(by, found, now))
        unit = queries.locked_unit(found.pk)
        running = Alarm.objects.filter(kind=MAYDAY, unit_id=unit.pk, taken_at=None, settled_at=None).first()
        if running is not None:
            return call_queries.locked_call(running.call_id or 0)
        if lat is not None and lon is not None:
            place_unit(unit, lat, lon, when.moment)
        call = call_actions.open_call(book, _mayday_intake(unit, when.moment), flags=when.flags)
        decision = routing.emergency(book, call)
        call.decision, call.route, call.priority = decision, decision.route, decision.priority
        routing.hand_over(book, call, to=routing.SWORN, danger=True)
        raise_alarm(book, MAYDAY, Alarm.Level.EVERYONE, Subject(call=call, unit=unit))
    return call


def answer_welfare(callsign: str, *, by: Member, now: datetime) -> Assignment:
    """The unit is well: its clock starts anew and its alarms end."""
    found = queries.unit_by_callsign(callsign)
    active = queries.active_assignment(found)
    if active is None or active.status != AssignmentStatus.ON_SCENE:
        words = _("%(unit)s is not on scene: no welfare check is running.")
        raise IllegalMove(words % {"unit": callsign})
    with record(by=by, now=now) as book:
        active.call = call_queries.locked_call(active.call_id)
        unit = queries.locked_unit(found.pk)
        require(by, Operation.ANSWER_WELFARE, own=queries.is_own_unit(by, unit, now))
        _note_welfare(book, active, unit, now)
    return active


def check_by_radio(callsigns: Sequence[str], *, by: Member, now: datetime, at: datetime | None = None) -> list[Unit]:
    """A radio check of many units at one time; for units on scene it answers their welfare check."""
    if not callsigns:
        raise Invalid(errors={"callsigns": [_("Name at least one unit.")]})
    if len(callsigns) > 200:
        raise Invalid(errors={"callsigns": [_("Name at most 200 units.")]})
    when = fieldtime.bounded(at, now)
    found = [queries.unit_by_callsign(callsign) for callsign in dict.fromkeys(callsigns)]
    on_scene = {a.unit_id: a for a in _on_scene(found)}
    with record(by=by, now=now) as book:
        calls = {pk: call_queries.locked_call(pk) for pk in sorted({a.call_id for a in on_scene.values()})}
        for unit in sorted(found, key=lambda u: u.pk):
            locked = queries.locked_unit(unit.pk)
            require(by, Operation.RADIO_CHECK, own=queries.is_own_unit(by, locked, now))
            book.add("unit.radio_check", unit=locked, data=when.flags, occurred_at=when.moment)
            assignment = on_scene.get(unit.pk)
            if assignment is not None:
                assignment.call = calls[assignment.call_id]
                _note_welfare(book, assignment, locked, when.moment)
    return found


def set_unit_status(callsign: str, order: UnitStatusOrder, *, by: Member, now: datetime) -> Unit:
    """The unit's status off calls. On a call its board status is the assignment's."""
    found = queries.unit_by_callsign(callsign)
    primary, secondary = _meaning(by.agency, order)
    when = fieldtime.bounded(order.occurred_at, now)
    with record(by=by, now=now) as book:
        unit = queries.locked_unit(found.pk)
        require(by, Operation.UNIT_STATUS, own=queries.is_own_unit(by, unit, now))
        if (unit.primary, unit.secondary) == (primary.value, secondary):
            return unit
        # What is said to have begun before the status that it ends: the ledger keeps that, the board's clock does not.
        unit.primary, unit.secondary, unit.since = primary.value, secondary, max(when.moment, unit.since)
        unit.save(update_fields=["primary", "secondary", "since"])
        data = {"primary": unit.primary, "secondary": unit.secondary} | when.flags
        book.add("unit.status", unit=unit, data=data, occurred_at=when.moment)
    return unit


def report_position(
    callsign: str, lat: float, lon: float, *, by: Member, now: datetime, occurred_at: datetime | None = None
) -> Unit:
    """Where the unit is. A position is kept as the unit's latest and is no line of the ledger."""
    faults = check_values({"lat": lat, "lon": lon})
    if faults:
        raise Invalid(errors=faults)
    found = queries.unit_by_callsign(callsign)
    with record(by=by, now=now):
        unit = queries.locked_unit(found.pk)
        require(by, Operation.UNIT_STATUS, own=queries.is_own_unit(by, unit, now))
        place_unit(unit, lat, lon, fieldtime.bounded(occurred_at, now).moment)
    return unit


def add_note(
    call_id: int, text: str, *, by: Member, now: datetime, for_unit: str = "", occurred_at: datetime | None = None
) -> Note:
    """A line of the narrative; an officer's on the calls of the own unit."""
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(call_id)
        require(by, Operation.NOTE, own=queries.is_own_call(by, call, now))
        return notes.write_note(
            book, call, text, for_unit=for_unit, occurred_at=fieldtime.bounded(occurred_at, now).moment
        )


def strike_note(note_id: int, *, by: Member, now: datetime) -> Note:
    """Strikes a note of the own hand; it stays visible as struck."""
    found = notes.find_note(note_id)
    with record(by=by, now=now) as book:
        call = call_queries.locked_call(found.call_id)
        require(by, Operation.STRIKE_NOTE, own=True)
        note = Note.objects.select_for_update(of=("self",)).get(pk=note_id)
        note.call = call
        return notes.strike(book, note)


def _meaning(agency: Agency, order: UnitStatusOrder) -> tuple[UnitStatus, str]:
    """The primary and the secondary that the order means, from the agency's own list of statuses."""
    named = {s["code"]: UnitStatus(s["primary"]) for s in agency.settings.get("statuses", [])} or SECONDARIES
    # On a call the status is the assignment's: nobody sets it by hand.
    known = {code: primary for code, primary in named.items() if code not in set(AssignmentStatus)}
    secondary = order.secondary or next((code for code, primary in known.items() if primary is order.primary), "")
    if secondary not in known:
        raise Invalid(errors={"secondary": [_("A status is one of %(known)s.") % {"known": ", ".join(known)}]})
    if order.primary not in (None, known[secondary]):
        words = _("%(secondary)s means %(primary)s in this agency.")
        raise Invalid(errors={"primary": [words % {"secondary": secondary, "primary": known[secondary].value}]})
    return known[secondary], secondary


def _put_on_scene(book: Book, call: Call, unit: Unit, moment: datetime) -> Assignment:
    assignment = Assignment.objects.create(
        call=call,
        unit=unit,
        status=AssignmentStatus.ON_SCENE.value,
        primary=True,
        since=moment,
        assigned_at=moment,
        on_scene_at=moment,
        assigned_by=book.by,
    )
    data = {"assignment": assignment.pk, "to": assignment.status}
    book.add("assignment.made", call=call, unit=unit, data=data, occurred_at=moment)
    return assignment


def _mayday_intake(unit: Unit, moment: datetime) -> Intake:
    on = queries.active_assignment(unit)
    place = on.call if on else None
    return Intake(
        type_code="MAYDAY",
        address=place.address if place else "",
        lat=unit.lat if unit.lat is not None or place is None else place.lat,
        lon=unit.lon if unit.lon is not None or place is None else place.lon,
        source=Source.RADIO,
        emergency=True,
        occurred_at=moment,
        # As it is said by radio, so that it is understood in every language.
        narrative=f"{unit.callsign}: MAYDAY" + (f", {place.number}." if place else "."),
    )


def _note_welfare(book: Book, assignment: Assignment, unit: Unit, moment: datetime) -> None:
    deadlines.disarm(book, *WELFARE_CLOCKS, call_id=assignment.call_id, assignment_id=assignment.pk)
    Assignment.objects.filter(pk=assignment.pk).update(welfare_answered_at=moment)
    arm_welfare_check(book, assignment)
    book.add(
        "welfare.answered", call=assignment.call, unit=unit, data={"assignment": assignment.pk}, occurred_at=moment
    )


def _on_scene(units: Sequence[Unit]) -> list[Assignment]:
    rows = Assignment.objects.filter(unit__in=units, status=AssignmentStatus.ON_SCENE.value)
    return list(rows.select_related("call"))
