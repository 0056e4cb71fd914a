"""Puts past calls through intake and triage, as the doors do, and counts what becomes of them."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from agencies.errors import Invalid
from agencies.models import Agency
from calls import routing
from calls.actions import draft_call
from calls.intake import Intake, check_intake
from calls.models import Call
from calls.triage.decide import Decision
from tests.conftest import USUAL
from tests.room import ROOT

DATA = ROOT.parent / "shared" / "data"
Row = Mapping[str, str]


@dataclass(frozen=True)
class PastCall:
    """A row that is a request for service. `type_code` is empty where none of our types says what the city's does."""

    line: int
    number: str
    received_at: datetime
    type_code: str
    city_type: str
    address: str
    answers: dict[str, str]

    def order(self) -> Intake:
        return Intake(
            type_code=self.type_code or None,
            address=self.address,
            narrative=self.city_type,
            answers=self.answers,
            external=(("CAD", self.number),),
            occurred_at=self.received_at,
        )


@dataclass(frozen=True)
class Rejected:
    line: int
    reason: str


@dataclass
class Outcome:
    """What became of a file. `routes` counts decisions as they stood with what the row tells (`open`: still undecided);
    `if_no` what the open ones would be if the caller said no to everything that is left to ask."""

    rows: int = 0
    routes: Counter[str] = field(default_factory=Counter)
    if_no: Counter[str] = field(default_factory=Counter)
    open_for_the_type: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    decided: list[tuple[PastCall, Decision]] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return sum(self.routes.values())

    def lines(self, name: str) -> Iterator[str]:
        """The shares in words, each with its denominator."""
        reasons = Counter(r.reason.partition(":")[0] for r in self.rejected)
        yield f"{name}: {self.rows:,} rows = {self.calls:,} calls + {len(self.rejected):,} rejected {dict(reasons)}"
        for route in ("sworn", "cso", "referral", "open"):
            yield f"  {route:8} {_share(self.routes[route], self.calls)} of calls, by what the row tells alone"
        yield f"  {'no type':8} {_share(self.open_for_the_type, self.calls)} of calls are open for want of such a type"
        for route in ("cso", "referral", "sworn", "open"):
            yield f"  at most  {_share(self.if_no[route], self.calls)} of calls more: {route} if all answers were no"


def rows_of(file: str) -> Iterator[Row]:
    with gzip.open(DATA / file, "rt", encoding="utf-8-sig", newline="") as text:
        yield from csv.DictReader(text)


def replay(agency: Agency, rows: Iterable[PastCall | Rejected]) -> Outcome:
    """Every row becomes a call with a decision, or is rejected with its reason. Nothing is stored."""
    outcome = Outcome()
    for row in rows:
        outcome.rows += 1
        if isinstance(row, Rejected):
            outcome.rejected.append(row)
            continue
        try:
            call, decision = _decide(agency, row.order(), row.received_at)
        except Invalid as refused:
            outcome.rejected.append(Rejected(row.line, _words(refused)))
            continue
        outcome.decided.append((row, decision))
        outcome.routes[decision.route or "open"] += 1
        if decision.route is None:
            outcome.open_for_the_type += call.type is None
            outcome.if_no[_if_no(agency, row).route or "open"] += 1
    return outcome


def _decide(agency: Agency, order: Intake, at: datetime) -> tuple[Call, Decision]:
    """As POST /triage does; the moment of the call stands in for now."""
    check_intake(order, now=at)
    call = draft_call(agency, order, now=at)
    return call, routing.preview(agency, call)[0]


def _if_no(agency: Agency, row: PastCall) -> Decision:
    """As if the caller said no to every question that is open. Without its place: no place is known here anyway."""
    calm = replace(row.order(), address="", answers=dict.fromkeys(USUAL, "no") | row.answers)
    return routing.preview(agency, draft_call(agency, calm, now=row.received_at))[0]


def _words(refused: Invalid) -> str:
    return "; ".join(f"{name}: {', '.join(said)}" for name, said in refused.errors.items())


def _share(count: int, of: int) -> str:
    return f"{count:6,} of {of:6,} ({count / of:6.1%})" if of else f"{count} of 0"


def exists(file: str) -> bool:
    return Path(DATA / file).is_file()
