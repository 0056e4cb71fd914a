"""What the worker does for the API."""

from celery import shared_task
from django.utils import timezone

from agencies import doors
from agencies.scope import agency_scope
from api import idempotency


@shared_task(name="api.tasks.forget_keys", ignore_result=True)
def forget_keys() -> None:
    """Deletes the idempotency keys that are too old to be asked for."""
    now = timezone.now()
    for agency_id in doors.agency_ids():
        with agency_scope(agency_id):
            idempotency.forget(now)
