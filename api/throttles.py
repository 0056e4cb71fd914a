"""How many requests a token may make: so many in any minute, at once or one after the other.

Counted in Valkey in slices of five seconds; while Valkey is away every process counts for itself.
"""

import math
import time
from functools import lru_cache

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
        token_id: int = request.auth.pk
        earlier = _earlier(token_id, current)
        mine = _count(_name(token_id, current), 1)
        too_many = sum(earlier) + mine - settings.API_REQUESTS_PER_MINUTE
        if too_many <= 0:
            return True
        _count(_name(token_id, current), -1)
        self._wait = _until_spare([*earlier, mine - 1], too_many - 1, now)
        return False

    def wait(self) -> float | None:
        return self._wait


def _name(token_id: int, number: int) -> str:
    return f"throttle:{token_id}:{number}"


@lru_cache(maxsize=4096)
def _earlier(token_id: int, current: int) -> tuple[int, ...]:
    """The counts of the slices before the current one, oldest first. They are over, so that once is enough."""
    names = [_name(token_id, current - age) for age in range(SLICES - 1, 0, -1)]
    found = cache.get_many(names)
    return tuple(int(found.get(name, 0)) for name in names)


def _until_spare(counts: list[int], too_many: int, now: float) -> float:
    """Seconds until enough of the oldest slices have left the minute."""
    ends = SLICE_S - now % SLICE_S
    gone = 0
    for age, count in enumerate(counts):
        gone += count
        if gone > too_many:
            return math.ceil(ends + age * SLICE_S)
    return math.ceil(ends + SLICES * SLICE_S)


def _count(name: str, number: int) -> int:
    """Adds to the count and answers it: who asks counts first, so that no two both have the last request."""
    total: int = cache.count(name, number, timeout=SLICE_S * (SLICES + 1))  # type: ignore[attr-defined]
    return total
