"""What the pay form and the decline panel show: read from our own rows, never from the provider."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from billing import declines
from billing.actions import cards, pay
from billing.choices import PaymentMethod, PaymentState
from billing.forms.pay import PayForm
from billing.gateways import keys
from billing.models import Invoice, InvoiceLink, Payment

View = Callable[..., HttpResponseBase]
STRIPE_SCRIPT = "https://js.stripe.com"
STRIPE_FRAMES = ["https://js.stripe.com", "https://hooks.stripe.com"]
STRIPE_CALLS = "https://api.stripe.com"
SHOWN_FOR = timedelta(days=14)
UNFINISHED = (PaymentState.CREATED, PaymentState.ACTION_NEEDED, PaymentState.PROCESSING)


@dataclass(frozen=True)
class Panel:
    """Everything that `billing/_pay.html` and `billing/_decline.html` want."""

    invoice: Invoice
    form: PayForm
    action: str
    waiting: str
    decline: declines.Explained | None
    is_sandbox: bool
    publishable_key: str
    button: str
    has_focus: bool

    @property
    def test_cards(self) -> list[dict[str, str]]:
        """The published cards of the sandbox, with what each does."""
        return [
            {"number": _in_fours(row["number"]), "words": row.get("result") or _words_for(row)}
            for row in declines.words()["test_cards"]
        ]


def panel_for(
    request: HttpRequest,
    invoice: Invoice,
    *,
    token: str = "",
    link: InvoiceLink | None = None,
    form: PayForm | None = None,
) -> Panel:
    """The panel for whoever is looking: by the link behind `token`, or signed in."""
    person: Person | None = request.user if not token and request.user.is_authenticated else None
    payments = list(invoice.payments.order_by("-created_at", "-pk")[:20])
    on_its_way = next((one for one in payments if one.state in UNFINISHED), None)
    return Panel(
        invoice=invoice,
        form=form or form_for(invoice, person=person, link=link, last=_own_last_card(payments, person, link)),
        action=pay_address(invoice, token),
        waiting=pay.waiting_page(on_its_way) if on_its_way else "",
        decline=_decline(payments, invoice, "customer" if person else "public"),
        is_sandbox=keys.is_sandbox(),
        publishable_key="" if keys.is_sandbox() else settings.STRIPE_PUBLISHABLE_KEY,
        button="Confirm with my bank" if _wants_owner(payments) else "",
        has_focus="answer" in request.GET,
    )


def form_for(
    invoice: Invoice,
    *,
    person: Person | None,
    link: InvoiceLink | None,
    data: Any = None,
    last: Payment | None = None,
) -> PayForm:
    """The form, with what was typed before, but never the card (U19). Kept cards show to those signed in."""
    kept = [(card, cards.words_of(card)) for card in cards.cards_of(invoice.customer)] if person else []
    known = last.receipt_email if last else ""
    initial = {
        "key": secrets.token_urlsafe(24),
        "email": known or (link.email if link else "") or (person.email if person and person.has_mail else ""),
        "keep": bool(last and last.keeps_card),
    }
    return PayForm(
        data, initial=initial, cards=kept, keeper=invoice.customer.name, has_own_fields=keys.is_sandbox(),
        auto_id="pay_%s",
    )  # fmt: skip


def pay_address(invoice: Invoice, token: str) -> str:
    """Where the form goes: a page of its own, that can be opened, too."""
    if token:
        return reverse("billing:pay_by_link", args=[token])
    return reverse("billing:pay_own", args=[invoice.number])


def takes_cards(view: View) -> View:
    """Let the page load Stripe's own fields, where keys are set; without keys the policy stays as it is (U49)."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if keys.takes_cards_at_stripe():
            response._csp_update = {  # type: ignore[attr-defined]  # where django-csp looks
                "script-src": [STRIPE_SCRIPT],
                "frame-src": STRIPE_FRAMES,
                "connect-src": [STRIPE_CALLS],
            }
        return response

    return opened


def _last_card(payments: list[Payment]) -> Payment | None:
    return next((one for one in payments if one.method == PaymentMethod.CARD), None)


def _own_last_card(payments: list[Payment], person: Person | None, link: InvoiceLink | None) -> Payment | None:
    """What this payer typed before. Nobody learns the address that somebody else typed on the same invoice."""
    own = [one for one in payments if (one.by_id == person.pk if person else link and one.link_id == link.pk)]
    return _last_card(own)


def _decline(payments: list[Payment], invoice: Invoice, audience: declines.Audience) -> declines.Explained | None:
    """Why the newest card payment failed, while the invoice is still to be paid and it is not long ago."""
    last = _last_card(payments)
    if not last or last.state != PaymentState.FAILED or not invoice.due:
        return None
    if (last.finished_at or last.created_at) < timezone.now() - SHOWN_FOR:
        return None
    last.invoice = invoice
    return declines.explain_last(last, audience)


def _wants_owner(payments: list[Payment]) -> bool:
    last = _last_card(payments)
    if not last or last.state != PaymentState.FAILED or not last.is_off_session:
        return False
    wanted = Q(code="authentication_required") | Q(decline_code="authentication_required")
    return last.declines.filter(wanted).exists()


def _words_for(row: dict) -> str:
    entry = declines.meaning(row["code"], row["decline_code"] or "")
    return f"Declined: {(row['decline_code'] or row['code']).replace('_', ' ')} ({entry['title'].lower()})"


def _in_fours(number: str) -> str:
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))
