"""`manage.py doctor`: looks at every part of the installation, changes nothing, and says what to do."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import Error, connection

from cso.doctor import database, machinery, surroundings, tenants
from cso.doctor.findings import Finding, Level, note

Look = Callable[[datetime], Iterator[Finding]]


def examine(now: datetime) -> Iterator[Finding]:
    """All findings, as they are made. `now`: this machine's time at the call."""
    begun = time.monotonic()

    def moment() -> datetime:
        return now + timedelta(seconds=time.monotonic() - begun)

    there = database.reachable()
    yield there
    looks: tuple[tuple[str, Look], ...] = (
        ("database", database.look),
        ("machinery", machinery.look),
        ("agencies", tenants.look),
    )
    for part, look in looks if there.level is Level.OK else ():
        yield from _as_far_as_it_goes(part, look, moment())
    yield machinery.valkey()
    yield from surroundings.look(moment())


def _as_far_as_it_goes(part: str, look: Look, now: datetime) -> Iterator[Finding]:
    """A table that is not there yet, or a database that leaves in the middle, ends one look and not the others."""
    try:
        yield from look(now)
    except Error as error:
        connection.close()
        yield note(
            part, f"Not all of it could be looked at ({type(error).__name__}).", "Mend what is said above first."
        )
