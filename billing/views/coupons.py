"""Staff: coupons, and who was given one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.door import may, saved
from accounts.requests import PersonRequest
from billing.actions import coupons
from billing.forms.coupons import CouponForm, GiveForm
from billing.models import Coupon, CouponGrant, Redemption
from billing.queries_store import coupon_page, store_currency
from billing.refusals import Refused
from billing.views.catalogue import page

REFUSALS = (Refused,)
SHOWN = 50


@may("store.see")
@require_safe
def coupon_list(request: PersonRequest) -> HttpResponse:
    """Every coupon, the newest first."""
    rows, following = coupon_page(before=request.GET.get("before", ""))
    return page(request, "coupons", "coupons", coupons=rows, following=following, now=timezone.now())


@may("store.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_coupon(request: PersonRequest) -> HttpResponse:
    """Another coupon."""
    form = CouponForm(request.POST if request.method == "POST" else None, currency=store_currency())

    def create(entered: dict) -> None:
        coupons.create_coupon(code=entered["code"], terms=form.terms, by=request.user, now=timezone.now())

    if saved(request, form, create, refusals=REFUSALS, words="The coupon works from its first day on."):
        return redirect("shop:coupons")
    return page(request, "coupon_new", "coupons", form=form)


@may("store.see")
@require_safe
def coupon(request: PersonRequest, pk: int) -> HttpResponse:
    """One coupon: its terms, where it was used, and who was given it."""
    return _page(request, get_object_or_404(Coupon, pk=pk))


@may("store.set_up")
@require_POST
def change_coupon(request: PersonRequest, pk: int) -> HttpResponse:
    """Other terms."""
    row = get_object_or_404(Coupon, pk=pk)
    form = CouponForm(request.POST, coupon=row, currency=row.currency)

    def change(entered: dict) -> None:
        coupons.change_coupon(coupon=row, terms=form.terms, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, words=f"{row.code} is changed."):
        return redirect("shop:coupon", row.pk)
    return _page(request, row, form=form)


@may("store.set_up")
@require_POST
def switch_coupon(request: PersonRequest, pk: int) -> HttpResponse:
    """Let it work, or no longer."""
    row, on = get_object_or_404(Coupon, pk=pk), request.POST.get("on") == "yes"
    coupons.switch_coupon(coupon=row, on=on, by=request.user, now=timezone.now())
    messages.success(request, f"{row.code} works." if on else f"{row.code} no longer works.")
    return redirect("shop:coupon", row.pk)


@may("store.set_up")
@require_POST
def give_coupon(request: PersonRequest, pk: int) -> HttpResponse:
    """Give it to a customer, who gets a mail."""
    row, form = get_object_or_404(Coupon, pk=pk), GiveForm(request.POST)

    def give(entered: dict) -> None:
        coupons.grant(coupon=row, email=entered["email"], by=request.user, now=timezone.now())

    if saved(request, form, give, refusals=REFUSALS, field="email", words="They have it, and a mail that says so."):
        return redirect("shop:coupon", row.pk)
    return _page(request, row, give_form=form)


def _page(
    request: PersonRequest, row: Coupon, *, form: CouponForm | None = None, give_form: GiveForm | None = None
) -> HttpResponse:
    wrong = form or give_form
    return page(
        request,
        "coupon",
        "coupons",
        form=wrong if wrong and wrong.errors else None,
        coupon=row,
        terms_form=form or CouponForm(coupon=row, currency=row.currency),
        give_form=give_form or GiveForm(),
        grants=CouponGrant.objects.filter(coupon=row).select_related("customer").order_by("-pk")[:SHOWN],
        uses=Redemption.objects.filter(coupon=row).select_related("customer", "order").order_by("-pk")[:SHOWN],
    )
