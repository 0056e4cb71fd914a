"""Every operation of the API with a request that is right for it, and who may do it.

`test_schema` holds this table against the OpenAPI document: an operation without a row fails.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agencies.actions import add_member
from agencies.models import Member
from agencies.roles import Role
from calls.actions import take_call
from calls.floors import FloorChange, propose_floor
from calls.intake import Intake
from calls.models import Approval, Call
from calls.queries import floor_in_force
from calls.rulesets import save_draft
from cso import programmes
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    CloseOrder,
    StatusOrder,
    TransferOrder,
    acknowledge_transfer,
    add_note,
    assign_unit,
    close_call,
    move_assignment,
    transfer_call,
)
from dispatch.models import Assignment, Shift, Unit
from dispatch.states import AssignmentStatus
from tests.api.client import Json
from tests.conftest import ALL_NO, Company

WHO = ("dora", "cole", "cole elsewhere", "sue", "ada")
ALL = (200, 200, 200, 200, 200)
DESK = (200, 403, 403, 200, 403)  # dispatchers and supervisors
ADMINISTRATORS = (403, 403, 403, 403, 200)
CHECKERS = (403, 403, 403, 200, 200)  # supervisors and administrators
OWN = (200, 200, 403, 200, 403)  # and officers for the own unit and its calls


@dataclass(frozen=True)
class Row:
    """`path` and `body` are filled from a `Scene`; `may` has a status for each of `WHO` (200 for any 2xx)."""

    method: str
    path: str
    may: tuple[int, int, int, int, int]
    body: Any = None
    scene: str = "on scene"


@dataclass
class Scene:
    """A call with a unit on it, a note by whoever asks, a shift that is over, and what another administrator wants
    changed: a draft of the rules, and the floor."""

    call: Call
    other: Call
    unit: Unit
    assignment: Assignment
    note: int
    shift: Shift
    draft: int = 0
    change: int = 0

    def path(self, row: Row) -> str:
        return row.path.format(
            call=self.call.number,
            unit=self.unit.callsign,
            assignment=self.assignment.pk,
            note=self.note,
            shift=self.shift.pk,
            draft=self.draft,
            change=self.change,
        )

    def body(self, row: Row) -> Json:
        if not isinstance(row.body, dict):
            return row.body
        filled = {"UNIT": self.unit.callsign, "OTHER": self.other.number, "UNITS": [self.unit.callsign], "RULES": RULES}
        return {name: filled.get(value, value) if isinstance(value, str) else value for name, value in row.body.items()}


PARKED = {"type": "VEHABND", "location": {"address": "200 E Santa Clara St"}, "answers": ALL_NO}
RULES = dict(programmes.read("san-jose").rule_set)
LATER = {"starts_at": "2026-12-01T08:00:00Z", "ends_at": "2026-12-01T16:00:00Z"}

OPERATIONS: dict[str, Row] = {
    "calls_list": Row("GET", "calls", ALL),
    "calls_take": Row("POST", "calls", DESK, PARKED),
    "calls_read": Row("GET", "calls/{call}", ALL),
    "calls_amend": Row("PATCH", "calls/{call}", DESK, {"report_number": "26-1"}),
    "calls_events": Row("GET", "calls/{call}/events", ALL),
    "calls_recommendations": Row("GET", "calls/{call}/recommendations", ALL),
    "calls_triage": Row("POST", "calls/{call}/triage", DESK, {"answers": {}}),
    "calls_override": Row("POST", "calls/{call}/override", DESK, {"route": "sworn"}),
    "calls_approve": Row("POST", "calls/{call}/approval", (403, 403, 403, 200, 403), {"approved": True}, scene="asked"),
    "calls_assign": Row("POST", "calls/{call}/assignments", OWN, {"unit": "UNIT"}, scene="queued"),
    "calls_note": Row("POST", "calls/{call}/notes", OWN, {"text": "Blue."}),
    "calls_transfer": Row("POST", "calls/{call}/transfer", OWN, {"to": "sworn", "reason": "shouting"}),
    "calls_acknowledge_transfer": Row(
        "POST", "calls/{call}/acknowledge-transfer", DESK, {"accepted_by": "Ortiz"}, scene="transferred"
    ),
    "calls_hand_back": Row("POST", "calls/{call}/hand-back", DESK, {}, scene="accepted"),
    "calls_close": Row("POST", "calls/{call}/close", OWN, {"disposition": "02"}),
    "calls_cancel": Row("POST", "calls/{call}/cancel", DESK, {"disposition": "10", "reason": "x"}, scene="queued"),
    "calls_reopen": Row("POST", "calls/{call}/reopen", DESK, {"reason": "x"}, scene="closed"),
    "calls_schedule": Row("POST", "calls/{call}/schedule", DESK, {"at": "2099-01-01T10:00:00Z"}),
    "calls_join": Row("POST", "calls/{call}/join", DESK, {"into": "OTHER"}),
    "triage_preview": Row("POST", "triage", DESK, PARKED),
    "assignments_status": Row("POST", "assignments/{assignment}/status", OWN, {"status": "cleared"}),
    "notes_strike": Row("DELETE", "notes/{note}", (200, 200, 200, 200, 403)),
    "units_list": Row("GET", "units", ALL),
    "units_status": Row("POST", "units/{unit}/status", OWN, {"secondary": "court"}),
    "units_position": Row("POST", "units/{unit}/position", OWN, {"lat": 37.3, "lon": -121.9}),
    "units_self_initiated": Row("POST", "units/{unit}/self-initiated", OWN, {"type": "VEHABND"}, scene="queued"),
    "units_mayday": Row("POST", "units/{unit}/mayday", OWN, {}),
    "radio_checks": Row("POST", "radio-checks", OWN, {"callsigns": "UNITS"}),
    "shifts_list": Row("GET", "shifts", (200, 200, 200, 200, 403)),
    "shifts_plan": Row("POST", "shifts", (403, 403, 403, 200, 403), {"name": "Early", **LATER}),
    "shifts_read": Row("GET", "shifts/{shift}", OWN),
    "shifts_rollup": Row("GET", "shifts/{shift}/rollup", OWN),
    "shifts_sign_off": Row("POST", "shifts/{shift}/sign-off", (403, 403, 403, 200, 403), {}),
    "rule_sets_list": Row("GET", "rule-sets", ALL),
    "rule_sets_read": Row("GET", "rule-sets/1", ALL),
    "rule_sets_templates": Row("GET", "rule-sets/templates", ADMINISTRATORS),
    "rule_sets_draft": Row("POST", "rule-sets", ADMINISTRATORS, {"document": "RULES"}),
    "rule_sets_edit": Row("PATCH", "rule-sets/{draft}", ADMINISTRATORS, {"document": "RULES"}),
    "rule_sets_publish": Row("POST", "rule-sets/{draft}/publish", ADMINISTRATORS, {"replaces": 1}),
    "rule_sets_prove": Row("POST", "rule-sets/{draft}/prove", CHECKERS, {}),
    "rule_sets_retire": Row("POST", "rule-sets/{draft}/retire", ADMINISTRATORS, {}),
    "rule_sets_roll_back": Row("POST", "rule-sets/1/roll-back", ADMINISTRATORS, {}),
    "rule_sets_differences": Row("GET", "rule-sets/{draft}/differences?against=1", CHECKERS),
    "safety_floor_read": Row("GET", "safety-floor", ALL),
    "safety_floor_changes": Row("GET", "safety-floor/changes", ALL),
    "safety_floor_propose": Row("POST", "safety-floor/changes", ADMINISTRATORS, {"never_cso": ["MAYDAY"]}),
    "safety_floor_approve": Row("POST", "safety-floor/changes/{change}/approve", CHECKERS, {}),
    "safety_floor_withdraw": Row("POST", "safety-floor/changes/{change}/withdraw", ADMINISTRATORS, {}),
}
# Not an answer but a stream; tests/live/ has its own.
ELSEWHERE = {"events"}


def scene(company: Company, row: Row, *, unit: Unit, asks: Member, now: datetime) -> Scene:
    """Sets the stage for `row`: a call with `unit` on it, in the state that the operation starts from."""
    dora = company.members.get("dora") or company.members["rex"]
    parked = Intake(type_code="VEHABND", address="200 E Santa Clara St", caller_name="Ann Lee", answers=ALL_NO)
    call, other = take_call(parked, by=dora, now=now), take_call(parked, by=dora, now=now)
    writer = asks if asks.role in ("dispatcher", "supervisor") else dora
    note = add_note(call.pk, "Blue.", by=writer, now=now)
    if asks.role == "officer":
        type(note).objects.filter(pk=note.pk).update(by=asks)
    assignment = assign_unit(
        (other if row.scene == "queued" else call).pk, AssignOrder(unit.callsign), by=dora, now=now
    )
    if row.scene == "queued":
        move_assignment(assignment.pk, StatusOrder(AssignmentStatus.CLEARED), by=dora, now=now)
    else:
        move_assignment(assignment.pk, StatusOrder(AssignmentStatus.ON_SCENE), by=dora, now=now)
    _move(call, row.scene, dora, now)
    ended = now - timedelta(hours=1)
    shift = Shift.objects.create(name="Night", starts_at=ended - timedelta(hours=8), ends_at=ended)
    made = Scene(call, other, unit, assignment, note.pk, shift)
    if "{draft}" in row.path or row.path == "calls/{call}":
        made.draft = save_draft(RULES, by=_art(company), now=now).version
    if "{change}" in row.path or row.path == "calls/{call}":
        fewer = ["JUV", "MAYDAY"] if len(floor_in_force().document["never_cso"]) != 2 else ["MAYDAY"]
        made.change = propose_floor(FloorChange(never_cso=fewer), by=_art(company), now=now).pk
    return made


def _art(company: Company) -> Member:
    """An administrator whom nobody else plays."""
    found = add_member(email=f"art@{company.agency.slug}.example", name="Art", roles=[Role.ADMINISTRATOR])
    return found.as_role(Role.ADMINISTRATOR)


def _move(call: Call, state: str, dora: Member, now: datetime) -> None:
    if state in ("transferred", "accepted"):
        transfer_call(call.pk, TransferOrder(), by=dora, now=now)
    if state == "accepted":
        acknowledge_transfer(call.pk, Acceptance("Ortiz"), by=dora, now=now)
    if state == "asked":
        Approval.objects.create(call=call, decision=call.decision, asked_at=now, asked_by=dora)
    if state == "closed":
        close_call(call.pk, CloseOrder("02"), by=dora, now=now)
