"""What this process counts of itself for Prometheus. No paths, no words, no people: routes, methods, statuses."""

from prometheus_client import CollectorRegistry, Histogram

registry = CollectorRegistry()
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_requests = Histogram(
    "cso_request_seconds",
    "Requests by method, route and status, and how long they took.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    registry=registry,
)


def count_request(method: str | None, route: str | None, status: int, *, seconds: float) -> None:
    """Counts an answer. What a stranger can invent (a method, a path that leads nowhere) makes no series of its own."""
    known = method if method in _METHODS else "other"
    _requests.labels(known, "nowhere" if route is None else route or "/", str(status)).observe(seconds)
