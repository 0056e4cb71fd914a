"""An officer in danger stays loud until that is over: that somebody has taken the alarm is not the end of it."""

from collections.abc import Callable
from datetime import datetime

import pytest

from agencies.models import Agency, Member
from calls.models import Call
from dispatch import board, distress, queries
from dispatch.actions import (
    Acceptance,
    StatusOrder,
    TransferOrder,
    acknowledge_transfer,
    answer_welfare,
    cancel_call,
    check_by_radio,
    hand_back,
    move_assignment,
    send_mayday,
    take_alarm,
    transfer_call,
)
from dispatch.board import AlarmRow
from dispatch.models import Assignment, Shift, Unit
from dispatch.shift_page import shift_page
from dispatch.states import AssignmentStatus
from dispatch.sweep import sweep
from dispatch.tablet import HELP_SHOWN, tablet_view
from ledger.models import Alarm
from tests.dispatch.clocks import MINUTE, SECOND, send

Take = Callable[..., Call]
Rows = Callable[[], list[AlarmRow]]


@pytest.fixture
def rows(agency: Agency) -> Rows:
    return lambda: board.alarm_rows(agency, distress.open_alarms())


@pytest.fixture
def mayday(cole: Member, coles_unit: Unit, now: datetime) -> Call:
    return send_mayday(coles_unit.callsign, by=cole, now=now)


def taken(by: Member, now: datetime, kind: str = "mayday") -> None:
    take_alarm(Alarm.objects.get(kind=kind, taken_at=None).pk, by=by, now=now)


def test_a_mayday_that_dora_has_taken_is_as_loud_until_sworn_accepts(
    mayday: Call, rows: Rows, dora: Member, now: datetime
) -> None:
    assert [(row.level, row.stands) for row in rows()] == [("danger", "Nobody has it yet. Sworn has not accepted yet.")]
    taken(dora, now)
    assert [(row.level, row.stands) for row in rows()] == [("danger", "Dora has it. Sworn has not accepted yet.")]
    acknowledge_transfer(mayday.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    assert rows() == []


def test_the_shifts_report_says_who_accepted_a_mayday_and_when(
    mayday: Call, sue: Member, dora: Member, now: datetime
) -> None:
    shift = Shift.objects.get()

    def told() -> list[tuple[str, str, datetime | None]]:
        rows = shift_page(shift, viewer=sue, now=now).late
        return [(row.taken_by, row.accepted, row.accepted_at) for row in rows]

    assert told() == [("", "Sworn has not accepted yet.", None)]
    taken(dora, now)
    acknowledge_transfer(mayday.pk, Acceptance("Sgt. Poe"), by=dora, now=now + MINUTE)
    assert told() == [("Dora", "Sworn accepted: Sgt. Poe", now + MINUTE)]


def test_who_accepted_is_said_while_nobody_here_has_it(mayday: Call, rows: Rows, dora: Member, now: datetime) -> None:
    acknowledge_transfer(mayday.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    assert [row.stands for row in rows()] == ["Nobody has it yet. Sworn accepted: Sgt. Poe"]


def test_sworn_that_does_not_accept_a_mayday_in_time_is_an_alarm_as_loud_and_above_the_taken_one(
    mayday: Call, rows: Rows, dora: Member, now: datetime
) -> None:
    taken(dora, now)
    sweep(now + 60 * SECOND)
    assert [(row.kind, row.level, row.taken) for row in rows()] == [
        ("transfer", "danger", False),
        ("mayday", "danger", True),
    ]


def test_any_other_call_that_sworn_has_not_accepted_is_no_danger(
    take: Take, rows: Rows, dora: Member, now: datetime
) -> None:
    transfer_call(take().pk, TransferOrder("sworn", "caller asked"), by=dora, now=now)
    sweep(now + 5 * MINUTE)
    assert [(row.kind, row.level, row.stands) for row in rows()] == [("transfer", "warning", "")]


def test_a_cso_on_scene_who_asked_for_sworn_for_danger_is_not_left_to_a_yellow_line(
    take: Take, rows: Rows, dora: Member, cole: Member, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    send(call, coles_unit, by=dora, now=now, to="on_scene")
    transfer_call(call.pk, TransferOrder("sworn", "somebody has a knife", danger=True), by=cole, now=now)
    sweep(now + 60 * SECOND)
    [row] = rows()
    assert (row.kind, row.level) == ("transfer", "danger")
    assert f"{coles_unit.callsign} on scene, asked for sworn for danger" in row.detail
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    assert rows() == []


def test_a_mayday_pressed_by_mistake_is_over_once_it_is_cancelled(
    mayday: Call, rows: Rows, dora: Member, now: datetime
) -> None:
    taken(dora, now)
    cancel_call(mayday.pk, disposition="10", reason="pressed by mistake", by=dora, now=now)
    assert rows() == []


def test_a_mayday_that_came_back_and_goes_to_sworn_again_stands_again(
    mayday: Call, rows: Rows, dora: Member, now: datetime
) -> None:
    taken(dora, now)
    acknowledge_transfer(mayday.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    hand_back(mayday.pk, reason="wrong district", by=dora, now=now)
    assert rows() == []
    transfer_call(mayday.pk, TransferOrder("sworn", "no answer", danger=True), by=dora, now=now)
    assert [row.stands for row in rows()] == ["Dora has it. Sworn has not accepted yet."]


@pytest.fixture
def silent(take: Take, dora: Member, coles_unit: Unit, now: datetime) -> Assignment:
    """An officer on scene who has answered nobody; dora has taken the alarm at `now` + 23 minutes."""
    assignment = send(take(), coles_unit, by=dora, now=now, to="on_scene")
    for minute in (20, 21, 22):
        sweep(now + minute * MINUTE)
    taken(dora, now + 23 * MINUTE, "welfare_alarm")
    return assignment


def test_an_officer_who_answers_nobody_is_as_loud_until_the_answer(
    silent: Assignment, rows: Rows, cole: Member, coles_unit: Unit, now: datetime
) -> None:
    assert [(row.level, row.stands) for row in rows()] == [("danger", "Dora has it. No answer from the officer yet.")]
    answer_welfare(coles_unit.callsign, by=cole, now=now + 24 * MINUTE)
    assert rows() == []


def test_an_answer_by_radio_that_is_entered_later_ends_it_too(
    silent: Assignment, rows: Rows, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    check_by_radio([coles_unit.callsign], by=dora, now=now + 25 * MINUTE, at=now + 21 * MINUTE)
    assert rows() == []


def test_an_officer_who_has_left_the_scene_has_answered(
    silent: Assignment, rows: Rows, dora: Member, now: datetime
) -> None:
    move_assignment(silent.pk, StatusOrder(AssignmentStatus.CLEARED), by=dora, now=now + 24 * MINUTE)
    assert rows() == []


def test_nobody_is_offered_a_unit_that_is_in_danger_itself(
    take: Take, mayday: Call, coles_unit: Unit, dora: Member, now: datetime
) -> None:
    call = take()
    fit, short = queries.recommendations(call, now)
    assert coles_unit.callsign not in [each.unit for each in fit]
    assert (coles_unit.callsign, "in danger itself") in [(each.unit, each.reason) for each in short]
    acknowledge_transfer(mayday.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    taken(dora, now)
    assert coles_unit.callsign in [each.unit for each in queries.recommendations(call, now)[0]]


def test_the_tablet_says_so_as_long_as_sworn_has_not_accepted(
    mayday: Call, coles_unit: Unit, cole: Member, dora: Member, now: datetime
) -> None:
    taken(dora, now)
    later = now + HELP_SHOWN + MINUTE
    help_ = tablet_view(coles_unit, viewer=cole, now=later).help
    assert help_ is not None
    assert (help_.number, help_.taken_by, help_.accepted_by) == (mayday.number, "Dora", "")
    acknowledge_transfer(mayday.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    assert tablet_view(coles_unit, viewer=cole, now=later).help is None


def test_officers_see_who_else_is_in_danger_and_not_themselves_twice(
    mayday: Call, coles_unit: Unit, other_unit: Unit, cole: Member, dora: Member, now: datetime
) -> None:
    [row] = tablet_view(other_unit, viewer=cole, now=now).colleagues
    assert row.title == f"MAYDAY {coles_unit.callsign}"
    assert row.stands == "Nobody has it yet. Sworn has not accepted yet."
    assert tablet_view(coles_unit, viewer=cole, now=now).colleagues == []
    taken(dora, now)
    acknowledge_transfer(mayday.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    assert tablet_view(other_unit, viewer=cole, now=now).colleagues == []
