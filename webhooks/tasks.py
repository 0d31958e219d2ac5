"""Wake-ups. The rows are the work."""

from celery import shared_task
from django.utils import timezone

from supportdesk.lib.background import wake
from webhooks.actions import deliver, tidy


@shared_task(name="webhooks.deliver", soft_time_limit=120, time_limit=150)
def deliver_to(*, endpoint_id: int) -> int:
    """Something is due to an endpoint."""
    return deliver.deliver_to(endpoint_id=endpoint_id, clock=timezone.now)


@shared_task(name="webhooks.deliver_due")
def deliver_due() -> int:
    """Wake a worker for each endpoint that something is due to; runs every few seconds."""
    due = deliver.endpoints_due(now=timezone.now())
    for endpoint_id in due:
        wake("webhooks.deliver", endpoint_id=endpoint_id)
    return len(due)


@shared_task(name="webhooks.tidy")
def forget_old_events() -> int:
    """Forget events of more than 30 days ago; runs every hour."""
    return tidy.forget_old_events(now=timezone.now())
