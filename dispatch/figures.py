"""The figures of a shift, counted from facts. Plain Python: where the facts come from is not its business.

A call counts to the period it was received in; work counts to the shift of the unit that did it; the two are never
added. Every share is `{"count", "of", "denominator"}`: a share without its denominator is a claim without its ground.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

Figures = dict[str, Any]
Steps = Mapping[str, list[float]]

# Deadlines that say that somebody was late. The others are alarm clocks: they ring when a time has come.
LATE_KINDS = (
    "undecided", "undecided_sworn", "approval", "approval_sworn", "unassigned", "unassigned_supervisor",
    "delayed_caller", "acknowledge", "en_route",
    "welfare_alarm", "welfare_mayday", "transfer", "transfer_supervisor",
)  # fmt: skip
# Decisions by a person that are no override of what the rules said.
NO_OVERRIDE = {"", "emergency", "self_initiated", "upgrade", "handed_back", "not_approved"}
_NOT_APPROVED = ("not_approved", "not_answered")
_ENDED = {"closed", "cancelled"}
_CSO, _SELF, _ASSIST = "cso", "self_initiated", "sworn_request"


@dataclass
class DecisionFact:
    at: datetime
    route: str | None
    person: bool = False
    override: str = ""
    suggested: str = ""
    off_hours: str = ""


@dataclass
class TransferFact:
    requested_at: datetime
    danger: bool = False
    acknowledged_at: datetime | None = None


@dataclass
class AssignmentFact:
    """Times are when it happened, None where it did not; `ended` is the status it ended in."""

    id: int
    unit: str
    call_id: int
    ended: str = ""
    assigned_at: datetime | None = None
    acknowledged_at: datetime | None = None
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass
class CallFact:
    """What is known of one call. `late` holds the kinds of its missed deadlines."""

    id: int
    source: str
    received_at: datetime
    type: str | None = None
    language: str = ""
    status: str = "new"
    route: str | None = None
    disposition: str | None = None
    queued_at: datetime | None = None
    closed_at: datetime | None = None
    open_at_receipt: bool = True
    decisions: list[DecisionFact] = field(default_factory=list)
    transfers: list[TransferFact] = field(default_factory=list)
    assignments: list[AssignmentFact] = field(default_factory=list)
    late: set[str] = field(default_factory=set)

    @property
    def eligible(self) -> bool:
        """Whether the rules, or a person, would at some time have given it to a CSO."""
        return any(_CSO in (d.route, d.suggested) or d.off_hours for d in self.decisions)

    @property
    def sent(self) -> list[AssignmentFact]:
        return [a for a in self.assignments if a.assigned_at is not None]

    @property
    def arrived(self) -> bool:
        return any(a.on_scene_at is not None for a in self.assignments)

    @property
    def closed_by_cso(self) -> bool:
        return self.arrived and self.status == "closed" and self.route == _CSO

    @property
    def upgraded(self) -> bool:
        """Handed to sworn after a unit had been sent."""
        first = min((a.assigned_at for a in self.sent if a.assigned_at), default=None)
        return first is not None and any(t.requested_at >= first for t in self.transfers)


@dataclass
class WorkFact:
    """An assignment of one of the shift's units, with its call's source and the welfare checks on it."""

    assignment: AssignmentFact
    source: str
    asked: int = 0
    answered: int = 0
    alarmed: int = 0


@dataclass
class Facts:
    """Everything about one shift: calls received in its period, work of its units (callsigns)."""

    starts_at: datetime
    ends_at: datetime
    units: Sequence[str]
    calls: Sequence[CallFact]
    work: Sequence[WorkFact]


def share(count: int, of: int, denominator: str) -> dict[str, Any]:
    return {"count": count, "of": of, "denominator": denominator}


def figures_of(facts: Facts) -> Figures:
    """The figures as they are stored and shown; JSON throughout, times in seconds."""
    calls = list(facts.calls)
    asked_for = [c for c in calls if c.source not in (_SELF, _ASSIST)]
    return {
        "period": {"from": facts.starts_at.isoformat(), "to": facts.ends_at.isoformat()},
        "calls": len(calls),
        "open": sum(c.status not in _ENDED for c in calls),
        "by_route": _counts(c.route or "undecided" for c in calls),
        "by_type": _counts(c.type or "none" for c in calls),
        "by_disposition": _counts(c.disposition for c in calls if c.disposition),
        "by_source": _counts(c.source for c in calls),
        "funnel": _funnel(asked_for, "calls received, without self-initiated ones and assists"),
        "eligible_not_sent": _not_sent(asked_for, has_units=bool(facts.units)),
        "self_initiated": _apart([c for c in calls if c.source == _SELF]),
        "assists": _apart([c for c in calls if c.source == _ASSIST]),
        "late": _late(calls),
        "times": _times(asked_for),
        "times_by_language": {
            language: _times([c for c in asked_for if (c.language or "not given") == language])
            for language in sorted({c.language or "not given" for c in asked_for})
        },
        "transfers": _transfers(calls),
        "overrides": _overrides(calls),
        "no_contact": share(
            sum(c.disposition == "14" and c.arrived for c in calls), sum(c.arrived for c in calls), "calls arrived at"
        ),
        "work": _work(facts),
    }


def _counts(values: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(str(value) for value in values).items()))


def _funnel(calls: list[CallFact], all_calls: str) -> Figures:
    eligible = [c for c in calls if c.eligible]
    offered = [c for c in eligible if c.queued_at is not None or c.assignments]
    sent = [c for c in offered if c.sent]
    arrived = [c for c in sent if c.arrived]
    upgraded = [c for c in sent if c.upgraded]
    return {
        "all": len(calls),
        "eligible": share(len(eligible), len(calls), all_calls),
        "offered": share(len(offered), len(eligible), "eligible calls"),
        "sent": share(len(sent), len(offered), "calls offered to a CSO"),
        "arrived": share(len(arrived), len(sent), "calls a CSO was sent to"),
        "closed_by_cso": share(sum(c.closed_by_cso for c in arrived), len(arrived), "calls a CSO arrived at"),
        "upgraded": share(len(upgraded), len(sent), "calls a CSO was sent to"),
        "upgraded_for_danger": share(
            sum(any(t.danger for t in c.transfers) for c in upgraded), len(upgraded), "upgraded calls"
        ),
    }


def _not_sent(calls: list[CallFact], *, has_units: bool) -> Figures:
    eligible = [c for c in calls if c.eligible]
    missed = [c for c in eligible if not c.sent]
    reasons = _counts(why_not_sent(c, has_units=has_units) for c in missed)
    return share(len(missed), len(eligible), "eligible calls") | {"reasons": reasons}


def why_not_sent(call: CallFact, *, has_units: bool) -> str:
    """The reason as a code; the first that fits."""
    last = call.decisions[-1]
    refused = last.override in _NOT_APPROVED
    if refused or (last.person and last.route != _CSO and last.override not in NO_OVERRIDE):
        named = dict.fromkeys(_NOT_APPROVED, "not_approved") | {"caller_asked": "caller_asked"}
        return (named | {"no_cso": "all_busy" if has_units else "none_on_duty"}).get(last.override, "override")
    if any(d.off_hours for d in call.decisions):
        return "none_on_duty" if call.open_at_receipt else "outside_hours"
    if call.status not in _ENDED and call.route == _CSO:
        return "waiting"
    if call.route != _CSO:
        return "handed_over"
    if call.status == "cancelled":
        return "cancelled"
    return {"22": "duplicate", "05": "by_phone"}.get(call.disposition or "", "closed_without_a_unit")


def _apart(calls: list[CallFact]) -> Figures:
    arrived = [c for c in calls if c.arrived]
    return {
        "calls": len(calls),
        "arrived": share(len(arrived), len(calls), "such calls"),
        "closed_by_cso": share(sum(c.closed_by_cso for c in arrived), len(arrived), "such calls a CSO arrived at"),
        "upgraded": share(sum(c.upgraded for c in calls), len(calls), "such calls"),
    }


def _late(calls: list[CallFact]) -> Figures:
    """Calls late by kind, each of the calls that could have been late in that way."""
    grounds: dict[str, tuple[str, Callable[[CallFact], bool]]] = {
        "undecided": ("calls received", lambda c: True),
        "approval": ("calls queued for a CSO", lambda c: c.queued_at is not None),
        "unassigned": ("calls queued for a CSO", lambda c: c.queued_at is not None),
        "delayed_caller": ("calls queued for a CSO", lambda c: c.queued_at is not None),
        "acknowledge": ("calls a CSO was sent to", lambda c: bool(c.sent)),
        "en_route": ("calls a CSO was sent to", lambda c: bool(c.sent)),
        "welfare": ("calls a CSO arrived at", lambda c: c.arrived),
        "transfer": ("calls handed over", lambda c: bool(c.transfers)),
    }
    found: Figures = {}
    for kind in LATE_KINDS:
        late = [c for c in calls if kind in c.late]
        if late:
            words, could = next(ground for name, ground in grounds.items() if kind.startswith(name))
            found[kind] = share(len(late), sum(could(c) or kind in c.late for c in calls), words)
    return found


def _times(calls: list[CallFact]) -> Figures:
    """Median and 90th percentile of each step in seconds, over as many calls (or assignments) as `count` says."""
    steps: dict[str, list[float]] = {}
    for call in calls:
        decided = next((d.at for d in call.decisions if d.route), None)
        assigned = min((a.assigned_at for a in call.sent if a.assigned_at), default=None)
        on_scene = min((a.on_scene_at for a in call.assignments if a.on_scene_at), default=None)
        _measure(steps, "received_to_decided", call.received_at, decided)
        _measure(steps, "queued_to_assigned", call.queued_at, assigned)
        _measure(steps, "received_to_on_scene", call.received_at, on_scene)
        _measure(steps, "received_to_closed", call.received_at, call.closed_at)
        for transfer in call.transfers:
            _measure(steps, "transfer_to_accepted", transfer.requested_at, transfer.acknowledged_at)
        for assignment in call.assignments:
            _measure(steps, "assigned_to_acknowledged", assignment.assigned_at, assignment.acknowledged_at)
            _measure(steps, "acknowledged_to_en_route", assignment.acknowledged_at, assignment.en_route_at)
            _measure(steps, "en_route_to_on_scene", assignment.en_route_at, assignment.on_scene_at)
            _measure(steps, "on_scene_to_ended", assignment.on_scene_at, assignment.ended_at)
    return {name: _spread(values) for name, values in sorted(steps.items())}


def _measure(steps: dict[str, list[float]], name: str, start: datetime | None, end: datetime | None) -> None:
    """Adds a length; what was entered the wrong way round is not counted."""
    if start is not None and end is not None and end >= start:
        steps.setdefault(name, []).append((end - start).total_seconds())


def _spread(values: list[float]) -> Figures:
    ranked = sorted(values)
    return {
        "median_s": round(median(ranked), 1),
        "p90_s": round(ranked[math.ceil(0.9 * len(ranked)) - 1], 1),
        "count": len(ranked),
    }


def _transfers(calls: list[CallFact]) -> Figures:
    transfers = [t for c in calls for t in c.transfers]
    accepted = sum(t.acknowledged_at is not None for t in transfers)
    handed_back = sum(any(d.override == "handed_back" for d in c.decisions) for c in calls)
    handed_over = sum(bool(c.transfers) for c in calls)
    return {
        "requested": len(transfers),
        "accepted": share(accepted, len(transfers), "transfers"),
        "for_danger": share(sum(t.danger for t in transfers), len(transfers), "transfers"),
        "handed_back": share(handed_back, handed_over, "calls handed over"),
    }


def _overrides(calls: list[CallFact]) -> Figures:
    chosen = [[d for d in c.decisions if d.person and d.override not in NO_OVERRIDE] for c in calls]
    return {
        "calls": share(sum(bool(d) for d in chosen), sum(bool(c.decisions) for c in calls), "calls decided"),
        "by_route": _counts(d.route for found in chosen for d in found),
        "by_reason": _counts(d.override for found in chosen for d in found),
    }


def _work(facts: Facts) -> Figures:
    """What the shift's units did, in their shift, on calls of whatever watch."""
    by_unit = {unit: [w for w in facts.work if w.assignment.unit == unit] for unit in sorted(facts.units)}
    return {
        "total": _work_of(list(facts.work)),
        "by_unit": {unit: _work_of(work) for unit, work in by_unit.items()},
    }


def _work_of(work: list[WorkFact]) -> Figures:
    done = [w.assignment for w in work]
    arrived = [a for a in done if a.on_scene_at is not None]
    asked = sum(w.asked for w in work)
    scene = sum(
        (a.ended_at - a.on_scene_at).total_seconds()
        for a in arrived
        if a.ended_at is not None and a.on_scene_at is not None and a.ended_at >= a.on_scene_at
    )
    return {
        "assignments": len(done),
        "arrived": share(len(arrived), len(done), "assignments"),
        "declined": share(sum(a.ended == "declined" for a in done), len(done), "assignments"),
        "self_initiated": share(sum(w.source == _SELF for w in work), len(done), "assignments"),
        "assists": share(sum(w.source == _ASSIST for w in work), len(done), "assignments"),
        "on_scene_s": round(scene, 1),
        "welfare_answered": share(sum(w.answered for w in work), asked, "welfare checks asked"),
        "welfare_alarms": share(sum(w.alarmed for w in work), asked, "welfare checks asked"),
    }
