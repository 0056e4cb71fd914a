"""The simulation plays calls as people would, answers its clocks, and keeps its hands off what is people's."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from agencies import doors
from agencies.models import Member
from agencies.scope import agency_scope
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call
from calls.states import OPEN
from cso import demo, demo_past, programmes, simulation
from cso.demo_stories import Teller
from dispatch.actions import AssignOrder, add_note, assign_unit
from dispatch.models import Assignment, Unit
from dispatch.sweep import sweep
from ledger.models import Alarm, Deadline, Event
from tests.conftest import ALL_NO, Company
from tests.cso.kept import Kept
from tests.fixtures import Database
from tests.room import ROOT

SLUG = "virginia-beach"
Play = Callable[..., "simulation.City"]


@pytest.fixture(scope="module")
def now() -> datetime:
    """One moment for all, so that the city is loaded once and put back for each."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture(scope="module")
def kept(database: Database) -> Kept:
    return Kept(database)


@pytest.fixture
def agency_id(db: None, monkeypatch: pytest.MonkeyPatch, now: datetime, kept: Kept) -> int:
    """A loaded demo city with a short past."""
    monkeypatch.setattr(demo_past, "DAYS", 1)
    monkeypatch.setattr(demo, "AGENCIES", (SLUG,))
    if SLUG in kept.rows:
        kept.put_back(SLUG)
    else:
        demo.load(password="a long enough one", now=now)
        kept.keep(SLUG)
    found = doors.agency_by_slug(SLUG)
    assert found is not None
    return found


@pytest.fixture
def city(agency_id: int, now: datetime) -> simulation.City:
    city = simulation.City(agency_id, programmes.read(SLUG), per_hour=20, speed=2, seed=1)
    city.begin(now)
    return city


def play(
    city: simulation.City, now: datetime, length: timedelta, at_each: Callable[[datetime], object] = sweep
) -> datetime:
    """Lets the time pass: the clocks are swept whenever the simulation does something."""
    moment, end = now, now + length
    while moment < end:
        due = city.work_until(moment)
        at_each(moment)
        moment = max(due, moment + timedelta(seconds=1))
    return moment


def member(given: str, role: str) -> Member:
    return Member.objects.select_related("agency", "user").get(email=f"{given}@{SLUG}.example").as_role(role)


def open_calls() -> list[Call]:
    return list(Call.objects.filter(status__in=[s.value for s in OPEN]).order_by("pk"))


@pytest.mark.timeout(240)
def test_calls_come_and_are_worked_off_and_no_clock_rings(city: simulation.City, agency_id: int, now: datetime) -> None:
    most: list[int] = []

    def look(moment: datetime) -> None:
        sweep(moment)
        most.append(len(city.stories))

    with agency_scope(agency_id):
        last_seq = Event.objects.order_by("-seq").values_list("seq", flat=True)[0]
    play(city, now, timedelta(minutes=26), look)
    with agency_scope(agency_id):
        made = Call.objects.filter(received_at__gt=now)
        lines = Event.objects.filter(seq__gt=last_seq)
        kinds = set(lines.values_list("kind", flat=True))
        assert made.count() >= 6
        assert made.filter(status__in=["closed", "cancelled"]).count() >= 2
        assert {"assignment.made", "assignment.moved", "transfer.acknowledged", "note.added"} <= kinds
        assert not Alarm.objects.filter(raised_at__gte=now).exclude(kind="approval").exists()
        assert not lines.filter(kind="deadline.missed").exclude(data__kind="welfare_check").exists()
        assert max(most) <= simulation.MOST_OPEN + 5
        moved = set(lines.exclude(unit_id=None).values_list("about__unit", flat=True))
        assert moved and not moved & set(demo.left_alone(programmes.read(SLUG)))
        assert Unit.objects.filter(callsign__in=demo.simulated(programmes.read(SLUG)), position_at__gt=now).exists()


def test_the_same_seed_plays_the_same_calls(city: simulation.City, agency_id: int, now: datetime) -> None:
    told = city.told
    play(city, now, timedelta(minutes=8), lambda _: None)
    with agency_scope(agency_id):
        places = set(Call.objects.filter(received_at__gt=now).values_list("address", flat=True))
    teller = Teller(programmes.read(SLUG), seed=1)
    assert city.told > told
    assert places <= {teller.story(n).intake.address for n in range(told + 1, city.told + 1)}


def test_a_persons_call_and_the_unit_on_it_are_left_alone(city: simulation.City, agency_id: int, now: datetime) -> None:
    with agency_scope(agency_id):
        dora = member("dora", "dispatcher")
        waiting = take_call(Intake(type_code="PARKING", address="1 Own Way", answers=ALL_NO), by=dora, now=now)
        driven = take_call(Intake(type_code="PARKING", address="2 Own Way", answers=ALL_NO), by=dora, now=now)
        unit = demo.simulated(programmes.read(SLUG))[1]
        assignment = assign_unit(driven.pk, AssignOrder(unit), by=dora, now=now)
        last = Event.objects.order_by("-seq").values_list("seq", flat=True)[0]
    play(city, now, timedelta(minutes=6), lambda _: None)
    with agency_scope(agency_id):
        assert not Event.objects.filter(seq__gt=last, call_id__in=[waiting.pk, driven.pk]).exists()
        assert Assignment.objects.get(pk=assignment.pk).status == "assigned"


def test_a_call_that_a_person_takes_a_hand_in_waits_and_then_goes_on(
    city: simulation.City, agency_id: int, now: datetime
) -> None:
    moment = now
    while not city.stories:
        moment = play(city, moment, timedelta(seconds=20), lambda _: None)
    call_id = next(iter(city.stories))
    with agency_scope(agency_id):
        add_note(call_id, "Let me see.", by=member("dora", "dispatcher"), now=moment)
        seen = Event.objects.filter(call_id=call_id).count()
    moment = play(city, moment, timedelta(seconds=40), lambda _: None)
    with agency_scope(agency_id):
        assert Event.objects.filter(call_id=call_id).count() == seen
    play(city, moment, timedelta(minutes=4), lambda _: None)
    with agency_scope(agency_id):
        assert Event.objects.filter(call_id=call_id).count() > seen


def test_when_it_ends_it_leaves_nothing_that_will_ring(city: simulation.City, agency_id: int, now: datetime) -> None:
    moment = play(city, now, timedelta(minutes=9), lambda _: None)
    playing = list(city.stories)
    assert playing and city.end(moment) > 0
    with agency_scope(agency_id):
        assert not {call.pk for call in open_calls()} & set(playing)
        assert not Deadline.objects.filter(state="armed", call_id__in=playing).exists()


@pytest.mark.timeout(120)
def test_what_a_killed_run_left_is_taken_up_by_the_next(city: simulation.City, agency_id: int, now: datetime) -> None:
    moment = play(city, now, timedelta(minutes=9), sweep)
    left = set(city.stories)
    assert left
    successor = simulation.City(agency_id, programmes.read(SLUG), per_hour=1, speed=2, seed=1)
    successor.begin(moment)
    play(successor, moment, timedelta(minutes=16), sweep)
    with agency_scope(agency_id):
        assert not Alarm.objects.filter(raised_at__gte=now).exclude(kind="approval").exists()


def test_an_agency_that_is_no_demonstration_is_refused(ours: Company) -> None:
    with pytest.raises(CommandError, match="not a demonstration"):
        call_command("simulate", ours.agency.slug)
    with pytest.raises(CommandError, match="no agency"):
        call_command("simulate", "atlantis")


@pytest.mark.parametrize("wrong", [{"calls_per_hour": 0.0}, {"speed": 0.5}])
def test_a_pace_at_which_clocks_would_ring_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CommandError, match="must be"):
        call_command("simulate", "seattle", **wrong)


@pytest.mark.timeout(120)
def test_it_ends_cleanly_when_it_is_told_to(agency_id: int) -> None:
    command = [sys.executable, "manage.py", "simulate", SLUG, "--calls-per-hour", "600", "--speed", "10"]
    began = timezone.now()
    with subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and not _came_in(agency_id, since=began):
            time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "brought to an end" in said
    assert _came_in(agency_id, since=began)


def _came_in(agency_id: int, *, since: datetime) -> bool:
    with agency_scope(agency_id):
        return Call.objects.filter(received_at__gt=since).exists()
