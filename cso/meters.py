"""What web processes count of themselves for Prometheus. No paths, no words, no people: routes, methods, statuses.

Several behind one port count in files of a folder that they share (PROMETHEUS_MULTIPROC_DIR, which cso/web.py sets), so
that whichever is asked answers for all of them, and for those that ended meanwhile.
"""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from cso.local.processes import look_up

# prometheus_client counts in files where this is set before it is imported.
FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
_own = CollectorRegistry()
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_requests = Histogram(
    "cso_request_seconds",
    "Requests by method, route and status, and how long they took.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    registry=_own,
)
streams_open = Gauge("cso_streams_open", "Streams that are written to.", multiprocess_mode="livesum", registry=_own)


def count_request(method: str | None, route: str | None, status: int, *, seconds: float) -> None:
    """Counts an answer. What a stranger can invent (a method, a path that leads nowhere) makes no series of its own."""
    known = method if method in _METHODS else "other"
    _requests.labels(known, "nowhere" if route is None else route or "/", str(status)).observe(seconds)


def counted() -> CollectorRegistry:
    """What the web processes have counted: all of them where they share a folder, else this one."""
    if not FOLDER:
        return _own
    forget_the_dead(Path(FOLDER))
    everybodys = CollectorRegistry()
    MultiProcessCollector(everybodys, path=FOLDER)  # type: ignore[no-untyped-call]
    return everybodys


def forget_the_dead(folder: Path) -> None:
    """Nobody listens to a process that was killed, whatever it counted last. What it had answered stays counted."""
    for file in folder.glob("gauge_live*_*.db"):
        if look_up(int(file.stem.rpartition("_")[2])) is None:
            file.unlink(missing_ok=True)
