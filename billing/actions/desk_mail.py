"""Mail to a customer about what the desk gives them: goodwill, a coupon, a plan for free. No opt-out holds it back."""

from datetime import datetime

from django.conf import settings

from billing.actions import customers
from billing.actions.letters import send_letter
from billing.models import CouponGrant, Customer, FreeAccount, Goodwill, Seller
from mail.addresses import Address
from supportdesk.lib import money


def goodwill(*, given: Goodwill, now: datetime) -> int:
    """How much, and where it is seen. The reason stays at the desk."""
    amount = money.shown(given.amount, given.currency)
    subject = {
        "invoice": f"We took {amount} off invoice {given.invoice}",
        "card": f"{amount} comes back to your card",
        "coupon": f"{amount} off your next order",
    }[given.way]
    return _mail(given.customer, subject, "goodwill", {"given": given, "amount": amount}, f"goodwill:{given.pk}", now)


def discount(*, grant: CouponGrant, now: datetime) -> int:
    """A coupon of the catalogue."""
    subject = f"A coupon for you: {grant.coupon.code}"
    return _mail(grant.customer, subject, "discount", {"grant": grant}, f"coupon_grant:{grant.pk}", now)


def free_account(*, account: FreeAccount, now: datetime) -> int:
    """A plan that costs nothing, and until when."""
    subject = f"{account.product.name} is free for you until {account.ends_on:%-d %B %Y}"
    return _mail(account.customer, subject, "free_account", {"account": account}, f"free_account:{account.pk}", now)


def _mail(customer: Customer, subject: str, words: str, more: dict, key: str, now: datetime) -> int:
    contacts = customers.contacts_of(customer)
    seller = Seller.objects.filter(pk=1).values_list("legal_name", flat=True).first() or settings.SITE_NAME
    context = {"customer": customer, "seller": seller, "site_url": settings.SITE_URL, **more}
    for email in contacts:
        send_letter(to=Address(email), subject=subject, words=words, context=context, source_key=key, now=now)
    return len(contacts)
