"""What customers ask on the web: signed in or not, once however often the button is pressed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.actions.people import find_or_create_person
from accounts.models import Person
from knowledgebase.actions import suggesting
from mail.models import Mailbox
from tickets.actions import acknowledge, intake, links
from tickets.actions.attach import Upload
from tickets.actions.entitling.at_opening import NO_PROOF, Proof
from tickets.actions.fields import fill
from tickets.actions.keeping import write_event
from tickets.choices import Channel
from tickets.custom_fields import fields_of
from tickets.models import AccessLink, ContactForm, ContactReason, ContactTopic, Team, Ticket


@dataclass(frozen=True)
class ByForm:
    """The form of the desk that somebody filled in, and what they chose that it is about."""

    form: ContactForm
    topic: ContactTopic | None = None

    @property
    def team(self) -> Team | None:
        """Where it goes: as the topic says, else the form; None for the usual team."""
        return (self.topic and self.topic.team) or self.form.team

    @property
    def reason(self) -> ContactReason | None:
        """Why they write, guessed from the topic, else from the form."""
        return (self.topic and self.topic.reason) or self.form.reason


def ask_as_stranger(
    *,
    address: str,
    name: str,
    subject: str,
    text: str,
    uploads: Sequence[Upload],
    receipt: str,
    now: datetime,
    by_form: ByForm | None = None,
    fields: Mapping[str, Any] | None = None,
    suggested: str = "",
    proof: Proof = NO_PROOF,
) -> str:
    """Open a ticket for whoever reads mail at `address`. Answers as `ask` does.

    Known and unknown addresses cost and show the same (S45). The ticket opens only from that mailbox: nobody has
    proven anything by typing an address. Raises intake.CannotOpenTicket.
    """
    person = find_or_create_person(email=address, name=name, now=now)
    return ask(
        person=person, subject=subject, text=text, uploads=uploads, receipt=receipt, by_form=by_form, fields=fields,
        suggested=suggested, proof=proof, now=now,
    )  # fmt: skip


def ask(
    *,
    person: Person,
    subject: str,
    text: str,
    uploads: Sequence[Upload],
    receipt: str,
    now: datetime,
    by_form: ByForm | None = None,
    fields: Mapping[str, Any] | None = None,
    suggested: str = "",
    proof: Proof = NO_PROOF,
) -> str:
    """Open a ticket and return the token of its confirmation page.

    `receipt` is the token that the form carried; the same one again opens nothing and answers the first time's.
    `suggested` names the answers that were suggested meanwhile: they did not help. `proof` is what the page knows of
    the person: signed in, signed by the site around it, or only what they typed.
    Raises intake.CannotOpenTicket.
    """
    if not links.is_token(receipt):
        receipt = links.new_token()
    try:
        with transaction.atomic():
            ticket = _open(person, subject, text, uploads, by_form, proof, now)
            _fill(ticket, fields or {}, now)
            links.keep(receipt, ticket=ticket, person=person, purpose=links.CONFIRM_RECEIPT, now=now)
            reason = by_form.reason if by_form else None
            suggesting.sent(token=suggested, ticket_id=ticket.pk, reason_id=reason.pk if reason else None, now=now)
    except IntegrityError:
        if not AccessLink.objects.filter(token_sha256=links.digest(receipt, links.CONFIRM_RECEIPT)).exists():
            raise
    return receipt


def _open(
    person: Person,
    subject: str,
    text: str,
    uploads: Sequence[Upload],
    by_form: ByForm | None,
    proof: Proof,
    now: datetime,
) -> Ticket:
    mailbox = Mailbox.objects.select_related("route__team").default()
    ticket = intake.open_ticket(
        requester=person,
        subject=subject,
        text=text,
        channel=Channel.WEB,
        by=None,
        mailbox=mailbox,
        team=by_form.team if by_form else None,
        priority=by_form.form.priority if by_form else None,
        attachments=uploads,
        proof=proof,
        now=now,
    )
    if by_form:
        _note_form(ticket, by_form, now)
    if mailbox is None or mailbox.acknowledges:
        acknowledge.acknowledge(ticket=ticket, mailbox=mailbox, now=now)
    return ticket


def _note_form(ticket: Ticket, by_form: ByForm, now: datetime) -> None:
    """Staff read which form it was, and closing finds the reason chosen."""
    if by_form.reason:
        Ticket.objects.filter(pk=ticket.pk).update(contact_reason=by_form.reason)
    about = f", about “{by_form.topic.name}”" if by_form.topic else ""
    write_event(ticket, kind="form", text=f"Came by the form “{by_form.form.name}”{about}.", by=None, now=now)


def _fill(ticket: Ticket, values: Mapping[str, Any], now: datetime) -> None:
    """The desk's own fields as the customer filled them in, as far as a ticket of this team has them."""
    known = {field.key for field in fields_of(ticket)} if values else set()
    wanted = {key: value for key, value in values.items() if key in known}
    if wanted:
        fill(ticket=ticket, values=wanted, by=ticket.requester, now=now)
