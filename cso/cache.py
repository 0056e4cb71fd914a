"""A cache in Valkey that goes on in this process's memory while Valkey is away."""

import time
from typing import Any

import structlog
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
LEFT_ALONE_S = 5.0


class ValkeyOrMemory(BaseCache):
    """Each call asks Valkey; when it does not answer, memory answers, and Valkey is left alone for a while.

    What memory holds is this process's own: a throttle counts per process meanwhile, which is better than not at all.
    """

    _silent_until = 0.0  # of the process, not of one thread's instance: one thread's time-out spares the others theirs

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._valkey = RedisCache(server, params)
        self._memory = LocMemCache("valkey-is-away", {**params, "OPTIONS": {}})

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

    def clear(self) -> None:
        self._ask("clear")
