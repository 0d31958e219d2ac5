"""The cart: works without a login and without script. What it shows is priced anew each time (S30)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.access import customers_of
from billing.actions import cart as carts
from billing.baskets import basket_of
from billing.credit import may_buy_on_account
from billing.models import Customer, Price, Seller
from billing.pricing import priced
from billing.queries_store import offer_by_slug, store_currency
from billing.refusals import Refused
from selfservice.forms.cart import CouponForm, LineForm, PutInForm
from selfservice.views.store import product_page
from selfservice.visitors import DAYS, remember, visitor_of, with_key
from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit

CODES = Limit("coupon codes tried from a network", times=60, seconds=3600)
# A school sits behind one address; a machine that fills the table with carts is stopped all the same.
NEW_CARTS = Limit("carts begun from a network", times=300, seconds=3600)


@public
@private
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """What is in it, what it costs now, and what has changed since."""
    return cart_page(request)


@public
@private
@require_POST
def put_in(request: HttpRequest) -> HttpResponse:
    """From a product's page into the cart."""
    form, now = PutInForm(request.POST), timezone.now()
    if not form.is_valid():
        return _not_put_in(request, str(next(iter(form.errors.values()))[0]))
    visitor, price = with_key(visitor_of(request)), form.cleaned_data["price"]
    if visitor.is_new and hit(NEW_CARTS, network_of(client_ip(request)), now=now):
        return _not_put_in(
            request, "Many carts were begun from here in a short time. Sign in, or come back in an hour."
        )
    try:
        carts.put_in(
            visitor=visitor,
            price_id=price,
            quantity=form.cleaned_data["quantity"],
            had=form.cleaned_data["had"].get(price, 0) if "had" in request.POST else None,
            now=now,
        )
    except Refused as refusal:
        return _not_put_in(request, str(refusal))
    return remember(redirect("selfservice:cart"), visitor)


@public
@private
@require_POST
def change(request: HttpRequest, price: int) -> HttpResponse:
    """Another number of one thing; the button "remove" says none."""
    data = request.POST.copy()
    if "remove" in data:
        data["quantity"] = "0"
    form = LineForm(data)
    if not form.is_valid():
        words = form.errors.get("quantity") or ["This page is not complete. This is how your cart stands now."]
        return cart_page(request, status=422, refused=price, refusal=str(words[0]), typed=data.get("quantity", ""))
    try:
        carts.set_quantity(visitor=visitor_of(request), price_id=price, now=timezone.now(), **form.cleaned_data)
    except carts.StaleCart as stale:
        return cart_page(request, status=409, refused=price, refusal=str(stale), typed=data.get("quantity", ""))
    except Refused as refusal:
        return cart_page(request, status=422, refused=price, refusal=str(refusal), typed=data.get("quantity", ""))
    return redirect("selfservice:cart")


@public
@private
@require_POST
def coupon(request: HttpRequest) -> HttpResponse:
    """Use a coupon, or the button "remove": buy without it."""
    visitor, now = with_key(visitor_of(request)), timezone.now()
    if "remove" in request.POST:
        carts.drop_coupon(visitor=visitor, now=now)
        return remember(redirect("selfservice:cart"), visitor)
    form = CouponForm(request.POST)
    if form.is_valid():
        if visitor.is_new:
            form.add_error("code", "Put something into the cart first, then enter your coupon.")
            return cart_page(request, status=422, form=form)
        if hit(CODES, network_of(client_ip(request)), now=now):
            form.add_error("code", "Many codes were tried from here. Wait an hour, or ask a person.")
            return cart_page(request, status=429, form=form)
        try:
            carts.use_coupon(visitor=visitor, code=form.cleaned_data["code"], now=now)
        except Refused as refusal:
            form.add_error("code", str(refusal))
    if form.errors:
        return cart_page(request, status=422, form=form)
    return remember(redirect("selfservice:cart"), visitor)


@public
@private
@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """ "I have seen the new prices.\""""
    carts.accept_prices(visitor=visitor_of(request), now=timezone.now())
    return redirect("selfservice:cart")


def cart_page(
    request: HttpRequest,
    *,
    status: int = 200,
    refused: int = 0,
    refusal: str = "",
    typed: str = "",
    form: CouponForm | None = None,
) -> HttpResponse:
    """The cart as it stands, beside what was refused and what was typed."""
    visitor, now = visitor_of(request), timezone.now()
    basket = basket_of(person=visitor.person, key=visitor.key)
    customer = _customer(request)
    quote = priced(basket, customer=customer, now=now)
    context = {
        "section": "cart",
        "basket": basket,
        "quote": quote,
        "refused": refused,
        "refusal": refusal,
        "typed": typed,
        "form": form if form and form.errors else None,
        "coupon_form": form or CouponForm(),
        "seller": Seller.objects.filter(pk=1).first(),
        "on_account": may_buy_on_account(customer),
        "customer": customer,
        "days": DAYS,
        "has_new_prices": any(line.has_changed for line in quote.lines),
    }
    return render(request, "selfservice/cart.html", context, status=status)


def _customer(request: HttpRequest) -> Customer | None:
    return customers_of(request.user).order_by("pk").first() if request.user.is_authenticated else None


def _not_put_in(request: HttpRequest, refusal: str) -> HttpResponse:
    """The product's page again, with what was chosen; the cart where nobody can say which product it was."""
    typed = {"price": request.POST.get("price", "")[:20], "quantity": request.POST.get("quantity", "")[:20]}
    key = typed["price"]
    known = Price.objects.select_related("product").filter(pk=int(key)) if _is_key(key) else Price.objects.none()
    price = known.first()
    offer = offer_by_slug(price.product.slug, currency=store_currency()) if price else None
    if offer is None:
        return cart_page(request, status=422, refusal=refusal)
    return product_page(request, offer, status=422, refusal=refusal, typed=typed)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
