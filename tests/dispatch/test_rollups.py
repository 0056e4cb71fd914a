"""What the shift did, counted from the rows and counted again from the ledger."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from agencies.models import Member
from calls.actions import amend_call, override_route, take_call, triage_call
from calls.intake import Amendment, Intake, Override
from calls.models import Call
from calls.states import Route, Source
from dispatch import rollups
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    CloseOrder,
    ShiftOrder,
    StatusOrder,
    TransferOrder,
    acknowledge_transfer,
    answer_welfare,
    assign_unit,
    cancel_call,
    close_call,
    hand_back,
    join_call,
    move_assignment,
    open_self_initiated,
    plan_shift,
    reopen_call,
    schedule_call,
    send_mayday,
    transfer_call,
)
from dispatch.figures import share
from dispatch.models import Rollup, Shift, Unit
from dispatch.states import AssignmentStatus
from dispatch.sweep import sweep
from tests.conftest import ALL_NO, Company
from tests.dispatch.clocks import HOUR, MINUTE, SECOND, send

Take = Callable[..., Call]


@pytest.fixture
def shift(ours: Company, agency: object) -> Shift:
    assert ours.shift is not None
    return ours.shift


def counted_twice(shift: Shift) -> dict[str, Any]:
    """The figures, after seeing that rows and ledger agree on every one of them."""
    from_rows, from_ledger = rollups.count_from_rows(shift), rollups.recount_from_ledger(shift)
    for name, figure in from_rows.items():
        assert from_ledger[name] == figure, name
    assert from_ledger == from_rows
    return from_rows


def test_a_quiet_shift_has_figures_all_the_same(shift: Shift) -> None:
    figures = counted_twice(shift)
    assert (figures["calls"], figures["by_route"], figures["late"]) == (0, {}, {})
    assert figures["funnel"]["sent"] == share(0, 0, "calls offered to a CSO")


def test_calls_are_counted_by_route_type_and_disposition(
    take: Take, dora: Member, shift: Shift, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    send(call, coles_unit, by=dora, now=now, to="on_scene")
    close_call(call.pk, CloseOrder("01"), by=dora, now=now + 20 * MINUTE)
    take(type_code="PERFND", address="2 Second St")
    take(answers=ALL_NO | {"weapon": "yes"}, address="3 Third St")
    take(answers={}, address="4 Fourth St")
    figures = counted_twice(shift)
    assert figures["calls"] == 4
    assert figures["open"] == 3
    assert figures["by_route"] == {"cso": 2, "sworn": 1, "undecided": 1}
    assert figures["by_type"] == {"PERFND": 1, "VEHABND": 3}
    assert figures["by_disposition"] == {"01": 1}


def test_every_step_of_the_funnel_names_its_denominator(
    take: Take, dora: Member, shift: Shift, coles_unit: Unit, other_unit: Unit, now: datetime
) -> None:
    done, going, waiting = take(), take(address="2 Second St"), take(address="3 Third St")
    send(done, coles_unit, by=dora, now=now, to="on_scene")
    close_call(done.pk, CloseOrder("01"), by=dora, now=now + 20 * MINUTE)
    send(going, other_unit, by=dora, now=now)
    take(answers=ALL_NO | {"weapon": "yes"}, address="4 Fourth St")
    funnel = counted_twice(shift)["funnel"]
    assert funnel["all"] == 4
    assert funnel["eligible"] == share(3, 4, "calls received, without self-initiated ones and assists")
    assert funnel["offered"] == share(3, 3, "eligible calls")
    assert funnel["sent"] == share(2, 3, "calls offered to a CSO")
    assert funnel["arrived"] == share(1, 2, "calls a CSO was sent to")
    assert funnel["closed_by_cso"] == share(1, 1, "calls a CSO arrived at")
    assert waiting.status == "queued"


def test_a_call_that_could_have_been_a_csos_says_why_it_was_not(
    take: Take, dora: Member, shift: Shift, now: datetime
) -> None:
    for number, code in enumerate(("no_cso", "sworn_near")):
        call = take(address=f"{number} Over St")
        override_route(call.pk, Override(Route.SWORN, code), by=dora, now=now + MINUTE)
    cancelled = take(address="3 Cancel St")
    cancel_call(cancelled.pk, disposition="10", reason="The caller rang again", by=dora, now=now + MINUTE)
    phoned = take(address="4 Phone St")
    close_call(phoned.pk, CloseOrder("05"), by=dora, now=now + MINUTE)
    take(address="5 Waiting St")
    asked = take(address="6 Weapon St")
    triage_call(asked.pk, answers={"weapon": "yes"}, facts={}, type_code=None, by=dora, now=now + MINUTE)
    figures = counted_twice(shift)
    assert figures["eligible_not_sent"] == share(6, 6, "eligible calls") | {
        "reasons": {"all_busy": 1, "by_phone": 1, "cancelled": 1, "handed_over": 1, "override": 1, "waiting": 1}
    }
    assert figures["overrides"]["calls"] == share(2, 6, "calls decided")
    assert figures["overrides"]["by_reason"] == {"no_cso": 1, "sworn_near": 1}


def test_self_initiated_calls_and_assists_are_counted_apart(
    dora: Member, cole: Member, shift: Shift, coles_unit: Unit, other_unit: Unit, now: datetime
) -> None:
    order = Intake(type_code="VEHABND", address="9 Found St", occurred_at=now - MINUTE)
    found = open_self_initiated(coles_unit.callsign, order, by=cole, now=now)
    close_call(found.pk, CloseOrder("01"), by=cole, now=now + 5 * MINUTE)
    order = Intake(
        type_code="VEHABND", address="1 Crash Ave", answers=ALL_NO, source=Source.SWORN_REQUEST,
        facts={"requested_by": "Ofc Lee", "scene_secured_by": "4P12"},
    )  # fmt: skip
    take_call(order, by=dora, now=now)
    figures = counted_twice(shift)
    assert figures["funnel"]["all"] == 0
    assert figures["self_initiated"]["closed_by_cso"] == share(1, 1, "such calls a CSO arrived at")
    assert figures["assists"]["calls"] == 1
    assert figures["calls"] == 2
    assert figures["work"]["total"]["self_initiated"] == share(1, 1, "assignments")


def test_what_was_late_is_counted_by_kind(take: Take, shift: Shift, now: datetime) -> None:
    take(answers={}, address="1 First St")
    take(address="2 Second St")
    sweep(now + HOUR)
    sweep(now + HOUR + 5 * MINUTE)
    late = counted_twice(shift)["late"]
    assert late["undecided"] == share(1, 2, "calls received")
    assert late["delayed_caller"] == share(1, 1, "calls queued for a CSO")
    assert late["transfer"] == share(1, 1, "calls handed over")


def test_each_step_has_a_median_and_a_ninetieth_percentile(
    take: Take, dora: Member, shift: Shift, coles_unit: Unit, now: datetime
) -> None:
    for minute in range(1, 11):
        call = take(address=f"{minute} Time St", caller_language="es")
        begun = now + minute * MINUTE
        assignment = assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=begun)
        move_assignment(assignment.pk, StatusOrder(AssignmentStatus.ON_SCENE), by=dora, now=begun + 10 * SECOND)
        close_call(call.pk, CloseOrder("01"), by=dora, now=begun + 30 * SECOND)
    figures = counted_twice(shift)
    assert figures["times"]["queued_to_assigned"] == {"median_s": 330.0, "p90_s": 540.0, "count": 10}
    assert figures["times"]["on_scene_to_ended"] == {"median_s": 20.0, "p90_s": 20.0, "count": 10}
    assert figures["times_by_language"]["es"] == figures["times"]
    assert figures["work"]["by_unit"][coles_unit.callsign]["on_scene_s"] == 200.0


def test_welfare_checks_are_counted_asked_and_answered(
    take: Take, dora: Member, shift: Shift, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    send(call, coles_unit, by=dora, now=now, to="on_scene")
    sweep(now + 20 * MINUTE)
    answer_welfare(coles_unit.callsign, by=dora, now=now + 20 * MINUTE + 10 * SECOND)
    sweep(now + 41 * MINUTE)
    sweep(now + 42 * MINUTE)
    sweep(now + 43 * MINUTE)
    work = counted_twice(shift)["work"]["total"]
    assert work["welfare_answered"] == share(1, 2, "welfare checks asked")
    assert work["welfare_alarms"] == share(1, 2, "welfare checks asked")


def test_work_counts_to_the_shift_and_calls_to_the_watch(
    take: Take, dora: Member, sue: Member, shift: Shift, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    later = plan_shift(ShiftOrder("Later", now + 8 * HOUR, now + 16 * HOUR), by=sue, now=now)
    send(call, coles_unit, by=dora, now=now + 7 * HOUR)
    figures, after = counted_twice(shift), counted_twice(later)
    assert (figures["calls"], figures["work"]["total"]["assignments"]) == (1, 1)
    assert (after["calls"], after["work"]["total"]["assignments"]) == (0, 0)


def test_a_day_with_everything_in_it_is_the_same_from_the_ledger(
    take: Take, dora: Member, cole: Member, shift: Shift, coles_unit: Unit, other_unit: Unit, now: datetime
) -> None:
    """Joined, carried, diverted, handed back, reopened, amended, scheduled, upgraded: nothing is counted otherwise."""
    old, twin = take(address="1 Twin St", caller_language="es"), take(address="1 Twin St", caller_language="es; slow")
    send(twin, coles_unit, by=dora, now=now, to="en_route")
    join_call(twin.pk, into=old.number, by=dora, now=now + MINUTE)
    amend_call(old.pk, Amendment({"type_code": "PERFND", "caller_language": "vi"}), by=dora, now=now + 2 * MINUTE)
    stacked = take(address="2 Stack St")
    assign_unit(stacked.pk, AssignOrder(coles_unit.callsign, stacked=True), by=dora, now=now + 3 * MINUTE)
    sent = send(take(address="3 Divert St"), other_unit, by=dora, now=now + 3 * MINUTE, to="acknowledged")
    move_assignment(sent.pk, StatusOrder(AssignmentStatus.STACKED), by=dora, now=now + 4 * MINUTE)
    move_assignment(sent.pk, StatusOrder(AssignmentStatus.ON_SCENE), by=dora, now=now + 9 * MINUTE)
    transfer_call(sent.call_id, TransferOrder(reason="a knife", danger=True), by=dora, now=now + 10 * MINUTE)
    acknowledge_transfer(sent.call_id, Acceptance("Sgt Kim", "P1"), by=dora, now=now + 11 * MINUTE)
    hand_back(sent.call_id, reason="no unit free", by=dora, now=now + 12 * MINUTE)
    close_call(sent.call_id, CloseOrder("01"), by=dora, now=now + 30 * MINUTE)
    reopen_call(sent.call_id, reason="the caller rang", by=dora, now=now + 31 * MINUTE)
    send(Call.objects.get(pk=sent.call_id), other_unit, by=dora, now=now + 32 * MINUTE)
    put_off = take(address="4 Later St")
    schedule_call(put_off.pk, at=now + HOUR, by=dora, now=now + 2 * MINUTE)
    send_mayday(coles_unit.callsign, by=cole, now=now + 40 * MINUTE)
    early = StatusOrder(AssignmentStatus.ON_SCENE, occurred_at=now + 20 * MINUTE)
    carried = old.assignments.model.objects.get(call=old)
    move_assignment(carried.pk, early, by=cole, now=now + 41 * MINUTE)
    sweep(now + HOUR)
    sweep(now + HOUR + MINUTE)
    figures = counted_twice(shift)
    assert figures["calls"] == 6
    assert figures["transfers"]["handed_back"] == share(1, 2, "calls handed over")
    assert figures["funnel"]["upgraded_for_danger"] == share(1, 1, "upgraded calls")
    assert set(figures["times_by_language"]) == {"not given", "other", "vi"}


def test_a_unit_carried_over_from_an_earlier_watch_is_known_to_both_counts(
    take: Take, dora: Member, sue: Member, coles_unit: Unit, other_unit: Unit, now: datetime
) -> None:
    first, second = take(address="1 Twin St"), take(address="2 Other St")
    boundary = now + HOUR
    later = plan_shift(ShiftOrder("Later", boundary, boundary + HOUR), by=sue, now=now)
    mine = take_call(Intake(type_code="VEHABND", address="1 Twin St", answers=ALL_NO), by=dora, now=boundary + MINUTE)
    other = take_call(Intake(type_code="VEHABND", address="2 Other St", answers=ALL_NO), by=dora, now=boundary + MINUTE)
    send(first, coles_unit, by=dora, now=boundary + 2 * MINUTE, to="en_route")
    join_call(first.pk, into=mine.number, by=dora, now=boundary + 3 * MINUTE)
    send(other, other_unit, by=dora, now=boundary + 2 * MINUTE, to="en_route")
    join_call(other.pk, into=second.number, by=dora, now=boundary + 3 * MINUTE)
    figures = counted_twice(later)
    assert figures["funnel"]["sent"] == share(1, 2, "calls offered to a CSO")


def test_the_stored_count_can_be_recounted_for_ever(take: Take, dora: Member, shift: Shift, now: datetime) -> None:
    call = take()
    sweep(shift.ends_at)
    close_call(call.pk, CloseOrder("05"), by=dora, now=shift.ends_at + MINUTE)
    rollup = Rollup.objects.get(shift=shift)
    assert rollup.figures["open"] == 1
    assert rollups.recount_from_ledger(shift, up_to_seq=rollup.up_to_seq) == rollup.figures
    assert rollups.count_from_rows(shift)["open"] == 0


def test_a_running_shift_shows_its_figures_and_keeps_none(take: Take, shift: Shift, now: datetime) -> None:
    take()
    figures, at, final = rollups.current(shift, now + MINUTE)
    assert (figures["calls"], at, final) == (1, now + MINUTE, False)
    assert rollups.latest(shift) is None


def test_figures_hold_no_words_of_residents(take: Take, shift: Shift) -> None:
    take(narrative="Mrs Alvarez says", caller_name="Rosa Alvarez", caller_language="Spanish, she says")
    assert "Alvarez" not in str(counted_twice(shift))
    assert "she says" not in str(counted_twice(shift))
