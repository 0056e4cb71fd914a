"""Reading calls, types and rules. Every read starts in the agency's scope."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import clocks
from agencies.errors import Invalid, NotFound
from agencies.models import Agency
from agencies.pipeline import ask
from agencies.prepared import unseen
from agencies.scope import current_agency_id
from calls import facts
from calls.models import Call, CallType, Disposition, RuleSet, SafetyFloor
from calls.states import ENDED
from calls.triage import floor as floors
from calls.triage import rules


@dataclass(frozen=True, eq=False)
class Rules:
    """What triage decides by: the published rule set and the safety floor, as rows and ready to use."""

    row: RuleSet
    floor_row: SafetyFloor
    rule_set: rules.RuleSet
    floor: floors.Floor


def rules_in_force(at: datetime | None = None) -> Rules:
    """The rule set that decides at that moment (default: now) and the latest floor of the agency in scope."""
    found = _kept(current_agency_id(), _stamp()).rules
    if not found:
        raise NotFound(_("This agency has no published rules yet: an administrator has to publish some first."))
    moment = at or timezone.now()
    begun = [rules for rules in found if rules.row.since is not None and rules.row.since <= moment]
    return begun[-1] if begun else found[0]


def published(row: RuleSet, floor_row: SafetyFloor, types: Collection[str]) -> Rules:
    """The rows ready to use."""
    # A floor in force may name a type that was retired since: that type is held back, the others go on.
    floor = replace(floors.parse_floor(floor_row.document), types=frozenset(types))
    return Rules(row=row, floor_row=floor_row, rule_set=rules.parse(row.document), floor=floor)


def floor_in_force() -> SafetyFloor:
    """The latest floor that two people agreed on, or that the agency was made with."""
    found = SafetyFloor.objects.exclude(approved_by=None, version__gt=1).order_by("-version").first()
    if found is None:
        raise NotFound(_("This agency has no safety floor yet."))
    return found


def call_type(code: str | None) -> CallType | None:
    """The type with this code, None for no code; `Invalid` for a code that is not in use."""
    if not code:
        return None
    found = _kept(current_agency_id(), _stamp()).types.get(code)
    if found is None:
        raise Invalid(errors={"type": [_("There is no call type %(code)s.") % {"code": code}]})
    return found


def disposition(code: str, *, field: str = "disposition") -> Disposition:
    """The disposition with this code; `Invalid` for one that this agency does not offer."""
    found = Disposition.objects.filter(code=code, offered=True).first()
    if found is None:
        raise Invalid(errors={field: [_("There is no disposition %(code)s here.") % {"code": code}]})
    return found


def call_by_number(number: str) -> Call:
    """The call with this number in the agency in scope, with its type and decision; `NotFound` otherwise."""
    found = Call.objects.select_related("type", "decision", "disposition").filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no call %(number)s.") % {"number": number})
    return found


def locked_call(call_id: int) -> Call:
    """The call, locked until the transaction ends. Always the first lock."""
    if lock_calls([call_id]) == []:
        raise NotFound(_("There is no such call."))
    return Call.objects.select_related("type", "decision").get(pk=call_id)


def lock_calls(ids: Collection[int], *, skip_locked: bool = False, most: int | None = None) -> list[int]:
    """Locks calls in the order of their ids; answers the ids of those it has.

    They are read after that, by another statement: one that waited for a lock gives the row as it has become, but
    joins it to what the row referred to before, and finds no type or decision where these were changed meanwhile.
    """
    rows = Call.objects.select_for_update(skip_locked=skip_locked).filter(pk__in=ids).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:most])


class HeldCall(NamedTuple):
    """A call that is locked, as far as a clock has to know it."""

    pk: int
    number: str
    status: str


_HOLD = """
SELECT id, number, status FROM calls_call WHERE agency_id = %s AND id = ANY(%s::bigint[])
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""


def hold_free_calls(ids: Collection[int], *, most: int) -> dict[int, HeldCall]:
    """Locks calls that nobody else holds, in the order of their ids; as nobody is waited for, they are read at once."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [current_agency_id(), list(ids), most])
        return {row[0]: HeldCall(*row) for row in cursor.fetchall()}


def open_calls() -> QuerySet[Call]:
    """Calls that are not at their end, undecided ones first, then by priority and age."""
    rows = _open().select_related("type", "decision")
    return rows.order_by("priority", "received_at", "pk")


def possible_duplicates(agency: Agency, call: Call) -> list[Call]:
    """Open calls near this one in place and time, of the same family of type (or of none yet)."""
    numbers = ask_duplicates(agency, call)()
    rows = Call.objects.filter(number__in=numbers).select_related("type", "decision").order_by("-received_at")
    return list(rows) if numbers else []


def ask_duplicates(agency: Agency, call: Call) -> Callable[[], list[str]]:
    """The numbers of the same. Asks now; what is answered here waits."""
    box = facts.box_of(call)
    if not call.address_key and box.south is None:
        return list
    window = clocks.allowed(agency, "duplicate_window")
    given: dict[str, Any] = {
        "agency": agency.pk,
        "since": call.received_at - window,
        "until": call.received_at + window,
    }
    given |= {"call": call.pk or 0, "family": call.type.family if call.type else None, "key": call.address_key}
    fetch = ask(_DUPLICATES, given | box._asdict())
    return lambda: [number for (number,) in fetch()]


# Where nothing is known of a thing, nothing is near by it: NULL is between nothing. Time and status are no conditions
# for an index: PostgreSQL, which keeps this statement's plan, would take a window of any length for a short one, and as
# many open calls as there may be by now for the few that there were.
_DUPLICATES = unseen("""
SELECT call.number FROM calls_call AS call
LEFT JOIN calls_calltype AS type ON type.agency_id = call.agency_id AND type.id = call.type_id
WHERE call.agency_id = %(agency)s AND call.status || '' NOT IN ('closed', 'cancelled') AND call.id <> %(call)s
  AND call.received_at + interval '0' BETWEEN %(since)s AND %(until)s
  AND (type.family IS NULL OR type.family = coalesce(%(family)s::text, type.family))
  AND (call.address_key = %(key)s AND NOT call.address_key = ''
       OR call.lat BETWEEN %(south)s::float8 AND %(north)s::float8
          AND call.lon BETWEEN %(west)s::float8 AND %(east)s::float8)
ORDER BY call.received_at DESC LIMIT 5
""")


def _open() -> QuerySet[Call]:
    """Said as the partial index `open_calls` says it, so that history does not matter."""
    return Call.objects.exclude(status__in=[s.value for s in ENDED])


@dataclass(frozen=True)
class _Kept:
    """What was read of an agency's rules. `types`: those in use, by code. `rules`: the published versions, those that
    take over later last; empty where nothing is published."""

    types: dict[str, CallType]
    rules: tuple[Rules, ...]


@lru_cache(maxsize=256)
def _kept(agency_id: int, stamp: int) -> _Kept:
    """Read once for each stamp: the database moves it with every change of types, rule sets and floors."""
    types = {row.code: row for row in CallType.objects.filter(agency_id=agency_id, retired_at=None)}
    rows = RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED)
    rows = rows.order_by(Coalesce("effective_from", "published_at"), "version")
    floor_row = SafetyFloor.objects.exclude(approved_by=None, version__gt=1).order_by("-version").first()
    if floor_row is None:
        return _Kept(types, ())
    return _Kept(types, tuple(published(row, floor_row, types) for row in rows))


_of_one_moment: ContextVar[int | None] = ContextVar("cso_rules_stamp", default=None)


@contextmanager
def rules_of_one_moment(stamp: int | None = None) -> Iterator[None]:
    """Types and rules that are asked for in here belong together, also where some are published meanwhile.

    `stamp`: what `ask_stamp` answered, where it was asked ahead.
    """
    token = _of_one_moment.set(_stamp() if stamp is None else stamp)
    try:
        yield
    finally:
        _of_one_moment.reset(token)


def _stamp() -> int:
    known = _of_one_moment.get()
    return ask_stamp()() if known is None else known


def ask_stamp() -> Callable[[], int]:
    """The number that moves with every change of types, rules and floor. Asks now; what is answered here waits."""
    fetch = ask("SELECT rules_stamp FROM agencies_agency WHERE id = %s", [current_agency_id()])
    return lambda: int(fetch()[0][0])
