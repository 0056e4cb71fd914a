"""What the call page shows: one call with everything about it, for a member who may read residents' fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.board import CallRow, Clock


@dataclass(frozen=True)
class Step:
    """One tap: a status a unit may move to. `suggested` is the next one in order."""

    status: str
    label: str
    key: str = ""
    suggested: bool = False
    needs_reason: bool = False


@dataclass(frozen=True)
class DecisionView:
    """A route and why. `route` is empty while undecided."""

    route: str
    route_label: str
    priority: int | None
    reasons: Sequence[str]
    open_questions: Sequence[str]
    alternatives: Sequence[str]
    decided_by: str
    at: datetime | None = None
    rule_set: int | None = None
    overridden: bool = False
    override_reason: str = ""
    suggested_route_label: str = ""
    mode_label: str = ""
    hold_until: datetime | None = None


@dataclass(frozen=True)
class QuestionView:
    """A safety question with the answer given so far (`yes`, `no`, `unknown` or empty)."""

    id: str
    codes: Sequence[str]
    text: str
    answer: str = ""
    disqualifies: bool = True


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
    late_entry_of: datetime | None = None


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
    open: bool = True
    welfare_url: str = ""
    clock: Clock | None = None
    times: Sequence[tuple[str, datetime]] = ()


@dataclass(frozen=True)
class RecommendationRow:
    callsign: str
    reasons: Sequence[str]
    eta: str = ""
    distance: str = ""
    best: bool = False
    key: str = ""


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
    acknowledge_url: str
    hand_back_url: str
    accepted_by: str = ""
    external_number: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True)
class HistoryRow:
    """A line of the ledger in words. `routine` lines can be filtered out."""

    at: datetime
    text: str
    by: str
    routine: bool = False
    late_entry_of: datetime | None = None


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class CallPage:
    """The call page. `may` holds the names of the forms this member may use on this call as it stands."""

    row: CallRow
    version: int
    call_back: str
    caller_name: str
    caller_anonymous: bool
    language_label: str
    interpreter: bool
    no_contact: bool
    narrative: str
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
    urls: Mapping[str, str] = field(default_factory=dict)
    duplicates: Sequence[CallRow] = ()
    external: Sequence[tuple[str, str]] = ()
    disposition_label: str = ""
    closing_comment: str = ""
    closed_at: datetime | None = None
    report_number: str = ""
