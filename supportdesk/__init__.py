"""Self-hosted customer support."""

from supportdesk.celery import app as celery_app

__all__ = ["celery_app"]
