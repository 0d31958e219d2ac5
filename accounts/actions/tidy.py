"""Remove what is over."""

from datetime import datetime, timedelta
from typing import cast

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db.models import Exists, OuterRef

from accounts.actions import events, reset_links
from accounts.actions.api_requests import FORGET_AT_ONCE, forget_requests
from accounts.models import SignInCode
from supportdesk.lib import throttle
from supportdesk.lib.cache import PostgresCache

KEEP_CODES = timedelta(days=1)
ROUNDS = 50  # of a thousand rows: an hour's worth even under attack


def tidy(*, now: datetime) -> None:
    """Forget counts, cache entries, API requests, codes, links, events, sessions that are over. Safe beside itself."""
    cache = cast(PostgresCache, caches["default"])
    for _ in range(ROUNDS):
        if throttle.prune(now) < throttle.PRUNED_AT_ONCE:
            break
    for _ in range(ROUNDS):
        if cache.prune() < throttle.PRUNED_AT_ONCE:
            break
    for _ in range(ROUNDS):
        if forget_requests(now=now) < FORGET_AT_ONCE:
            break
    SignInCode.objects.filter(expires_at__lt=now - KEEP_CODES).delete()
    reset_links.forget(now=now)
    events.forget(now=now)
    Session.objects.filter(expire_date__lt=now).delete()
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(alive)).delete()
