"""What the desk gives to a customer: a refund, goodwill, a coupon, a plan for nothing; each a page of its own.

They stand in this app because each is for a ticket, which has to be one of that customer's.
"""

import secrets
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import NotAllowed
from accounts.door import done, may
from accounts.requests import PersonRequest
from billing import allowances, queries_customer, queries_desk_money
from billing.actions import agent_refunds, discounts, free_accounts, goodwill
from billing.actions.money_rights import require_right
from billing.choices import MoneyRightKind, RefundReason
from billing.models import Customer, FreeAccount, RefundRequest
from billing.refusals import Refused
from supportdesk.lib import money
from tickets.access import ticket_for, tickets_for
from tickets.forms.giving import AgentRefundForm, DiscountForm, FreeAccountForm, GivingForm, GoodwillForm

LARGEST = 2**63 - 1
FORM = ["GET", "HEAD", "POST"]


@require_safe
@may("invoices.see")
def panel(request: PersonRequest, pk: int) -> HttpResponse:
    """Beside a ticket: what may be given to its customers, and what was: for htmx alone, a page for everybody else."""
    ticket, now = ticket_for(request.user, pk), timezone.now()
    customers = queries_customer.customers_of_requester(ticket.requester)
    context = {
        "ticket": ticket,
        "section": "inbox",
        "customers": customers,
        "may": queries_desk_money.what_may(request.user),
        "given": queries_desk_money.given_to(customers),
        "left": allowances.goodwill_left(request.user, now),
        "currency": allowances.currency(),
        "now": now,
    }
    part = request.headers.get("HX-Request") == "true"
    response = render(request, f"tickets/desk/giving/{'_panel' if part else 'panel'}.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(FORM)
@may("money.give")
def refund(request: PersonRequest, pk: int) -> HttpResponse:
    """Money back from an invoice: at once within right and limit, else before the review."""
    customer, now = _customer(pk), timezone.now()
    found = queries_desk_money.giveable(customer)
    form = AgentRefundForm(_typed(request), found=found, currency=customer.currency, initial=_begun(request))
    is_asking = request.POST.get("do") != "give"
    if request.method == "POST" and not is_asking:
        require_right(request.user, MoneyRightKind.REFUND, customer, now=now)

    def act(entered: dict) -> str:
        verb = agent_refunds.ask if is_asking else agent_refunds.give_or_ask
        made = verb(
            invoice=form.chosen.invoice, amount=entered["amount"], why=RefundReason(entered["why"]),
            words=entered["words"], ticket=entered["ticket"], by=request.user, key=entered["key"], now=now,
        )  # fmt: skip
        amount = money.shown(entered["amount"], form.chosen.invoice.currency)
        if isinstance(made, RefundRequest):
            return f"{made.number} waits for its review: {amount} of {form.chosen.invoice.number}."
        return f"{amount} is on its way back for {form.chosen.invoice.number}. The customer is told by mail."

    return _page(request, "refund", customer, form, act, left=allowances.refund_left(request.user, customer, now))


@require_http_methods(FORM)
@may("money.give")
def give_goodwill(request: PersonRequest, pk: int) -> HttpResponse:
    """Money that nobody owes, from today's budget."""
    customer, now = _customer(pk), timezone.now()
    left = allowances.goodwill_left(request.user, now)
    form = GoodwillForm(
        _typed(request), owed=queries_desk_money.owed(customer), found=queries_desk_money.giveable(customer),
        currency=allowances.currency(), left=allowances.shown(left), initial=_begun(request),
    )  # fmt: skip

    def act(entered: dict) -> str:
        way, invoice = form.chosen
        given = goodwill.give(
            customer=customer, amount=entered["amount"], way=way, invoice=invoice, reason=entered["reason"],
            ticket=entered["ticket"], by=request.user, key=entered["key"], now=now,
        )  # fmt: skip
        rest = allowances.shown(allowances.goodwill_left(request.user, now))
        return f"{money.shown(given.amount, given.currency)} is given. You may give {rest} more today."

    return _page(request, "goodwill", customer, form, act, last=allowances.last_goodwill(customer, now))


@require_http_methods(FORM)
@may("money.give")
def discount(request: PersonRequest, pk: int) -> HttpResponse:
    """A coupon of the catalogue."""
    customer, now = _customer(pk), timezone.now()
    offered = queries_desk_money.coupons_to_give(customer, now)
    form = DiscountForm(_typed(request), coupons=offered, initial=_begun(request))

    def act(entered: dict) -> str:
        grant = discounts.give(
            coupon=form.chosen, customer=customer, reason=entered["reason"], ticket=entered["ticket"], by=request.user,
            now=now,
        )  # fmt: skip
        return f"{customer.name} has the coupon {grant.coupon.code}, and a mail that says so."

    return _page(request, "discount", customer, form, act, right=MoneyRightKind.DISCOUNT)


@require_http_methods(FORM)
@may("money.give")
def free_account(request: PersonRequest, pk: int) -> HttpResponse:
    """A plan for nothing, until a day."""
    customer, now = _customer(pk), timezone.now()
    form = FreeAccountForm(_typed(request), prices=free_accounts.prices(), initial=_begun(request))
    left = allowances.accounts_left(request.user, now)

    def act(entered: dict) -> str:
        account = free_accounts.open_account(
            customer=customer, price=form.chosen, ends_on=entered["ends_on"], reason=entered["reason"],
            ticket=entered["ticket"], by=request.user, key=entered["key"], now=now,
        )  # fmt: skip
        return f"{account.product.name} is free for {customer.name} until {account.ends_on:%-d %B %Y}."

    return _page(request, "free_account", customer, form, act, right=MoneyRightKind.FREE_ACCOUNT, left=left)


@require_POST
@may("money.give")
def end_free_account(request: PersonRequest, pk: int) -> HttpResponse:
    """End a free account before its day."""
    account = get_object_or_404(FreeAccount.objects.select_related("product"), pk=min(pk, LARGEST))
    done(
        request,
        lambda: free_accounts.end_account(account=account, by=request.user, now=timezone.now()),
        refusals=(Refused,),
        words=f"{account.product.name} has ended, and the customer is told.",
    )
    return redirect("billing:customer", account.customer_id)


def _customer(pk: int) -> Customer:
    return get_object_or_404(Customer.objects.select_related("organisation", "person"), pk=min(pk, LARGEST))


def _typed(request: PersonRequest):
    return request.POST if request.method == "POST" else None


def _begun(request: PersonRequest) -> dict:
    named = {name: request.GET.get(name, "").replace("\x00", "")[:20] for name in ("ticket", "invoice")}
    return {"key": secrets.token_urlsafe(24), **{name: said for name, said in named.items() if said}}


def _page(
    request: PersonRequest,
    name: str,
    customer: Customer,
    form: GivingForm,
    act: Callable[[dict], str],
    *,
    right: MoneyRightKind | None = None,
    **more: object,
) -> HttpResponse:
    """Show the form, or do it and go back to where it began. A refusal stands above what was typed, which stays."""
    may_do = queries_desk_money.what_may(request.user)
    if right and request.method == "POST":
        require_right(request.user, right, customer, now=timezone.now())
    elif right and not allowances.has_right(request.user, right):
        raise NotAllowed(f"You may not do this. {allowances.who_holds(right, but=request.user)} may.")
    if request.method == "POST" and form.is_valid() and _is_theirs(request, form, customer):
        try:
            said = act(form.cleaned_data)
        except Refused as refusal:
            form.add_error(_field_of(refusal, form), str(refusal))
        else:
            messages.success(request, said)
            return redirect(_back(customer, form.cleaned_data["ticket"]))
    status = 422 if form.errors else 200
    context = {
        "section": "inbox", "customer": customer, "form": form, "may": may_do, "currency": allowances.currency(),
        "limits": allowances.limits_of(request.user), "back": _back(customer, _ticket_typed(form)), **more,
    }  # fmt: skip
    return render(request, f"tickets/desk/giving/{name}.html", context, status=status)


def _is_theirs(request: PersonRequest, form: GivingForm, customer: Customer) -> bool:
    """Whether the ticket, where one is named, was written by somebody of this customer."""
    number = form.cleaned_data["ticket"]
    if number is None:
        return True
    ticket = tickets_for(request.user).select_related("requester").filter(pk=number).first()
    if ticket and customer in queries_customer.customers_of_requester(ticket.requester):
        return True
    form.add_error("ticket", f"There is no ticket {number} of {customer.name}.")
    return False


def _field_of(refusal: Refused, form: forms.Form) -> str | None:
    """Where a refusal says that it belongs, if the page has such a field."""
    name = getattr(refusal, "field", "")
    return name if name in form.fields else None


def _ticket_typed(form: GivingForm) -> int | None:
    value = str(form["ticket"].value() or "").strip().removeprefix("#")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _back(customer: Customer, ticket: int | None) -> str:
    if ticket:
        return reverse("desk:short_address", args=[ticket])
    return reverse("billing:customer", args=[customer.pk])
