"""Celery: the sweep that fires deadlines, and deliveries. Run as `celery -A cso`."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")

app = Celery("cso")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**kwargs: object) -> None:
    """Being connected is enough: Celery then leaves the logging of cso.logs as it is."""
