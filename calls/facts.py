"""The facts that triage reads besides the answers: when, where, what is known of the place, who is on duty."""

import math
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import holidays
from django.db.models import Q

from agencies import clocks, hours
from agencies.models import Agency
from calls.models import Call, CallType, PremiseFlag
from calls.triage.decide import Case

REACH_M = 46.0
_M_PER_DEGREE = 111_320.0

# Units stand above calls. `dispatch` puts its answer here when it starts; until then nobody is on duty.
on_duty: Callable[[datetime], bool] = lambda moment: False  # noqa: E731


def case_of(agency: Agency, call: Call, call_type: CallType | None) -> Case:
    """The case that triage decides on, from a call (saved or not) and its type."""
    local = call.received_at.astimezone(hours.zone(agency))
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
        premise_flag=premise_flagged(call, local.date()),
        earlier_calls=_earlier_calls(agency, call),
        cso_available=on_duty(call.received_at),
        answers=dict(call.answers),
        **facts,
    )


def premise_flagged(call: Call, today: date) -> bool:
    """Whether a flagged place lies within reach of the call, or is written the same. Without a place: no."""
    places = Q()
    if call.address.strip():
        places |= Q(address__iexact=call.address.strip())
    if call.lat is not None and call.lon is not None:
        places |= near(call.lat, call.lon, REACH_M)
    current = PremiseFlag.objects.filter(Q(until=None) | Q(until__gte=today))
    return bool(places) and current.filter(places).exists()


def near(lat: float, lon: float, metres: float) -> Q:
    """Rows with `lat` and `lon` inside a box of `metres` around a point: a coarse filter that an index serves."""
    d_lat = metres / _M_PER_DEGREE
    d_lon = metres / (_M_PER_DEGREE * max(0.01, math.cos(math.radians(lat))))
    return Q(lat__range=(lat - d_lat, lat + d_lat), lon__range=(lon - d_lon, lon + d_lon))


def same_place(call: Call) -> list[Q]:
    """Calls at the same place, as one condition for each index that serves it: the address, and the position."""
    places = []
    if call.address_key:
        places.append(Q(address_key=call.address_key))
    if call.lat is not None and call.lon is not None:
        places.append(near(call.lat, call.lon, REACH_M))
    return places


def _earlier_calls(agency: Agency, call: Call) -> int:
    since = call.received_at - clocks.allowed(agency, "earlier_calls")
    rows = Call.objects.filter(received_at__range=(since, call.received_at)).exclude(pk=call.pk)
    # One query for each place: an OR over two indexes would read the agency's history instead.
    return len({pk for place in same_place(call) for pk in rows.filter(place).values_list("pk", flat=True)})


@lru_cache(maxsize=16)
def _holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("US", years=year)
