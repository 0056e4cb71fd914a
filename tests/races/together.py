"""Several people, or clocks, at the same instant: real threads, real connections, real commits."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

from agencies.scope import agency_scope

Outcome = Any


def together(agency_id: int, *acts: Callable[[], Outcome]) -> list[Outcome]:
    """Starts all of `acts` at once, each on a connection of its own; answers what each returned, or raised."""
    outcomes: list[Outcome] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(index: int, act: Callable[[], Outcome]) -> None:
        try:
            with agency_scope(agency_id):
                start.wait(10)
                outcomes[index] = act()
        except Exception as error:  # noqa: BLE001 the test looks at whatever came
            outcomes[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return outcomes


def failures(outcomes: list[Outcome]) -> list[Exception]:
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]
