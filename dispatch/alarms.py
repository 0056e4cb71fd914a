"""What a missed deadline causes: one table, kind -> effect, worked through in batches by `dispatch.sweep`.

An effect applies only while its call, or assignment, is still as it was when the clock was started. Alerts go to
people on duty: where nobody of the level is, one rung up; the last rung is the agency's 24-hour number.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from agencies import clocks
from agencies.roles import Role
from calls import actions as call_actions
from calls import approvals, moves, routing
from calls.states import CallStatus
from dispatch import rollups
from dispatch.models import Assignment, Duty, Unit
from dispatch.states import AssignmentStatus
from ledger import deadlines
from ledger.alarms import Alert, Subject, raise_alarms
from ledger.deadlines import Due, Found
from ledger.models import Alarm, Deadline
from ledger.record import Book

Level = Alarm.Level
# Later than this, nothing was watching: neither could the tablet be answered, so people are asked before MAYDAY.
UNWATCHED = timedelta(seconds=60)
# So much later a unit that is off duty is taken to have gone home; a dispatcher finds out, not a banner for all.
ABANDONED = timedelta(hours=1)
NOBODY_ON_DUTY = "alarm.nobody_on_duty"
# One alarm for the whole ladder of a welfare check: it rises.
WELFARE = "welfare_alarm"


@dataclass
class Duties:
    """Who is on duty at the moment of a sweep: asked once, when the first alarm wants to know."""

    now: datetime

    @cached_property
    def roles(self) -> frozenset[str]:
        rows = Duty.objects.filter(shift__starts_at__lte=self.now, shift__ends_at__gt=self.now)
        return frozenset(rows.values_list("role", flat=True).distinct())


@dataclass
class Batch:
    """The deadlines of one transaction: what they are about, read once, and what they cause, written once."""

    book: Book
    calls: Mapping[int, Any]
    assignments: dict[int, Assignment]
    duties: Duties
    alerts: list[Alert] = field(default_factory=list)
    to_arm: list[Deadline] = field(default_factory=list)
    prepared: dict[int, Any] = field(default_factory=dict)

    def subject(self, deadline: Due) -> Subject:
        assignment = self.assignments.get(deadline.assignment_id or 0)
        unit = assignment.unit if assignment else None
        return Subject(self.calls.get(deadline.call_id or 0), unit, deadline.assignment_id)

    def alert(self, kind: str, level: Alarm.Level, deadline: Due) -> None:
        self.alerts.append(Alert(kind, level, self.subject(deadline), deadline.due_at))

    def arm(self, kind: str, after: timedelta, deadline: Due) -> None:
        """Arms another deadline for what `deadline` is about."""
        row = Deadline(
            agency_id=self.book.agency.pk,
            kind=kind,
            call_id=deadline.call_id,
            assignment_id=deadline.assignment_id,
            armed_at=self.book.now,
            due_at=self.book.now + after,
        )
        self.to_arm.append(row)

    def allowed(self, clock: str) -> timedelta:
        return clocks.allowed(self.book.agency, clock)


Act = Callable[[Batch, Due], None]
Status = CallStatus | AssignmentStatus


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What missing a deadline causes while the call (or the assignment) is in `status`.

    `level` alarms people, as `alarm` where this is a rung of another deadline's ladder. `alone`: in a transaction of
    its own, because it moves the call; `prepare` runs before that transaction and may read much.
    """

    status: Status | None = None
    level: Alarm.Level | None = None
    alarm: str = ""
    act: Act | None = None
    alone: bool = False
    prepare: Callable[[Found], Any] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    is_missed: bool = True


def take_effect(batch: Batch, claimed: list[Due]) -> None:
    """Does the effects of claimed deadlines and settles them. Their calls are locked by this transaction."""
    holding = [d for d in claimed if _holds(batch, d)]
    kept = {d.pk for d in holding}
    deadlines.take_back([d for d in claimed if d.pk not in kept])
    for deadline in holding:
        _cause(batch, deadline, EFFECTS[deadline.kind])
    deadlines.arm_many(batch.to_arm)
    _alarm_people(batch)


def _holds(batch: Batch, deadline: Due) -> bool:
    """Whether what the deadline waits for is still to come. Moves disarm their clocks; this is the second look."""
    status = EFFECTS[deadline.kind].status
    if isinstance(status, AssignmentStatus):
        assignment = batch.assignments.get(deadline.assignment_id or 0)
        return assignment is not None and assignment.status == status
    return status is None or batch.calls[deadline.call_id or 0].status == status


def _cause(batch: Batch, deadline: Due, effect: Effect) -> None:
    subject = batch.subject(deadline)
    if effect.is_missed:
        data = {"deadline": deadline.pk, "kind": deadline.kind, "due_at": deadline.due_at.isoformat()} | effect.data
        data |= {"assignment": deadline.assignment_id} if deadline.assignment_id else {}
        batch.book.add("deadline.missed", call=subject.call, unit=subject.unit, data=data)
    if effect.act is not None:
        effect.act(batch, deadline)
    if effect.level is not None:
        batch.alert(effect.alarm or deadline.kind, effect.level, deadline)


def _alarm_people(batch: Batch) -> None:
    if not batch.alerts:
        return
    alerts = [_to_somebody(alert, batch.duties.roles) for alert in batch.alerts]
    raised = raise_alarms(batch.book, alerts)
    address = batch.book.agency.settings.get("round_the_clock_email", "")
    lonely = [alarm for alarm in raised if alarm.nobody_on_duty]
    if lonely and address:
        named = [{"alarm": a.pk, "kind": a.kind, "call": a.about.get("call", "")} for a in lonely]
        batch.book.tell("email", address, NOBODY_ON_DUTY, {"alarms": named})


def _to_somebody(alert: Alert, on_duty: frozenset[str]) -> Alert:
    """The alert on the lowest rung, from its own upwards, where somebody is on duty."""
    rungs = {Level.DISPATCHER: {Role.DISPATCHER}, Level.SUPERVISOR: {Role.SUPERVISOR}}
    level = alert.level
    if level is Level.DISPATCHER and not on_duty & rungs[level]:
        level = Level.SUPERVISOR
    who = rungs.get(level, {Role.DISPATCHER, Role.SUPERVISOR})
    return Alert(alert.kind, level, alert.about, alert.due_at, nobody_on_duty=not on_duty & who)


def _to_sworn(batch: Batch, deadline: Due) -> None:
    """Nobody could say what is open in time: the rules send the call to sworn, and it is handed over."""
    call = batch.calls[deadline.call_id or 0]
    decision = call_actions.decide(batch.book, call, None, cannot_say=True)
    routing.follow(batch.book, call, decision)


def _not_approved(batch: Batch, deadline: Due) -> None:
    """No supervisor has answered in time: what needs a yes is never allowed by waiting."""
    call = batch.calls[deadline.call_id or 0]
    if approvals.lapse(batch.book, call):
        routing.follow(batch.book, call, routing.not_approved(batch.book, call))


def _keep_appointment(batch: Batch, deadline: Due) -> None:
    """The time that was set has come: queued as of now. Was the route never decided, it is sworn's by now."""
    call = batch.calls[deadline.call_id or 0]
    call.queued_at = None
    moves.move_call(batch.book, call, CallStatus.QUEUED, why="appointment")
    if call.route is None:
        _to_sworn(batch, deadline)


def _ask_if_well(batch: Batch, deadline: Due) -> None:
    """Prompts the tablet; the rungs run from now, since the question could not be answered before it was asked."""
    subject = batch.subject(deadline)
    if _has_gone_home(batch, deadline):
        batch.alert(WELFARE, Level.DISPATCHER, deadline)
        return
    batch.book.add("welfare.asked", call=subject.call, unit=subject.unit, data={"assignment": deadline.assignment_id})
    for rung in ("welfare_alarm", "welfare_mayday"):
        batch.arm(rung, batch.allowed(rung), deadline)


def _no_answer(batch: Batch, deadline: Due) -> None:
    """Everyone is called. After a time without a watch a dispatcher is asked first, with the time between the rungs."""
    if batch.book.now - deadline.due_at <= UNWATCHED:
        batch.alert(WELFARE, Level.EVERYONE, deadline)
        return
    batch.alert(WELFARE, Level.DISPATCHER, deadline)
    if not _has_gone_home(batch, deadline):
        between = batch.allowed("welfare_mayday") - batch.allowed("welfare_alarm")
        batch.arm("welfare_mayday", max(between, timedelta(seconds=1)), deadline)


def _has_gone_home(batch: Batch, deadline: Due) -> bool:
    if batch.book.now - deadline.due_at <= ABANDONED:
        return False
    unit: Unit = batch.assignments[deadline.assignment_id or 0].unit
    now = batch.book.now
    return not Duty.objects.filter(unit=unit, shift__starts_at__lte=now, shift__ends_at__gt=now).exists()


def _await_supervisor(batch: Batch, deadline: Due) -> None:
    batch.arm("transfer_supervisor", batch.allowed("alarm_supervisor"), deadline)


def _count_the_shift(batch: Batch, deadline: Due) -> None:
    rollups.store(batch.book, batch.prepared[deadline.pk])


_ON_SCENE = AssignmentStatus.ON_SCENE
EFFECTS: dict[str, Effect] = {
    "undecided": Effect(status=CallStatus.NEW, level=Level.DISPATCHER),
    "undecided_sworn": Effect(status=CallStatus.NEW, act=_to_sworn, alone=True),
    "approval": Effect(level=Level.DISPATCHER, alarm="approval_late"),
    "approval_sworn": Effect(act=_not_approved, alone=True),
    "unassigned": Effect(status=CallStatus.QUEUED, level=Level.DISPATCHER),
    "unassigned_supervisor": Effect(status=CallStatus.QUEUED, level=Level.SUPERVISOR, alarm="unassigned"),
    "delayed_caller": Effect(status=CallStatus.QUEUED, level=Level.DISPATCHER),
    "acknowledge": Effect(status=AssignmentStatus.ASSIGNED, level=Level.DISPATCHER, data={"offered": True}),
    "en_route": Effect(status=AssignmentStatus.ACKNOWLEDGED, level=Level.DISPATCHER),
    "welfare_check": Effect(status=_ON_SCENE, act=_ask_if_well),
    "welfare_alarm": Effect(status=_ON_SCENE, level=Level.DISPATCHER, alarm=WELFARE),
    "welfare_mayday": Effect(status=_ON_SCENE, act=_no_answer),
    "transfer": Effect(status=CallStatus.TRANSFERRED, level=Level.DISPATCHER, act=_await_supervisor),
    "transfer_supervisor": Effect(status=CallStatus.TRANSFERRED, level=Level.SUPERVISOR, alarm="transfer"),
    "appointment": Effect(status=CallStatus.SCHEDULED, level=Level.DISPATCHER, act=_keep_appointment, alone=True),
    "shift_end": Effect(act=_count_the_shift, alone=True, prepare=rollups.prepare, is_missed=False),
}


def waits_alone(deadline: Found) -> bool:
    """Whether the deadline's effect needs a transaction of its own."""
    effect = EFFECTS.get(deadline.kind)
    return effect is None or effect.alone


def prepare(due: Iterable[Found]) -> dict[int, Any]:
    """What effects read before their transaction, by the deadline's key."""
    prepared = {}
    for deadline in due:
        read_ahead = EFFECTS[deadline.kind].prepare
        if read_ahead is not None:
            prepared[deadline.pk] = read_ahead(deadline)
    return prepared
