"""Plays live calls in a demo agency, through the same actions as everybody.

Stories come at random moments (the same seed, the same stories); simulated units move, answer and close. Every call is
looked at again when its next step is due, and what is done depends on how it stands then: so a call that a person has
touched, or that an earlier run left behind, is carried on from there. Nobody's own calls are touched, nor the units
that are left alone for people (`cso.demo.left_alone`).
"""

import heapq
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError

from agencies.errors import Refused
from agencies.models import Agency, Member
from agencies.scope import agency_scope
from calls.actions import take_call
from calls.models import Call
from calls.states import ENDED, CallStatus, Source
from cso import demo, demo_calls
from cso.demo_steps import Steps
from cso.demo_stories import Story, Teller
from cso.programmes import Programme
from dispatch import queries
from dispatch.actions import open_self_initiated, report_position
from dispatch.models import Unit

MOST_OPEN = 5
_SHORTEST = timedelta(seconds=1)
_AFTER_REFUSAL = timedelta(seconds=15)
_LOOK_ROUND, _LOOK_AT_SHIFT = timedelta(seconds=20), timedelta(minutes=10)
_RING_SOON, _STUCK, _AHEAD = timedelta(minutes=4), timedelta(minutes=40), timedelta(hours=1)
_MOST_TRIES = 5


class NotADemo(Exception):
    """The agency is a real one, or there is none of that name."""


@dataclass(order=True)
class _Due:
    at: datetime
    number: int
    what: str = field(compare=False)
    call_id: int = field(default=0, compare=False)
    tries: int = field(default=0, compare=False)


class City:
    """One demo agency that is being played. `work_until` does what is due and answers when the next thing is.

    `speed`: how many simulated minutes pass in a real minute. The agency's clocks stay real, and are answered in time.
    """

    def __init__(self, agency_id: int, programme: Programme, *, per_hour: float, speed: float, seed: int) -> None:
        self.agency_id, self.programme, self.slug = agency_id, programme, programme.slug
        self.per_hour, self.speed = per_hour, speed
        self.teller = Teller(programme, seed=seed)
        self.chance = random.Random(f"{self.slug} arrivals {seed}")  # noqa: S311 - a demonstration
        self.units = demo.simulated(programme)
        self.hands: dict[str, Member] = {}
        self.stories: dict[int, Story] = {}
        self.told = 0
        self._due: list[_Due] = []
        self._count = 0

    def begin(self, now: datetime) -> None:
        """Takes up what earlier runs left behind, and waits for the first call."""
        with agency_scope(self.agency_id):
            if not Agency.objects.get(pk=self.agency_id).demonstration:
                raise NotADemo(f"{self.slug} is not a demonstration: nothing is simulated there.")
            self.hands = demo.hands(self.slug)
            self.desk = demo.desk(self.slug)
            self.told = Call.objects.filter(taken_by=self.desk).count()
        self._later("shift", now)
        self._later("round", now)
        self._later("story", now + self._gap() / 3)

    def work_until(self, now: datetime) -> datetime:
        """Does what is due at `now`."""
        with agency_scope(self.agency_id):
            while self._due and self._due[0].at <= now:
                due = heapq.heappop(self._due)
                try:
                    self._do(due, now)
                except Refused:
                    self._try_again(due, now)
                except DatabaseError:
                    heapq.heappush(self._due, due)
                    raise
        return self._due[0].at

    def _try_again(self, due: _Due, now: datetime) -> None:
        """Somebody else was there first, or holds the row. A call that refuses again and again is left to people."""
        if due.what == "call" and due.tries >= _MOST_TRIES:
            self.stories.pop(due.call_id, None)
        else:
            self._later(due.what, now + _AFTER_REFUSAL, call_id=due.call_id, tries=due.tries + 1)

    def end(self, now: datetime) -> int:
        """Brings every call that only the demonstration had a hand in to an end, so that no clock rings afterwards."""
        ended = 0
        with agency_scope(self.agency_id):
            for call in demo_calls.own_calls(self.hands):
                if call.pk not in self.stories:
                    continue
                try:
                    demo_calls.end_call(call, desk=self.desk, now=now)
                except Refused:
                    continue
                ended += 1
        return ended

    def _do(self, due: _Due, now: datetime) -> None:
        if due.what == "call":
            self._look_at(due.call_id, now)
        elif due.what == "story":
            self._begin_story(now)
            self._later("story", now + self._gap())
        elif due.what == "round":
            self._look_round(now)
            self._later("round", now + _LOOK_ROUND)
        elif due.what == "shift":
            demo.keep_shift(self.programme, now, ahead=_AHEAD)
            self._later("shift", now + _LOOK_AT_SHIFT)

    def _begin_story(self, now: datetime) -> None:
        if len(self.stories) >= MOST_OPEN or not queries.current_shifts(now):
            return
        self.told += 1
        story = self.teller.story(self.told)
        if story.intake.source is Source.SELF_INITIATED:
            free = self._free(now)
            if not free:
                return
            officer = self._steps(now).officer_of(free[0])
            call = open_self_initiated(free[0].callsign, story.intake, by=officer, now=now)
        else:
            call = take_call(story.intake, by=self.desk, now=now)
        self.stories[call.pk] = story
        self._later("call", now + self._real(story.accept_after), call_id=call.pk)

    def _look_at(self, call_id: int, now: datetime) -> None:
        call = Call.objects.select_related("type", "decision").get(pk=call_id)
        story = self.stories.get(call_id)
        if story is None or CallStatus(call.status) in ENDED:
            self.stories.pop(call_id, None)
            return
        wait = self._steps(now).go_on(call, story)
        self._later("call", now + self._real(wait), call_id=call_id)

    def _look_round(self, now: datetime) -> None:
        """Moves the free units about a little, and takes up calls of the demonstration whose clock would ring soon."""
        for unit in self._free(now):
            if self.chance.random() < 0.4 and unit.lat is not None and unit.lon is not None:
                lat, lon = unit.lat + self.chance.uniform(-0.001, 0.001), unit.lon + self.chance.uniform(-0.001, 0.001)
                officer = self._steps(now).officer_of(unit)
                report_position(unit.callsign, round(lat, 5), round(lon, 5), by=officer, now=now)
        for call in demo_calls.own_calls(self.hands):
            if call.pk not in self.stories and self._is_waiting(call, now):
                self.stories[call.pk] = self.teller.story(call.pk, code=call.type.code if call.type else "")
                self._later("call", now, call_id=call.pk)

    def _is_waiting(self, call: Call, now: datetime) -> bool:
        """Whether a clock of the call rings soon, or one of our units has stood still on it for long."""
        units = queries.open_assignments(call)
        is_stuck = any(a.unit.callsign in self.units and a.since < now - _STUCK for a in units)
        return is_stuck or demo_calls.rings_before(call, now + _RING_SOON)

    def _free(self, now: datetime) -> list[Unit]:
        found = [u for u in queries.units_now(now) if u.unit.callsign in self.units and u.members and u.active is None]
        return [u.unit for u in found if u.unit.primary != "not_available"]

    def _steps(self, now: datetime) -> Steps:
        return Steps(self.hands, self.desk, self.units, speed=self.speed, now=now)

    def _real(self, length: timedelta) -> timedelta:
        return max(length / self.speed, _SHORTEST)

    def _gap(self) -> timedelta:
        return self._real(timedelta(hours=self.chance.expovariate(self.per_hour)))

    def _later(self, what: str, at: datetime, *, call_id: int = 0, tries: int = 0) -> None:
        self._count += 1
        heapq.heappush(self._due, _Due(at, self._count, what, call_id, tries))


def next_look(cities: Iterable[City], now: datetime) -> datetime:
    """Does in every city what is due, and answers when to come again."""
    return min(city.work_until(now) for city in cities)
