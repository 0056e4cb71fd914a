"""What the supervisor reviews: how the rules were overridden, each number with its denominator and its calls."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from agencies import hours
from agencies.models import Agency, Member
from calls import queries
from calls.models import Approval, Call, CallType
from calls.pages import CallLine, call_line
from calls.words import label, said
from dispatch import review
from dispatch.review import Reviewed, Tally
from dispatch.words import APPROVAL, WHY_NOT_SENT

DAYS = 28
LONGEST = timedelta(days=400)
LISTED = 200
PRESETS = (7, 28, 90)


@dataclass(frozen=True)
class Period:
    """Whole days of the agency, both included."""

    first: date
    last: date
    start: datetime
    end: datetime

    @property
    def query(self) -> dict[str, str]:
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


@dataclass(frozen=True)
class Number:
    """`part` of `whole`, and where its calls are. `percent` is None where there is nothing to divide by."""

    part: int
    whole: int
    href: str

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole else None


@dataclass(frozen=True)
class Line:
    """A rule, a type or a person, with what became of its calls."""

    key: str
    label: str
    decided: Number
    overridden: Number
    upgraded: Number
    is_doubtful: bool


@dataclass(frozen=True)
class Total:
    label: str
    number: Number
    of: str


@dataclass(frozen=True)
class ReviewPage:
    period: Period
    presets: Sequence[tuple[int, str]]
    calls: int
    totals: Sequence[Total]
    rules: Sequence[Line]
    types: Sequence[Line]
    people: Sequence[Line]
    not_sent: Sequence[Total]
    never_fired: Sequence[tuple[str, str]]
    rule_set: int
    waiting: Sequence[CallLine]
    approvals: Sequence[Total]


def period_of(agency: Agency, first: date | None, last: date | None, now: datetime) -> Period:
    """The days asked for, else the last 28; the other way round and too long ones are put right."""
    here = hours.zone(agency)
    last = last or now.astimezone(here).date()
    first = first or last - timedelta(days=DAYS - 1)
    first, last = min(first, last), max(first, last)
    first = max(first, last - LONGEST)
    start = datetime.combine(first, time(), here)
    return Period(first, last, start, datetime.combine(last + timedelta(days=1), time(), here))


def review_page(viewer: Member, period: Period) -> ReviewPage:
    """Everything about the period."""
    agency = viewer.agency
    calls = review.reviewed(agency, period.start, period.end)
    link = _linker(agency, period)
    words, rules = _rule_words(), queries.rules_in_force()
    names = {row.code: said(row.name) for row in CallType.objects.all()}
    tallies = review.by_rule(calls)
    fired = {tally.key for tally in tallies}
    of_the_set = [item.id for part in (rules.rule_set.disqualifiers, rules.rule_set.rules) for item in part]
    return ReviewPage(
        period=period,
        presets=[(days, _preset(period, days)) for days in PRESETS],
        calls=len(calls),
        totals=_totals(calls, link),
        rules=[_line(t, words.get(t.key, ""), "rule", link) for t in tallies],
        types=[_line(t, names.get(t.key, _("no type")), "type", link) for t in review.by_type(calls)],
        people=[_line(t, t.key or _("nobody"), "who", link) for t in review.by_dispatcher(calls)],
        not_sent=_not_sent(calls, link),
        never_fired=[(key, words[key]) for key in of_the_set if key not in fired],
        rule_set=rules.row.version,
        waiting=[call_line(call, agency.slug) for call in waiting_for_a_yes()],
        approvals=_approvals(period, link),
    )


def waiting_for_a_yes() -> list[Call]:
    """Calls that a supervisor has to approve, the longest waiting first."""
    rows = Approval.objects.filter(answered_at=None).select_related("call__type").order_by("asked_at")
    return [row.call for row in rows]


def chosen_calls(viewer: Member, period: Period, wanted: Mapping[str, str]) -> tuple[list[CallLine], int]:
    """The calls behind a number, and how many there are; the first 200 are listed."""
    ids = _answered(period, wanted["answer"]) if wanted.get("answer") else _reviewed(viewer.agency, period, wanted)
    rows = Call.objects.select_related("type").in_bulk(ids[:LISTED])
    return [call_line(rows[pk], viewer.agency.slug) for pk in ids[:LISTED]], len(ids)


def _reviewed(agency: Agency, period: Period, wanted: Mapping[str, str]) -> list[int]:
    return review.chosen(
        review.reviewed(agency, period.start, period.end),
        what=wanted.get("what", ""),
        rule=wanted.get("rule", ""),
        type_code=wanted.get("type"),
        who=wanted.get("who"),
        why=wanted.get("why", ""),
    )


Link = Callable[..., str]


def _linker(agency: Agency, period: Period) -> Link:
    base = reverse("review-calls", args=[agency.slug])
    return lambda **wanted: f"{base}?{urlencode(period.query | wanted)}"


def _preset(period: Period, days: int) -> str:
    return "?" + urlencode(
        {"from": (period.last - timedelta(days=days - 1)).isoformat(), "to": period.last.isoformat()}
    )


def _totals(calls: Sequence[Reviewed], link: Link) -> list[Total]:
    counts = {
        what: sum(call.is_about(what) for call in calls) for what in ("decided", "overridden", "sent", "upgraded")
    }
    counts |= {what: sum(call.is_about(what) for call in calls) for what in ("eligible", "not_sent")}

    def number(what: str, whole: int) -> Number:
        return Number(counts[what], whole, link(what=what))

    return [
        Total(_("decided"), number("decided", len(calls)), _("calls received")),
        Total(_("overridden"), number("overridden", counts["decided"]), _("calls decided")),
        Total(_("upgraded"), number("upgraded", counts["sent"]), _("calls a CSO was sent to")),
        Total(_("eligible, nobody sent"), number("not_sent", counts["eligible"]), _("eligible calls")),
    ]


def _line(tally: Tally, words: str, kind: str, link: Link) -> Line:
    def number(what: str, part: int, whole: int) -> Number:
        return Number(part, whole, link(**{kind: tally.key, "what": what}))

    return Line(
        key=tally.key,
        label=words,
        decided=number("decided", tally.decided, tally.decided),
        overridden=number("overridden", tally.overridden, tally.decided),
        upgraded=number("upgraded", tally.upgraded, tally.sent),
        is_doubtful=tally.is_doubtful,
    )


def _not_sent(calls: Sequence[Reviewed], link: Link) -> list[Total]:
    reasons = Counter(call.why_not for call in calls if call.is_eligible_not_sent)
    whole = sum(reasons.values())
    return [
        Total(label(WHY_NOT_SENT, why), Number(n, whole, link(what="not_sent", why=why)), _("eligible, nobody sent"))
        for why, n in reasons.most_common()
    ]


def _rule_words() -> dict[str, str]:
    """What every rule, disqualifier and invariant in force says."""
    rules = queries.rules_in_force()
    parts = (rules.rule_set.disqualifiers, rules.rule_set.rules, rules.rule_set.invariants, rules.floor.invariants)
    words = {item.id: said(item.because) for part in parts for item in part}
    return words | {"default": said(rules.rule_set.default.because)}


def _approvals(period: Period, link: Link) -> list[Total]:
    counted = {answer: len(_answered(period, answer)) for answer in APPROVAL}
    whole = len(set(_asked(period).values_list("call_id", flat=True)))
    return [
        Total(label(APPROVAL, answer), Number(n, whole, link(answer=answer)), _("calls that needed a supervisor's yes"))
        for answer, n in counted.items()
        if n
    ]


def _answered(period: Period, answer: str) -> list[int]:
    """The calls for which a supervisor was asked in the period and that had this answer, the latest first."""
    if answer not in APPROVAL:
        return []
    return list(dict.fromkeys(_asked(period).filter(answer=answer).values_list("call_id", flat=True)))


def _asked(period: Period) -> QuerySet[Approval]:
    return Approval.objects.filter(asked_at__gte=period.start, asked_at__lt=period.end).order_by("-asked_at", "-pk")
