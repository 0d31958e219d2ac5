"""A message of the desk's own to a customer: public, in the thread, mailed like an answer, and marked as automatic."""

from datetime import datetime

from accounts.models import Person
from mail.actions import reach
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind, MailState
from mail.models import Mailbox
from mail.parsing.automatic import is_no_reply
from tickets import recipients
from tickets.actions import links
from tickets.actions.intake import Words, snippet_of
from tickets.choices import Author, Channel, Delivery
from tickets.models import Message, Ticket
from tickets.placeholders import PLACEHOLDERS, pieces
from tickets.refusals import Refused

# Who wants no reminders says so by the link in one of them (mail.actions.reach).
SCOPE = "nudges"
# A person among so many newest messages is enough.
MOST_READ = 50


class CannotMail(Refused):
    """The customer cannot be written to now, or a value is missing. The sentence is for staff."""


def values_of(ticket: Ticket, mailbox: Mailbox | None) -> dict[str, str]:
    """What stands for each placeholder. The desk writes in the name of its mailbox."""
    name = (mailbox.name or mailbox.address) if mailbox else ""
    return {
        "customer_name": ticket.requester.name,
        "customer_first_name": ticket.requester.first_name,
        "customer_email": ticket.requester.email,
        "organisation": ticket.organisation.name if ticket.organisation else "",
        "ticket_number": str(ticket.pk),
        "ticket_subject": ticket.subject,
        "agent_name": name,
        "agent_first_name": name,
    }


def filled(body: str, ticket: Ticket, mailbox: Mailbox | None) -> str:
    """`body` with its placeholders filled literally. Raises CannotMail for one without a value: nobody would see it."""
    parts = pieces(body, values_of(ticket, mailbox))
    for part in parts:
        if part.kind == "gap":
            name = part.text.strip("[]?")
            raise CannotMail(f"“{PLACEHOLDERS.get(name, name)}” is not known for this ticket, so nothing was mailed.")
        if part.kind == "unknown":
            raise CannotMail(f"Nobody knows what {part.text} stands for, so nothing was mailed.")
    return "".join(part.text for part in parts)


def why_not(ticket: Ticket, *, now: datetime) -> str:
    """Why the customer of a ticket may not be written to by the desk itself, in words; "" when they may."""
    address = ticket.requester.email
    if ticket.channel in (Channel.SMS, Channel.CHAT):
        return f"The desk itself writes by mail only, and this came by {Channel(ticket.channel).label}."
    if ticket.has_failed_delivery:
        return "A mail to the customer was not delivered."
    return no_person_wrote(ticket) or reach.why_not(kind=Kind.BULK, address=address, scope=SCOPE, now=now)


def no_person_wrote(ticket: Ticket) -> str:
    """Why the desk itself does not answer whoever wrote: two programs would go on for ever, and a forged sender would
    make us write to somebody who never asked (S12). "" where a person wrote at least once, or nobody did.
    """
    if is_no_reply(ticket.requester.email):
        return "The address says that nobody reads what is mailed to it."
    written = Message.objects.filter(ticket=ticket, author=Author.CUSTOMER, is_held=False).order_by("-pk")
    words = list(written.values_list("auto_reply", "authentication__verdict")[:MOST_READ])
    people = [verdict for machine, verdict in words if not machine]
    if words and not people:
        return "Only a machine wrote here, and machines are not answered by the desk itself."
    if words and all(verdict == "fail" for verdict in people):
        return "The sender is not proven, so the desk itself does not write to this address."
    return ""


def write_to_customer(row: Ticket, *, body: str, now: datetime) -> Message:
    """Put the desk's words on a locked row and queue their mail. The caller keeps the row. Raises CannotMail.

    Nobody's clock stops by it: the desk has not answered anything.
    """
    problem = why_not(row, now=now)
    if problem:
        raise CannotMail(problem)
    text = filled(body, row, row.mailbox or Mailbox.objects.default_or_any())
    web = "Answer this mail, or read and answer on the web:"
    return put_and_mail(row, to=row.requester, text=text, web=web, kind=Kind.BULK, now=now)


def put_and_mail(row: Ticket, *, to: Person, text: str, web: str, kind: Kind, now: datetime) -> Message:
    """Public words of the desk's own on a locked row, mailed with a link below the line `web`. Raises CannotMail.

    The caller keeps the row. Mail that is no answer to a person (BULK) can be stopped by a link in it.
    """
    mailbox = row.mailbox or Mailbox.objects.default_or_any()
    if mailbox is None:
        raise CannotMail("There is no mailbox to send from.")
    message = Message.objects.create(
        ticket=row,
        author=Author.SYSTEM,
        channel=Channel.AGENT,
        from_name=mailbox.name or mailbox.address,
        to_line=[{"name": to.name, "email": to.email}],
        text=text,
        created_at=now,
        delivery=Delivery.PENDING,
        sends_at=now,
    )
    parts = [text]
    if mailbox.signature:
        parts.append(f"-- \n{mailbox.signature.strip()}")
    parts.append(f"{web}\n{links.make_link(ticket=row, person=to, now=now)}")
    thread = recipients.thread_ids(row)
    is_answer = row.last_message_id > 0 and row.subject[:3].lower() != "re:"
    mail = queue_mail(
        kind=kind,
        opt_out_scope=SCOPE if kind == Kind.BULK else "",
        mailbox=mailbox,
        from_address=recipients.written_to(row, mailbox),
        to=Address(to.email, to.name),
        subject=f"Re: {row.subject}" if is_answer else row.subject,
        text="\n\n".join(parts) + "\n",
        subject_key=row.subject_key,
        source_key=f"message:{message.pk}",
        in_reply_to=thread[-1] if thread else "",
        references=thread,
        now=now,
    )
    if mail.state == MailState.CANCELLED:
        raise CannotMail(mail.last_error)
    stands_last(row, message)
    return message


def stands_last(row: Ticket, message: Message) -> None:
    """Lists show this message as the ticket's newest; the caller keeps the row."""
    row.last_message_id, row.last_message_at = message.pk, message.created_at
    row.snippet = snippet_of(Words(text=message.text))
