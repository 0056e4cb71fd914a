"""Celery: the sweep that fires deadlines, and deliveries. Run as `celery -A cso`."""

import os

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")
# All of Django's checks would load every page; those that keep agencies apart are asked below.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("cso")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**kwargs: object) -> None:
    """Being connected is enough: Celery then leaves the logging of cso.logs as it is."""


@worker_init.connect
@beat_init.connect
def begin(**kwargs: object) -> None:
    """The same refusal as the web server's."""
    from cso.walls import refuse_open_walls

    refuse_open_walls()
