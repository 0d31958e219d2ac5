"""Identity that a site of ours vouches for: HMAC-SHA256 over the user's address and a time.

    signature = hex(HMAC-SHA256(secret, "v1.<unix seconds>.<address in lower case>"))

Without the secret nobody signs anything, so a visitor who types a subscriber's address shows nothing by it. A signature
works for a day; two secrets work for a day after a new one was made.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from django.db import transaction

from accounts import journal
from accounts.addresses import NotAnAddress, normalise
from accounts.models import Person
from tickets.actions.setup.door import by_admin
from tickets.models import SupportRules
from tickets.refusals import Refused

WORKS_FOR = timedelta(days=1)
AHEAD = timedelta(minutes=5)
OLD_SECRET_FOR = timedelta(days=1)
HEX_DIGITS = 64


class NotSigned(Refused):
    """The signature shows nothing. The message says what is wrong with it, and never what would be right."""


def sign(secret: str, *, address: str, at: datetime) -> str:
    """What a site's server computes: see docs/api.md."""
    said = f"v1.{int(at.timestamp())}.{normalise(address)}"
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()


def person_signed(*, address: str, signed_at: int, signature: str, now: datetime) -> Person | None:
    """Whom a site vouches for; None where we know nobody by that address. Raises NotSigned."""
    rules = SupportRules.objects.filter(pk=1).first()
    if rules is None or not rules.identity_secret:
        raise NotSigned("No site may sign its users yet. An admin makes the secret under Settings, Entitlements.")
    try:
        at, known = datetime.fromtimestamp(signed_at, UTC), normalise(address)
    except (NotAnAddress, ValueError, OverflowError, OSError):
        raise NotSigned("The address or the time of the signature cannot be read.") from None
    if not now - WORKS_FOR < at <= now + AHEAD:
        raise NotSigned("The signature is older than a day, or of the future. Sign anew for each page.")
    held = [rules.identity_secret]
    if rules.old_identity_secret and rules.old_identity_secret_until and now < rules.old_identity_secret_until:
        held.append(rules.old_identity_secret)
    given = signature.strip().lower().encode()
    fits = [hmac.compare_digest(sign(secret, address=known, at=at).encode(), given) for secret in held]
    if len(given) != HEX_DIGITS or not any(fits):
        raise NotSigned("The signature does not fit the address and the time.")
    return Person.objects.filter(email=known, is_active=True).first()


@by_admin
def new_secret(*, by: Person, now: datetime) -> str:
    """A new secret, shown once. The one before works for a day more, so that sites change over without a gap."""
    with transaction.atomic():
        SupportRules.objects.get_or_create(pk=1)
        rules = SupportRules.objects.select_for_update().get(pk=1)
        made = secrets.token_urlsafe(32)
        if rules.identity_secret:
            rules.old_identity_secret, rules.old_identity_secret_until = rules.identity_secret, now + OLD_SECRET_FOR
        rules.identity_secret = made
        rules.save(update_fields=["identity_secret", "old_identity_secret", "old_identity_secret_until"])
        journal.record(by=by, action="tickets.new_identity_secret", subject="tickets.support_rules:1", data={}, now=now)
    return made
