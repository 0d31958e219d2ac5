"""Calendar feeds: a trainer's sessions, and what somebody has booked. Whoever has the address reads it (C11)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from accounts.requests import PersonRequest
from supportdesk.lib.audience import public, signed_in
from supportdesk.lib.private_pages import private
from training import access, calendar_files, tokens
from training.actions import feeds
from training.choices import SEATED, BookingState
from training.models import Booking, Trainer

AHEAD, BACK = timedelta(days=400), timedelta(days=31)
MOST = 1000


@public
@private
@require_safe
def of_trainer(request: PersonRequest, pk: int, token: str) -> HttpResponse:
    """A trainer's calendar for their own program: names and times, nothing else of a customer."""
    trainer = access.trainer_by_feed(pk, token)
    if trainer is None:
        raise Http404
    rows = Booking.objects.filter(session__trainer=trainer)
    return _feed(rows, lambda one: one.person.name or "a customer", timezone.now())


@public
@private
@require_safe
def own(request: PersonRequest, pk: int, token: str) -> HttpResponse:
    """What somebody has booked, for their own program."""
    person = access.person_by_feed(pk, token)
    if person is None:
        raise Http404
    rows = Booking.objects.filter(person=person)
    return _feed(rows, lambda one: one.session.trainer.person.shown_name, timezone.now())


@signed_in
@private
@require_POST
def rotate_own(request: PersonRequest) -> HttpResponseBase:
    """Another address for it."""
    feeds.rotate_own(person=request.user, now=timezone.now())
    messages.success(request, "The feed has a new address; the old one opens nothing any more.")
    return redirect(f"{reverse('training:mine')}#feed-h")


def address_of_trainer(trainer: Trainer) -> str:
    """Of a trainer's feed, as a calendar program takes it."""
    token = tokens.for_feed(trainer.pk, trainer.feed_version)
    return f"{settings.SITE_URL}{reverse('training:feed', args=[trainer.pk, token])}"


def address_of_own(person: Person) -> str:
    """Of somebody's own feed."""
    token = tokens.for_own_feed(person.pk, access.feed_version(person))
    return f"{settings.SITE_URL}{reverse('training:own_feed', args=[person.pk, token])}"


def _feed(rows: QuerySet[Booking], whom, now: datetime) -> HttpResponse:
    found = rows.filter(state__in=SEATED, session__starts_at__range=(now - BACK, now + AHEAD)).select_related(
        "session__type", "session__trainer__person", "person"
    )
    entries = [
        calendar_files.Entry(
            uid=one.uid, sequence=one.sequence, session=one.session, is_certain=one.state != BookingState.PAYMENT_HOLD,
            title=f"{'Hold: ' if one.is_held else ''}{one.session.type.name} with {whom(one)}",
        )
        for one in found.order_by("session__starts_at", "pk")[:MOST]
    ]  # fmt: skip
    return HttpResponse(
        calendar_files.feed(f"{settings.SITE_NAME} training", entries, now=now),
        content_type="text/calendar; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"},
    )  # fmt: skip
