"""A customer's own cards: which are kept, which one pays renewals, another one, no longer this one (R38)."""

import secrets

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from billing import access, declines
from billing.actions import cards
from billing.choices import CardSetupState
from billing.forms.pay import KeepCardForm
from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.gateways.facts import NotKnown, ProviderRefused
from billing.models import Card, Customer
from billing.views.pay_panel import takes_cards
from supportdesk.lib.audience import customer_only, signed_in
from supportdesk.lib.background import wake
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit

ADDED = Limit("cards added by a person", times=20, seconds=3600)
LOOKS = Limit("asking the provider for somebody who adds a card", times=30, seconds=60)
TOO_MANY = "Cards were entered often in a short time. Wait an hour and try again."
UNFINISHED = (CardSetupState.CREATED, CardSetupState.ACTION_NEEDED)


@customer_only
@private
@require_safe
def card_list(request: PersonRequest) -> HttpResponseBase:
    """Every card of everybody for whom this person pays, with what it pays."""
    owners = list(access.customers_of(request.user).order_by("pk"))
    context = {"section": "cards", "owners": [_owner(one) for one in owners]}
    return render(request, "billing/cards.html", context)


@customer_only
@private
@takes_cards
@require_http_methods(["GET", "HEAD", "POST"])
def add_card(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Another card. `?instead=7` takes the place of that one."""
    customer = access.customer_for(request.user, pk)
    if customer is None:
        raise Http404
    instead = _instead(request, customer)
    form = KeepCardForm(
        request.POST if request.method == "POST" else None, has_own_fields=keys.is_sandbox(), auto_id="card_%s",
        initial={"key": secrets.token_urlsafe(24), "is_for_renewals": True},
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        if hit(ADDED, str(request.user.pk), now=timezone.now()):
            form.add_error(None, TOO_MANY)
            status = 429
        elif form.is_valid() and (row := _add(form, customer, request, instead)):
            return redirect(cards.waiting_page(row))
        form.forget_card()
    context = {
        "customer": customer, "form": form, "instead": instead,
        "instead_words": cards.words_of(instead) if instead else "",
        "publishable_key": "" if keys.is_sandbox() else settings.STRIPE_PUBLISHABLE_KEY,
        "is_sandbox": keys.is_sandbox(),
    }  # fmt: skip
    return render(request, "billing/add_card.html", context, status=status)


@customer_only
@require_POST
def choose_card(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Let this card pay renewals."""
    card = _card(request, pk)
    try:
        cards.make_default(card=card, by=request.user, now=timezone.now())
    except cards.CannotKeep as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{cards.words_of(card)} pays your renewals from now on.")
    return redirect("billing:cards")


@customer_only
@private
@require_http_methods(["GET", "HEAD", "POST"])
def remove_card(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Forget a card, after saying what it pays."""
    card = _card(request, pk)
    rest = [one for one in cards.cards_of(card.customer) if one.pk != card.pk]
    if request.method != "POST":
        context = {
            "card": card, "words": cards.words_of(card), "renewals": cards.renewals_of(card),
            "heir": cards.words_of(rest[0]) if rest else "", "customer": card.customer,
        }  # fmt: skip
        return render(request, "billing/remove_card.html", context)
    words = cards.words_of(card)
    cards.remove(card=card, by=request.user, now=timezone.now())
    messages.success(request, f"{words} is gone.")
    return redirect("billing:cards")


@signed_in
@private
@require_safe
def card_waiting(request: PersonRequest, token: str) -> HttpResponseBase:
    """Where somebody waits for the bank, and where it sends them back to."""
    row = cards.setup_behind(token)
    if row is None or access.customer_for(request.user, row.customer_id) is None:
        raise Http404
    if row.state in UNFINISHED:
        if not hit(LOOKS, str(row.pk), now=timezone.now()):
            wake("billing.ask_card_setup", setup_id=row.pk)
        is_return = "setup_intent" in request.GET or "looked" in request.GET
        return render(request, "billing/card_waiting.html", {"setup": row, "is_return": is_return})
    if row.state == CardSetupState.SUCCEEDED and row.card:
        messages.success(request, f"{cards.words_of(row.card)} is kept.")
        return redirect("billing:cards")
    messages.error(request, row.words or "The card was not kept.")
    return redirect("billing:add_card", row.customer_id)


def _owner(customer: Customer) -> dict:
    kept = [
        {"card": card, "words": cards.words_of(card), "renewals": cards.renewals_of(card)}
        for card in cards.cards_of(customer)
    ]
    return {"customer": customer, "cards": kept}


def _card(request: PersonRequest, pk: int) -> Card:
    card = access.card_for(request.user, pk)
    if card is None:
        raise Http404
    return card


def _instead(request: PersonRequest, customer: Customer) -> Card | None:
    said = request.GET.get("instead", "")
    card = access.card_for(request.user, int(said)) if said.isascii() and said.isdigit() and len(said) < 19 else None
    return card if card and card.customer_id == customer.pk else None


def _add(form: KeepCardForm, customer: Customer, request: PersonRequest, instead: Card | None):
    typed = form.cleaned_data
    try:
        token = typed.get("card_token") or gateway.make_sandbox_card(
            number=typed["number"], exp_month=typed["exp_month"], exp_year=typed["exp_year"], cvc=typed["cvc"],
            postal_code=typed.get("postal_code", ""),
        ).id  # fmt: skip
        return cards.add(
            customer=customer,
            card_token=token,
            by=request.user,
            key=typed["key"],
            return_to=reverse("billing:cards"),
            is_for_renewals=typed["is_for_renewals"],
            replaces=instead,
            now=timezone.now(),
        )
    except cards.CannotKeep as refusal:
        form.add_error(None, str(refusal))
    except NotKnown:
        form.add_error(None, "The payment provider does not answer just now. Try again in a minute.")
    except ProviderRefused as refusal:
        code = refusal.decline.code if refusal.decline else refusal.code
        form.refuse_card(*declines.about_a_field(code, str(refusal)))
    return None
