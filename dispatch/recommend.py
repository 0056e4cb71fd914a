"""Which unit should go: free, qualified, nearest by straight line, each with its reasons. Plain Python."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_EARTH_M = 6_371_000.0
_DETOUR = 1.35
_M_PER_S = {"vehicle": 9.0, "bicycle": 4.0, "foot": 1.4}
_UNKNOWN_ETA_S = 900
_STALE_S = 600


@dataclass(frozen=True)
class Need:
    """What a call asks for."""

    lat: float | None = None
    lon: float | None = None
    area: str = ""
    qualification: str = ""


@dataclass(frozen=True)
class Candidate:
    """A unit as it stands now. `busy_with`: what keeps it, in words; `position_age_s`: None without a position."""

    callsign: str
    kind: str = "vehicle"
    on_duty: bool = True
    primary: str = "available"
    secondary: str = "available"
    busy_with: str = ""
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
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Shortfall:
    """A unit that cannot be sent now, and why."""

    unit: str
    reason: str


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


def shortfall(need: Need, unit: Candidate) -> str:
    """Why `unit` cannot be sent, empty where it can."""
    if not unit.on_duty:
        return "not on duty"
    if unit.busy_with:
        return unit.busy_with
    if unit.primary == "not_available":
        return f"not available: {unit.secondary.replace('_', ' ')}"
    if need.qualification and need.qualification not in unit.qualifications:
        return f"not qualified: {need.qualification.replace('_', ' ')}"
    return ""


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance in metres between two (lat, lon) points in degrees."""
    lat1, lat2 = math.radians(a[0]), math.radians(b[0])
    half = (lat2 - lat1) / 2, math.radians(b[1] - a[1]) / 2
    h = math.sin(half[0]) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half[1]) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(h)))


def _recommend(need: Need, unit: Candidate) -> Recommendation:
    eta, where = _eta(need, unit)
    reasons = ["free" if unit.primary == "available" else f"can be called away from {unit.secondary.replace('_', ' ')}"]
    if need.qualification:
        reasons.append(f"qualified: {need.qualification.replace('_', ' ')}")
    reasons.append(where)
    score = 100 - min(60, (eta if eta is not None else _UNKNOWN_ETA_S) // 30)
    if unit.primary != "available":
        score -= 20
    if unit.stacked:
        score -= 5 * unit.stacked
        reasons.append(f"{unit.stacked} stacked")
    if need.area and unit.area == need.area:
        score += 5
        reasons.append(f"assigned to {unit.area}")
    return Recommendation(unit.callsign, max(0, min(100, score)), eta, tuple(reasons))


def _eta(need: Need, unit: Candidate) -> tuple[int | None, str]:
    if need.lat is None or need.lon is None:
        return None, "distance unknown: the call has no position"
    if unit.lat is None or unit.lon is None:
        return None, "distance unknown: the unit has no position"
    metres = distance_m((need.lat, need.lon), (unit.lat, unit.lon))
    eta = round(metres * _DETOUR / _M_PER_S.get(unit.kind, _M_PER_S["vehicle"]))
    old = unit.position_age_s is not None and unit.position_age_s > _STALE_S
    return eta, f"{metres / 1000:.1f} km in a straight line" + (", position is old" if old else "")
