"""The store: what there is, one thing, and more about it. Nobody signs in to look."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from billing.baskets import basket_of
from billing.queries_store import Offer, offer_by_slug, offers, product_with_info, store_currency
from selfservice.visitors import visitor_of
from supportdesk.lib.audience import public


@public
@require_safe
def store(request: HttpRequest) -> HttpResponse:
    """Everything that is sold."""
    return render(request, "selfservice/store.html", {"section": "store", "offers": offers(currency=store_currency())})


@public
@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product with what it costs, and the button that puts it into the cart."""
    return product_page(request, _offer(slug))


@public
@require_safe
def info(request: HttpRequest, slug: str) -> HttpResponse:
    """What it is, in more words: where an invoice's line leads (R24)."""
    found = product_with_info(slug)
    if found is None:
        raise Http404
    own = f"/store/{found.slug}/info/"
    if found.more_url != own:
        return redirect(found.more_url)
    if not found.info_text:
        return redirect("customer:help")
    return render(request, "selfservice/product_info.html", {"section": "store", "product": found})


def product_page(
    request: HttpRequest, offer: Offer, *, status: int = 200, refusal: str = "", typed: dict | None = None
) -> HttpResponse:
    """The product's page, also with what was typed wrongly there."""
    visitor = visitor_of(request)
    basket = basket_of(person=visitor.person, key=visitor.key)
    held = {choice.price.pk: choice.quantity for choice in basket.choices}
    context = {
        "section": "store",
        "offer": offer,
        "held": [(price, held[price.pk]) for price in offer.prices if price.pk in held],
        "had": ",".join(f"{price.pk}:{held[price.pk]}" for price in offer.prices if price.pk in held),
        "refusal": refusal,
        "typed": typed or {"quantity": "1", "price": ""},
    }
    return render(request, "selfservice/product.html", context, status=status)


def _offer(slug: str) -> Offer:
    found = offer_by_slug(slug, currency=store_currency())
    if found is None:
        raise Http404
    return found
