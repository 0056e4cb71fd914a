"""One call of a demo agency's past, gone through in memory: the rows and lines that the actions would have left.

Time passes by `pass_time`; every other verb happens at the present moment of the case. `tests/cso/test_demo.py` holds
what is kept here against what the actions leave.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agencies import clocks
from agencies.models import Member
from calls.actions import draft_call
from calls.intake import Intake
from calls.models import Call, Decision, ExternalNumber, Note, Transfer
from calls.states import CallStatus, Route
from calls.triage import decide as triage
from cso.demo_ledger import Kept, Line, Pages
from dispatch.models import Assignment, Unit
from dispatch.states import AssignmentStatus
from ledger.models import Alarm, Deadline

SWORN = "sworn"


class Case(Kept):
    """A call on its way. `by` is who acts."""

    call: Call
    by: Member
    now: datetime

    def __init__(self, pages: Pages) -> None:
        super().__init__()
        self.pages, self.agency = pages, pages.agency
        self.transfer: Transfer | None = None
        self.assignment: Assignment | None = None

    @property
    def decision(self) -> Decision | None:
        found: Decision | None = self.call.decision
        return found

    @property
    def is_over(self) -> bool:
        return self.call.status in (CallStatus.CLOSED, CallStatus.CANCELLED)

    def keep(self) -> None:
        """Gives the call its number and leaves everything on the pages."""
        self.call.number = self.pages.number(self.call.received_at)
        for alarm in self.alarms:
            alarm.about |= {"call": self.call.number}
        self.pages.add(self)

    def pass_time(self, length: timedelta) -> None:
        self.now += length

    def begin(self, intake: Intake, *, at: datetime, by: Member) -> None:
        self.now, self.by = at, by
        call = draft_call(self.agency, replace(intake, type_code=None), now=at)
        call.type, call.taken_by, call.pk = self.pages.types[intake.type_code or ""], by, self._key(Call)
        self.call = call
        self.calls.append(call)
        data = {"type": call.type.code, "source": call.source, "emergency": call.emergency}
        self._line("call.taken", data | ({"language": call.caller_language} if call.caller_language else {}))

    def decide(self, *, on_duty: bool) -> triage.Decision:
        """The rules' decision, as for a call that comes in."""
        rules = self.pages.rules
        found = triage.decide(rules.rule_set, rules.floor, self._facts(on_duty=on_duty))
        by, plain = found.decided_by, found.as_dict()
        self._store(
            route=found.route,
            priority=found.priority,
            decided_kind=by.kind if by else "",
            decided_id=by.id if by else "",
            reasons=list(found.reasons),
            open_questions=list(found.open_questions),
            alternatives=plain["alternatives"],
            asked_together=plain["asked"],
            qualification=found.qualification or "",
            mode=found.mode or "",
            off_hours=found.off_hours or "",
            approval=found.approval,
        )
        return found

    def queue(self, *, hold_until: datetime | None) -> None:
        self.call.hold_until = hold_until
        self.call.queued_at = self.now
        self.move(CallStatus.QUEUED, why="routed")

    def move(self, status: CallStatus, *, why: str = "", ending: str = "") -> None:
        """The call's next status; `ending` is the code of the disposition it ends with."""
        call = self.call
        # A call whose route is decided as it is taken is inserted where that sends it: still its first version.
        is_new = call.status == CallStatus.NEW and self.now == call.received_at
        version = call.version if is_new else call.version + 1
        data = {"from": call.status, "to": status.value, "version": version}
        data |= {"why": why} if why else {}
        call.status, call.version = status.value, version
        if ending:
            call.closed_at, call.disposition = self.now, self.pages.dispositions[ending]
            data |= {"disposition": ending}
        self._line("call.moved", data)

    def refer(self) -> None:
        self.move(CallStatus.REFERRED, why="routed")

    def hand_over(self, *, danger: bool) -> None:
        self.move(CallStatus.TRANSFERRED, why="danger" if danger else "routed")
        self.transfer = Transfer(
            pk=self._key(Transfer),
            agency=self.agency,
            call=self.call,
            to=SWORN,
            danger=danger,
            requested_at=self.now,
            requested_by=self.by,
        )
        self.transfers.append(self.transfer)
        self._line("transfer.requested", {"transfer": self.transfer.pk, "danger": danger})

    def accept(self, accepted_by: str, number: str, *, by: Member | None = None) -> None:
        """Sworn has it; without a unit on it the call is over."""
        assert self.transfer is not None, "handed over first"
        who, self.by = self.by, by or self.by
        self.transfer.accepted_by, self.transfer.external_number = accepted_by, number
        self.transfer.acknowledged_at, self.transfer.acknowledged_by = self.now, self.by
        if number:
            self.externals.append(ExternalNumber(agency=self.agency, call=self.call, system=SWORN, number=number))
        self.call.version += 1
        self._line("transfer.acknowledged", {"transfer": self.transfer.pk, "version": self.call.version})
        self._close_when_received()
        self.by = who

    def send(self, unit: Unit) -> None:
        self._be_late("unassigned", since=self.call.queued_at, key=f"unassigned_{self.call.priority}")
        self._assign(unit, AssignmentStatus.ASSIGNED)
        self._unit_line("assignment.primary", {})
        self.move(CallStatus.ASSIGNED)

    def open_on_scene(self, unit: Unit) -> None:
        """The unit found it itself. What the floor keeps from CSOs goes to sworn with the unit there."""
        rules = self.pages.rules
        breaches = [b for b in triage.against_floor(rules.rule_set, rules.floor, self._facts(on_duty=True)) if b.known]
        self._store(
            route=SWORN if breaches else Route.CSO.value,
            priority=max(2, self.call.type.priority if self.call.type else 3),
            decided_kind="person",
            decided_id=str(self.by.pk),
            reasons=[b.because for b in breaches] or ["Opened on scene by the unit itself."],
            mode="in_person",
            override_code="self_initiated",
        )
        self._assign(unit, AssignmentStatus.ON_SCENE)
        if breaches:
            self.hand_over(danger=False)
        else:
            self.move(CallStatus.ON_SCENE, why="self_initiated")

    def step(self, status: AssignmentStatus, *, ending: str = "") -> None:
        """The unit's next status, and the call's where it follows."""
        assignment = self._on()
        if status is AssignmentStatus.ACKNOWLEDGED:
            self._be_late("acknowledge", since=assignment.assigned_at, key="acknowledge", offered=True)
        data: dict[str, Any] = {"from": assignment.status, "to": status.value}
        assignment.status, assignment.since = status.value, self.now
        if status is AssignmentStatus.CLEARED:
            assignment.ended_at, assignment.primary = self.now, False
            assignment.disposition = self.pages.dispositions[ending] if ending else None
            data |= {"disposition": ending} if ending else {}
            data |= {"arrived": assignment.on_scene_at is not None}
        else:
            setattr(assignment, f"{status.value}_at", self.now)
        self._unit_line("assignment.moved", data)
        if status is AssignmentStatus.ON_SCENE:
            self.move(CallStatus.ON_SCENE)
        elif status is AssignmentStatus.CLEARED and not ending:
            self._close_when_received()

    def note(self, text: str) -> None:
        note = Note(
            pk=self._key(Note),
            agency=self.agency,
            call=self.call,
            text=text,
            by=self.by,
            at=self.now,
            occurred_at=self.now,
        )
        self.notes.append(note)
        self._line("note.added", {"note": note.pk})

    def answer_welfare(self, *, asked: bool) -> None:
        """The unit says that it is well: of its own accord, or because the tablet asked a moment ago."""
        assignment = self._on()
        if asked:
            self._missed("welfare_check", due_at=self.now)
            self._unit_line("welfare.asked", {}, by_the_clock=True)
            rung = self._deadline("welfare_alarm", due_at=self.now + timedelta(seconds=60))
            self.pass_time(timedelta(seconds=17))
            rung.state, rung.settled_at = Deadline.State.DISARMED, self.now
        assignment.welfare_answered_at = self.now
        self._unit_line("welfare.answered", {})

    def upgrade(self) -> None:
        """The unit asks sworn to take it."""
        self._store(
            route=SWORN,
            priority=min(2, self.call.priority or 3),
            decided_kind="person",
            decided_id=str(self.by.pk),
            reasons=[f"{self.by} asked {SWORN} to take it."],
            override_code="upgrade",
            suggested_route=self.call.route or "",
        )
        self.hand_over(danger=False)

    def close(self, ending: str) -> None:
        if self.assignment is not None:
            self.step(AssignmentStatus.CLEARED, ending=ending)
        self.move(CallStatus.CLOSED, ending=ending)

    def cancel(self, ending: str, reason: str) -> None:
        self.call.closing_comment = reason
        self.move(CallStatus.CANCELLED, ending=ending)

    def _facts(self, *, on_duty: bool) -> triage.Case:
        """As `calls.facts` has them for a place without a flag and without earlier calls."""
        call, local = self.call, self.call.received_at.astimezone(self.pages.zone)
        assert call.type is not None, "a call of the past has a type"
        facts: dict[str, Any] = {name: value for name, value in call.facts.items() if value is not None}
        return triage.Case(
            type=call.type.code,
            category=call.type.category,
            priority=call.type.priority,
            source=call.source,
            area=call.area or None,
            hour=local.hour,
            weekday=local.isoweekday(),
            holiday=False,
            premise_flag=False,
            earlier_calls=0,
            cso_available=on_duty,
            answers=dict(call.answers),
            **facts,
        )

    def _store(self, **values: Any) -> None:
        call, rules = self.call, self.pages.rules
        decision = Decision(
            pk=self._key(Decision),
            agency=self.agency,
            call=call,
            at=self.now,
            rule_set=rules.row,
            floor=rules.floor_row,
            type_code=call.type.code if call.type else "",
            answers=dict(call.answers),
            facts=dict(call.facts),
            by=self.by,
            **values,
        )
        self.decisions.append(decision)
        call.decision, call.route, call.priority = decision, decision.route, decision.priority
        data: dict[str, Any] = {"decision": decision.pk, "route": decision.route, "priority": decision.priority}
        data |= {"type": decision.type_code, "rule_set": rules.row.version}
        data |= {"decided_by": {"kind": decision.decided_kind, "id": decision.decided_id}}
        data |= {"override": decision.override_code} if decision.override_code else {}
        data |= {"suggested": decision.suggested_route} if decision.suggested_route else {}
        data |= {"off_hours": decision.off_hours} if decision.off_hours else {}
        self._line("call.decided", data)

    def _assign(self, unit: Unit, status: AssignmentStatus) -> None:
        self.assignment = Assignment(
            pk=self._key(Assignment),
            agency=self.agency,
            call=self.call,
            unit=unit,
            status=status.value,
            primary=True,
            since=self.now,
            assigned_at=self.now,
            on_scene_at=self.now if status is AssignmentStatus.ON_SCENE else None,
            assigned_by=self.by,
        )
        self.assignments.append(self.assignment)
        self._unit_line("assignment.made", {"to": status.value})

    def _close_when_received(self) -> None:
        accepted = self.transfer is not None and self.transfer.acknowledged_at is not None
        is_free = self.assignment is None or self.assignment.status == AssignmentStatus.CLEARED
        if accepted and is_free and self.transfer is not None:
            self.transfer.ended_at = self.now
            self.move(CallStatus.CLOSED, why="transferred", ending=self.transfer.disposition_code)

    def _be_late(self, kind: str, *, since: datetime | None, key: str, offered: bool = False) -> None:
        """Where a clock had run out by now: the missed deadline, the alarm, and that its cause is gone now."""
        due_at = (since or self.now) + clocks.allowed(self.agency, key)
        if due_at >= self.now or self.call.hold_until is not None:
            return
        self._missed(kind, due_at=due_at, **({"offered": True} if offered else {}))
        unit = self.assignment.unit if self.assignment else None
        alarm = Alarm(
            pk=self._key(Alarm),
            agency=self.agency,
            kind=kind,
            level=Alarm.Level.DISPATCHER,
            assignment_id=self.assignment.pk if self.assignment else None,
            due_at=due_at,
            raised_at=due_at,
            settled_at=self.now,
            call_id=self.call.pk,
            unit_id=unit.pk if unit else None,
        )
        # Its call has a number when it is kept.
        alarm.about = {"unit": unit.callsign} if unit else {}
        self.alarms.append(alarm)
        data = {"alarm": alarm.pk, "kind": kind}
        self.lines.append(Line(due_at, "alarm.raised", None, data | {"level": "dispatcher"}, self.call, unit))
        self.lines.append(Line(self.now, "alarm.settled", self.by, data, self.call, unit))

    def _missed(self, kind: str, *, due_at: datetime, **more: Any) -> None:
        row = self._deadline(kind, due_at=due_at)
        row.state, row.settled_at = Deadline.State.FIRED, due_at
        data = {"deadline": row.pk, "kind": kind, "due_at": due_at.isoformat()} | more
        data |= {"assignment": row.assignment_id} if row.assignment_id else {}
        unit = self.assignment.unit if self.assignment else None
        self.lines.append(Line(due_at, "deadline.missed", None, data, self.call, unit))

    def _deadline(self, kind: str, *, due_at: datetime) -> Deadline:
        row = Deadline(
            pk=self._key(Deadline),
            agency=self.agency,
            kind=kind,
            call_id=self.call.pk,
            assignment_id=self.assignment.pk if self.assignment else None,
            armed_at=self.now,
            due_at=due_at,
        )
        self.deadlines.append(row)
        return row

    def _on(self) -> Assignment:
        assert self.assignment is not None, "a unit was sent first"
        return self.assignment

    def _line(self, kind: str, data: dict[str, Any]) -> None:
        self.lines.append(Line(self.now, kind, self.by, data, self.call))

    def _unit_line(self, kind: str, data: dict[str, Any], *, by_the_clock: bool = False) -> None:
        assignment = self._on()
        who = None if by_the_clock else self.by
        self.lines.append(Line(self.now, kind, who, {"assignment": assignment.pk} | data, self.call, assignment.unit))

    def _key(self, model: Any) -> int:  # noqa: ANN401  # any model
        return self.pages.keys.next(model)
