"""The way of one call, from the phone to the end, as its people go it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from agencies.errors import Forbidden, IllegalMove
from agencies.models import Member
from calls import pages
from calls.actions import amend_call, override_route, triage_call
from calls.intake import Amendment, Intake, Override
from calls.models import Call
from calls.routing import SafetyFloorBreached
from calls.states import Route
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    CloseOrder,
    StatusOrder,
    TransferOrder,
    UnitBusy,
    UnitStatusOrder,
    acknowledge_transfer,
    add_note,
    assign_unit,
    close_call,
    hand_back,
    join_call,
    move_assignment,
    open_self_initiated,
    reopen_call,
    schedule_call,
    send_mayday,
    set_unit_status,
    strike_note,
    take_alarm,
    transfer_call,
)
from dispatch.models import Assignment, Unit
from dispatch.states import AssignmentStatus, UnitStatus
from ledger.models import Alarm, Deadline, Event
from tests.conftest import ALL_NO

Take = Callable[..., Call]


def armed(call: Call) -> set[str]:
    return set(Deadline.objects.filter(call_id=call.pk, state="armed").values_list("kind", flat=True))


def fresh(call: Call) -> Call:
    return Call.objects.select_related("type", "disposition", "decision").get(pk=call.pk)


def test_a_parked_car_that_harms_nobody_is_queued_for_a_cso(take: Take) -> None:
    call = take()
    assert (call.status, call.route) == ("queued", "cso")
    assert call.number[2] == "-"
    assert armed(call) == {"unassigned", "unassigned_supervisor", "delayed_caller"}
    assert [e.kind for e in Event.objects.filter(call_id=call.pk).order_by("seq")] == [
        "call.taken",
        "call.decided",
        "call.moved",
    ]


def test_a_caller_who_has_said_nothing_about_danger_keeps_the_call_undecided(take: Take) -> None:
    call = take(answers={})
    assert (call.status, call.route) == ("new", None)
    assert call.decision is not None
    assert "weapon" in call.decision.open_questions
    assert armed(call) == {"undecided", "undecided_sworn"}


def test_a_weapon_sends_the_call_to_sworn_with_a_clock(take: Take) -> None:
    call = take(answers=ALL_NO | {"weapon": "yes"})
    assert (call.status, call.route) == ("transferred", "sworn")
    assert "transfer" in armed(call)


def test_the_emergency_key_saves_what_is_there_as_sworn_priority_1(take: Take) -> None:
    call = take(type_code=None, address="", answers={}, caller_phone="408-555-0101", emergency=True)
    assert (call.status, call.route, call.priority) == ("transferred", "sworn", 1)


def test_a_unit_goes_all_the_way_and_closes_the_call(
    take: Take, dora: Member, coles_unit: Unit, cole: Member, now: datetime
) -> None:
    call = take()
    assignment = assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    assert fresh(call).status == "assigned"
    assert armed(call) == {"acknowledge"}
    for status in (AssignmentStatus.ACKNOWLEDGED, AssignmentStatus.EN_ROUTE, AssignmentStatus.ON_SCENE):
        assignment = move_assignment(assignment.pk, StatusOrder(status), by=cole, now=now)
    assert fresh(call).status == "on_scene"
    assert armed(call) == {"welfare_check"}
    later = now + timedelta(minutes=20)
    close_call(call.pk, CloseOrder("01"), by=cole, now=later)
    assert (fresh(call).status, fresh(call).disposition.code) == ("closed", "01")
    assert Assignment.objects.get(pk=assignment.pk).status == "cleared"
    coles_unit.refresh_from_db()
    assert coles_unit.since == later
    assert armed(call) == set()


def test_a_unit_that_is_on_a_call_cannot_be_sent_to_another(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    first, second = take(), take(address="1 N First St")
    assign_unit(first.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    with pytest.raises(UnitBusy, match=f"{first.number}, assigned by Dora"):
        assign_unit(second.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    stacked = assign_unit(second.pk, AssignOrder(coles_unit.callsign, stacked=True), by=dora, now=now)
    assert (stacked.status, fresh(second).status) == ("stacked", "queued")


def test_when_the_primary_clears_the_next_unit_becomes_primary(
    take: Take, dora: Member, coles_unit: Unit, other_unit: Unit, now: datetime
) -> None:
    call = take()
    first = assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    second = assign_unit(call.pk, AssignOrder(other_unit.callsign), by=dora, now=now)
    move_assignment(first.pk, StatusOrder(AssignmentStatus.ON_SCENE), by=dora, now=now)
    assert fresh(call).status == "on_scene"
    move_assignment(first.pk, StatusOrder(AssignmentStatus.CLEARED), by=dora, now=now)
    assert fresh(call).status == "assigned"
    assert Assignment.objects.get(pk=second.pk).primary
    move_assignment(second.pk, StatusOrder(AssignmentStatus.CLEARED), by=dora, now=now)
    assert fresh(call).status == "queued"


def test_an_officer_moves_the_own_unit_only(
    take: Take, dora: Member, cole: Member, other_unit: Unit, now: datetime
) -> None:
    call = take()
    assignment = assign_unit(call.pk, AssignOrder(other_unit.callsign), by=dora, now=now)
    with pytest.raises(Forbidden):
        move_assignment(assignment.pk, StatusOrder(AssignmentStatus.ACKNOWLEDGED), by=cole, now=now)


def test_an_upgrade_on_scene_keeps_the_unit_there_until_it_is_cleared(
    take: Take, dora: Member, cole: Member, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    assignment = assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    move_assignment(assignment.pk, StatusOrder(AssignmentStatus.ON_SCENE), by=cole, now=now)
    transfer_call(call.pk, TransferOrder(reason="he has a knife", danger=True), by=cole, now=now)
    assert fresh(call).status == "transferred"
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe", "P26-1"), by=dora, now=now)
    assert fresh(call).status == "transferred"
    move_assignment(assignment.pk, StatusOrder(AssignmentStatus.CLEARED), by=cole, now=now)
    assert (fresh(call).status, fresh(call).disposition.code) == ("closed", "15")
    assert call.external_numbers.get().number == "P26-1"


def test_sworn_hands_a_call_back_also_after_it_closed(take: Take, dora: Member, now: datetime) -> None:
    call = take(answers=ALL_NO | {"weapon": "yes"})
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe", "P26-1"), by=dora, now=now)
    assert fresh(call).status == "closed"
    hand_back(call.pk, reason="no weapon, yours", by=dora, now=now)
    assert fresh(call).status == "queued"


def test_a_call_handed_back_unasked_says_what_is_open_and_not_that_somebody_is_armed(
    take: Take, dora: Member, now: datetime
) -> None:
    call = take(type_code="", answers={}, emergency=True)
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe", "P26-1"), by=dora, now=now)
    hand_back(call.pk, reason="a wrong number", by=dora, now=now)
    said = fresh(call).decision.reasons
    assert said[:2] == ["Handed back by whoever had it.", "Still open: what kind of call it is."]
    assert all(sentence.startswith("Still open:") for sentence in said[1:-1])
    with pytest.raises(SafetyFloorBreached, match="Still open: what kind of call it is") as refused:
        override_route(call.pk, Override(Route.CSO, "other", "I know him"), by=dora, now=now)
    assert "armed." not in str(refused.value)


@pytest.fixture
def handed_back(take: Take, dora: Member, now: datetime) -> Call:
    """Sworn had a parked car of which nobody had asked anything, and gave it back."""
    call = take(answers={}, emergency=True)
    hand_back(call.pk, reason="a parked car, yours", by=dora, now=now)
    return fresh(call)


def decided(call: Call, answers: dict[str, str], by: Member, now: datetime) -> Call:
    triage_call(call.pk, answers=answers, facts={}, type_code=None, by=by, now=now)
    return fresh(call)


def test_a_call_handed_back_unasked_asks_what_is_open_until_the_rules_can_decide(
    handed_back: Call, dora: Member, now: datetime
) -> None:
    assert (handed_back.status, handed_back.route) == ("queued", "sworn")
    assert set(handed_back.decision.open_questions) >= set(ALL_NO) - {"legal_matter"}
    asked = [q for q in pages.questions_to_decide(handed_back) if not q.is_idle]
    assert {code for q in asked for code in q.codes} >= {"weapon", "injury"}
    half = decided(handed_back, {"weapon": "no"}, dora, now)
    assert (half.status, half.route) == ("queued", "sworn")
    assert "injury" in half.decision.open_questions
    assert "weapon" not in half.decision.open_questions
    whole = decided(handed_back, ALL_NO, dora, now)
    assert (whole.status, whole.route, whole.decision.open_questions) == ("queued", "cso", [])


def test_a_call_handed_back_goes_to_sworn_again_only_for_something_new(
    handed_back: Call, dora: Member, now: datetime
) -> None:
    amend_call(handed_back.pk, Amendment({"address": "201 E Santa Clara St"}), by=dora, now=now)
    assert fresh(handed_back).status == "queued"
    assert decided(handed_back, {"weapon": "yes"}, dora, now).status == "transferred"
    hand_back(handed_back.pk, reason="no weapon there", by=dora, now=now)
    assert fresh(handed_back).decision.open_questions == []
    amend_call(handed_back.pk, Amendment({"address": "202 E Santa Clara St"}), by=dora, now=now)
    assert fresh(handed_back).status == "queued"
    assert decided(handed_back, ALL_NO, dora, now).route == "cso"


def test_against_the_floor_nobody_sends_a_call_to_a_cso(take: Take, sue: Member, now: datetime) -> None:
    call = take(answers=ALL_NO | {"weapon": "yes"})
    with pytest.raises(SafetyFloorBreached):
        override_route(call.pk, Override(Route.CSO, "other", "I know him"), by=sue, now=now)
    quiet = take()
    override_route(quiet.pk, Override(Route.SWORN, "whatever"), by=sue, now=now)
    assert fresh(quiet).status == "transferred"


def test_new_facts_send_a_queued_call_to_sworn(take: Take, dora: Member, now: datetime) -> None:
    call = take()
    decision = triage_call(call.pk, answers={"weapon": "yes"}, facts={}, type_code=None, by=dora, now=now)
    assert (decision.route, fresh(call).status) == ("sworn", "transferred")


def test_answering_the_open_questions_queues_the_call(take: Take, dora: Member, now: datetime) -> None:
    call = take(answers={})
    amend_call(call.pk, Amendment({"answers": ALL_NO}), by=dora, now=now)
    assert (fresh(call).status, fresh(call).route) == ("queued", "cso")
    assert "undecided" not in armed(call)


def test_mayday_opens_one_call_however_often_it_is_pressed(
    cole: Member, dora: Member, sue: Member, coles_unit: Unit, now: datetime
) -> None:
    call = send_mayday(coles_unit.callsign, by=cole, now=now)
    again = send_mayday(coles_unit.callsign, by=cole, now=now)
    assert call.pk == again.pk
    assert (call.status, call.priority, call.type.code if call.type else "") == ("transferred", 1, "MAYDAY")
    alarm = Alarm.objects.get(kind="mayday")
    take_alarm(alarm.pk, by=dora, now=now)
    with pytest.raises(Exception, match="Dora has taken it"):
        take_alarm(alarm.pk, by=sue, now=now)


def test_an_officer_opens_a_call_on_scene_in_one_action(cole: Member, coles_unit: Unit, now: datetime) -> None:
    call = open_self_initiated(coles_unit.callsign, Intake(type_code="PARKING", address="5 Main St"), by=cole, now=now)
    assert (call.status, call.route, call.source) == ("on_scene", "cso", "self_initiated")
    assert armed(call) == {"welfare_check"}


def test_what_a_tablet_enters_late_happened_when_it_says_and_is_never_refused(
    cole: Member, coles_unit: Unit, now: datetime
) -> None:
    earlier = now - timedelta(minutes=20)
    order = Intake(type_code="PARKING", address="5 Main St", occurred_at=earlier)
    call = open_self_initiated(coles_unit.callsign, order, by=cole, now=now)
    on_scene = Assignment.objects.get(call=call)
    assert {call.received_at, on_scene.on_scene_at, on_scene.since} == {earlier}
    assert Deadline.objects.get(call_id=call.pk, kind="welfare_check").due_at > now
    assert Event.objects.get(kind="call.taken", call_id=call.pk).data["late_s"] == 20 * 60
    help_call = send_mayday(coles_unit.callsign, by=cole, now=now, occurred_at=earlier)
    assert help_call.received_at == earlier
    assert Deadline.objects.get(call_id=help_call.pk, kind="transfer").due_at > now


@pytest.mark.parametrize("clock_is", [timedelta(minutes=9), timedelta(days=-900)])
def test_a_tablet_whose_clock_is_wrong_is_believed_as_far_as_can_be(
    cole: Member, coles_unit: Unit, now: datetime, clock_is: timedelta
) -> None:
    order = Intake(type_code="PARKING", address="5 Main St", occurred_at=now + clock_is)
    call = open_self_initiated(coles_unit.callsign, order, by=cole, now=now)
    assert call.received_at == max(now - timedelta(hours=72), min(now, now + clock_is))
    assert Event.objects.get(kind="call.taken", call_id=call.pk).data["skew_s"] == clock_is.total_seconds()


def test_a_status_that_came_late_does_not_begin_before_the_one_it_ends(
    cole: Member, coles_unit: Unit, now: datetime
) -> None:
    lunch, back = now + timedelta(minutes=30), now + timedelta(minutes=10)
    set_unit_status(coles_unit.callsign, UnitStatusOrder("meal"), by=cole, now=lunch)
    late = UnitStatusOrder("training", occurred_at=back)
    assert set_unit_status(coles_unit.callsign, late, by=cole, now=now + timedelta(hours=1)).since == lunch
    line = Event.objects.filter(kind="unit.status").latest("seq")
    assert (line.occurred_at, line.data["late_s"]) == (back, 50 * 60)


def test_a_duplicate_joins_its_caller_and_its_unit_to_the_other_call(
    take: Take, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    first, second = take(), take()
    assign_unit(second.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    join_call(second.pk, into=first.number, by=dora, now=now)
    assert (fresh(second).status, fresh(first).status) == ("closed", "assigned")
    with pytest.raises(IllegalMove):
        join_call(first.pk, into=second.number, by=dora, now=now)


def test_a_call_is_closed_reopened_and_set_aside(take: Take, dora: Member, now: datetime) -> None:
    call = take()
    close_call(call.pk, CloseOrder("13"), by=dora, now=now)
    reopen_call(call.pk, reason="caller rang again", by=dora, now=now)
    assert fresh(call).status == "queued"
    schedule_call(call.pk, at=now + timedelta(hours=3), by=dora, now=now)
    assert (fresh(call).status, armed(call)) == ("scheduled", {"appointment"})


def test_a_note_is_struck_by_its_writer_only(take: Take, dora: Member, sue: Member, now: datetime) -> None:
    call = take()
    note = add_note(call.pk, "blue van", by=dora, now=now)
    with pytest.raises(Forbidden):
        strike_note(note.pk, by=sue, now=now)
    assert strike_note(note.pk, by=dora, now=now).struck_by == dora


def test_an_officer_calls_for_help_also_after_the_shift_has_ended(
    cole: Member, coles_unit: Unit, now: datetime
) -> None:
    late = now + timedelta(hours=9)
    assert send_mayday(coles_unit.callsign, by=cole, now=late).status == "transferred"


def test_hearing_twice_that_sworn_has_it_changes_nothing(take: Take, dora: Member, now: datetime) -> None:
    call = take(answers=ALL_NO | {"weapon": "yes"})
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe", "P26-1"), by=dora, now=now)
    lines = Event.objects.count()
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe", "P26-1"), by=dora, now=now)
    assert Event.objects.count() == lines
    with pytest.raises(IllegalMove):
        acknowledge_transfer(call.pk, Acceptance("Sgt. Roe", "P26-2"), by=dora, now=now)


def test_a_closed_call_is_not_closed_as_something_else(take: Take, dora: Member, now: datetime) -> None:
    call = take()
    close_call(call.pk, CloseOrder("13"), by=dora, now=now)
    close_call(call.pk, CloseOrder("13"), by=dora, now=now)
    with pytest.raises(IllegalMove):
        close_call(call.pk, CloseOrder("01"), by=dora, now=now)


def test_a_unit_in_training_cannot_be_sent(
    take: Take, dora: Member, cole: Member, coles_unit: Unit, now: datetime
) -> None:
    set_unit_status(coles_unit.callsign, UnitStatusOrder("training"), by=cole, now=now)
    with pytest.raises(UnitBusy, match="training"):
        assign_unit(take().pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    unit = set_unit_status(coles_unit.callsign, UnitStatusOrder(primary=UnitStatus.AVAILABLE), by=cole, now=now)
    assert unit.primary == "available"
