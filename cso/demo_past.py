"""The fortnight behind a demo agency: closed calls with their decisions, assignments and lines of the ledger.

Invented in bulk, because two thousand calls through the actions would take minutes. The decisions are the rules' own;
the rows and lines are what the actions would have left (`tests/cso/test_demo.py` holds the two against each other), and
the lines are numbered by the ledger itself, in the order of time, in one transaction.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from agencies import hours
from agencies.models import Agency, Member
from agencies.roles import Role
from calls.states import CallStatus, Source
from calls.triage import decide as triage
from cso import demo_stories
from cso.demo_case import Case
from cso.demo_ledger import Pages, Period
from cso.demo_stories import Story, Teller
from cso.programmes import Programme
from dispatch.actions import RosterLine
from dispatch.models import Shift, Unit
from dispatch.states import AssignmentStatus

DAYS = 14
PER_DAY = 24
_SHORTEST = timedelta(hours=3)
_SWORN_DESKS = ("Sworn desk, position 2", "Sworn desk, position 4", "Sworn desk, Sgt. on duty")
_WELFARE = timedelta(minutes=20)


def write(programme: Programme, roster: Sequence[RosterLine], *, until: datetime) -> int:
    """Writes the fortnight up to `until` for the agency in scope, which has none yet; answers how many calls."""
    agency = Agency.objects.get()
    pages = Pages(agency)
    past = _Past(programme, agency, pages, roster)
    periods = list(past.periods(until))
    for number, moment in enumerate(past.arrivals(until)):
        past.tell(past.teller.story(number), moment, until)
    pages.write(periods, now=until, signed_by=past.sue)
    return len(pages.calls)


class _Past:
    """Goes through the fortnight in the order of time; a unit that is on a call is busy until it is done."""

    def __init__(self, programme: Programme, agency: Agency, pages: Pages, roster: Sequence[RosterLine]) -> None:
        self.programme, self.agency, self.pages, self.roster = programme, agency, pages, roster
        self.teller = Teller(programme, seed=0)
        self.chance = random.Random(f"{programme.slug} past")  # noqa: S311 - a demonstration
        self.zone = hours.zone(agency)
        self.units = {unit.callsign: unit for unit in Unit.objects.order_by("pk")}
        members = {m.email.partition("@")[0]: m for m in Member.objects.all()}
        self.dora, self.robin, self.sue = members["dora"], members["robin"], members["sue"]
        self.officers = {line.unit: members[line.member.partition("@")[0]] for line in reversed(roster)}
        self.free_at: dict[str, datetime] = {}
        self.on: list[Period] = []

    def periods(self, until: datetime) -> Iterator[Period]:
        """Two shifts a day, an early and a late one that overlap; each unit on one of them."""
        window = self.programme.hours[0]
        opens, closes = time.fromisoformat(window.opens), time.fromisoformat(window.closes)
        callsigns = list(self.units)
        for day in self._days(until):
            start, end = (datetime.combine(day, at, self.zone) for at in (opens, closes))
            for name, begins, ends, share in (
                ("Early shift", start, start + timedelta(hours=9), callsigns[::2]),
                ("Late shift", end - timedelta(hours=9), end, callsigns[1::2]),
            ):
                if min(ends, until) - begins >= _SHORTEST:
                    yield self._period(name, begins, min(ends, until), share)

    def arrivals(self, until: datetime) -> list[datetime]:
        """When calls came in: spread over the hours of the day as published."""
        by_hour = demo_stories.figures()["by_hour"]
        whole = sum(by_hour)
        found = []
        for day in self._days(until):
            for hour, weight in enumerate(by_hour):
                start = datetime.combine(day, time(hour), self.zone)
                expected = PER_DAY * weight / whole
                count = int(expected) + (self.chance.random() < expected % 1)
                found += [
                    (start + timedelta(seconds=self.chance.randrange(3600))).astimezone(UTC) for _ in range(count)
                ]
        return sorted(moment for moment in found if moment < until - timedelta(minutes=5))

    def tell(self, story: Story, at: datetime, until: datetime) -> None:
        """One call from its receipt to its end. One that would not be over by `until` never was."""
        case = Case(self.pages)
        here = [p for p in self.on if p.shift.starts_at <= at < p.shift.ends_at]
        unit = self._free(here, at) if story.intake.source is Source.SELF_INITIATED else None
        if story.intake.source is Source.SELF_INITIATED:
            if unit is None:
                return
            case.begin(story.intake, at=at, by=self.officers[unit.callsign])
            self._found_by(case, story, unit, at)
        else:
            by = self.dora if self.chance.random() < 0.6 else self.robin
            case.begin(story.intake, at=at, by=by)
            self._routed(case, case.decide(on_duty=bool(here)), story)
        if case.is_over and case.now < until:
            case.keep()
            for assignment in case.assignments:
                self.free_at[assignment.unit.callsign] = case.now

    def _routed(self, case: Case, found: triage.Decision, story: Story) -> None:
        moment = case.call.received_at
        if found.route == "sworn":
            case.hand_over(danger=found.priority == 1)
            case.pass_time(story.accept_after)
            case.accept(self.chance.choice(_SWORN_DESKS), f"P{self.chance.randrange(10**5):05d}")
        elif found.route == "referral":
            case.refer()
            case.pass_time(story.assign_after * 5)
            case.close("15")
        elif found.route == "cso":
            opening = hours.next_opening(self.agency, moment) if found.off_hours == "hold" else None
            case.queue(hold_until=opening if opening and opening > moment else None)
            if found.mode == "phone":
                case.pass_time(story.assign_after * 4)
                case.close("05")
            else:
                self._send(case, story, max(moment, opening or moment) + story.assign_after)

    def _send(self, case: Case, story: Story, at: datetime) -> None:
        unit, at = self._next_free(case, at)
        case.pass_time(at - case.now)
        if unit is None or story.is_cancelled:
            case.cancel("10", "The caller rang back: it is settled.")
            return
        case.send(unit)
        self._field(case, story, unit)

    def _field(self, case: Case, story: Story, unit: Unit) -> None:
        case.by = self.officers[unit.callsign]
        is_late = self.chance.random() < 0.06
        case.pass_time(timedelta(minutes=2, seconds=35) if is_late else story.acknowledge_after)
        case.step(AssignmentStatus.ACKNOWLEDGED)
        case.pass_time(story.leave_after)
        case.step(AssignmentStatus.EN_ROUTE)
        case.pass_time(story.travel)
        case.step(AssignmentStatus.ON_SCENE)
        self._on_scene(case, story)

    def _found_by(self, case: Case, story: Story, unit: Unit, at: datetime) -> None:
        case.open_on_scene(unit)
        if case.call.status == CallStatus.ON_SCENE:
            self._on_scene(case, story)
        else:
            case.pass_time(story.accept_after)
            case.accept(_SWORN_DESKS[0], "", by=self.dora)
            case.pass_time(timedelta(minutes=12))
            case.step(AssignmentStatus.CLEARED)

    def _on_scene(self, case: Case, story: Story) -> None:
        left, until_check = story.on_scene, _WELFARE
        if story.note:
            case.pass_time(left * 0.4)
            case.note(story.note)
            until_check, left = until_check - left * 0.4, left * 0.6
        while left > until_check > timedelta():
            is_asked = self.chance.random() < 0.3
            case.pass_time(until_check if is_asked else until_check * 0.8)
            case.answer_welfare(asked=is_asked)
            left, until_check = left - (until_check if is_asked else until_check * 0.8), _WELFARE
        case.pass_time(left)
        if story.is_handed_over:
            case.upgrade()
            case.pass_time(story.accept_after)
            case.accept(_SWORN_DESKS[1], "", by=self.dora)
            case.pass_time(timedelta(minutes=4))
            case.step(AssignmentStatus.CLEARED)
        else:
            case.close(story.ends)

    def _days(self, until: datetime) -> list[date]:
        today = until.astimezone(self.zone).date()
        return [today - timedelta(days=back) for back in range(DAYS, -1, -1)]

    def _period(self, name: str, begins: datetime, ends: datetime, callsigns: list[str]) -> Period:
        roster = [line for line in self.roster if line.unit in callsigns]
        who = self.dora if name.startswith("Early") else self.robin
        roster += [RosterLine(who.email, role=Role.DISPATCHER), RosterLine(self.sue.email, role=Role.SUPERVISOR)]
        shift = Shift(agency=self.agency, name=name, starts_at=begins.astimezone(UTC), ends_at=ends.astimezone(UTC))
        period = Period(shift, roster, [self.units[callsign] for callsign in callsigns])
        self.on.append(period)
        return period

    def _free(self, here: list[Period], at: datetime) -> Unit | None:
        units = [u for p in here for u in p.units if self.free_at.get(u.callsign, at) <= at]
        return self.chance.choice(units) if units else None

    def _next_free(self, case: Case, at: datetime) -> tuple[Unit | None, datetime]:
        """A unit on a shift that is free at `at` or soon after it, else none and when the caller gave up."""
        for later in range(0, 100, 10):
            moment = at + timedelta(minutes=later)
            here = [p for p in self.on if p.shift.starts_at <= moment < p.shift.ends_at - timedelta(minutes=20)]
            fit = [Period(p.shift, p.roster, [u for u in p.units if self._is_fit(u, case)]) for p in here]
            unit = self._free(fit, moment)
            if unit is not None:
                return unit, moment
        return None, at + timedelta(minutes=90)

    def _is_fit(self, unit: Unit, case: Case) -> bool:
        need = case.decision.qualification if case.decision else ""
        trained = next(u.qualifications for u in self.programme.units if u.callsign == unit.callsign)
        return not need or need in trained
