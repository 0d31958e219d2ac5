"""Tokens by which programs use the API in the name of a member of staff."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from accounts import access, journal
from accounts.choices import Scope
from accounts.models import ApiToken, Person

MARK = "sd_"
SHOWN = 10
NAME_LENGTH = 80
MOST_LIVE = 50
USED_EVERY = timedelta(minutes=5)


class CannotMakeToken(Exception):
    """No token was made. The message may be shown."""


def make_token(
    *, person: Person, name: str, scopes: Iterable[str], by: Person, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The token's row and the token itself, `sd_…` with 256 random bits. Nobody can read the latter again.

    Staff make their own, and for nobody else (S27). Raises CannotMakeToken and access.NotAllowed.
    """
    if by != person or not person.is_staff_member:
        raise access.NotAllowed("Staff make tokens for themselves.")
    name, chosen = " ".join(name.split()), [scope for scope in Scope.values if scope in set(scopes)]
    if not name or len(name) > NAME_LENGTH:
        raise CannotMakeToken(f"Give the token a name of at most {NAME_LENGTH} characters.")
    if not chosen or len(chosen) != len(set(scopes)):
        raise CannotMakeToken("Choose what the token may do.")
    if expires_at is not None and expires_at <= now:
        raise CannotMakeToken("Choose an end that has not passed.")
    secret = MARK + secrets.token_urlsafe(32)
    with transaction.atomic():
        locked = Person.objects.select_for_update().get(pk=person.pk)
        if not locked.is_active:
            raise CannotMakeToken(f"{locked} is deactivated.")
        if ApiToken.objects.live(now).filter(person=locked).count() >= MOST_LIVE:
            raise CannotMakeToken(f"You have {MOST_LIVE} tokens. Revoke one that is not used any more.")
        token = ApiToken.objects.create(
            name=name,
            person=locked,
            token_sha256=sha256_of(secret),
            prefix=secret[:SHOWN],
            scopes=chosen,
            created_at=now,
            expires_at=expires_at,
        )
        data = {"scopes": chosen, "expires_at": expires_at}
        journal.record(by=by, action="accounts.make_api_token", subject=token, data=data, now=now)
    return token, secret


def revoke_token(*, token: ApiToken, by: Person, now: datetime) -> None:
    """End a token from its next request on. One's own, or anybody's for those who may deactivate staff."""
    if by.pk != token.person_id:
        access.require(by, "staff.deactivate", token.person, now=now)
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
            journal.record(by=by, action="accounts.revoke_api_token", subject=token, now=now)


def revoke_tokens_of(*, person: Person, now: datetime) -> None:
    """End every token of somebody who goes. Part of the action that lets them go, which journals it."""
    ApiToken.objects.live(now).filter(person=person).update(revoked_at=now)


def note_token_used(*, token: ApiToken, now: datetime) -> None:
    """Remember the use, at most every five minutes. Not journalled."""
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def sha256_of(secret: str) -> str:
    """What the database keeps. The token is random throughout, so no salt is needed."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
