"""A measured number beside what it is held against, and the table of them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`baseline` is measured in the same run, in the same unit; `limit` is what `value` may be at most, or at least."""

    name: str
    what: str
    value: float
    unit: str
    baseline: float | None = None
    against: str = ""
    limit: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        """None where there is no limit."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_dict(self) -> dict[str, Any]:
        numbers = {name: rounded(getattr(self, name)) for name in ("value", "baseline", "limit")}
        return asdict(self) | numbers | {"holds": self.holds}


def p50(values: Iterable[float]) -> float:
    return median(values)


def p95(values: Iterable[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


def rounded(value: float | None) -> float | None:
    """Three digits are more than two runs agree on."""
    return None if value is None else float(f"{value:.3g}") if abs(value) < 1000 else float(round(value))


def table(figures: Iterable[dict[str, Any]]) -> str:
    """The figures as a table in Markdown."""
    lines = ["| what | measured | beside it | limit | |", "| --- | --- | --- | --- | --- |"]
    for each in figures:
        unit = each["unit"]
        # What a ratio stands beside says its own unit.
        baseline = _shown(each["baseline"], "" if unit == "times" else unit)
        beside = f"{baseline} {each['against']}".strip() if each["against"] else "-"
        sign = "≥" if each["at_least"] else "≤"
        limit = "-" if each["limit"] is None else f"{sign} {_shown(each['limit'], unit)}"
        holds = {None: "", True: "yes", False: "**no**"}[each["holds"]]
        lines.append(f"| {each['what']} | {_shown(each['value'], unit)} | {beside} | {limit} | {holds} |")
    return "\n".join(lines) + "\n"


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:g}"
    return f"{number}{'x' if unit == 'x' else f' {unit}'}".rstrip()
