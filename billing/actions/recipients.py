"""Who gets a customer's invoices: the customer's own business (R37). Opt-outs of an address are `opt_outs`."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts import journal
from accounts.models import Person
from accounts.own_addresses import is_own_mailbox
from billing.actions import notices
from billing.actions.customers import MOST_RECIPIENTS
from billing.actions.letters import send_letter
from billing.actions.new_links import make_link
from billing.choices import InvoiceState, Notice
from billing.models import Customer, Invoice, Recipient
from billing.refusals import Refused
from billing.snapshots import seller_now
from mail.actions.reach import opted_out
from mail.addresses import Address, BadAddress, normalise, one_line
from supportdesk.lib.failpoints import failpoint


class CannotAdd(Refused):
    """Not an address that invoices can go to."""


class LastRecipient(Refused):
    """Nobody else gets the invoices: the message says what follows, and asking once more, being sure, does it."""


def colleagues_of(customer: Customer) -> list[Person]:
    """People of the customer's own company who do not get its invoices yet, by name; none where it is one person's."""
    if customer.organisation_id is None:
        return []
    mine = Recipient.objects.filter(customer=customer, removed_at__isnull=True).values("email")
    rows = Person.objects.filter(memberships__organisation=customer.organisation_id, is_active=True)
    found = rows.exclude(email__in=mine).order_by("name", "pk")[:MOST_RECIPIENTS]
    return [one for one in found if one.has_mail]


def add(*, customer: Customer, email: str, name: str, by: Person, now: datetime, mails: bool = True) -> Recipient:
    """Let an address have every invoice from now on; it needs no account. Added twice, it is there once.

    One mail says so, with a link of its own to each open invoice, unless the address stopped such mails, or not
    `mails`, where it was written to lately. Raises CannotAdd.
    """
    try:
        address = normalise(email)
    except BadAddress as error:
        raise CannotAdd(str(error)) from error
    if is_own_mailbox(address):
        raise CannotAdd("Mail to this address comes to us. Enter the address of whoever pays at your place.")
    with transaction.atomic():
        owed = list(_open_invoices(customer))
        Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
        standing = list(customer.recipients.filter(removed_at__isnull=True))
        known = next((one for one in standing if one.email == address), None)
        if known:
            return known
        if len(standing) >= MOST_RECIPIENTS:
            raise CannotAdd(f"Invoices go to {MOST_RECIPIENTS} addresses at most. Remove one first.")
        recipient = Recipient.objects.create(
            customer=customer, email=address, name=one_line(name, 255), added_by=by, added_at=now
        )
        failpoint("billing.recipient.added")
        if mails and address not in opted_out([address], Notice.INVOICE):
            _welcome(recipient, owed, now)
        journal.record(
            by=by, action="billing.add_recipient", subject=customer, data={"recipient": recipient.pk}, now=now
        )
    return recipient


def _open_invoices(customer: Customer) -> QuerySet[Invoice]:
    """What is to be paid, the most urgent first, kept still: a payment locks its invoice before its customer."""
    rows = Invoice.objects.select_for_update(of=("self",), no_key=True).filter(customer=customer)
    return rows.filter(state=InvoiceState.OPEN).order_by("due_on", "pk")[: notices.MOST_LINKS]


def _welcome(recipient: Recipient, owed: Sequence[Invoice], now: datetime) -> None:
    """Nothing in it was typed by whoever added the address, but the names of the customer and of the reader."""
    customer = recipient.customer
    links = [
        (one, make_link(invoice=one, email=recipient.email, name=recipient.name, now=now)) for one in owed if one.due
    ]
    send_letter(
        to=Address(recipient.email, recipient.name), subject=f"You get the invoices of {one_line(customer.name, 100)}",
        words="recipient_added", source_key=f"recipient:{recipient.pk}", opt_out_scope=Notice.INVOICE, now=now,
        context={"customer": customer, "links": links, "seller": seller_now().get("name", "")},
    )  # fmt: skip


def remove(*, recipient: Recipient, by: Person, is_sure: bool, now: datetime) -> None:
    """Send this address no more invoices; its links go on working. Raises LastRecipient where nobody is left."""
    with transaction.atomic():
        Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=recipient.customer_id)
        others = Recipient.objects.filter(customer=recipient.customer_id, removed_at__isnull=True)
        if not others.exclude(pk=recipient.pk).exists() and not is_sure:
            raise LastRecipient(
                f"{recipient.email} is the last address that gets the invoices. Without it nobody is told by mail:"
                " invoices then stand on your account only, and still fall due."
            )
        if Recipient.objects.filter(pk=recipient.pk, removed_at__isnull=True).update(removed_at=now):
            journal.record(
                by=by, action="billing.remove_recipient", subject=recipient.customer,
                data={"recipient": recipient.pk}, now=now,
            )  # fmt: skip
