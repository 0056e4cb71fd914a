"""The demonstration: who is there, what lies behind them, and what a start finds and leaves."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from agencies import doors
from agencies.models import Agency, Member, User
from agencies.scope import agency_scope
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call, Decision
from calls.states import OPEN, Source
from cso import demo, demo_past, programmes
from cso.demo_case import Case
from cso.demo_ledger import Pages
from cso.demo_stories import Teller
from dispatch import queries, rollups
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    CloseOrder,
    StatusOrder,
    acknowledge_transfer,
    add_note,
    assign_unit,
    close_call,
    move_assignment,
    open_self_initiated,
)
from dispatch.models import Assignment, Shift, Unit
from dispatch.states import AssignmentStatus
from dispatch.sweep import sweep
from ledger.models import Alarm, Deadline, Event
from tests.conftest import ALL_NO
from tests.cso.kept import Kept
from tests.fixtures import Database

PASSWORD = "a long enough one"
Load = Callable[..., None]


@pytest.fixture(scope="module")
def now() -> datetime:
    """One moment for all, so that a city that was loaded once can be put back."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture(scope="module")
def kept(database: Database) -> Kept:
    return Kept(database)


@pytest.fixture
def load(db: None, monkeypatch: pytest.MonkeyPatch, now: datetime, kept: Kept) -> Load:
    """Loads one city with a short past."""
    monkeypatch.setattr(demo_past, "DAYS", 1)

    def load(slug: str = "seattle", *, at: datetime | None = None) -> None:
        monkeypatch.setattr(demo, "AGENCIES", (slug,))
        if at is None and slug in kept.rows:
            kept.put_back(slug)
            return
        demo.load(password=PASSWORD, now=at or now)
        if at is None:
            kept.keep(slug)

    return load


def inside(slug: str = "seattle") -> AbstractContextManager[None]:
    found = doors.agency_by_slug(slug)
    assert found is not None
    return agency_scope(found)


def open_alarms() -> list[str]:
    return list(Alarm.objects.filter(taken_at=None, settled_at=None).values_list("kind", flat=True))


def open_calls() -> list[Call]:
    return list(Call.objects.filter(status__in=[s.value for s in OPEN]))


def free_and_trained(slug: str, now: datetime) -> set[str]:
    """Units on a shift for 8 more hours that are free and qualified for every type the rules send to CSOs."""
    rules = programmes.read(slug).rule_set["rules"]
    needed = {rule["qualification"] for rule in rules if rule["route"] == "cso"} - {None}
    long = Shift.objects.filter(starts_at__lte=now, ends_at__gte=now + timedelta(hours=8))
    callsigns = set(long.values_list("duties__unit__callsign", flat=True))
    return {
        u.unit.callsign
        for u in queries.units_now(now)
        if u.unit.callsign in callsigns
        and u.active is None
        and u.unit.primary == "available"
        and needed <= u.qualifications
    }


@pytest.mark.parametrize("slug", demo.AGENCIES)
def test_in_every_city_coles_unit_and_three_others_are_free_and_trained_for_all(
    load: Load, slug: str, now: datetime
) -> None:
    load(slug)
    with inside(slug):
        cole = Member.objects.get(email=f"cole@{slug}.example")
        mine = queries.own_unit(cole, now)
        ready = free_and_trained(slug, now)
        assert mine is not None and mine.callsign in ready
        assert set(demo.left_alone(programmes.read(slug))) <= ready
        assert len(demo.left_alone(programmes.read(slug))) == 4
        assert Agency.objects.get(slug=slug).demonstration


@pytest.mark.parametrize("hour", [0, 13])
def test_the_shift_is_under_way_whatever_the_hour(load: Load, now: datetime, hour: int) -> None:
    at = now.replace(hour=hour, minute=58)
    load(at=at)
    with inside():
        assert len(free_and_trained("seattle", at)) >= 4
        running = queries.current_shifts(at)
        assert len(running) == 2 and running[0].starts_at != running[1].starts_at


@pytest.mark.parametrize("slug", demo.AGENCIES)
def test_nothing_is_late_at_the_start(load: Load, slug: str, now: datetime) -> None:
    load(slug)
    with inside(slug):
        assert 2 <= len(open_calls()) <= 8
        assert not Deadline.objects.filter(state="armed", due_at__lte=now + timedelta(minutes=10)).exists()
    sweep(now + timedelta(minutes=10))
    with inside(slug):
        assert open_alarms() == []


def test_a_second_start_changes_nothing(load: Load, now: datetime) -> None:
    load()
    with inside():
        before = (Call.objects.count(), Event.objects.count(), Shift.objects.count(), Member.objects.count())
    load(at=now + timedelta(minutes=5))
    with inside():
        assert (Call.objects.count(), Event.objects.count(), Shift.objects.count(), Member.objects.count()) == before


def test_a_start_days_later_rolls_the_demonstration_forward_and_rings_no_stale_alarm(load: Load, now: datetime) -> None:
    load()
    later = now + timedelta(days=3, hours=5)
    with inside():
        left = [call.pk for call in open_calls()]
    load(at=later)
    sweep(later)
    with inside():
        assert open_alarms() == []
        assert not Call.objects.filter(pk__in=left, status__in=[s.value for s in OPEN]).exists()
        assert all(call.received_at > later - timedelta(hours=4) for call in open_calls()) and open_calls()
        assert len(free_and_trained("seattle", later)) >= 4
        lines = list(Event.objects.order_by("seq").values_list("at", flat=True))
        assert lines == sorted(lines)


def test_what_a_person_had_a_hand_in_is_a_persons_to_end(load: Load, now: datetime) -> None:
    load()
    with inside():
        dora = Member.objects.select_related("agency").get(email="dora@seattle.example").as_role("dispatcher")
        touched = next(call for call in open_calls() if call.status == "queued")
        add_note(touched.pk, "I know this one.", by=dora, now=now)
        own = take_call(Intake(type_code="CDX", address="1 Own Way", answers=ALL_NO), by=dora, now=now)
    load(at=now + timedelta(days=3))
    with inside():
        assert {touched.pk, own.pk} <= {call.pk for call in open_calls()}


def test_the_password_is_the_one_that_was_given_last(
    load: Load, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    load()
    for password in (PASSWORD, "another one"):
        demo.load(password=password, now=now)
        people = User.objects.filter(email__in=[f"{p}@seattle.example" for p in ("dora", "cole")])
        assert len(people) == 2 and all(person.check_password(password) for person in people)


def test_a_fortnight_lies_behind_each_city_in_the_order_of_time(
    load: Load, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(demo_past, "DAYS", 14)
    monkeypatch.setattr(demo, "AGENCIES", ("san-jose",))
    demo.load(password=PASSWORD, now=now)
    with inside("san-jose"):
        calls = Call.objects.order_by("received_at")
        first, past = calls[0], calls.filter(received_at__lt=now - timedelta(hours=6))
        assert first.received_at < now - timedelta(days=13)
        assert past.count() > 200
        assert not past.exclude(status__in=["closed", "cancelled"]).exists()
        assert not past.filter(decision=None).exists()
        numbers = list(calls.values_list("number", flat=True))
        assert len(set(numbers)) == len(numbers)
        lines = list(Event.objects.order_by("seq").values_list("seq", "at"))
        assert [seq for seq, _ in lines] == list(range(1, len(lines) + 1))
        assert [at for _, at in lines] == sorted(at for _, at in lines)
        routes = set(past.values_list("route", flat=True))
        assert routes == {"cso", "sworn", "referral"}


def test_the_figures_of_past_shifts_are_the_same_counted_from_rows_and_from_the_ledger(
    load: Load, now: datetime
) -> None:
    load("virginia-beach")
    with inside("virginia-beach"):
        shifts = list(Shift.objects.filter(ends_at__lt=now))
        assert shifts
        for shift in shifts:
            stored = rollups.latest(shift)
            assert stored is not None and stored.figures["calls"] > 0
            assert rollups.count_from_rows(shift) == rollups.recount_from_ledger(shift)
            assert stored.figures == rollups.recount_from_ledger(shift, up_to_seq=stored.up_to_seq)


def lines_of(call: Call) -> list[tuple[str, dict[str, object], bool, bool]]:
    """The lines about a call without keys and times: kind, data, whether about a unit, whether a person acted."""
    keys = {"decision", "transfer", "assignment", "note", "due_at"}
    return [
        (
            line.kind,
            {k: v for k, v in line.data.items() if k not in keys},
            line.unit_id is not None,
            line.by_id is not None,
        )
        for line in Event.objects.filter(call_id=call.pk).order_by("seq")
    ]


SAME = {"status", "route", "priority", "source", "version", "closing_comment"}


@pytest.fixture
def by_hand(load: Load, now: datetime) -> Iterator[datetime]:
    load()
    with inside():
        yield now + timedelta(minutes=1)


@pytest.mark.parametrize("ending", ["closed on scene", "sworn", "referral", "self-initiated"])
def test_what_is_written_in_bulk_is_what_the_actions_would_have_left(by_hand: datetime, ending: str) -> None:
    code = {"sworn": "LARCENY", "referral": "PUBWKS"}.get(ending, "CDX")
    order = Intake(type_code=code, address="1 Pike St", answers=ALL_NO, caller_language="es", narrative="Words.")
    desk, unit = demo.desk("seattle"), Unit.objects.get(callsign=demo.simulated(programmes.read("seattle"))[0])
    acted = _by_actions(order, ending, desk, unit, by_hand)
    kept = _in_bulk(order, ending, desk, unit, by_hand)

    assert lines_of(kept) == lines_of(acted)
    assert {name: getattr(kept, name) for name in SAME} == {name: getattr(acted, name) for name in SAME}
    written = [
        {k: v for k, v in Decision.objects.filter(call=call).values()[0].items() if k not in ("id", "call_id", "at")}
        for call in (kept, acted)
    ]
    assert written[0] == written[1]


def _by_actions(order: Intake, ending: str, desk: Member, unit: Unit, at: datetime) -> Call:
    if ending == "self-initiated":
        call = open_self_initiated(unit.callsign, order, by=desk, now=at)
    else:
        call = take_call(order, by=desk, now=at)
    if ending == "sworn":
        acknowledge_transfer(call.pk, Acceptance("Desk", "P1"), by=desk, now=at + timedelta(seconds=30))
    elif ending == "closed on scene":
        assignment = assign_unit(call.pk, AssignOrder(unit.callsign), by=desk, now=at)
        for step in (AssignmentStatus.ACKNOWLEDGED, AssignmentStatus.EN_ROUTE, AssignmentStatus.ON_SCENE):
            move_assignment(assignment.pk, StatusOrder(step), by=desk, now=at)
        add_note(call.pk, "Settled.", by=desk, now=at)
        close_call(call.pk, CloseOrder("18"), by=desk, now=at)
    else:
        close_call(call.pk, CloseOrder("15"), by=desk, now=at)
    return Call.objects.get(pk=call.pk)


def _in_bulk(order: Intake, ending: str, desk: Member, unit: Unit, at: datetime) -> Call:
    pages = Pages(Agency.objects.get(slug="seattle"))
    case = Case(pages)
    if ending == "self-initiated":
        order = replace(order, source=Source.SELF_INITIATED)
    case.begin(order, at=at, by=desk)
    if ending == "self-initiated":
        case.open_on_scene(unit)
        case.close("15")
    else:
        case.decide(on_duty=True)
        if ending == "sworn":
            case.hand_over(danger=False)
            case.accept("Desk", "P1")
        elif ending == "referral":
            case.refer()
            case.close("15")
        else:
            case.queue(hold_until=None)
            case.send(unit)
            for step in (AssignmentStatus.ACKNOWLEDGED, AssignmentStatus.EN_ROUTE, AssignmentStatus.ON_SCENE):
                case.step(step)
            case.note("Settled.")
            case.close("18")
    pages._last_number[at.year] = 900_000
    case.keep()
    pages._last_number.clear()
    pages.write([], now=at, signed_by=desk)
    found = Call.objects.get(pk=case.call.pk)
    row = Assignment.objects.filter(call=found).first()
    assert row is None or row.ended_at is not None
    return found


def test_the_same_seed_tells_the_same_stories() -> None:
    city = programmes.read("eugene")
    assert [Teller(city, seed=4).story(n) for n in range(20)] == [Teller(city, seed=4).story(n) for n in range(20)]
    assert Teller(city, seed=4).story(7) != Teller(city, seed=5).story(7)
