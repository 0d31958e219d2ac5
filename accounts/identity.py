"""How much somebody has shown that an account is theirs, for one ticket and for half an hour (E4, E5, NIST 800-63).

Level 0 claims. Level 1 told the code that was mailed to the address on file. Level 2 typed the number, which the agent
read out, into their own session. What a caller knows, birth date, address, last four digits, is never asked for here
and raises nothing.
"""

from datetime import datetime, timedelta

from django.db.models import Max, Q
from django.utils.crypto import salted_hmac

from accounts.choices import IdentityMethod
from accounts.masking import masked_email
from accounts.models import IdentityCheck, Person
from accounts.refusals import Refused

LEVEL_LASTS = timedelta(minutes=30)
CODE_LASTS = timedelta(minutes=10)
LOCKED_FOR = timedelta(minutes=30)
TRIES = 5
SETTLED_AFTER = timedelta(hours=72)
WORDS = {0: "Not shown yet", 1: "Reads the mailbox on file", 2: "Is signed in to this account"}


class NotProven(Refused):
    """The person has not shown enough for this. The message says what would help."""


class Locked(Refused):
    """Too many wrong codes; nothing is compared until some minutes have gone by."""


class NoDestination(Refused):
    """There is no address to which a code may go."""


def level_of(person: Person, ticket_id: int, now: datetime) -> int:
    """0, 1 or 2: what `person` has shown on this ticket within the last half hour. One query."""
    shown = IdentityCheck.objects.filter(person=person, ticket=ticket_id, level_until__gt=now, verified_at__lte=now)
    return shown.aggregate(level=Max("level"))["level"] or 0


def level_until(person: Person, ticket_id: int, now: datetime) -> datetime | None:
    """When the level that counts now ends."""
    shown = IdentityCheck.objects.filter(person=person, ticket=ticket_id, level_until__gt=now)
    best = shown.order_by("-level", "-level_until").values_list("level_until", flat=True)
    return best.first()


def need(level: int, *, person: Person, ticket_id: int | None, now: datetime, what: str = "this") -> int:
    """The level that `person` has, where it is enough for `what`. Raises NotProven and says what would help."""
    has = level_of(person, ticket_id, now) if ticket_id else 0
    if has >= level:
        return has
    if not ticket_id:
        raise NotProven(f"For {what} say for which ticket it is: the caller shows who they are there.")
    if level >= 2:
        raise NotProven(
            f"For {what} the caller has to be signed in. Read out a number: they type it on their own page “Who is "
            "calling”. Nothing that they know about the account counts."
        )
    raise NotProven(f"For {what} mail a code to the address on file, and have the caller read it out.")


def destination(person: Person, now: datetime) -> str:
    """The address on file to which a code may go. Raises NoDestination.

    Never one that a caller names, and none that was put there in the last 72 hours.
    """
    if not person.is_active:
        raise NoDestination("This account is closed.")
    if not person.has_mail:
        raise NoDestination("There is no mail address on file. Link this caller to an account first.")
    if person.email_changed_at and person.email_changed_at > now - SETTLED_AFTER:
        raise NoDestination(
            f"The address on file, {masked_email(person.email)}, is newer than 72 hours. No code goes there before "
            f"{person.email_changed_at + SETTLED_AFTER:%-d %B, %H:%M} UTC; let the caller type a number instead."
        )
    return person.email


def locked_until(person: Person, now: datetime) -> datetime | None:
    """Until when no code of this person is compared, None when it may be."""
    return IdentityCheck.objects.filter(person=person, locked_until__gt=now).aggregate(last=Max("locked_until"))["last"]


def refuse_locked(person: Person, now: datetime) -> None:
    """Raise Locked while it is."""
    if until := locked_until(person, now):
        minutes = max(1, -int((now - until).total_seconds() // 60))
        raise Locked(f"Five wrong codes: nothing can be tried for this account for {minutes} more minutes.")


def number_of(check: IdentityCheck) -> str:
    """The six digits that an agent reads out. Made afresh each time, so that no row holds them."""
    digest = salted_hmac("accounts.identity.number", f"{check.pk}:{check.nonce}", algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06}"


def open_check(person: Person, method: str, now: datetime, *, ticket_id: int | None = None) -> IdentityCheck | None:
    """The newest check that may still be answered."""
    rows = IdentityCheck.objects.filter(
        Q(ticket=ticket_id) if ticket_id else Q(), person=person, method=method, verified_at__isnull=True,
        ended_at__isnull=True, expires_at__gte=now, tries__lt=TRIES,
    )  # fmt: skip
    return rows.select_related("by").order_by("-pk").first()


def asked_in_session(person: Person, now: datetime) -> IdentityCheck | None:
    """What waits for a number that this person types; for their own page."""
    return open_check(person, IdentityMethod.OWN_SESSION, now)
