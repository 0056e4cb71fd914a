"""Whatever anybody does: the board with the frame applied is the board that a reload shows, row for row.

Every public action has a case. A new action without one fails the first test.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType

import pytest
from django.test import Client
from django.utils import timezone

from agencies.models import Member
from agencies.roles import Role
from calls import actions as call_actions
from calls.intake import Amendment, Intake, Override
from calls.models import Call, Note, RuleSet
from calls.states import Route
from dispatch import actions, pictures, shelf, sweep
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    CloseOrder,
    RosterLine,
    ShiftOrder,
    StatusOrder,
    TransferOrder,
    UnitStatusOrder,
)
from dispatch.models import Assignment, Shift
from dispatch.states import AssignmentStatus
from ledger.models import Alarm, Deadline
from tests.conftest import ALL_NO, Company
from tests.live.rendering import Shown


@dataclass
class Scene:
    """A morning at the console: calls in several states, units on some of them."""

    dora: Member
    sue: Member
    now: datetime
    units: list[str]
    queued: Call
    undecided: Call
    assigned: Call
    on_scene: Call
    sworn: Call

    def assignment(self, call: Call) -> int:
        return Assignment.objects.get(call=call).pk

    def move(self, call: Call, status: str) -> None:
        order = StatusOrder(AssignmentStatus(status), reason="because")
        actions.move_assignment(self.assignment(call), order, by=self.dora, now=self.now)

    def miss_everything(self) -> None:
        """Every clock ran out a second ago, and a worker sees it."""
        Deadline.objects.filter(state="armed").exclude(kind="shift_end").update(due_at=self.now - timedelta(seconds=1))
        assert sweep.sweep(timezone.now())


Act = Callable[[Scene], object]


def case(act: Act, *, first: Act | None = None) -> tuple[Act | None, Act]:
    """`act` is what happens while the board is open; `first` has happened before."""
    return first, act


def _to(status: str) -> Act:
    return lambda s: s.move(s.assigned, status)


def _note(s: Scene) -> Note:
    return actions.add_note(s.queued.pk, "Red car", by=s.dora, now=s.now)


def _past_shift(s: Scene) -> Shift:
    order = ShiftOrder("Night", s.now - timedelta(hours=9), s.now - timedelta(hours=1))
    return actions.plan_shift(order, by=s.sue, now=s.now)


def _transfer(s: Scene, *, call: Call | None = None) -> Call:
    return actions.transfer_call((call or s.queued).pk, TransferOrder(reason="a weapon"), by=s.dora, now=s.now)


def _take_mayday(s: Scene) -> Call:
    """Somebody calls for help, and dora has the alarm."""
    call = actions.send_mayday(s.units[1], by=s.dora, now=s.now)
    actions.take_alarm(Alarm.objects.get(kind="mayday").pk, by=s.dora, now=s.now)
    return call


def _hand_mayday_back(s: Scene) -> None:
    call = _take_mayday(s)
    actions.acknowledge_transfer(call.pk, Acceptance("Sgt Lee"), by=s.dora, now=s.now)
    actions.hand_back(call.pk, reason="not ours", by=s.dora, now=s.now)


def _ask_sue(s: Scene) -> None:
    """From now on every rule wants a supervisor's yes, and the queued call is decided again."""
    row = RuleSet.objects.get(status="published")
    rules = [rule | {"approval": True} for rule in row.document["rules"]]
    RuleSet.objects.filter(pk=row.pk).update(status="retired")
    document = row.document | {"rules": rules}
    RuleSet.objects.create(version=2, status="published", document=document, drafted_at=s.now, published_at=s.now)
    call_actions.triage_call(s.queued.pk, answers={}, facts={}, type_code=None, by=s.dora, now=s.now)


def _cancel(s: Scene) -> Call:
    return actions.cancel_call(s.queued.pk, disposition="10", reason="went away", by=s.dora, now=s.now)


CASES: dict[str, list[tuple[Act | None, Act]]] = {
    "take_call": [
        case(lambda s: call_actions.take_call(Intake(address="1 Elm St"), by=s.dora, now=s.now)),
        case(lambda s: call_actions.take_call(Intake(address="<b>1 Elm", emergency=True), by=s.dora, now=s.now)),
    ],
    "amend_call": [
        case(lambda s: call_actions.amend_call(s.queued.pk, Amendment({"address": "9 Oak"}), by=s.dora, now=s.now)),
        case(lambda s: call_actions.amend_call(s.on_scene.pk, Amendment({"priority": 2}), by=s.dora, now=s.now)),
    ],
    "triage_call": [
        case(
            lambda s: call_actions.triage_call(
                s.undecided.pk, answers=ALL_NO, facts={}, type_code="VEHABND", by=s.dora, now=s.now
            )
        ),
        case(
            lambda s: call_actions.triage_call(
                s.queued.pk, answers={"weapon": "yes"}, facts={}, type_code=None, by=s.dora, now=s.now
            )
        ),
    ],
    "override_route": [
        case(
            lambda s: call_actions.override_route(
                s.queued.pk, Override(Route.SWORN, "other", "asked for an officer"), by=s.dora, now=s.now
            )
        )
    ],
    "answer_approval": [
        case(lambda s: call_actions.answer_approval(s.queued.pk, is_granted=True, by=s.sue, now=s.now), first=_ask_sue),
        case(
            lambda s: call_actions.answer_approval(s.queued.pk, is_granted=False, reason="no", by=s.sue, now=s.now),
            first=_ask_sue,
        ),
    ],
    "assign_unit": [
        case(lambda s: actions.assign_unit(s.queued.pk, AssignOrder(s.units[2]), by=s.dora, now=s.now)),
        case(lambda s: actions.assign_unit(s.queued.pk, AssignOrder(s.units[0], stacked=True), by=s.dora, now=s.now)),
        case(lambda s: actions.assign_unit(s.assigned.pk, AssignOrder(s.units[2]), by=s.dora, now=s.now)),
    ],
    "move_assignment": [
        *(case(_to(status)) for status in ("acknowledged", "en_route", "on_scene", "cleared")),
        *(case(_to(status)) for status in ("stacked", "declined", "cancelled")),
        case(lambda s: s.move(s.on_scene, "cleared")),
    ],
    "close_call": [
        case(lambda s: actions.close_call(s.on_scene.pk, CloseOrder("01"), by=s.dora, now=s.now)),
        case(lambda s: actions.close_call(s.queued.pk, CloseOrder("22", into=s.on_scene.number), by=s.dora, now=s.now)),
    ],
    "cancel_call": [
        case(_cancel),
        case(lambda s: actions.cancel_call(s.assigned.pk, disposition="21", reason="gone", by=s.dora, now=s.now)),
    ],
    "reopen_call": [
        case(lambda s: actions.reopen_call(s.queued.pk, reason="came back", by=s.dora, now=s.now), first=_cancel)
    ],
    "schedule_call": [
        case(lambda s: actions.schedule_call(s.on_scene.pk, at=s.now + timedelta(hours=2), by=s.dora, now=s.now))
    ],
    "join_call": [case(lambda s: actions.join_call(s.assigned.pk, into=s.queued.number, by=s.dora, now=s.now))],
    "transfer_call": [
        case(_transfer),
        case(lambda s: _transfer(s, call=s.on_scene)),
        case(lambda s: _transfer(s, call=Call.objects.get(type__code="MAYDAY")), first=_hand_mayday_back),
    ],
    "acknowledge_transfer": [
        case(lambda s: actions.acknowledge_transfer(s.sworn.pk, Acceptance("Sgt Lee", "S-17"), by=s.dora, now=s.now)),
        case(
            lambda s: actions.acknowledge_transfer(s.on_scene.pk, Acceptance("Sgt Lee"), by=s.dora, now=s.now),
            first=lambda s: _transfer(s, call=s.on_scene),
        ),
        case(
            lambda s: actions.acknowledge_transfer(
                Call.objects.get(type__code="MAYDAY").pk, Acceptance("Sgt Lee"), by=s.dora, now=s.now
            ),
            first=_take_mayday,
        ),
    ],
    "hand_back": [case(lambda s: actions.hand_back(s.sworn.pk, reason="not ours", by=s.dora, now=s.now))],
    "open_self_initiated": [
        case(
            lambda s: actions.open_self_initiated(
                s.units[3], Intake(type_code="VEHABND", address="5 Pine"), by=s.dora, now=s.now
            )
        )
    ],
    "send_mayday": [
        case(lambda s: actions.send_mayday(s.units[1], by=s.dora, now=s.now)),
        case(lambda s: actions.send_mayday(s.units[3], by=s.dora, now=s.now)),
    ],
    "answer_welfare": [
        case(lambda s: actions.answer_welfare(s.units[1], by=s.dora, now=timezone.now())),
        case(
            lambda s: actions.answer_welfare(s.units[1], by=s.dora, now=timezone.now()),
            first=lambda s: s.miss_everything(),
        ),
    ],
    "check_by_radio": [case(lambda s: actions.check_by_radio(s.units[:4], by=s.dora, now=timezone.now()))],
    "set_unit_status": [
        case(lambda s: actions.set_unit_status(s.units[3], UnitStatusOrder("meal"), by=s.dora, now=s.now))
    ],
    "report_position": [case(lambda s: actions.report_position(s.units[3], 37.33, -121.88, by=s.dora, now=s.now))],
    "add_note": [case(_note)],
    "strike_note": [case(lambda s: actions.strike_note(Note.objects.get().pk, by=s.dora, now=s.now), first=_note)],
    "take_alarm": [
        case(
            lambda s: actions.take_alarm(Alarm.objects.get(kind="mayday").pk, by=s.dora, now=s.now),
            first=lambda s: actions.send_mayday(s.units[1], by=s.dora, now=s.now),
        )
    ],
    "plan_shift": [
        case(
            lambda s: actions.plan_shift(
                ShiftOrder(
                    "Swing",
                    s.now - timedelta(minutes=1),
                    s.now + timedelta(hours=8),
                    [RosterLine(s.dora.email, s.units[-1])],
                ),
                by=s.sue,
                now=s.now,
            )
        )
    ],
    "sign_off": [
        case(
            lambda s: actions.sign_off(Shift.objects.get(name="Night").pk, note="", by=s.sue, now=s.now),
            first=_past_shift,
        )
    ],
    "the clock": [case(lambda s: s.miss_everything())],
}


@pytest.fixture
def scene(ours: Company, take: Callable[..., Call], dora: Member, sue: Member, now: datetime) -> Scene:
    units = list(ours.units)
    made = Scene(
        dora,
        sue,
        now,
        units,
        queued=take(),
        undecided=take(answers={}, address="3 Elm St"),
        assigned=take(address="4 Elm St"),
        on_scene=take(address="5 Elm St", caller_language="es"),
        sworn=take(address="6 Elm St", answers=ALL_NO | {"weapon": "yes"}),
    )
    for call, unit in ((made.assigned, units[0]), (made.on_scene, units[1])):
        actions.assign_unit(call.pk, AssignOrder(unit), by=dora, now=now)
    made.move(made.on_scene, "on_scene")
    return made


def public_actions(module: ModuleType) -> Iterator[str]:
    """The verbs of a module: functions that are told who does it, and when."""
    for name, found in inspect.getmembers(module, inspect.isfunction):
        given = inspect.signature(found).parameters
        if not name.startswith("_") and {"by", "now"} <= given.keys() and found.__module__.startswith(module.__name__):
            yield name


def test_every_public_action_has_a_case() -> None:
    wanted = {*public_actions(call_actions), *public_actions(actions)}
    assert len(wanted) > 20
    assert wanted == set(CASES) - {"the clock"}


@pytest.mark.parametrize(
    ("first", "act"),
    [pytest.param(*each, id=f"{name}-{n}") for name, all_ in CASES.items() for n, each in enumerate(all_)],
)
def test_the_frame_makes_of_the_old_board_what_a_reload_shows(
    scene: Scene, sign_in: Callable[..., Client], first: Act | None, act: Act
) -> None:
    client, agency = sign_in(scene.dora), scene.dora.agency

    def reload() -> Shown:
        # A reload also takes what was drawn before and mends it: drawn from nothing it is the truth.
        shelf._places.clear()
        return Shown.of(client.get(f"/a/{agency.slug}/board/").content.decode())

    if first:
        first(scene)
    open_board, before = reload(), pictures.look(agency.pk, "en")
    act(scene)
    after = pictures.look(agency.pk, "en", before)
    frame = pictures.between(before, after)
    assert frame is not None or after.seq == before.seq
    if frame is not None:
        assert not frame.whole
        open_board.apply(frame)
    assert open_board == reload()
    if frame is not None:
        open_board.apply(frame)
    assert open_board == reload(), "applied twice it does harm"


def test_the_whole_board_makes_any_board_right(scene: Scene, sign_in: Callable[..., Client]) -> None:
    client, agency = sign_in(scene.dora), scene.dora.agency
    page = client.get(f"/a/{agency.slug}/board/").content.decode()
    actions.cancel_call(scene.queued.pk, disposition="10", reason="went away", by=scene.dora, now=scene.now)
    stale = Shown.of(page)
    stale.apply(pictures.whole(pictures.look(agency.pk, "en")))
    assert stale == Shown.of(client.get(f"/a/{agency.slug}/board/").content.decode())


def test_the_end_of_a_shift_changes_the_board_without_an_event(scene: Scene, sign_in: Callable[..., Client]) -> None:
    client, agency = sign_in(scene.dora), scene.dora.agency
    shown, before = Shown.of(client.get(f"/a/{agency.slug}/board/").content.decode()), pictures.look(agency.pk, "en")
    Shift.objects.update(ends_at=timezone.now())
    after = pictures.look(agency.pk, "en", before, all_over=True)
    frame = pictures.between(before, after)
    assert frame is not None
    assert frame.seq == before.seq
    assert frame.remove
    shown.apply(frame)
    assert shown == Shown.of(client.get(f"/a/{agency.slug}/board/").content.decode())


def test_an_unchanged_row_is_not_drawn_again(scene: Scene) -> None:
    before = pictures.look(scene.dora.agency_id, "en")
    actions.assign_unit(scene.queued.pk, AssignOrder(scene.units[2]), by=scene.dora, now=scene.now)
    frame = pictures.between(before, pictures.look(scene.dora.agency_id, "en", before))
    assert frame is not None
    assert {patch["id"] for patch in frame.patches} == {f"call-{scene.queued.number}", f"unit-{scene.units[2]}"}


def test_a_board_in_spanish_is_drawn_in_spanish(scene: Scene) -> None:
    assert (
        pictures.look(scene.dora.agency_id, "es").rows.keys() == pictures.look(scene.dora.agency_id, "en").rows.keys()
    )


def test_every_role_gets_the_same_rows(scene: Scene) -> None:
    frame = pictures.whole(pictures.look(scene.dora.agency_id, "en"))
    assert all(frame.data(role)["patches"] == frame.data(Role.DISPATCHER)["patches"] for role in Role)
