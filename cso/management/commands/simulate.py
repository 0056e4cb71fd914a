"""Plays live calls in demo agencies until it is told to stop."""

import signal
import threading
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from agencies import doors
from cso import demo, programmes, simulation

_MOST_PER_HOUR, _FASTEST = 600, 60
_LONGEST_WAIT_S, _DATABASE_AWAY_S = 5.0, 2.0


class Command(BaseCommand):
    help = "Plays live calls in demo agencies: units move and answer. Refuses agencies that are not demonstrations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("agency", nargs="*", help=f"slugs; none: {', '.join(demo.AGENCIES)}")
        parser.add_argument("--calls-per-hour", type=float, default=12.0, help="simulated calls in a simulated hour")
        parser.add_argument("--speed", type=float, default=2.0, help="simulated minutes that pass in one real minute")
        parser.add_argument("--minutes", type=float, help="ends after so many real minutes; without it, when stopped")
        parser.add_argument("--seed", type=int, default=1, help="the same seed, the same stories")
        parser.add_argument("--after", type=float, default=0.0, help="seconds to wait before anything is done")

    def handle(self, *_: Any, **options: Any) -> None:
        if not 0 < options["calls_per_hour"] <= _MOST_PER_HOUR:
            raise CommandError(f"--calls-per-hour must be above 0 and at most {_MOST_PER_HOUR}.")
        if not 1 <= options["speed"] <= _FASTEST:
            raise CommandError(f"--speed must be from 1 to {_FASTEST}: slower, nobody would answer the clocks in time.")
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: _stop(stopping, number, frame))
        if stopping.wait(options["after"]):
            return
        cities = [self._city(slug, options) for slug in options["agency"] or demo.AGENCIES]
        self._play(cities, stopping, minutes=options["minutes"])
        ended = sum(city.end(timezone.now()) for city in cities)
        self.stdout.write(f"Stopped; {ended} simulated calls were brought to an end.")

    def _city(self, slug: str, options: dict[str, Any]) -> simulation.City:
        agency_id = doors.agency_by_slug(slug)
        if agency_id is None:
            raise CommandError(f"There is no agency {slug}.")
        if slug not in demo.AGENCIES:
            raise CommandError(f"{slug} is not a demonstration: nothing is simulated there.")
        city = simulation.City(
            agency_id,
            programmes.read(slug),
            per_hour=options["calls_per_hour"],
            speed=options["speed"],
            seed=options["seed"],
        )
        try:
            city.begin(timezone.now())
        except simulation.NotADemo as error:
            raise CommandError(str(error)) from error
        return city

    def _play(self, cities: list[simulation.City], stopping: threading.Event, *, minutes: float | None) -> None:
        until = time.monotonic() + minutes * 60 if minutes is not None else float("inf")
        wait = 0.0
        while not stopping.wait(min(wait, max(0.0, until - time.monotonic()))) and time.monotonic() < until:
            now = timezone.now()
            try:
                due = simulation.next_look(cities, now)
            except (OperationalError, InterfaceError) as error:
                # PostgreSQL restarts: what was under way is looked at again when it is back.
                self.stderr.write(f"The database is away ({type(error).__name__}); trying again.")
                connection.close()
                wait = _DATABASE_AWAY_S
            else:
                wait = min(max((due - now).total_seconds(), 0.05), _LONGEST_WAIT_S)


def _stop(stopping: threading.Event, number: int, frame: FrameType | None) -> None:
    stopping.set()
