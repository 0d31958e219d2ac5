"""Tickets to test with, made by the product's own actions."""

from datetime import UTC, datetime

from mail.models import Mailbox
from tests.factories.accounts import make_person
from tickets.actions.intake import open_ticket
from tickets.actions.learn_words import learn_words
from tickets.choices import Channel
from tickets.models import Ticket

# A Wednesday, half an hour after the default calendar opens.
WEDNESDAY = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def make_mailbox(*, address: str = "help@desk.example", name: str = "Example Desk", **fields) -> Mailbox:
    """A mailbox of ours; asked again for the same address, the same one."""
    fields = {"is_default": not Mailbox.objects.filter(is_default=True).exists(), **fields}
    return Mailbox.objects.get_or_create(address=address, defaults={"name": name, **fields})[0]


def make_ticket(
    *, requester=None, subject: str = "Which licence do I need?", now: datetime = WEDNESDAY, **fields
) -> Ticket:
    """A ticket that its requester wrote by mail to the default mailbox."""
    fields = {"text": "We have thirty pupils.", "channel": Channel.MAIL, "mailbox": make_mailbox(), **fields}
    return open_ticket(requester=requester or make_person(), subject=subject, by=None, now=now, **fields)


def learn_all_words() -> None:
    """Read every message for the spelling of searches. Numbers of earlier tests are counted too, so it takes a few."""
    while learn_words():
        pass
