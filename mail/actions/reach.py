"""Whom we may write to: opt-outs, and addresses that keep failing.

No address is silenced for good. A pause ends by itself, a mail from the address ends it at once, and neither a
person's reply nor a mail that somebody asked for is ever held back by one (case 87).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core import signing
from django.db import IntegrityError, connection, transaction

from mail.addresses import normalise, storable
from mail.choices import AUTOMATIC, STANDING, Kind
from mail.models import AddressHealth, OptOut

STOP_SALT = "mail.stop"
EVERYTHING = "all"
NOWHERE = ".invalid"  # RFC 2606
UNWANTED = "This address asked for no more mail of this sort."
HARD_PAUSES = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
SOFT_PAUSE = timedelta(days=1)
SOFT_LIMIT = 3
# Each mail asks, so these are not composed anew each time.
FORGET_FAILURES = "delete from mail_addresshealth where address = %s"
IS_PAUSED = "select exists(select from mail_addresshealth where address = %s and suppressed_until > %s)"
OPTED_OUT = "select address from mail_optout where address = any(%s) and scope = %s and ended_at is null"
STOPPED = "select address, scope from mail_optout where address = any(%s) and ended_at is null"
UNKNOWN_ADDRESS = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4")


class BadToken(ValueError):
    """The link was not made by us, or not for this."""


def stop_token(*, address: str, scope: str = EVERYTHING) -> str:
    """What a mail to `address` carries, so that one click stops this sort of mail. It never expires."""
    return signing.dumps([normalise(address), scope], salt=STOP_SALT)


def read_stop_token(token: str) -> tuple[str, str]:
    """Address and scope. Raises BadToken for anything that `stop_token` did not make (S39)."""
    try:
        address, scope = signing.loads(token, salt=STOP_SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadToken("This link is not one of ours.") from error
    return address, scope


def opt_out(*, address: str, scope: str, now: datetime) -> bool:
    """Send no more bulk mail of `scope` to `address`; True when that is new. Safe to ask twice."""
    try:
        with transaction.atomic():
            OptOut.objects.create(address=normalise(address), scope=scope, created_at=now)
    except IntegrityError:
        return False
    return True


def take_opt_out_back(*, address: str, scope: str, now: datetime) -> bool:
    """The undo of `opt_out`; True when there was one."""
    return bool(
        OptOut.objects.filter(address=normalise(address), scope=scope, ended_at__isnull=True).update(ended_at=now)
    )


def has_opted_out(address: str, scope: str) -> bool:
    """Whether bulk mail of `scope` is unwanted at `address`."""
    wanted = {EVERYTHING, scope or EVERYTHING}
    return OptOut.objects.filter(address=address.lower(), scope__in=wanted, ended_at__isnull=True).exists()


def opted_out(addresses: Iterable[str], scope: str) -> set[str]:
    """Those of `addresses` that asked for no more mail of exactly `scope`."""
    with connection.cursor() as cursor:
        cursor.execute(OPTED_OUT, [[one.lower() for one in addresses], scope])
        return {address for (address,) in cursor.fetchall()}


def scopes_stopped(addresses: Iterable[str]) -> dict[str, set[str]]:
    """Every scope of which each of `addresses` asked for no more mail, by the address as it was given."""
    given = list(addresses)
    with connection.cursor() as cursor:
        cursor.execute(STOPPED, [[one.lower() for one in given]])
        found = cursor.fetchall()
    return {one: {scope for address, scope in found if address == one.lower()} for one in given}


def why_not(*, kind: Kind, address: str, scope: str, now: datetime) -> str:
    """A sentence when a mail of `kind` to `address` should not be sent, or "".

    "Everything" stops what goes to many. A sort by its own name stops that sort, whatever its kind; what somebody
    asked for just now is never stopped, except by the sorts that come again and again.
    """
    if address.endswith(NOWHERE):
        return "This person has no mail address."
    if kind == Kind.BULK and has_opted_out(address, scope):
        return UNWANTED
    if _is_of_a_sort(kind, scope) and opted_out([address], scope):
        return UNWANTED
    if kind in AUTOMATIC and is_paused(address, now):
        return "Mail to this address failed lately; automatic mail to it is paused."
    return ""


def _is_of_a_sort(kind: Kind, scope: str) -> bool:
    return scope in STANDING if kind == Kind.TRANSACTIONAL else bool(scope) and kind != Kind.BULK


def is_paused(address: str, now: datetime) -> bool:
    """Whether automatic mail to `address` rests at `now`."""
    with connection.cursor() as cursor:
        cursor.execute(IS_PAUSED, [address.lower(), now])
        return cursor.fetchone()[0]


def note_failure(*, address: str, status: str, now: datetime) -> AddressHealth:
    """Count a final failure. An unknown address rests for one, then three, then seven days; others after three."""
    address = normalise(address)
    with transaction.atomic():
        AddressHealth.objects.bulk_create([AddressHealth(address=address, last_failed_at=now)], ignore_conflicts=True)
        health = AddressHealth.objects.select_for_update().get(address=address)
        if health.suppressed_until and health.suppressed_until <= now:
            health.suppressed_until = None
        if status in UNKNOWN_ADDRESS:
            health.hard_failures += 1
            pause = HARD_PAUSES[min(health.hard_failures, len(HARD_PAUSES)) - 1]
            health.suppressed_until = now + pause
        else:
            health.soft_failures += 1
            if health.soft_failures >= SOFT_LIMIT:
                health.suppressed_until = now + SOFT_PAUSE
        health.last_status, health.last_failed_at = storable(status)[:12], now
        health.save()
    return health


def note_life(*, address: str) -> bool:
    """A mail came from `address`, or one arrived there: forget its failures. True when there were any."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_FAILURES, [address.strip().lower()])
        return bool(cursor.rowcount)
