"""Staff: what is sold, what it costs, what shipping costs and which taxes apply."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.door import done, may, saved
from accounts.requests import PersonRequest
from billing.actions import catalogue, tax_rates
from billing.choices import ProductKind
from billing.forms.catalogue import (
    EndForm,
    NewProductForm,
    PriceForm,
    ProductForm,
    ShippingForm,
    SizesForm,
    TaxRateForm,
)
from billing.models import Price, Product, Seller, TaxRate
from billing.queries_store import catalogue_page, sizes_in, store_currency
from billing.refusals import Refused

REFUSALS = (Refused,)


def page(request: PersonRequest, name: str, here: str, /, *, status: int = 200, form=None, **context) -> HttpResponse:
    """A page of the store's settings; 422 when its form has errors."""
    found = {"section": "settings", "here": here, "form": form, **context}
    return render(request, f"billing/settings/{name}.html", found, status=422 if form and form.errors else status)


@may("store.see")
@require_safe
def product_list(request: PersonRequest) -> HttpResponse:
    """Everything that is, was or will be sold."""
    after = request.GET.get("after", "")
    rows, following = catalogue_page(after=after)
    seller = Seller.objects.filter(pk=1).first()
    return page(request, "products", "products", products=rows, following=following, after=after, seller=seller)


@may("store.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_product(request: PersonRequest) -> HttpResponse:
    """A draft."""
    form = NewProductForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        kind = ProductKind(form.cleaned_data["kind"])
        try:
            made = catalogue.create_product(kind=kind, words=form.words, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error("minutes" if kind == ProductKind.HOURS else None, str(refusal))
        else:
            messages.success(request, f"{made.name} is a draft. Enter what it costs, then publish it.")
            return redirect("shop:product", made.pk)
    return page(request, "product_new", "products", form=form)


@may("store.see")
@require_safe
def product(request: PersonRequest, pk: int) -> HttpResponse:
    """One product: its words, its prices, and what keeps it from being published."""
    return _product_page(request, get_object_or_404(Product, pk=pk))


@may("store.set_up")
@require_POST
def change_product(request: PersonRequest, pk: int) -> HttpResponse:
    """Other words."""
    row = get_object_or_404(Product, pk=pk)
    form = ProductForm(request.POST, product=row)

    def change(entered: dict) -> None:
        catalogue.change_product(product=row, words=form.words, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, words="Saved."):
        return redirect("shop:product", row.pk)
    return _product_page(request, row, form=form)


@may("store.set_up")
@require_POST
def set_prices(request: PersonRequest, pk: int) -> HttpResponse:
    """Other prices, from now on."""
    row = get_object_or_404(Product, pk=pk)
    form = _prices_form(row, request.POST)

    def change(entered: dict) -> None:
        catalogue.set_prices(product=row, prices=form.prices, by=request.user, now=timezone.now())

    words = "The prices hold from now on. What was bought before keeps its own."
    if saved(request, form, change, refusals=REFUSALS, words=words):
        return redirect("shop:product", row.pk)
    return _product_page(request, row, prices=form)


@may("store.set_up")
@require_POST
def publish(request: PersonRequest, pk: int) -> HttpResponse:
    """Let people buy it."""
    row = get_object_or_404(Product, pk=pk)
    done(
        request,
        lambda: catalogue.publish(product=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is in the store.",
    )
    return redirect("shop:product", row.pk)


@may("store.set_up")
@require_POST
def archive(request: PersonRequest, pk: int) -> HttpResponse:
    """Sell it no longer."""
    row = get_object_or_404(Product, pk=pk)
    done(
        request,
        lambda: catalogue.archive(product=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is no longer sold. What was bought of it stays.",
    )
    return redirect("shop:product", row.pk)


@may("store.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def shipping(request: PersonRequest) -> HttpResponse:
    """What shipping costs."""
    seller = Seller.objects.filter(pk=1).first()
    form = ShippingForm(
        request.POST if request.method == "POST" else None,
        amount=seller.shipping_amount if seller else 0,
        currency=store_currency(),
    )

    def change(entered: dict) -> None:
        catalogue.set_shipping(amount=entered["amount"], by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, field="amount", words="New orders ship at this price."):
        return redirect("shop:products")
    return page(request, "shipping", "products", form=form)


@may("store.see")
@require_safe
def taxes(request: PersonRequest) -> HttpResponse:
    """Which taxes apply where."""
    return _taxes_page(request, TaxRateForm(initial={"starts_on": timezone.localdate()}))


@may("store.set_up")
@require_POST
def add_tax(request: PersonRequest) -> HttpResponse:
    """A tax from a day on."""
    form = TaxRateForm(request.POST)

    def add(entered: dict) -> None:
        rate = entered.pop("percent")
        tax_rates.add_rate(**entered, rate_ppm=rate, by=request.user, now=timezone.now())

    if saved(request, form, add, refusals=REFUSALS, field="starts_on", words="The tax applies from that day on."):
        return redirect("shop:taxes")
    return _taxes_page(request, form)


@may("store.set_up")
@require_POST
def end_tax(request: PersonRequest, pk: int) -> HttpResponse:
    """The last day of a tax."""
    row, form = get_object_or_404(TaxRate, pk=pk), EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"{row.name} stays as it is. {form.errors['ends_on'][0]}")
        return redirect("shop:taxes")
    done(
        request,
        lambda: tax_rates.end_rate(rate=row, ends_on=form.cleaned_data["ends_on"], by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} ends then.",
    )
    return redirect("shop:taxes")


def _taxes_page(request: PersonRequest, form: TaxRateForm) -> HttpResponse:
    rows = TaxRate.objects.order_by("country", "region", "name", "-starts_on")[:500]
    return page(request, "taxes", "taxes", form=form, rates=rows, today=timezone.localdate())


def _prices_form(row: Product, data=None) -> PriceForm | SizesForm:
    kind = SizesForm if row.kind == ProductKind.PLAN else PriceForm
    return kind(data, product=row, currency=store_currency())


def _product_page(
    request: PersonRequest,
    row: Product,
    *,
    form: ProductForm | None = None,
    prices: PriceForm | SizesForm | None = None,
) -> HttpResponse:
    wrong = form or prices
    standing = Price.objects.filter(product=row, withdrawn_at__isnull=True, currency=store_currency())
    return page(
        request,
        "product",
        "products",
        form=wrong if wrong and wrong.errors else None,
        product=row,
        words_form=form or ProductForm(product=row),
        prices_form=prices or _prices_form(row),
        sizes=sizes_in(standing) if row.kind == ProductKind.PLAN else [],
        lacks=catalogue.lacks(row),
        currency=store_currency(),
    )
