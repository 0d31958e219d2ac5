"""“We have your message”: one short mail that holds nothing of what the sender wrote (S12)."""

from datetime import datetime

from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind, Sort
from mail.models import Mailbox
from tickets.actions import links
from tickets.models import Ticket


def acknowledge(*, ticket: Ticket, mailbox: Mailbox | None, now: datetime) -> None:
    """Queue the acknowledgement of a new ticket; mail holds it back where an address got one lately."""
    requester = ticket.requester
    link = links.make_link(ticket=ticket, person=requester, now=now)
    queue_mail(
        kind=Kind.ACKNOWLEDGEMENT,
        mailbox=mailbox,
        to=Address(requester.email),
        subject=f"We have your message (ticket {ticket.pk})",
        text=_text(ticket, mailbox, link),
        subject_key=ticket.subject_key,
        source_key=f"acknowledgement:{ticket.pk}",
        opt_out_scope=Sort.ACKNOWLEDGEMENTS,
        now=now,
    )


def _text(ticket: Ticket, mailbox: Mailbox | None, link: str) -> str:
    name = (mailbox.name or mailbox.address) if mailbox else "Support"
    lines = [
        "Hello,",
        f"we have your message. Its number is {ticket.pk}.",
        "A person will read it and answer by mail. If you want to add something, answer this mail,\n"
        f"or read and write on the web:\n{link}",
        name,
    ]
    return "\n\n".join(lines) + "\n"
