"""The web process keeps the clocks when no worker does: with Valkey, the worker or beat dead, deadlines still fire.

One thread a process. It looks every second when a worker last swept; when that is too long ago it sweeps itself.
Two that sweep at once do no harm.
"""

import logging
import threading
import time
from datetime import timedelta

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from agencies.errors import Refused
from dispatch import sweep
from ledger import heartbeats

EVERY_S = 1.0
PATIENCE = timedelta(seconds=5)
log = logging.getLogger(__name__)


def start() -> threading.Thread | None:
    """Starts the thread, except where CSO_STANDBY_CLOCK is 0."""
    if not settings.STANDBY_CLOCK:
        return None
    thread = threading.Thread(target=_stand_by, name="standby-clock", daemon=True)
    thread.start()
    return thread


def _stand_by() -> None:
    minding = False
    while True:
        time.sleep(EVERY_S)
        minds = look_once()
        if minds is not None and minds is not minding:
            log.warning("no worker keeps the clocks: this process does" if minds else "a worker keeps the clocks again")
            minding = minds


def look_once() -> bool | None:
    """Sweeps if no worker has for too long; answers whether it had to, None where the database is away."""
    now = timezone.now()
    try:
        if heartbeats.silent_for(heartbeats.WORKER, now) <= PATIENCE:
            return False
        sweep.watch(now)
    except (Error, Refused) as error:
        log.warning("the standby clock could not look: %s", type(error).__name__)
        return None
    finally:
        connection.close()
    return True
