"""How many requests a token may make: so many in any minute, at once or one after the other.

Counted in Valkey in slices of five seconds; while Valkey is away every process counts for itself.
"""

import math
import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

SLICE_S, SLICES = 5, 12


class PerToken(BaseThrottle):
    """`settings.API_REQUESTS_PER_MINUTE` pass; a refused request is not counted."""

    _wait: float | None = None

    def allow_request(self, request: Request, view: object) -> bool:
        now = time.time()
        current = int(now // SLICE_S)
        names = [self._name(request, current - age) for age in reversed(range(SLICES))]
        found = cache.get_many(names)
        counts = [int(found.get(name, 0)) for name in names]
        spare = settings.API_REQUESTS_PER_MINUTE - sum(counts)
        if spare <= 0:
            self._wait = _until_spare(counts, -spare, now)
            return False
        _count(names[-1])
        return True

    def wait(self) -> float | None:
        return self._wait

    @staticmethod
    def _name(request: Request, number: int) -> str:
        return f"throttle:{request.auth.pk}:{number}"


def _until_spare(counts: list[int], too_many: int, now: float) -> float:
    """Seconds until enough of the oldest slices have left the minute."""
    ends = SLICE_S - now % SLICE_S
    gone = 0
    for age, count in enumerate(counts):
        gone += count
        if gone > too_many:
            return math.ceil(ends + age * SLICE_S)
    return math.ceil(ends + SLICES * SLICE_S)


def _count(name: str) -> None:
    try:
        cache.incr(name)
    except ValueError:
        if not cache.add(name, 1, timeout=SLICE_S * (SLICES + 1)):
            cache.incr(name)
