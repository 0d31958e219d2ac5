"""Who buys: a customer is made at the first order, from the organisation or the person behind it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import Organisation, Person
from billing.models import Customer, Recipient, Seller
from mail.addresses import BadAddress, normalise

ADDRESS = ("name", "line1", "line2", "city", "region", "postal_code", "country")
MOST_RECIPIENTS = 20


def customer_of(*, person: Person, organisation: Organisation | None, now: datetime) -> Customer:
    """The customer behind whoever orders, locked until the transaction ends; made when there is none yet."""
    owner = {"organisation": organisation} if organisation else {"person": person}
    found = Customer.objects.select_for_update(no_key=True).filter(**owner).first()
    if found:
        return found
    currency = Seller.objects.filter(pk=1).values_list("currency", flat=True).first() or "USD"
    name = organisation.name if organisation else person.shown_name
    try:
        with transaction.atomic():
            Customer.objects.create(
                **owner, name=name[:255], currency=currency, time_zone=person.time_zone, created_at=now
            )
    except IntegrityError:
        pass  # somebody of the same organisation orders at the same moment
    return Customer.objects.select_for_update(no_key=True).get(**owner)


def lock(pk: int) -> None:
    """Let nobody else change this customer, or what hangs on it, until the transaction ends.

    Everybody locks in this order: invoices, payments, customer, boxes, plans, numbers, and the journal last.
    """
    list(Customer.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))


def keep_address(*, customer: Customer, address: Mapping[str, str]) -> None:
    """The first address of a customer is where their invoices go; later ones are only shipped to."""
    if customer.line1:
        return
    for field in ADDRESS:
        setattr(customer, field, address.get(field) or getattr(customer, field))
    customer.save(update_fields=ADDRESS)


def add_recipients(*, customer: Customer, emails: Iterable[str], by: Person | None, now: datetime) -> list[Recipient]:
    """Let these addresses have the invoices, too. Those that have them already stay as they are. Raises BadAddress."""
    wanted = dict.fromkeys(normalise(email) for email in emails)
    known = set(customer.recipients.filter(removed_at__isnull=True).values_list("email", flat=True))
    fresh = [email for email in wanted if email not in known]
    if len(known) + len(fresh) > MOST_RECIPIENTS:
        raise BadAddress(f"Invoices go to {MOST_RECIPIENTS} addresses at most.")
    return Recipient.objects.bulk_create(
        Recipient(customer=customer, email=email, added_by=by, added_at=now) for email in fresh
    )


def contacts_of(customer: Customer) -> list[str]:
    """Whom to write to about what they bought: the person, or whoever ordered last, or who gets the invoices."""
    if customer.person:
        return [customer.person.email] if customer.person.has_mail else []
    last = customer.orders.filter(placed_by__isnull=False).select_related("placed_by").order_by("-pk").first()
    if last and last.placed_by and last.placed_by.is_active and last.placed_by.has_mail:
        return [last.placed_by.email]
    billed = list(customer.recipients.filter(removed_at__isnull=True).order_by("pk").values_list("email", flat=True))
    if billed or customer.organisation is None:
        return billed
    members = customer.organisation.memberships.filter(person__is_active=True).select_related("person").order_by("pk")
    return [member.person.email for member in members[:5] if member.person.has_mail]
