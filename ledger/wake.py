"""Wakes whoever follows an agency's ledger. Best effort: readers look by themselves every 2 s.

A dead or frozen broker must not slow a call down: one short attempt, then none until `_PAUSE` has passed.
"""

import logging
import threading
import time

import redis
from django.conf import settings

_TIMEOUT = 0.2
_PAUSE = 2.0
log = logging.getLogger(__name__)


def channel(agency_id: int) -> str:
    """The broker channel on which an agency's new event numbers are announced."""
    return f"cso:ledger:{agency_id}"


class _Bell:
    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._silent_until = 0.0
        self._lock = threading.Lock()

    def ring(self, agency_id: int, seq: int) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            self._connected().publish(channel(agency_id), seq)
        except (redis.RedisError, OSError) as error:
            self._silent_until = time.monotonic() + _PAUSE
            log.warning("wake-up skipped: %s", type(error).__name__)

    def try_again(self) -> None:
        """Ring from now on, over a new connection: whoever started the broker anew knows that it answers."""
        self._client, self._silent_until = None, 0.0

    def _connected(self) -> redis.Redis:
        with self._lock:
            if self._client is None:
                self._client = redis.Redis.from_url(
                    settings.REDIS_URL, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=None
                )
            return self._client


_bell = _Bell()
ring, try_again = _bell.ring, _bell.try_again
