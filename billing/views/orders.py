"""Staff: orders, what is to be packed, what is held and why, and the customer's hours."""

import secrets

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import NotAllowed, can
from accounts.door import done, may, saved
from accounts.requests import PersonRequest
from billing import linked, queries_orders, queries_shipments
from billing.actions import hours, orders, shipments
from billing.choices import HoldReason
from billing.forms.shipments import CancelForm, HoldForm, HoursForm, LetGoForm, ShipForm
from billing.models import Customer, HoursEntry, Order, Shipment
from billing.refusals import Refused

REFUSALS = (Refused,)
ENTRIES = 200


@may("orders.see")
@require_safe
def board(request: PersonRequest) -> HttpResponse:
    """What is to be packed, what is held and why, what is ready and what is on its way."""
    asked = queries_shipments.Asked.of(request.GET)
    rows, following = queries_shipments.page_of(asked)
    context = {
        "section": "orders",
        "asked": asked,
        "rows": rows,
        "following": following,
        "tabs": queries_shipments.TABS.items(),
        "works": can(request.user, "orders.work"),
        "bills": can(request.user, "invoices.see"),
    }
    return render(request, "billing/orders/board.html", context)


@may("orders.see")
@require_safe
def order(request: PersonRequest, number: str) -> HttpResponse:
    """One order with everything that belongs to it."""
    return _page(request, _order(number))


@may("orders.work")
@require_POST
def cancel(request: PersonRequest, number: str) -> HttpResponse:
    """Take an order back that was neither paid nor sent."""
    row, form = _order(number), CancelForm(request.POST)

    def act(entered: dict) -> None:
        orders.cancel(order=row, reason=entered["reason"], by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=REFUSALS, field="reason", words=f"{row.number} is cancelled."):
        return redirect("shop:order", row.number)
    return _page(request, row, cancel_form=form)


@may("orders.work")
@require_POST
def pack(request: PersonRequest, pk: int) -> HttpResponse:
    """It is in its box."""
    row = _shipment(pk)
    done(
        request,
        lambda: shipments.pack(shipment=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.order.number} is packed.",
    )
    return _back(request, row)


@may("orders.work")
@require_POST
def hold(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep it here for now."""
    row, form = _shipment(pk), HoldForm(request.POST)

    def act(entered: dict) -> None:
        shipments.hold(shipment=row, words=entered["words"], by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=REFUSALS, field="words", words=f"{row.order.number} waits."):
        return _back(request, row)
    return _page(request, _order(row.order.number), hold_form=form)


@may("orders.see")
@require_POST
def let_go(request: PersonRequest, pk: int) -> HttpResponse:
    """It waits no longer for one reason."""
    row, form = _shipment(pk), LetGoForm(request.POST)
    if not form.is_valid():
        raise Http404
    reason = HoldReason(form.cleaned_data["reason"])
    done(
        request,
        lambda: shipments.let_go(shipment=row, reason=reason, by=request.user, now=timezone.now()),
        refusals=(*REFUSALS, NotAllowed),
        words=f"{row.order.number} no longer waits for that.",
    )
    return _back(request, row)


@may("orders.work")
@require_POST
def ship(request: PersonRequest, pk: int) -> HttpResponse:
    """It left."""
    row, form = _shipment(pk), ShipForm(request.POST)

    def act(entered: dict) -> None:
        shipments.ship(shipment=row, **entered, by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=REFUSALS, field="number", words=f"{row.order.number} is on its way."):
        return _back(request, row)
    return _page(request, _order(row.order.number), ship_form=form)


@may("orders.work")
@require_POST
def deliver(request: PersonRequest, pk: int) -> HttpResponse:
    """It arrived, as somebody knows."""
    row = _shipment(pk)
    done(
        request,
        lambda: shipments.deliver(shipment=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.order.number} has arrived.",
    )
    return _back(request, row)


@may("orders.work")
@require_POST
def ask(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask the carrier now. The twin answers at once; a real one within its own timeout."""
    found = shipments.ask_carrier(shipment_id=pk, now=timezone.now())
    row = _shipment(pk)
    if found is None:
        messages.error(request, "The carrier does not answer, or cannot be asked. Its own page may know more.")
    else:
        messages.success(request, found.last_scan or "The carrier has not seen it yet.")
    return _back(request, row)


@may("orders.see")
@require_http_methods(["GET", "HEAD", "POST"])
def ledger(request: PersonRequest, pk: int) -> HttpResponse:
    """The minutes of a customer, and the form that books some."""
    customer = get_object_or_404(Customer, pk=pk)
    adds = can(request.user, "money.look_after")
    form = HoursForm(request.POST) if request.method == "POST" else HoursForm(initial={"kind": "used"})
    if not adds:
        form.hide_adding()

    def act(entered: dict) -> None:
        if entered["kind"] == "more" and adds:
            linked.refuse_helping(request.user, customer, what="add minutes", now=timezone.now())
        verb = {"used": hours.use, "more": hours.add, "less": hours.take_away}[entered["kind"]]
        verb(
            customer=customer, minutes=entered["minutes"], key=f"hand:{entered['key']}", words=entered["words"],
            by=request.user, now=timezone.now(),
        )  # fmt: skip

    if saved(request, form, act, refusals=REFUSALS, field="minutes", words="Booked."):
        return redirect("shop:ledger", customer.pk)
    context = {
        "section": "orders",
        "customer": customer,
        "form": form,
        "key": request.POST.get("key") or secrets.token_urlsafe(20),
        "balance": hours.balance(customer),
        "entries": HoursEntry.objects.filter(customer=customer).select_related("by").order_by("-at", "-pk")[:ENTRIES],
        "works": can(request.user, "orders.work"),
        "adds": adds,
    }
    return render(request, "billing/orders/ledger.html", context, status=422 if form.errors else 200)


def _order(number: str) -> Order:
    found = queries_orders.any_order(number)
    if found is None:
        raise Http404
    return found


def _shipment(pk: int) -> Shipment:
    return get_object_or_404(Shipment.objects.select_related("order"), pk=pk)


def _back(request: PersonRequest, row: Shipment) -> HttpResponse:
    """To the list where the button stood, or to the order."""
    tab = request.POST.get("tab", "")
    if tab in queries_shipments.TABS:
        return redirect(f"{queries_shipments.address(tab)}")
    return redirect("shop:order", row.order.number)


def _page(
    request: PersonRequest,
    row: Order,
    *,
    cancel_form: CancelForm | None = None,
    hold_form: HoldForm | None = None,
    ship_form: ShipForm | None = None,
) -> HttpResponse:
    wrong = cancel_form or hold_form or ship_form
    context = {
        "section": "orders",
        "order": row,
        **queries_orders.page_of(row, now=timezone.now()),
        "form": wrong,
        "cancel_form": cancel_form or CancelForm(),
        "hold_form": hold_form or HoldForm(),
        "ship_form": ship_form or ShipForm(),
        "works": can(request.user, "orders.work"),
        "decides": can(request.user, "holds.decide"),
    }
    return render(request, "billing/orders/order.html", context, status=422 if wrong and wrong.errors else 200)
