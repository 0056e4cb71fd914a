"""What the supervisor sees of a shift: its numbers, each share with its denominator, and what was late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count as CountRows
from django.urls import reverse
from django.utils.translation import gettext as _

from agencies.models import Member
from agencies.permissions import may
from agencies.roles import Operation
from calls.models import CallType, Disposition
from calls.words import ROUTE, Label, label, said
from dispatch import distress, rollups
from dispatch.models import Shift
from dispatch.words import ALARM, FIGURE, LATE, STEP_TIME, WHY_NOT_SENT
from ledger.alarms import MAYDAY
from ledger.models import Alarm


@dataclass(frozen=True)
class Count:
    code: str
    label: str
    n: int


@dataclass(frozen=True)
class Share:
    """`part` of `whole`. `percent` is None where there is nothing to divide by."""

    label: str
    part: int
    whole: int
    whole_label: str
    percent: int | None


@dataclass(frozen=True)
class StepTime:
    """Seconds from one step to another: median and 90th percentile over `n` calls."""

    label: str
    median: str
    p90: str
    n: int


@dataclass(frozen=True)
class LateRow:
    label: str
    number: str
    href: str
    callsign: str
    due_at: datetime
    taken_by: str = ""
    accepted: str = ""
    accepted_at: datetime | None = None


@dataclass(frozen=True)
class ShiftRow:
    id: int
    name: str
    href: str
    starts_at: datetime
    ends_at: datetime
    on_duty: int
    under_way: bool
    signed_off_by: str = ""


@dataclass(frozen=True)
class ShiftPage:
    """One shift. `final` is false while it is under way: then the numbers are as of `counted_at`."""

    row: ShiftRow
    counted_at: datetime | None
    final: bool
    totals: Sequence[Count]
    shares: Sequence[Share]
    by_route: Sequence[Count]
    by_type: Sequence[Count]
    by_disposition: Sequence[Count]
    not_sent: Sequence[Count]
    times: Sequence[StepTime]
    late_shares: Sequence[Share]
    late: Sequence[LateRow]
    roster: Sequence[tuple[str, Sequence[str]]]
    most: int = 1
    sign_off_url: str = ""
    sign_off_note: str = ""


LISTED = 60


def shift_rows(*, viewer: Member, now: datetime) -> list[ShiftRow]:
    """The latest shifts; an officer sees those with the own name on the roster."""
    rows = Shift.objects.annotate(on_duty=CountRows("duties")).select_related("signed_off_by")
    if not may(viewer, Operation.READ_SHIFTS):
        rows = rows.filter(duties__member=viewer)
    return [_row(shift, viewer, now) for shift in rows.order_by("-starts_at", "-pk")[:LISTED]]


def shift_page(shift: Shift, *, viewer: Member, now: datetime) -> ShiftPage:
    """One shift for `viewer`: as counted at its end, or so far."""
    figures, counted_at, final = rollups.current(shift, now)
    by_route = _counts(figures.get("by_route", {}), {code: str(name) for code, name in ROUTE.items()})
    types = {t.code: said(t.name) for t in CallType.objects.all()}
    endings = {d.code: said(d.name) for d in Disposition.objects.all()}
    may_sign = may(viewer, Operation.SIGN_OFF) and shift.signed_off_at is None and shift.ends_at <= now
    return ShiftPage(
        row=_row(shift, viewer, now),
        counted_at=counted_at,
        final=final,
        totals=_totals(figures),
        shares=_shares(figures),
        by_route=by_route,
        by_type=_counts(figures.get("by_type", {}), types, with_codes=True),
        by_disposition=_counts(figures.get("by_disposition", {}), endings, with_codes=True),
        not_sent=_counts(figures.get("eligible_not_sent", {}).get("reasons", {}), _named(WHY_NOT_SENT)),
        times=_times(figures),
        late_shares=[_share(label(LATE, kind), found) for kind, found in figures.get("late", {}).items()],
        late=_late(shift, viewer),
        roster=_roster(shift),
        most=max((count.n for count in by_route), default=1),
        sign_off_url=reverse("shift-sign-off", args=[viewer.agency.slug, shift.pk]) if may_sign else "",
        sign_off_note=shift.sign_off_note,
    )


_FUNNEL = ("eligible", "offered", "sent", "arrived", "closed_by_cso", "upgraded", "upgraded_for_danger")


def _totals(figures: dict[str, Any]) -> list[Count]:
    funnel = figures.get("funnel")
    if not funnel:
        return []
    apart = [("self_initiated", figures["self_initiated"]["calls"]), ("assists", figures["assists"]["calls"])]
    found = [("all", funnel["all"]), *((name, funnel[name]["count"]) for name in _FUNNEL[:6]), *apart]
    return [Count("", label(FIGURE, name), n) for name, n in found]


def _shares(figures: dict[str, Any]) -> list[Share]:
    funnel = figures.get("funnel")
    if not funnel:
        return []
    work = figures["work"]["total"]
    found = [(name, funnel[name]) for name in _FUNNEL]
    found += [("eligible_not_sent", figures["eligible_not_sent"]), ("no_contact", figures["no_contact"])]
    found += [("overrides", figures["overrides"]["calls"]), ("transfers_accepted", figures["transfers"]["accepted"])]
    found += [("handed_back", figures["transfers"]["handed_back"]), ("welfare_answered", work["welfare_answered"])]
    return [_share(label(FIGURE, name), share) for name, share in found]


def _share(words: str, found: dict[str, Any]) -> Share:
    count, of = found["count"], found["of"]
    return Share(words, count, of, _(found["denominator"]), round(100 * count / of) if of else None)


def _times(figures: dict[str, Any]) -> list[StepTime]:
    found = figures.get("times", {})
    return [
        StepTime(str(words), _span(found[name]["median_s"]), _span(found[name]["p90_s"]), found[name]["count"])
        for name, words in STEP_TIME.items()
        if name in found
    ]


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d}"


def _named(labels: Mapping[str, Label]) -> dict[str, str]:
    return {code: str(name) for code, name in labels.items()}


def _row(shift: Shift, viewer: Member, now: datetime) -> ShiftRow:
    return ShiftRow(
        id=shift.pk,
        name=shift.name,
        href=reverse("shift", args=[viewer.agency.slug, shift.pk]),
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        on_duty=getattr(shift, "on_duty", 0),
        under_way=shift.starts_at <= now < shift.ends_at,
        signed_off_by=str(shift.signed_off_by) if shift.signed_off_by else "",
    )


def _counts(found: dict[str, int], names: dict[str, str], *, with_codes: bool = False) -> list[Count]:
    rows = [
        Count(code if with_codes and code in names else "", names.get(code) or code.replace("_", " "), n)
        for code, n in found.items()
    ]
    return sorted(rows, key=lambda count: (-count.n, count.label))


def _late(shift: Shift, viewer: Member) -> list[LateRow]:
    rows = Alarm.objects.filter(raised_at__gte=shift.starts_at, raised_at__lt=shift.ends_at).select_related("taken_by")
    found = list(rows.order_by("raised_at", "pk"))
    transfers = distress.transfers_of([alarm.call_id for alarm in found if alarm.kind == MAYDAY and alarm.call_id])
    asked = {alarm.pk: transfers.get(alarm.call_id or 0) for alarm in found if alarm.kind == MAYDAY}
    return [
        LateRow(
            label=label(ALARM, alarm.kind),
            number=str(alarm.about.get("call", "")),
            href=reverse("call", args=[viewer.agency.slug, alarm.about["call"]]) if alarm.about.get("call") else "",
            callsign=str(alarm.about.get("unit", "")),
            due_at=alarm.due_at or alarm.raised_at,
            taken_by=str(alarm.taken_by) if alarm.taken_by else "",
            accepted=distress.accepted(transfer := asked.get(alarm.pk)),
            accepted_at=transfer.acknowledged_at if transfer else None,
        )
        for alarm in found
    ]


def _roster(shift: Shift) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for duty in shift.duties.select_related("member", "unit").order_by("unit__callsign", "pk"):
        found.setdefault(duty.unit.callsign if duty.unit else str(_(duty.role)), []).append(duty.member.name)
    return list(found.items())
