"""What Celery runs of the ledger."""

from celery import shared_task
from django.utils import timezone

from ledger import deliveries


@shared_task(name="ledger.tasks.deliver", ignore_result=True)
def deliver() -> None:
    """Attempts the deliveries that are due."""
    deliveries.deliver(timezone.now())
