"""A draft tried on the agency's own past calls before it is published: which would move, and when they came in.

Both versions read the same columns. CSOs count as on duty while the programme is open, and a place's earlier calls are
those among the calls looked at: what the calls themselves no longer tell.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from agencies import hours
from agencies.models import Agency
from calls import queries
from calls.facts import Around, case_of, flagged_places
from calls.models import Call
from calls.triage import rules
from calls.triage.columns import frame_of
from calls.triage.evaluate import Case
from calls.triage.vectorise import vectorise

MOST = 2_000
LISTED = 50
UNDECIDED = "undecided"


@dataclass(frozen=True)
class Moved:
    """One past call that would go elsewhere."""

    number: str
    type_code: str
    received_at: datetime
    before: str
    after: str
    rule: str


@dataclass(frozen=True)
class Preview:
    """What the draft changes for `calls` calls since `since`. `moves`: from, to, how many. `by_hour`: 24 counts of the
    moved ones; `work` how long those took from receipt to their end."""

    calls: int
    since: datetime | None
    moves: Sequence[tuple[str, str, int]]
    moved: Sequence[Moved]
    count: int
    by_hour: Sequence[int]
    work: timedelta

    @property
    def hours(self) -> int:
        return round(self.work / timedelta(hours=1))


def preview(agency: Agency, draft: rules.RuleSet) -> Preview:
    """The latest calls through the rules in force and through the draft, both against the floor in force."""
    found = queries.rules_in_force()
    rows = list(_calls())
    frame = frame_of(_cases(agency, rows))
    old = vectorise(found.rule_set, found.floor, frame, cannot_say=True)
    new = vectorise(draft, found.floor, frame, cannot_say=True)
    both = pl.DataFrame({"before": old["route"].cast(pl.String), "after": new["route"].cast(pl.String)})
    both = both.with_columns(new["decided_id"].cast(pl.String).alias("rule")).with_row_index("n")
    moved = both.filter(pl.col("before") != pl.col("after"))
    zone = hours.zone(agency)
    rows_moved = [rows[n] for n in moved["n"]]
    at = Counter(row.received_at.astimezone(zone).hour for row in rows_moved)
    pairs = Counter(zip(moved["before"], moved["after"], strict=True))
    return Preview(
        calls=len(rows),
        since=rows[-1].received_at if rows else None,
        moves=[(before, after, n) for (before, after), n in pairs.most_common()],
        moved=[_moved(row, line) for row, line in zip(rows_moved, moved.iter_rows(named=True), strict=True)][:LISTED],
        count=len(rows_moved),
        by_hour=[at[hour] for hour in range(24)],
        work=sum(((row.closed_at - row.received_at) for row in rows_moved if row.closed_at), timedelta()),
    )


def _calls() -> Sequence[Call]:
    rows = Call.objects.exclude(source="self_initiated").select_related("type").order_by("-received_at", "-pk")
    return list(rows.defer("narrative", "caller_name", "caller_phone", "closing_comment")[:MOST])


def _moved(row: Call, line: dict[str, str]) -> Moved:
    code = row.type.code if row.type else ""
    return Moved(row.number, code, row.received_at, line["before"], line["after"], line["rule"])


def _cases(agency: Agency, rows: Sequence[Call]) -> list[Case]:
    """As for a new call, but for what would need a query for each."""
    flagged, seen = flagged_places(), Counter[str]()
    found = []
    for row in reversed(rows):
        earlier = seen[row.address_key] if row.address_key else 0
        seen[row.address_key] += 1
        around = Around(flagged(row), earlier, available=hours.is_open(agency, row.received_at))
        found.append(case_of(agency, row, row.type, around=around))
    return found[::-1]
