"""What Celery runs of dispatch. Beat only knocks every second; what is to be done stands in the database."""

from celery import shared_task
from django.utils import timezone

from dispatch import sweep as sweeping
from ledger import heartbeats


@shared_task(name="dispatch.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Fires the deadlines that are due and gives the worker's and the clock's sign of life."""
    sweeping.watch(timezone.now(), heartbeats.WORKER)
