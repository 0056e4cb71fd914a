"""The next step of a simulated call, by how it stands: what the desk or the unit does now, and when to look again."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from agencies.models import Member
from agencies.roles import Role
from calls import approvals
from calls.actions import answer_approval, triage_call
from calls.models import Call
from calls.states import CallStatus
from cso import demo_calls
from cso.demo_stories import Story
from dispatch import queries
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    CloseOrder,
    StatusOrder,
    TransferOrder,
    acknowledge_transfer,
    add_note,
    answer_welfare,
    assign_unit,
    cancel_call,
    close_call,
    move_assignment,
    report_position,
    transfer_call,
)
from dispatch.models import Assignment, Unit
from dispatch.states import AssignmentStatus
from ledger.models import Deadline, Event

# A person's touch is waited out.
_POLITE, _POLITE_LOOK = timedelta(seconds=60), timedelta(seconds=20)
_BEFORE_RINGING = timedelta(minutes=3)
_M_PER_DEGREE, _M_PER_S = 111_320.0, 11.0
_LEAPS = timedelta(seconds=12)


class Steps:
    """What happens to calls at one moment. Lengths that are answered are simulated time; clocks are real time."""

    def __init__(
        self, hands: Mapping[str, Member], desk: Member, units: list[str], *, speed: float, now: datetime
    ) -> None:
        self.hands, self.desk, self.units, self.speed, self.now = hands, desk, units, speed, now

    def officer_of(self, unit: Unit) -> Member:
        """Somebody who is in the unit; the desk by radio where nobody of the demonstration is."""
        names = [m.email for m in queries.unit_now(unit, self.now).members]
        return next((self.hands[name] for name in names if name in self.hands), self.desk)

    def go_on(self, call: Call, story: Story) -> timedelta:
        """Does the next step of `call` and answers after how long to look again."""
        if self._somebody_is_at(call):
            return _POLITE_LOOK * self.speed
        status = CallStatus(call.status)
        return self._BY_STATUS.get(status, Steps._field)(self, call, story)

    def _decide(self, call: Call, story: Story) -> timedelta:
        """The caller can say no more."""
        triage_call(call.pk, answers={}, facts={}, type_code=None, by=self.desk, now=self.now, cannot_say=True)
        return story.accept_after

    def _refer(self, call: Call, story: Story) -> timedelta:
        return self._close_later(call, "15", story.assign_after * 4)

    def _keep_appointment(self, call: Call, story: Story) -> timedelta:
        if demo_calls.rings_before(call, self.now + _BEFORE_RINGING):
            return self._send(call, story)
        return timedelta(minutes=1) * self.speed

    def _somebody_is_at(self, call: Call) -> bool:
        mine = [member.pk for member in self.hands.values()]
        lines = Event.objects.filter(call_id=call.pk, at__gt=self.now - _POLITE, by__isnull=False)
        return lines.exclude(by_id__in=mine).exists()

    def _hand_over(self, call: Call, story: Story) -> timedelta:
        transfer = open_transfer_of(call)
        if transfer:
            number = f"P{story.seed % 100_000:05d}"
            acknowledge_transfer(call.pk, Acceptance(demo_calls.SWORN_DESK, number), by=self.desk, now=self.now)
            return timedelta(minutes=3)
        for assignment in self._on(call):
            step = StatusOrder(AssignmentStatus.CLEARED)
            move_assignment(assignment.pk, step, by=self.officer_of(assignment.unit), now=self.now)
        return timedelta(minutes=2)

    def _close_later(self, call: Call, ending: str, after: timedelta) -> timedelta:
        """Closes the call once so much simulated time has passed since it came in."""
        left = after - (self.now - call.received_at) * self.speed
        if left > timedelta():
            return left
        close_call(call.pk, CloseOrder(ending), by=self.desk, now=self.now)
        return timedelta(minutes=1)

    def _send(self, call: Call, story: Story) -> timedelta:
        if call.decision is not None and call.decision.mode == "phone":
            return self._close_later(call, "05", story.assign_after * 2)
        waits = (self.now - (call.queued_at or self.now)) * self.speed
        rings = demo_calls.rings_before(call, self.now + _BEFORE_RINGING)
        if waits < story.assign_after and not rings:
            return story.assign_after - waits
        best = [r.unit for r in queries.recommendations(call, self.now)[0] if r.unit in self.units]
        if story.is_cancelled or (rings and not best):
            cancel_call(call.pk, disposition="10", reason=demo_calls.SETTLED, by=self.desk, now=self.now)
            return timedelta(minutes=1)
        if not best:
            return timedelta(minutes=1)
        if approvals.is_missing(call):
            sue = Member.objects.filter(roles__contains=[Role.SUPERVISOR]).exclude(pk=self.desk.pk).earliest("pk")
            answer_approval(call.pk, is_granted=True, by=sue.as_role(Role.SUPERVISOR), now=self.now)
        assign_unit(call.pk, AssignOrder(best[0]), by=self.desk, now=self.now)
        return story.acknowledge_after

    def _field(self, call: Call, story: Story) -> timedelta:
        """The first of our units on the call does its next step; a call without one is a person's business."""
        for assignment in self._on(call):
            return self._unit_goes_on(assignment, story)
        return timedelta(minutes=2) * self.speed

    def _unit_goes_on(self, assignment: Assignment, story: Story) -> timedelta:
        status = AssignmentStatus(assignment.status)
        if status is AssignmentStatus.ASSIGNED:
            self._step(assignment, AssignmentStatus.ACKNOWLEDGED)
            return story.leave_after
        if status is AssignmentStatus.ACKNOWLEDGED:
            self._step(assignment, AssignmentStatus.EN_ROUTE)
            return _LEAPS
        if status is AssignmentStatus.EN_ROUTE:
            return self._drive(assignment, story)
        return self._on_scene(assignment, story)

    def _drive(self, assignment: Assignment, story: Story) -> timedelta:
        """A leap of the way; there when it is done, or when the way has taken long enough."""
        call, unit = assignment.call, assignment.unit
        driven = (self.now - assignment.since) * self.speed
        if None in (call.lat, unit.lat) or driven >= story.travel:
            self._step(assignment, AssignmentStatus.ON_SCENE, at=(call.lat, call.lon))
            return timedelta(minutes=1)
        left = story.travel - driven
        leap = max(_LEAPS, _LEAPS * self.speed / 2)
        share = min(1.0, leap / left)
        lat, lon = (a + (b - a) * share for a, b in ((unit.lat, call.lat), (unit.lon, call.lon)))
        officer = self.officer_of(unit)
        report_position(unit.callsign, round(lat, 5), round(lon, 5), by=officer, now=self.now)
        return min(left, leap)

    def _on_scene(self, assignment: Assignment, story: Story) -> timedelta:
        call, officer = assignment.call, self.officer_of(assignment.unit)
        there = (self.now - assignment.since) * self.speed
        if there >= story.on_scene:
            self._finish(call, story, officer)
            return story.accept_after
        if welfare_due_before(assignment, self.now + 2 * _BEFORE_RINGING):
            answer_welfare(assignment.unit.callsign, by=officer, now=self.now)
        if story.note and there >= story.on_scene * 0.4 and not call.notes.filter(text=story.note).exists():
            add_note(call.pk, story.note, by=officer, now=self.now)
        return min(story.on_scene - there, max(timedelta(minutes=1) * self.speed, timedelta(seconds=30)))

    def _finish(self, call: Call, story: Story, officer: Member) -> None:
        if story.is_handed_over:
            transfer_call(call.pk, TransferOrder(reason="Needs an officer after all."), by=officer, now=self.now)
        else:
            close_call(call.pk, CloseOrder(story.ends), by=officer, now=self.now)

    def _step(
        self, assignment: Assignment, status: AssignmentStatus, *, at: tuple[float | None, float | None] = (None, None)
    ) -> None:
        order = StatusOrder(status, lat=at[0], lon=at[1])
        move_assignment(assignment.pk, order, by=self.officer_of(assignment.unit), now=self.now)

    def _on(self, call: Call) -> list[Assignment]:
        return [a for a in queries.open_assignments(call) if a.unit.callsign in self.units]

    _BY_STATUS: ClassVar[dict[CallStatus, Callable[["Steps", Call, Story], timedelta]]] = {
        CallStatus.NEW: _decide,
        CallStatus.TRANSFERRED: _hand_over,
        CallStatus.REFERRED: _refer,
        CallStatus.SCHEDULED: _keep_appointment,
        CallStatus.QUEUED: _send,
    }


def open_transfer_of(call: Call) -> bool:
    """Whether the call waits for somebody to accept it."""
    return call.transfers.filter(ended_at=None, acknowledged_at=None).exists()


def welfare_due_before(assignment: Assignment, moment: datetime) -> bool:
    """Whether the unit would be asked, or called, before `moment`."""
    kinds = ("welfare_check", "welfare_alarm", "welfare_mayday")
    rows = Deadline.objects.filter(state=Deadline.State.ARMED, assignment_id=assignment.pk, kind__in=kinds)
    return rows.filter(due_at__lte=moment).exists()
