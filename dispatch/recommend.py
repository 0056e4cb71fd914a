"""Which unit should go: free, qualified, nearest by straight line, each with its reasons. Plain Python."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_EARTH_M = 6_371_000.0
_DETOUR = 1.35
_M_PER_S = {"vehicle": 9.0, "bicycle": 4.0, "foot": 1.4}
_SLOWER = {"bicycle": "by bicycle", "foot": "on foot"}
_UNKNOWN_ETA_S = 900
_STALE_S = 600
BUSY = "%(status)s on %(number)s"
_AWAY = "can be called away from %(secondary)s"
_FAR = "%(km)s km in a straight line"
_FAR_OLD = _FAR + ", position is old"


class Words(str):
    """A sentence in English that remembers how it was made, so that a page can say it in another language."""

    __slots__ = ("pattern", "values")
    pattern: str
    values: Mapping[str, str]

    def __new__(cls, pattern: str, **values: str) -> "Words":
        made = super().__new__(cls, pattern % {name: value.replace("_", " ") for name, value in values.items()})
        made.pattern, made.values = pattern, values
        return made


NOTHING = Words("")


@dataclass(frozen=True)
class Need:
    """What a call asks for."""

    lat: float | None = None
    lon: float | None = None
    area: str = ""
    qualification: str = ""


@dataclass(frozen=True)
class Candidate:
    """A unit as it stands now. `busy_with`: what keeps it, in words; `position_age_s`: None without a position.

    `in_danger`: it calls for help, or answers nobody, so that nobody is to be told that it is free.
    """

    callsign: str
    kind: str = "vehicle"
    on_duty: bool = True
    primary: str = "available"
    secondary: str = "available"
    busy_with: Words = NOTHING
    in_danger: bool = False
    stacked: int = 0
    qualifications: frozenset[str] = frozenset()
    area: str = ""
    lat: float | None = None
    lon: float | None = None
    position_age_s: float | None = None


@dataclass(frozen=True)
class Recommendation:
    """`score` is 0-100, `eta_s` seconds or None where no distance is known."""

    unit: str
    score: int
    eta_s: int | None
    reasons: tuple[Words, ...]


@dataclass(frozen=True)
class Shortfall:
    """A unit that cannot be sent now, and why."""

    unit: str
    reason: Words


def rank(need: Need, units: Iterable[Candidate]) -> tuple[list[Recommendation], list[Shortfall]]:
    """Units that could go, best first, and the others with what they lack."""
    fit, short = [], []
    for unit in units:
        lack = shortfall(need, unit)
        if lack:
            short.append(Shortfall(unit.callsign, lack))
        else:
            fit.append(_recommend(need, unit))
    fit.sort(key=lambda r: (-r.score, r.eta_s if r.eta_s is not None else _UNKNOWN_ETA_S, r.unit))
    return fit, sorted(short, key=lambda s: s.unit)


def shortfall(need: Need, unit: Candidate) -> Words:
    """Why `unit` cannot be sent, empty where it can."""
    if not unit.on_duty:
        return Words("not on duty")
    if unit.in_danger:
        return Words("in danger itself")
    if unit.busy_with:
        return unit.busy_with
    if unit.primary == "not_available":
        return Words("not available: %(secondary)s", secondary=unit.secondary)
    if need.qualification and need.qualification not in unit.qualifications:
        return Words("not qualified: %(qualification)s", qualification=need.qualification)
    return NOTHING


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance in metres between two (lat, lon) points in degrees."""
    lat1, lat2 = math.radians(a[0]), math.radians(b[0])
    half = (lat2 - lat1) / 2, math.radians(b[1] - a[1]) / 2
    h = math.sin(half[0]) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half[1]) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(h)))


def _recommend(need: Need, unit: Candidate) -> Recommendation:
    eta, where = _eta(need, unit)
    reasons = [Words("free") if unit.primary == "available" else Words(_AWAY, secondary=unit.secondary)]
    if need.qualification:
        reasons.append(Words("qualified: %(qualification)s", qualification=need.qualification))
    reasons.append(where)
    if unit.kind in _SLOWER:
        reasons.append(Words(_SLOWER[unit.kind]))
    score = 100 - min(60, (eta if eta is not None else _UNKNOWN_ETA_S) // 30)
    if unit.primary != "available":
        score -= 20
    if unit.stacked:
        score -= 5 * unit.stacked
        reasons.append(Words("%(n)s stacked", n=str(unit.stacked)))
    if need.area and unit.area == need.area:
        score += 5
        reasons.append(Words("assigned to %(area)s", area=unit.area))
    return Recommendation(unit.callsign, max(0, min(100, score)), eta, tuple(reasons))


def _eta(need: Need, unit: Candidate) -> tuple[int | None, Words]:
    if need.lat is None or need.lon is None:
        return None, Words("distance unknown: the call has no position")
    if unit.lat is None or unit.lon is None:
        return None, Words("distance unknown: the unit has no position")
    metres = distance_m((need.lat, need.lon), (unit.lat, unit.lon))
    eta = round(metres * _DETOUR / _M_PER_S.get(unit.kind, _M_PER_S["vehicle"]))
    old = unit.position_age_s is not None and unit.position_age_s > _STALE_S
    return eta, Words(_FAR_OLD if old else _FAR, km=f"{metres / 1000:.1f}")
