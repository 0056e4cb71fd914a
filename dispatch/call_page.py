"""What the call page shows: one call with everything about it, for a member who may read residents' fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.urls import reverse
from django.utils.translation import gettext as _

from agencies.models import Agency, Member
from agencies.permissions import may
from agencies.roles import Operation
from calls import approvals, pages
from calls import queries as call_queries
from calls.models import Call, Disposition, Note, Transfer
from calls.pages import Choice, DecisionView, QuestionView
from calls.states import ENDED, CallStatus, Route, may_move
from calls.words import CLOCK, FACT, label, language_name, route_words, said
from dispatch import board, queries, recommend
from dispatch.board import CallRow, Clock, Clocks
from dispatch.models import Assignment
from dispatch.states import MOVES, NEEDS_REASON, OPEN, AssignmentStatus
from dispatch.words import ASSIGNMENT, ROUTINE, STEP, event_words
from ledger import deadlines
from ledger.models import Event

HISTORY = 300


@dataclass(frozen=True)
class Step:
    """One tap: a status a unit may move to. `suggested` is the next one in order."""

    status: str
    label: str
    key: str = ""
    suggested: bool = False
    needs_reason: bool = False


@dataclass(frozen=True)
class NoteRow:
    id: int
    text: str
    by: str
    at: datetime
    strike_url: str = ""
    for_unit: str = ""
    struck_by: str = ""
    struck_at: datetime | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class AssignmentRow:
    id: int
    callsign: str
    status: str
    status_label: str
    primary: bool
    since: datetime
    steps: Sequence[Step]
    status_url: str
    welfare_url: str = ""
    clock: Clock | None = None


@dataclass(frozen=True)
class RecommendationRow:
    callsign: str
    reasons: Sequence[str]
    eta: str = ""


@dataclass(frozen=True)
class Shortfall:
    callsign: str
    reason: str
    can_override: bool = False
    can_stack: bool = False


@dataclass(frozen=True)
class TransferView:
    to: str
    reason: str
    requested_at: datetime
    requested_by: str
    danger: bool
    clock: Clock | None
    accepted_by: str = ""
    external_number: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True)
class ApprovalView:
    """A supervisor's yes that the call waits for. `is_own`: this viewer may not be the one who answers."""

    asked_at: datetime
    asked_by: str
    clock: Clock | None
    is_own: bool


@dataclass(frozen=True)
class HistoryRow:
    """A line of the ledger in words. `routine` lines can be filtered out."""

    at: datetime
    text: str
    by: str
    routine: bool = False
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class CallPage:
    """The call page. `may` holds the names of the forms this member may use on this call as it stands."""

    row: CallRow
    version: int
    address: str
    call_back: str
    caller_name: str
    caller_anonymous: bool
    language: str
    language_label: str
    interpreter: bool
    no_contact: bool
    narrative: str
    picked_priority: int | None
    facts: Sequence[tuple[str, str]]
    questions: Sequence[QuestionView]
    decision: DecisionView | None
    earlier_decisions: Sequence[DecisionView]
    notes: Sequence[NoteRow]
    clocks: Sequence[Clock]
    assignments: Sequence[AssignmentRow]
    recommendations: Sequence[RecommendationRow]
    shortfalls: Sequence[Shortfall]
    transfer: TransferView | None
    history: Sequence[HistoryRow]
    missing: Sequence[str]
    may: frozenset[str]
    dispositions: Sequence[Choice]
    cancel_dispositions: Sequence[Choice]
    override_reasons: Sequence[Choice]
    languages: Sequence[Choice]
    urls: Mapping[str, str]
    duplicates: Sequence[CallRow]
    external: Sequence[tuple[str, str]]
    disposition_label: str
    closing_comment: str
    closed_at: datetime | None
    report_number: str
    joined_into: str
    hold_until: datetime | None
    approval: ApprovalView | None

    @property
    def questions_to_ask(self) -> list[QuestionView]:
        return [question for question in self.questions if not question.is_idle]

    @property
    def idle_questions(self) -> list[QuestionView]:
        return [question for question in self.questions if question.is_idle]


_URLS = (
    "assignments", "triage", "override", "notes", "closure", "transfer", "acknowledgement", "hand-back", "cancellation",
    "reopening", "schedule", "joining", "emergency", "details", "approval",
)  # fmt: skip
_KEYS = {"acknowledged": "e", "en_route": "e", "on_scene": "s", "cleared": "l"}
_ORDER = list(AssignmentStatus)


def call_page(call: Call, *, viewer: Member, now: datetime) -> CallPage:
    """Everything about `call` that `viewer` may see and do now."""
    agency = viewer.agency
    clocks, assignments = board.clocks_of([call.pk]), queries.open_assignments(call)
    transfer = call.transfers.select_related("requested_by").order_by("-requested_at").first()
    allowed = permitted(call, transfer, viewer=viewer, now=now)
    decisions = list(call.decisions.select_related("rule_set", "by").order_by("-at", "-pk"))
    notes = list(call.notes.select_related("by", "struck_by").order_by("at", "pk"))
    offers, short = _offers(call, now) if "assign" in allowed else ([], [])
    return CallPage(
        row=board.call_row(agency, call, assignments, clocks),
        version=call.version,
        address=call.address,
        call_back=call.caller_phone,
        caller_name=call.caller_name,
        caller_anonymous=call.caller_anonymous,
        language=call.caller_language,
        language_label=language_name(call.caller_language) if call.caller_language not in ("", "en") else "",
        interpreter=call.interpreter,
        no_contact=call.no_contact,
        narrative=call.narrative,
        picked_priority=call.picked_priority,
        facts=[(label(FACT, name), str(value)) for name, value in call.facts.items() if value not in (None, "")],
        questions=pages.questions_to_decide(call) if "triage" in allowed else [],
        decision=pages.decision_of(decisions[0]) if decisions else None,
        earlier_decisions=[pages.decision_of(row) for row in decisions[1:]],
        notes=[_note(row, viewer, agency) for row in notes],
        clocks=_armed(call, assignments),
        assignments=[assignment_row(a, clocks, agency) for a in assignments],
        recommendations=offers,
        shortfalls=short,
        transfer=_transfer(call, transfer, clocks),
        history=history(call),
        missing=_missing(call, notes),
        may=allowed,
        dispositions=_dispositions("close"),
        cancel_dispositions=_dispositions("cancel"),
        override_reasons=pages.override_reasons(agency),
        languages=pages.languages(agency),
        urls={name.replace("-", "_"): reverse(f"call-{name}", args=[agency.slug, call.number]) for name in _URLS},
        duplicates=board.call_rows(agency, call_queries.possible_duplicates(agency, call)) if "join" in allowed else [],
        external=[(e.system, e.number) for e in call.external_numbers.order_by("pk")],
        disposition_label=f"{call.disposition.code} {said(call.disposition.name)}" if call.disposition else "",
        closing_comment=call.closing_comment,
        closed_at=call.closed_at,
        report_number=call.report_number,
        joined_into=call.joined_into.number if call.joined_into else "",
        hold_until=call.hold_until,
        approval=_approval(call, clocks, viewer),
    )


def permitted(call: Call, transfer: Transfer | None, *, viewer: Member, now: datetime) -> frozenset[str]:
    """The names of the forms that make sense on `call` as it stands and that `viewer` may use."""
    own = queries.is_own_call(viewer, call, now)
    status = CallStatus(call.status)
    is_open = status not in ENDED
    waits = transfer is not None and transfer.ended_at is None and transfer.acknowledged_at is None
    assignable = status in {CallStatus.QUEUED, CallStatus.ASSIGNED, CallStatus.ON_SCENE, CallStatus.SCHEDULED}
    sensible = {
        "details": (is_open, Operation.AMEND_CALL),
        "assign": (assignable and call.route == Route.CSO, Operation.ASSIGN),
        "triage": (is_open, Operation.TRIAGE),
        "override": (is_open, Operation.OVERRIDE),
        "approve": (is_open, Operation.APPROVE),
        "note": (True, Operation.NOTE),
        "close": (may_move(status, CallStatus.CLOSED), Operation.CLOSE),
        "cancel": (may_move(status, CallStatus.CANCELLED), Operation.CANCEL),
        "transfer": (may_move(status, CallStatus.TRANSFERRED), Operation.TRANSFER),
        "acknowledge": (waits and status is CallStatus.TRANSFERRED, Operation.ACKNOWLEDGE_TRANSFER),
        "hand-back": (
            transfer is not None and (waits or not is_open or status is CallStatus.TRANSFERRED),
            Operation.HAND_BACK,
        ),
        "schedule": (may_move(status, CallStatus.SCHEDULED), Operation.SCHEDULE),
        "join": (is_open, Operation.JOIN),
        "reopen": (not is_open, Operation.REOPEN),
        "emergency": (may_move(status, CallStatus.TRANSFERRED), Operation.OVERRIDE),
    }
    return frozenset(name for name, (sense, operation) in sensible.items() if sense and may(viewer, operation, own=own))


def assignment_row(assignment: Assignment, clocks: Clocks, agency: Agency) -> AssignmentRow:
    """A unit on the call with the steps that are open to it, the next one first of all."""
    status = AssignmentStatus(assignment.status)
    return AssignmentRow(
        id=assignment.pk,
        callsign=assignment.unit.callsign,
        status=status.value,
        status_label=label(ASSIGNMENT, status),
        primary=assignment.primary,
        since=assignment.since,
        steps=steps(status),
        status_url=reverse("assignment-status", args=[agency.slug, assignment.pk]),
        welfare_url=reverse("unit-welfare", args=[agency.slug, assignment.unit.callsign])
        if status is AssignmentStatus.ON_SCENE
        else "",
        clock=board.assignment_clock(assignment, clocks),
    )


def steps(status: AssignmentStatus) -> list[Step]:
    """The statuses that may follow, in order; forward may be skipped, back never."""
    if status not in OPEN:
        return []
    after = [s for s in _ORDER if s in MOVES[status]]
    forward = [s for s in after if s not in NEEDS_REASON and s is not AssignmentStatus.STACKED]
    keys: set[str] = set()
    found = []
    for s in after:
        key = "" if _KEYS.get(s, "") in keys else _KEYS.get(s, "")
        keys.add(key)
        found.append(Step(s.value, label(STEP, s), key, suggested=s is forward[0], needs_reason=s not in forward))
    return found


def history(call: Call) -> list[HistoryRow]:
    """The call's lines of the ledger in words, oldest first."""
    rows = Event.objects.filter(call_id=call.pk).select_related("by").order_by("seq")[:HISTORY]
    return [
        HistoryRow(
            at=event.at,
            text=event_words(event),
            by=event.by.name if event.by else "",
            routine=event.kind in ROUTINE,
            occurred_at=event.occurred_at if (event.at - event.occurred_at).total_seconds() > 60 else None,
        )
        for event in rows
    ]


def _offers(call: Call, now: datetime) -> tuple[list[RecommendationRow], list[Shortfall]]:
    fit, short = queries.recommendations(call, now)
    mine = {a.unit.callsign for a in queries.open_assignments(call)}
    spoken = partial(queries.reason_in_words, call.agency)
    offers = [RecommendationRow(r.unit, [*map(spoken, r.reasons)], _minutes(r)) for r in fit if r.unit not in mine]
    return offers, [
        Shortfall(
            s.unit,
            spoken(s.reason),
            can_override=s.reason.startswith("not qualified"),
            can_stack=" on " in s.reason,
        )
        for s in short
        if s.unit not in mine
    ]


def _minutes(found: recommend.Recommendation) -> str:
    return f"{max(1, round(found.eta_s / 60))} min" if found.eta_s is not None else ""


def _armed(call: Call, assignments: Sequence[Assignment]) -> list[Clock]:
    """Every clock that runs on the call, each with the unit it is about."""
    units = {a.pk: a.unit.callsign + " " for a in assignments}
    rows = deadlines.armed_for_calls([call.pk]).get(call.pk, [])
    return [Clock(row.kind, units.get(row.assignment_id or 0, "") + label(CLOCK, row.kind), row.due_at) for row in rows]


def _note(row: Note, viewer: Member, agency: Agency) -> NoteRow:
    mine = row.by_id == viewer.pk and row.struck_at is None
    return NoteRow(
        id=row.pk,
        text=row.text,
        by=str(row.by),
        at=row.at,
        strike_url=reverse("note-strike", args=[agency.slug, row.pk]) if mine else "",
        for_unit=row.for_unit,
        struck_by=str(row.struck_by) if row.struck_by else "",
        struck_at=row.struck_at,
        occurred_at=row.occurred_at if (row.at - row.occurred_at).total_seconds() > 60 else None,
    )


def _transfer(call: Call, row: Transfer | None, clocks: Clocks) -> TransferView | None:
    if row is None or (row.ended_at is not None and row.acknowledged_at is None):
        return None
    return TransferView(
        to=route_words(row.to),
        reason=row.reason,
        requested_at=row.requested_at,
        requested_by=str(row.requested_by) if row.requested_by else "",
        danger=row.danger,
        clock=clocks.get((call.pk, None, "transfer")),
        accepted_by=row.accepted_by,
        external_number=row.external_number,
        acknowledged_at=row.acknowledged_at,
    )


def _approval(call: Call, clocks: Clocks, viewer: Member) -> ApprovalView | None:
    row = approvals.waiting(call) if approvals.is_missing(call) else None
    if row is None:
        return None
    return ApprovalView(
        asked_at=row.asked_at,
        asked_by=str(row.asked_by) if row.asked_by else "",
        clock=clocks.get((call.pk, None, "approval_sworn")),
        is_own=viewer.pk in (row.asked_by_id, call.taken_by_id),
    )


def _missing(call: Call, notes: Sequence[Note]) -> list[str]:
    wanted = [
        (_("place"), not call.address and call.lat is None),
        (_("type"), call.type is None),
        (_("call-back number"), not call.caller_phone and not call.caller_anonymous and call.source == "phone"),
        (_("what happened"), not call.narrative.strip() and not any(n.struck_at is None for n in notes)),
    ]
    return [name for name, lacks in wanted if lacks]


def _dispositions(ends_by: str) -> list[Choice]:
    rows = Disposition.objects.filter(offered=True, ends_by=ends_by).order_by("code")
    return [Choice(row.code, said(row.name)) for row in rows]
