"""Pay an invoice, by its link or signed in. A form, one action, and a page that waits for the bank."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from billing import access, declines
from billing.actions import pay
from billing.choices import PaymentState
from billing.forms.pay import PayForm
from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.gateways.facts import NotKnown, ProviderRefused
from billing.models import Invoice, InvoiceLink, Payment
from billing.refusals import Refused
from billing.views import pay_panel
from billing.views.way_back import way_back, with_way_back
from supportdesk.lib.audience import public, signed_in
from supportdesk.lib.background import wake
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit

# Thieves try stolen numbers where nobody asks who they are (B5): few tries for an invoice, and for a network.
FOR_INVOICE = Limit("card payments of an invoice by link", times=10, seconds=3600)
FROM_NETWORK = Limit("card payments by link from a network", times=30, seconds=3600)
BY_PERSON = Limit("card payments of a person", times=30, seconds=3600)
LOOKS = Limit("asking the provider for somebody who waits", times=30, seconds=60)
TOO_MANY = "Cards were tried often in a short time. Wait an hour, or pay by bank transfer."
UNFINISHED = (PaymentState.CREATED, PaymentState.ACTION_NEEDED, PaymentState.PROCESSING)


@public
@private
@pay_panel.takes_cards
@require_http_methods(["GET", "HEAD", "POST"])
def pay_by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Whoever holds the link may pay, and see nothing else of the account."""
    now = timezone.now()
    try:
        link = access.link_for(token, now)
    except Refused:
        return redirect("selfservice:invoice_link", token)  # which says kindly what became of it
    back = reverse("selfservice:invoice_link", args=[token])
    waits = 0
    if request.method == "POST":
        network = network_of(client_ip(request))
        waits = max(hit(FOR_INVOICE, str(link.invoice_id), now=now), hit(FROM_NETWORK, network, now=now))
    return _pay(request, link.invoice, back=back, now=now, waits=waits, link=link, token=token)


@signed_in
@private
@pay_panel.takes_cards
@require_http_methods(["GET", "HEAD", "POST"])
def pay_own(request: PersonRequest, number: str) -> HttpResponseBase:
    """An invoice of one's own account."""
    now = timezone.now()
    try:
        invoice = access.invoice_for(request.user, number)
    except Refused as refusal:
        raise Http404 from refusal
    waits = hit(BY_PERSON, str(request.user.pk), now=now) if request.method == "POST" else 0
    return _pay(request, invoice, back=reverse("selfservice:own_invoice", args=[number]), now=now, waits=waits)


@public
@private
@require_safe
def waiting(request: HttpRequest, token: str) -> HttpResponseBase:
    """Where a payer waits, and where the bank sends them back to. The page looks again; a worker asks the provider."""
    payment = _payment(token)
    back = way_back(request)
    if payment.state in UNFINISHED:
        if not hit(LOOKS, str(payment.pk), now=timezone.now()):
            wake("billing.ask_payment", payment_id=payment.pk)
        context = {"payment": payment, "invoice": payment.invoice, "token": token, "back": back}
        context["is_return"] = "payment_intent" in request.GET or "looked" in request.GET
        return render(request, "billing/waiting.html", _with_seller(context, payment.invoice))
    if back:
        return redirect(
            f"{back}?answer={payment.state}#{'declined' if payment.state == PaymentState.FAILED else 'main'}"
        )
    context = {"payment": payment, "invoice": payment.invoice, "back": ""}
    if payment.state == PaymentState.FAILED:
        with timezone.override(_zone(payment.invoice)):
            context["decline"] = declines.explain_last(payment, "public")
    return render(request, "billing/answered.html", _with_seller(context, payment.invoice))


@public
@private
@require_POST
def give_up(request: HttpRequest, token: str) -> HttpResponseBase:
    """Stop waiting for the bank, and pay in another way."""
    payment = _payment(token)
    by = request.user if request.user.is_authenticated else None
    payment = pay.give_up(payment=payment, by=by, now=timezone.now())
    back = way_back(request)
    if payment.state in UNFINISHED or not back:
        return redirect("billing:waiting", token)
    return redirect(f"{back}#pay")


def _pay(
    request: HttpRequest,
    invoice: Invoice,
    *,
    back: str,
    now: datetime,
    waits: int,
    link: InvoiceLink | None = None,
    token: str = "",
) -> HttpResponseBase:
    person = request.user if not token and request.user.is_authenticated else None
    if request.method != "POST":
        return _page(request, invoice, back=back, link=link, token=token, form=None)
    form = pay_panel.form_for(invoice, person=person, link=link, data=request.POST)
    status = 422
    if waits:
        form.add_error(None, TOO_MANY)
        status = 429
    elif form.is_valid():
        payment = _start(form, invoice, person, link, "" if token else back, now)
        if payment:
            return with_way_back(redirect(_where_now(payment, back)), back)
    form.forget_card()
    response = _page(request, invoice, back=back, link=link, token=token, form=form, status=status)
    if waits:
        response["Retry-After"] = str(waits)
    return response


def _start(
    form: PayForm, invoice: Invoice, person, link: InvoiceLink | None, return_to: str, now: datetime
) -> Payment | None:
    """The payment, or None with what is wrong written into the form."""
    typed = form.cleaned_data
    try:
        card_token = "" if form.kept_card else _token(form)
        return pay.start(
            invoice=invoice,
            card_token=card_token,
            card=form.kept_card,
            by=person,
            link=link,
            key=typed.get("key", ""),
            keep_card=bool(typed.get("keep")) and not form.kept_card,
            receipt_email=typed.get("email", ""),
            return_to=return_to,
            agreed=form.agreed,
            now=now,
        )
    except pay.CannotPay as refusal:
        form.add_error(None, str(refusal))
    except NotKnown:
        form.add_error(
            None, "The payment provider does not answer just now. Nothing was charged. Try again in a minute."
        )
    except ProviderRefused as refusal:
        code = refusal.decline.code if refusal.decline else refusal.code
        form.refuse_card(*declines.about_a_field(code, str(refusal)))
    return None


def _token(form: PayForm) -> str:
    """What stands for the card that was typed. With a key, the browser made it with Stripe and no number came here."""
    typed = form.cleaned_data
    if not form.has_own_fields:
        return typed["card_token"]
    return gateway.make_sandbox_card(
        number=typed["number"], exp_month=typed["exp_month"], exp_year=typed["exp_year"], cvc=typed["cvc"],
        postal_code=typed.get("postal_code", ""),
    ).id  # fmt: skip


def _where_now(payment: Payment, back: str) -> str:
    if payment.state in UNFINISHED:
        return pay.waiting_page(payment)
    anchor = "declined" if payment.state == PaymentState.FAILED else "main"
    return f"{back}?answer={payment.state}#{anchor}"


def _page(
    request: HttpRequest,
    invoice: Invoice,
    *,
    back: str,
    link: InvoiceLink | None,
    token: str,
    form: PayForm | None,
    status: int = 200,
) -> HttpResponse:
    with timezone.override(_zone(invoice)):
        panel = pay_panel.panel_for(request, invoice, token=token, link=link, form=form)
    context = {
        "invoice": invoice, "panel": panel, "form": panel.form if form else None, "back": back,
        "decline": None if form else panel.decline,
    }  # fmt: skip
    with timezone.override(_zone(invoice)):
        return render(request, "billing/pay.html", _with_seller(context, invoice), status=status)


def _with_seller(context: dict, invoice: Invoice) -> dict:
    return {**context, "seller": invoice.snapshot.get("seller", {}), "is_sandbox": keys.is_sandbox()}


def _zone(invoice: Invoice) -> ZoneInfo:
    """Of whoever pays; UTC where it is not known."""
    try:
        return ZoneInfo(invoice.customer.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _payment(token: str) -> Payment:
    payment = pay.payment_behind(token)
    if payment is None:
        raise Http404
    return payment
