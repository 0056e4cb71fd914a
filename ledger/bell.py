"""Wakes everybody who waits, at once."""

import asyncio


class Bell:
    """Whoever looks first and then waits, without awaiting anything in between, misses no ring."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        rung, self._next = self._next, asyncio.Event()
        rung.set()

    async def wait(self) -> None:
        await self._next.wait()
