"""Clocks that fire at once, and clocks that fire while people act: one effect, and nobody waits for ever."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from agencies.models import Agency, Member
from calls.actions import triage_call
from calls.models import Call
from dispatch.actions import AssignOrder, answer_welfare, assign_unit
from dispatch.models import Assignment, Rollup, Unit
from dispatch.sweep import sweep
from ledger.models import Alarm, Cursor, Deadline, Event
from tests.conftest import ALL_NO
from tests.dispatch.clocks import HOUR, MINUTE, alarms, fresh, send
from tests.races.together import failures, together

Take = Callable[..., Call]


def fired_once() -> bool:
    """Whether every deadline that fired has one line in the ledger."""
    lines = Counter(line.data["deadline"] for line in Event.objects.filter(kind="deadline.missed"))
    fired = set(Deadline.objects.filter(state="fired").exclude(kind="shift_end").values_list("pk", flat=True))
    return set(lines) == fired and set(lines.values()) <= {1}


def test_clocks_that_fire_at_once_have_one_effect_each(take: Take, agency: Agency, now: datetime) -> None:
    for n in range(30):
        take(answers={}, address=f"{n} Clock St")
    outcomes = together(agency.pk, *[lambda: sweep(now + MINUTE)] * 4)
    assert failures(outcomes) == []
    assert sum(outcomes) == 30
    assert fired_once()
    assert Alarm.objects.count() == 30
    seqs = list(Event.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, Cursor.objects.get(agency=agency).last_seq + 1))


def test_two_clocks_hand_a_call_to_sworn_once(take: Take, agency: Agency, now: datetime) -> None:
    calls = [take(answers={}, address=f"{n} Sworn St") for n in range(6)]
    outcomes = together(agency.pk, *[lambda: sweep(now + 2 * MINUTE)] * 3)
    assert failures(outcomes) == []
    for call in calls:
        assert fresh(call).status == "transferred"
        assert call.transfers.count() == 1
    assert fired_once()


def test_two_clocks_count_a_shift_once(agency: Agency, take: Take, now: datetime) -> None:
    outcomes = together(agency.pk, *[lambda: sweep(now + 8 * HOUR)] * 3)
    assert failures(outcomes) == []
    assert Rollup.objects.count() == 1


def test_a_clock_that_fires_while_units_are_sent_leaves_no_false_alarm(
    take: Take, agency: Agency, dora: Member, ours: object, now: datetime
) -> None:
    units = list(Unit.objects.order_by("pk")[:5])
    calls = [take(type_code="PERFND", address=f"{n} Send St") for n in range(5)]
    late = now + HOUR

    def send_all() -> list[Assignment]:
        pairs = zip(calls, units, strict=True)
        return [assign_unit(call.pk, AssignOrder(unit.callsign), by=dora, now=late) for call, unit in pairs]

    def keep_sweeping() -> int:
        return sum(sweep(late) for _ in range(10))

    outcomes = together(agency.pk, send_all, keep_sweeping, keep_sweeping)
    assert failures(outcomes) == []
    assert alarms() == [], "whatever rang before the unit was sent is settled, and nothing rings after"
    assert {fresh(call).status for call in calls} == {"assigned"}
    assert fired_once()


def test_a_dispatcher_who_decides_as_the_clock_runs_out_wins_or_loses_whole(
    take: Take, agency: Agency, dora: Member, now: datetime
) -> None:
    for turn in range(5):
        call = take(answers={}, address=f"{turn} Photo Finish St")
        outcomes = together(
            agency.pk,
            lambda call=call: triage_call(  # type: ignore[misc]
                call.pk, answers=ALL_NO, facts={}, type_code=None, by=dora, now=now + 2 * MINUTE
            ),
            lambda: sweep(now + 2 * MINUTE),
        )
        assert failures(outcomes) == []
        after = fresh(call)
        assert (after.status, after.route) == ("queued", "cso")
        assert call.transfers.filter(ended_at=None).count() == 0
        assert not Alarm.objects.filter(call_id=call.pk, settled_at=None).exists()
        kinds = set(Deadline.objects.filter(call_id=call.pk, state="armed").values_list("kind", flat=True))
        assert kinds == {"unassigned", "unassigned_supervisor", "delayed_caller"}


def test_an_answer_as_mayday_is_about_to_sound_silences_it(
    take: Take, agency: Agency, dora: Member, cole: Member, coles_unit: Unit, now: datetime
) -> None:
    send(take(), coles_unit, by=dora, now=now, to="on_scene")
    start = now
    for _ in range(4):
        sweep(start + 20 * MINUTE)
        sweep(start + 21 * MINUTE)
        late = start + 22 * MINUTE
        outcomes = together(
            agency.pk,
            lambda late=late: answer_welfare(coles_unit.callsign, by=cole, now=late),  # type: ignore[misc]
            lambda late=late: sweep(late),  # type: ignore[misc]
            lambda late=late: sweep(late),  # type: ignore[misc]
        )
        assert failures(outcomes) == []
        assert alarms() == []
        start = late
    assert fired_once()
