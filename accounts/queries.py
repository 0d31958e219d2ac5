"""Reads that span models."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import ApiToken, Person


def sessions_of(person: Person) -> QuerySet[UserSession]:
    """Every session we have a note of."""
    return UserSession.objects.filter(user=person)


def live_sessions(person: Person, *, now: datetime) -> QuerySet[UserSession]:
    """Sessions that still work, newest first."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now)
    return sessions_of(person).filter(Exists(alive)).order_by("-created_at", "-pk")


def live_tokens(person: Person, *, now: datetime) -> QuerySet[ApiToken]:
    """Tokens that still work, newest first."""
    return ApiToken.objects.live(now).filter(person=person).order_by("-created_at", "-pk")
