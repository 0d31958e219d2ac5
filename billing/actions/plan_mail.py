"""Mail about plans: refused renewals, what follows, and the end. No opt-out holds it back: the reader's plan depends
on it, and a decline's words are those for whoever holds the link."""

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone

from billing import declines
from billing.actions import customers, kept_cards, notices, numbering
from billing.actions.letters import send_letter
from billing.actions.new_links import make_link
from billing.actions.plan_bills import Bill
from billing.choices import PaymentMethod
from billing.models import Card, Decline, Invoice, Seller, Subscription
from mail.addresses import Address
from supportdesk.lib import money


def declined(
    *,
    subscription: Subscription,
    invoice: Invoice,
    decline: Decline | None,
    why: str,
    is_last: bool,
    now: datetime,
) -> int:
    """A renewal was not paid: what the bank said, when it is tried again, how to pay now, and what comes after."""
    amount = money.shown(invoice.due, invoice.currency)
    with timezone.override(numbering.seller_zone()):
        explained = declines.explain(decline, "public") if decline else None
    last = "Last attempt: " if is_last else ""
    subject = f"{last}{amount} for {subscription.product.name} was not paid"
    more = {"invoice": invoice, "explained": explained, "why": why, "is_last": is_last, "amount": amount}
    return _mail(subscription, subject, "plan_declined", more, invoice, now)


def overdue(*, subscription: Subscription, invoice: Invoice, ends_on: date, now: datetime) -> int:
    """An invoice of a plan was not paid in time: until when the plan goes on all the same."""
    subject = f"{invoice.number} is overdue: {subscription.product.name} ends on {ends_on:%-d %B}"
    amount = money.shown(invoice.due, invoice.currency)
    more = {"invoice": invoice, "ends_on": ends_on, "amount": amount}
    return _mail(subscription, subject, "plan_overdue", more, invoice, now)


def off_account(*, subscription: Subscription, invoice: Invoice, card: Card | None, now: datetime) -> int:
    """It renewed, and its customer may not buy on account any more: how it is paid now and from now on."""
    amount = money.shown(invoice.due, invoice.currency)
    subject = f"{subscription.product.name} was renewed, and is not on account any more"
    with_card = kept_cards.words_of(card) if card else ""
    more = {"invoice": invoice, "amount": amount if invoice.due else "", "card": with_card}
    return _mail(subscription, subject, "plan_off_account", more, invoice, now)


def over_limit(*, subscription: Subscription, invoice: Invoice, now: datetime) -> int:
    """It renewed on account past the limit: that it is due at once, how to pay it, and how to ask for more."""
    customer = subscription.customer
    amount, limit = (money.shown(one, invoice.currency) for one in (invoice.due, customer.credit_limit))
    subject = f"{amount} for {subscription.product.name} is due now: your credit limit is used up"
    more = {"invoice": invoice, "amount": amount, "limit": limit, "customer": customer}
    return _mail(subscription, subject, "plan_over_limit", more, invoice, now)


def renews_soon(*, subscription: Subscription, bill: Bill, now: datetime) -> int:
    """It renews for a year: when, for how much, and from which card; `subscription.method` is how it will be paid."""
    day = f"{subscription.period_ends_on:%-d %B}"
    currency = subscription.price.currency
    amount = money.shown(bill.total, currency)
    rows = Card.objects.filter(customer=subscription.customer_id, is_default=True, removed_at__isnull=True)
    by_card = subscription.method == PaymentMethod.CARD
    more = {
        "amount": amount,
        "tax": money.shown(bill.tax, currency) if bill.tax else "",
        "credit": money.shown(bill.credit, currency) if bill.credit else "",
        "card": kept_cards.words_of(card) if by_card and (card := rows.first()) else "",
        "by_card": by_card,
    }
    subject = f"{subscription.product.name} renews on {day} for {amount}"
    return _mail(subscription, subject, "plan_renews_soon", more, None, now)


def cancelled(*, subscription: Subscription, now: datetime) -> int:
    """It ends when it would renew; until when it works, and that the account undoes it."""
    subject = f"{subscription.product.name} ends on {subscription.period_ends_on:%-d %B %Y}"
    return _mail(subscription, subject, "plan_cancelled", {}, None, now)


def ended(*, subscription: Subscription, why: str, withdrawn: Sequence[Invoice], now: datetime) -> int:
    """It has ended: why, what became of its invoice, and how to begin again."""
    subject = f"{subscription.product.name} has ended"
    return _mail(subscription, subject, "plan_ended", {"why": why, "withdrawn": withdrawn}, None, now)


def _mail(
    subscription: Subscription, subject: str, words: str, more: dict, invoice: Invoice | None, now: datetime
) -> int:
    contacts = customers.contacts_of(subscription.customer)
    to: list[Address] = notices.recipients_of(subscription.customer, fallback=contacts)
    seller = Seller.objects.filter(pk=1).values_list("legal_name", flat=True).first() or settings.SITE_NAME
    for one in to:
        context = {"subscription": subscription, "seller": seller, **more}
        context["site_url"] = settings.SITE_URL
        if invoice:
            context["address"] = make_link(invoice=invoice, email=one.email, name=one.name, now=now)
        key = notices.source_key(invoice) if invoice else f"subscription:{subscription.pk}"
        send_letter(to=one, subject=subject, words=words, context=context, source_key=key, now=now)
    return len(to)
