"""Somebody shows later who they are: they sign in, answer by their mailed link, or their site signs them."""

from datetime import datetime

from accounts.models import Person
from tickets.actions.entitling.at_opening import channel_of
from tickets.actions.entitling.granting import grant
from tickets.actions.keeping import locked_survivor
from tickets.choices import Category, Channel
from tickets.entitlements import shown, status
from tickets.models import Entitlement, Ticket
from tickets.support_choices import CheckMethod, Support

# What an answer by this channel shows about its writer.
BY_CHANNEL: dict[str, CheckMethod] = {Channel.WEB: CheckMethod.SESSION, Channel.LINK: CheckMethod.EMAIL_CODE}


def answered(*, ticket: Ticket, person: Person, channel: str, now: datetime) -> bool:
    """A customer answered where only they could: what was claimed may be shown by it. In the caller's transaction.

    No query where nothing was claimed.
    """
    method = BY_CHANNEL.get(channel)
    if method is None or ticket.support != Support.CLAIMED:
        return False
    return show(ticket=ticket, person=person, method=method, now=now)


def show(*, ticket: Ticket, person: Person, method: CheckMethod, now: datetime) -> bool:
    """Give a ticket priority if `person`, who was shown by `method`, is entitled to it; whether it got it now.

    A pack is never spent by this: somebody chooses to. In the caller's transaction.
    """
    row = locked_survivor(ticket)
    if row.support == Support.PRIORITY or row.category == Category.CLOSED:
        return False
    standing = status(person, now, channel_of(row))
    if not standing.is_entitled or standing.needs_incident or standing.entitlement is None:
        return False
    known = shown(Entitlement.objects.all()).get(pk=standing.entitlement.pk)
    return grant(row, entitlement=known, method=method, person=person, by=None, now=now)
