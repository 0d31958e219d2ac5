"""What pages of trainers share: whose calendar it is, and where a week stands."""

from datetime import date
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse

from accounts.requests import PersonRequest
from training import access
from training.models import Trainer


def trainer_of(request: PersonRequest, pk: int) -> Trainer:
    """A trainer whose hours they may see to; anybody else's are not there."""
    row = access.trainer_for(request.user, pk)
    if row is None:
        raise Http404
    return row


def week_address(trainer: Trainer, day: date | None) -> str:
    """Where a trainer's week stands, the present one without a day."""
    more = {"week": day.isoformat()} if day else {}
    return f"{reverse('training:calendar')}?{urlencode({'trainer': trainer.pk, **more})}"
