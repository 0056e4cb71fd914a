"""The facts of a shift from the ledger alone: what happened, read again in the order in which it happened.

This is the check on the rows: whoever doubts a figure can have it counted a second time from lines nobody can change.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from agencies import hours
from agencies.models import Agency
from dispatch.figures import AssignmentFact, CallFact, DecisionFact, Facts, TransferFact, WorkFact
from ledger.models import Event

# No unit is stacked for longer; a line may be entered so much before or after what it tells.
_BEFORE, _AHEAD = timedelta(days=30), timedelta(minutes=5)
_WORK = ("assignment.made", "assignment.moved", "assignment.carried", "welfare.asked", "welfare.answered",
         "deadline.missed")  # fmt: skip
# A call that comes back to the queue in one of these ways waits as if it came in now.
_ANEW = {"reopened", "handed_back", "appointment"}


def facts_of(agency: Agency, shift_id: int, *, up_to_seq: int) -> Facts:
    """The facts of the shift as the ledger tells them up to line `up_to_seq`."""
    planned = Event.objects.get(kind="shift.planned", data__shift=shift_id).data
    starts_at, ends_at = (datetime.fromisoformat(planned[name]) for name in ("starts_at", "ends_at"))
    lines = Event.objects.filter(seq__lte=up_to_seq).order_by("seq")
    taken = lines.filter(kind="call.taken", at__gte=starts_at - _AHEAD)
    received = taken.filter(occurred_at__gte=starts_at, occurred_at__lt=ends_at).values_list("call_id", flat=True)
    units: dict[str, int] = planned["units"]
    of_units = lines.filter(kind__in=_WORK, unit_id__in=units.values(), at__gte=starts_at - _BEFORE)
    facts = facts_from(agency, planned, lines.filter(call_id__in=list(received)), of_units)
    sources = dict(
        lines.filter(kind="call.taken", call_id__in={w.assignment.call_id for w in facts.work}).values_list(
            "call_id", "data__source"
        )
    )
    for done in facts.work:
        done.source = sources[done.assignment.call_id]
    return facts


def facts_from(agency: Agency, planned: dict[str, Any], of_calls: Iterable[Event], of_units: Iterable[Event]) -> Facts:
    """The facts of a planned shift: from the lines of the calls received in it, and from those of its units' work.

    The sources of the work's calls are left blank.
    """
    starts_at, ends_at = (datetime.fromisoformat(planned[name]) for name in ("starts_at", "ends_at"))
    calls = _Reading().read(of_calls)
    for call in calls.calls.values():
        call.open_at_receipt = hours.is_open(agency, call.received_at)
    work = _Reading().read(of_units).work_between(starts_at, ends_at)
    return Facts(starts_at, ends_at, list(planned["units"]), list(calls.calls.values()), work)


class _Reading:
    """Reads lines in their order and keeps what they leave standing."""

    def __init__(self) -> None:
        self.calls: dict[int, CallFact] = {}
        self.assignments: dict[int, AssignmentFact] = {}
        self.transfers: dict[int, TransferFact] = {}
        self.work: dict[int, WorkFact] = {}
        self.asked: set[int] = set()
        self.read_line: dict[str, Callable[[Event], None]] = {
            "call.taken": self._taken,
            "call.amended": self._amended,
            "call.decided": self._decided,
            "call.moved": self._moved,
            "call.joined": self._joined,
            "transfer.requested": self._requested,
            "transfer.hurried": self._hurried,
            "transfer.acknowledged": self._acknowledged,
            "assignment.made": self._made,
            "assignment.moved": self._stepped,
            "assignment.carried": self._carried,
            "welfare.asked": self._asked,
            "welfare.answered": self._answered,
            "deadline.missed": self._missed,
        }

    def read(self, lines: Iterable[Event]) -> "_Reading":
        for line in lines:
            read_line = self.read_line.get(line.kind)
            if read_line is not None:
                read_line(line)
        for assignment in self.assignments.values():
            call = self.calls.get(assignment.call_id)
            if call is not None:
                call.assignments.append(assignment)
        return self

    def work_between(self, starts_at: datetime, ends_at: datetime) -> list[WorkFact]:
        """What was assigned between the two times, the end not included."""
        return [
            work
            for work in self.work.values()
            if work.assignment.assigned_at is not None and starts_at <= work.assignment.assigned_at < ends_at
        ]

    def _taken(self, line: Event) -> None:
        data = line.data
        self.calls[_call(line)] = CallFact(
            _call(line), data["source"], line.occurred_at, type=data["type"], language=data.get("language", "")
        )

    def _amended(self, line: Event) -> None:
        call = self.calls[_call(line)]
        call.type = line.data.get("type", call.type)
        call.language = line.data.get("language", call.language)

    def _decided(self, line: Event) -> None:
        data, call = line.data, self.calls[_call(line)]
        call.route = data["route"]
        call.decisions.append(
            DecisionFact(
                line.at,
                data["route"],
                person=data["decided_by"]["kind"] == "person",
                override=data.get("override", ""),
                suggested=data.get("suggested", ""),
                off_hours=data.get("off_hours", ""),
            )
        )

    def _moved(self, line: Event) -> None:
        data, call = line.data, self.calls[_call(line)]
        call.status = data["to"]
        ended = data["to"] in ("closed", "cancelled")
        call.closed_at, call.disposition = (line.at, data["disposition"]) if ended else (None, None)
        if data["to"] == "queued" and (call.queued_at is None or data.get("why") in _ANEW):
            call.queued_at = line.at

    def _requested(self, line: Event) -> None:
        transfer = TransferFact(line.at, danger=line.data["danger"])
        self.transfers[line.data["transfer"]] = transfer
        self.calls[_call(line)].transfers.append(transfer)

    def _hurried(self, line: Event) -> None:
        self.transfers[line.data["transfer"]].danger = True

    def _acknowledged(self, line: Event) -> None:
        self.transfers[line.data["transfer"]].acknowledged_at = line.at

    def _made(self, line: Event) -> None:
        assignment = AssignmentFact(line.data["assignment"], line.about["unit"], _call(line))
        self.assignments[assignment.id] = assignment
        self.work[assignment.id] = WorkFact(assignment, "")
        if line.data["to"] != "stacked":
            assignment.assigned_at = line.occurred_at
        if line.data["to"] == "on_scene":
            assignment.on_scene_at = line.occurred_at

    def _stepped(self, line: Event) -> None:
        assignment = self._assignment(line)
        if assignment is None:
            return
        status, moment = line.data["to"], line.occurred_at
        if status in ("cleared", "cancelled", "declined"):
            assignment.ended, assignment.ended_at = status, moment
        elif status != "stacked":
            setattr(assignment, f"{status}_at", moment)
            assignment.assigned_at = assignment.assigned_at or moment
        self._was_well(assignment.id)

    def _carried(self, line: Event) -> None:
        """A unit came here with a call that was joined; what it did before may stand in lines that are not read."""
        pk, unit = line.data["assignment"], line.about["unit"]
        assignment = self.assignments.setdefault(pk, AssignmentFact(pk, unit, _call(line)))
        self.work.setdefault(pk, WorkFact(assignment, ""))
        assignment.call_id = _call(line)
        for name, moment in line.data["times"].items():
            setattr(assignment, name, datetime.fromisoformat(moment))

    def _joined(self, line: Event) -> None:
        """The call's units have gone to the other call with their assignments."""
        for assignment in self.assignments.values():
            if assignment.call_id == _call(line) and not assignment.ended:
                assignment.call_id = 0

    def _asked(self, line: Event) -> None:
        work = self.work.get(line.data["assignment"])
        if work is not None:
            work.asked += 1
            self.asked.add(work.assignment.id)

    def _answered(self, line: Event) -> None:
        self._was_well(line.data["assignment"])

    def _was_well(self, assignment_id: int) -> None:
        """An answer, or a step of the unit's own, within the time ends the question."""
        if assignment_id in self.asked:
            self.asked.discard(assignment_id)
            self.work[assignment_id].answered += 1

    def _missed(self, line: Event) -> None:
        kind, assignment_id = line.data["kind"], line.data.get("assignment")
        call = self.calls.get(line.call_id or 0)
        if call is not None:
            call.late.add(kind)
        if kind == "welfare_alarm" and assignment_id in self.asked:
            self.asked.discard(assignment_id)
            self.work[assignment_id].alarmed += 1

    def _assignment(self, line: Event) -> AssignmentFact | None:
        """None where its beginning lies before what is read."""
        return self.assignments.get(line.data["assignment"])


def _call(line: Event) -> int:
    assert line.call_id is not None, f"a line of the kind {line.kind} is about a call"
    return line.call_id
