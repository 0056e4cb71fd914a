"""Each agency: what it needs to work, and what of its own is left undone."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Max, Min

from agencies import doors
from agencies.models import Agency, Member
from agencies.roles import Role
from agencies.scope import agency_scope
from calls.models import Call, RuleSet
from cso.doctor.findings import MANAGE, Finding, ago, note, ok, wrong
from dispatch.models import Shift, Unit
from ledger.models import Cursor, Deadline, Delivery, Event

# A sweep comes every second; what is this late was missed by whoever sweeps.
LATE = timedelta(seconds=15)
LATE_DELIVERY = timedelta(minutes=5)
LATELY = timedelta(days=2)


def look(now: datetime) -> Iterator[Finding]:
    ids = doors.agency_ids()
    if not ids:
        yield note("agencies", "There are no agencies yet.", f"{MANAGE} create_agency SLUG --name N --time-zone Z")
    for agency_id in ids:
        with agency_scope(agency_id):
            agency = Agency.objects.get()
            found = [*_needs(agency), *_overdue(agency, now), *_untold(agency, now), *_ledger(agency)]
        yield from found or [
            ok(f"agency {agency.slug}", f"{agency.name} has what it needs, and nothing is left undone")
        ]


def _needs(agency: Agency) -> Iterator[Finding]:
    part = f"agency {agency.slug}"
    if not RuleSet.objects.filter(status="published").exists():
        yield wrong(
            part,
            f"{agency.name} has no published rule set: every call goes to sworn.",
            "An administrator drafts one, and another member publishes it.",
        )
    # What an agency lacks before its first shift is a step to take; from then on it is a fault.
    lacks = wrong if Shift.objects.exists() or Call.objects.exists() else note
    yield from _people(agency, lacks)
    if not Unit.objects.exists():
        yield lacks(part, f"{agency.name} has no units: nobody can be sent.", "An administrator adds its callsigns.")
    if not agency.round_the_clock_number:
        yield lacks(
            part,
            f"{agency.name} has no 24-hour number: an alarm that finds nobody on duty ends nowhere.",
            f"{MANAGE} round_the_clock {agency.slug} NUMBER, a telephone that is always answered.",
        )
    try:
        ZoneInfo(agency.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield wrong(
            part,
            f"This machine does not know {agency.name}'s time zone {agency.time_zone}: its pages cannot be shown.",
            "Install the system's time zones (Debian: tzdata), or correct the agency's.",
        )


def _people(agency: Agency, lacks: Callable[[str, str, str], Finding]) -> Iterator[Finding]:
    part = f"agency {agency.slug}"
    invite = f"{MANAGE} invite {agency.slug} EMAIL --name NAME --role"
    held = {role for roles in Member.objects.filter(active=True).values_list("roles", flat=True) for role in roles}
    missing = [role.value for role in Role if role not in held]
    if not Member.objects.exists():
        yield note(part, f"{agency.name} is made and has nobody yet: let its people in.", f"{invite} {missing[0]}")
    elif missing:
        yield (lacks if Role.DISPATCHER in missing else note)(
            part, f"{agency.name} has no {' and no '.join(missing)}.", f"{invite} {missing[0]}"
        )


def _overdue(agency: Agency, now: datetime) -> Iterator[Finding]:
    late = Deadline.objects.filter(state=Deadline.State.ARMED, due_at__lt=now - LATE)
    first: datetime | None = late.aggregate(first=Min("due_at"))["first"]
    if first is not None:
        yield wrong(
            f"agency {agency.slug}",
            f"Deadlines of {agency.name} that are overdue and that nobody has swept: {late.count()}, the oldest for "
            f"{ago((now - first).total_seconds())}.",
            "See worker, beat and clock above. Where those are well, the log of the worker names the deadline and why.",
        )


def _untold(agency: Agency, now: datetime) -> Iterator[Finding]:
    failed = Delivery.objects.filter(state=Delivery.State.FAILED, next_at__gt=now - LATELY).order_by("-next_at")
    last = failed.first()
    if last is not None:
        yield wrong(
            f"agency {agency.slug}",
            f"Messages of {agency.name} that could not be delivered in the last two days: {failed.count()}, the last "
            f"by {last.channel} ({last.fault}).",
            "Check the address and EMAIL_URL, and tell those people by telephone: failed messages are not sent again.",
        )
    waiting = Delivery.objects.filter(
        state__in=[Delivery.State.WAITING, Delivery.State.LEASED], next_at__lt=now - LATE_DELIVERY
    )
    trying = Delivery.objects.filter(state=Delivery.State.WAITING, attempts__gt=1, next_at__gte=now - LATE_DELIVERY)
    for rows, how in ((waiting, "wait, and nobody tries to send them"), (trying, "were tried in vain")):
        if count := rows.count():
            fault = rows.exclude(fault="").values_list("fault", flat=True).first()
            yield wrong(
                f"agency {agency.slug}",
                f"Messages of {agency.name} that {how}: {count}{f' ({fault})' if fault else ''}.",
                "See worker above; then ask the mail server named in EMAIL_URL.",
            )


def _ledger(agency: Agency) -> Iterator[Finding]:
    counted = Cursor.objects.filter(agency=agency).values_list("last_seq", flat=True).first() or 0
    written = Event.objects.aggregate(last=Max("seq"))["last"] or 0
    if counted != written:
        yield wrong(
            f"agency {agency.slug}",
            f"{agency.name}'s ledger ends at {written} and its counter at {counted}: events are missing.",
            "Stop the site, keep a copy of the database, and restore the last backup that has them.",
        )
