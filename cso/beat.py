"""The beat that knocks every second. Its own sign of life tells a dead beat from a dead worker."""

import logging
import time
from typing import Any

from django.db import Error, connection
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from ledger import heartbeats

EVERY_S = 2.0
log = logging.getLogger(__name__)


class Scheduler(DatabaseScheduler):
    """django-celery-beat's, which reads what is to be done when from the database."""

    _next_sign = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Sends what is due; answers the seconds until the next time."""
        pause: float = super().tick(*args, **kwargs)
        if time.monotonic() >= self._next_sign:
            self._next_sign = time.monotonic() + EVERY_S
            give_sign()
        return pause


def give_sign() -> None:
    """A database that is away does not end the beat: it knocks again when it is back."""
    try:
        heartbeats.beat(heartbeats.BEAT, now=timezone.now())
    except Error as error:
        log.warning("beat could give no sign of life: %s", type(error).__name__)
        connection.close()
