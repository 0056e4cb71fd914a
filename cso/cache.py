"""A cache in Valkey that goes on in this process's memory while Valkey is away."""

import time
from typing import Any

import redis
import structlog
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
LEFT_ALONE_S = 5.0


class _Client(RedisCacheClient):
    """Django makes a client for each command, which takes longer than the command."""

    _kept: redis.Redis | None = None

    def get_client(self, key: "str | bytes | memoryview[int] | None" = None, *, write: bool = False) -> redis.Redis:
        if self._kept is None:
            self._kept = super().get_client(key, write=write)
        return self._kept


class _Valkey(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client

    def count(self, name: str, number: int, *, timeout: float) -> int:
        """In one command, but for the first; `incr` asks whether the count is there, each time."""
        key = self.make_and_validate_key(name)
        valkey = self._cache.get_client(key, write=True)
        total = int(valkey.incrby(key, number))
        if total == number:
            valkey.expire(key, int(timeout))
        return total


class _Memory(LocMemCache):
    def count(self, name: str, number: int, *, timeout: float) -> int:
        self.add(name, 0, timeout=timeout)
        return int(self.incr(name, number))


class ValkeyOrMemory(BaseCache):
    """Each call asks Valkey; when it does not answer, memory answers, and Valkey is left alone for a while.

    What memory holds is this process's own: a throttle counts per process meanwhile, which is better than not at all.
    """

    _silent_until = 0.0  # of the process, not of one thread's instance: one thread's time-out spares the others theirs

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._valkey = _Valkey(server, params)
        self._memory = _Memory("valkey-is-away", {**params, "OPTIONS": {}})

    @classmethod
    def wake(cls) -> None:
        """Ask Valkey again from now on."""
        cls._silent_until = 0.0

    def _ask(self, verb: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 whatever the cache holds
        if time.monotonic() >= ValkeyOrMemory._silent_until:
            try:
                return getattr(self._valkey, verb)(*args, **kwargs)
            except (RedisError, OSError) as error:
                ValkeyOrMemory._silent_until = time.monotonic() + LEFT_ALONE_S
                log.warning("valkey_away", error=type(error).__name__, seconds=LEFT_ALONE_S)
        return getattr(self._memory, verb)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("add", *args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("touch", *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("delete", *args, **kwargs))

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(self._ask("get_many", *args, **kwargs))

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        return list(self._ask("set_many", *args, **kwargs))

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._ask("delete_many", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("has_key", *args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return int(self._ask("incr", *args, **kwargs))

    def count(self, name: str, number: int, *, timeout: float) -> int:
        """Adds to a count, which begins at 0 and is forgotten after `timeout` seconds; answers what it is then."""
        return int(self._ask("count", name, number, timeout=timeout))

    def clear(self) -> None:
        self._ask("clear")
