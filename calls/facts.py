"""The facts that triage reads besides the answers: when, where, what is known of the place, who is on duty."""

import math
from collections.abc import Callable, Container
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from agencies import clocks, hours
from agencies.models import Agency
from agencies.pipeline import ask
from agencies.prepared import unseen
from calls.models import Call, CallType, PremiseFlag
from calls.triage.decide import Case

REACH_M = 46.0
_M_PER_DEGREE = 111_320.0

# Units stand above calls. `dispatch` puts its answer here when it starts; until then nobody is on duty.
ask_on_duty: Callable[[datetime], Callable[[], bool]] = lambda moment: lambda: False  # noqa: E731


def case_of(
    agency: Agency,
    call: Call,
    call_type: CallType | None,
    *,
    around: "Around | None" = None,
) -> Case:
    """The case that triage decides on, from a call (saved or not) and its type.

    Whoever looks at many calls, or has asked ahead, brings what is known `around` it.
    """
    local = call.received_at.astimezone(hours.zone(agency))
    around = around or ask_around(agency, call)()
    facts: dict[str, Any] = {name: value for name, value in call.facts.items() if value is not None}
    return Case(
        type=call_type.code if call_type else None,
        category=call_type.category if call_type else None,
        priority=call.picked_priority or (call_type.priority if call_type else None),
        source=call.source,
        area=call.area or None,
        hour=local.hour,
        weekday=local.isoweekday(),
        holiday=local.date() in _holidays(local.year),
        premise_flag=around.flagged,
        earlier_calls=around.earlier_calls,
        cso_available=around.available,
        answers=dict(call.answers),
        **facts,
    )


class Around(NamedTuple):
    """What is known around a call. Of no place: nothing."""

    flagged: bool
    earlier_calls: int
    available: bool


def ask_around(agency: Agency, call: Call) -> Callable[[], Around]:
    """Whether a flagged place lies within reach or is written the same, how many earlier calls came from there, and
    whether a CSO is on duty. Asks now; what is answered here waits."""
    place, duty = _ask_place(agency, call), ask_on_duty(call.received_at)
    return lambda: Around(*place(), duty())


def _ask_place(agency: Agency, call: Call) -> Callable[[], tuple[bool, int]]:
    box = box_of(call)
    if not call.address.strip() and box.south is None:
        return lambda: (False, 0)
    values = box._asdict() | {"agency": agency.pk, "address": call.address.strip(), "key": call.address_key}
    values |= {"today": call.received_at.astimezone(hours.zone(agency)).date(), "call": call.pk}
    values |= {"until": call.received_at, "since": call.received_at - clocks.allowed(agency, "earlier_calls")}
    fetch = ask(_KNOWN, values)
    return lambda: fetch()[0]


# A UNION, so that each way of being the same place has an index of its own: an OR would read the agency's history. Nor
# is the time to choose the index: PostgreSQL, which keeps this statement's plan, takes any time for a short one.
_KNOWN = unseen("""
SELECT EXISTS (
    SELECT FROM calls_premiseflag
    WHERE agency_id = %(agency)s AND (until IS NULL OR until >= %(today)s)
      AND (%(address)s <> '' AND upper(address) = upper(%(address)s)
           OR lat BETWEEN %(south)s::float8 AND %(north)s::float8 AND lon BETWEEN %(west)s::float8 AND %(east)s::float8)
), (
    SELECT count(*) FROM (
        SELECT id FROM calls_call
        WHERE agency_id = %(agency)s AND received_at BETWEEN %(since)s AND %(until)s
          AND address_key = %(key)s AND NOT address_key = ''
        UNION
        SELECT id FROM calls_call
        WHERE agency_id = %(agency)s AND received_at + interval '0' BETWEEN %(since)s AND %(until)s
          AND lat BETWEEN %(south)s::float8 AND %(north)s::float8 AND lon BETWEEN %(west)s::float8 AND %(east)s::float8
    ) AS there
    WHERE id IS DISTINCT FROM %(call)s::bigint
)
""")


class Box(NamedTuple):
    """Degrees around a point: a coarse filter that an index serves. None everywhere: no point is inside."""

    south: float | None = None
    north: float | None = None
    west: float | None = None
    east: float | None = None

    def holds(self, lat: float | None, lon: float | None) -> bool:
        if None in (lat, lon, *self):
            return False
        south, north, west, east = (float(edge or 0) for edge in self)
        return south <= float(lat or 0) <= north and west <= float(lon or 0) <= east

    @classmethod
    def around(cls, lat: float, lon: float, metres: float) -> "Box":
        """The box that reaches `metres` from the point in each direction."""
        d_lat = metres / _M_PER_DEGREE
        d_lon = metres / (_M_PER_DEGREE * max(0.01, math.cos(math.radians(lat))))
        return cls(lat - d_lat, lat + d_lat, lon - d_lon, lon + d_lon)


def flagged_places() -> Callable[[Call], bool]:
    """Whether a call was at a place that is flagged now, for many calls: the flags are read once."""
    flags = list(PremiseFlag.objects.all())
    names = {flag.address.strip().upper() for flag in flags if flag.address.strip()}
    boxes = [Box.around(f.lat, f.lon, REACH_M) for f in flags if f.lat is not None and f.lon is not None]
    return lambda call: call.address.strip().upper() in names or any(box.holds(call.lat, call.lon) for box in boxes)


def box_of(call: Call) -> Box:
    """Within reach of the call's position, if it has one."""
    return Box.around(call.lat, call.lon, REACH_M) if call.lat is not None and call.lon is not None else Box()


@lru_cache(maxsize=16)
def _holidays(year: int) -> Container[date]:
    import holidays  # a tenth of a start, and only who decides calls needs it

    days: Container[date] = holidays.country_holidays("US", years=year)
    return days
