"""A customer's own plans: another period or size, said before it is done; the end, and the way back (R38, U24)."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import PersonRequest
from billing import access, paper_words
from billing.actions import pay, plan_changes, subscriptions
from billing.actions.kept_cards import words_of
from billing.choices import PaymentMethod
from billing.models import Price, Subscription
from billing.refusals import Refused
from billing.views.way_back import with_way_back
from selfservice.forms.account import ChangeForm
from supportdesk.lib.audience import customer_only
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit

CHANGES = Limit("changes of plans by a person", times=60, seconds=3600)
TOO_MANY = "Many changes came in a short time, so this one was not made. Try again in an hour."


@customer_only
@private
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Price, saving, date and how the sum comes about; then the button that does it."""
    plan, now = _plan(request, pk), timezone.now()
    form = ChangeForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        raise Http404
    if request.method == "POST" and not hit(CHANGES, str(request.user.pk), now=now):
        try:
            done = plan_changes.change(
                subscription=plan, price_id=form.cleaned_data["price"], version=form.cleaned_data["version"],
                by=request.user, now=now,
            )  # fmt: skip
        except plan_changes.StaleChange as stale:
            return _change_page(request, plan, stale.change, status=409, refusal=str(stale))
        except Refused as refusal:
            return _refused(request, plan, str(refusal))
        return _pay(request, done)
    price = Price.objects.select_related("product").filter(pk=form.cleaned_data["price"]).first()
    if price is None or price.product_id != plan.product_id:
        raise Http404
    try:
        asked = plan_changes.change_to(subscription=plan, price=price, now=now)
    except Refused as refusal:
        return _refused(request, plan, str(refusal))
    if request.method == "POST":
        return _change_page(request, plan, asked, status=429, refusal=TOO_MANY)
    return _change_page(request, plan, asked)


@customer_only
@private
@require_POST
def keep(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Take a change back that does not hold yet."""
    plan = _plan(request, pk)
    try:
        plan_changes.keep(subscription=plan, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{plan.product.name} stays as it is.")
    return redirect(_account(plan))


@customer_only
@private
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Let a plan end at its renewal, after saying when that is."""
    plan = _plan(request, pk)
    if request.method != "POST":
        ends_now = plan.state == "past_due" and plan.method == PaymentMethod.CARD
        context = {"section": "account", "plan": plan, "ends_now": ends_now, "back": _account(plan)}
        return render(request, "selfservice/cancel_plan.html", context)
    try:
        done = subscriptions.cancel(subscription=plan, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        day = paper_words.day_words(done.period_ends_on)
        words = "has ended. Its unpaid invoice is withdrawn." if done.ended_at else f"ends on {day}."
        messages.success(request, f"{plan.product.name} {words}")
    return redirect(_account(plan))


@customer_only
@private
@require_POST
def go_on(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The undo of a cancellation."""
    plan = _plan(request, pk)
    try:
        done = subscriptions.go_on(subscription=plan, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, f"{plan.product.name} goes on. It renews on {paper_words.day_words(done.period_ends_on)}."
        )
    return redirect(_account(plan))


def _pay(request: PersonRequest, plan: Subscription) -> HttpResponseBase:
    """Where a change leads: the bank, the invoice that is to be paid, or the account where it holds already."""
    back, invoice = _account(plan), plan.switch_invoice
    if invoice is None:
        messages.success(request, _done_words(plan))
        return redirect(back)
    page = reverse("selfservice:own_invoice", args=[invoice.number])
    try:
        payment = plan_changes.pay_switch(subscription=plan, by=request.user, return_to=page, now=timezone.now())
    except pay.CannotPay as refusal:
        messages.error(request, str(refusal))
        return redirect(page)
    if payment is None:
        messages.success(request, f"Pay {invoice.number}, and the change holds.")
        return redirect(page)
    if payment.state == "succeeded":
        plan.refresh_from_db()
        messages.success(request, _done_words(plan))
        return redirect(back)
    return with_way_back(redirect(pay.waiting_page(payment)), page)


def _done_words(plan: Subscription) -> str:
    if plan.next_price and plan.switch_invoice is None:
        day = paper_words.day_words(plan.period_ends_on)
        return f"From {day} on {plan.product.name} is paid {plan.next_price.get_period_display().lower()}."
    day = paper_words.day_words(plan.period_ends_on)
    return f"{plan.product.name} is paid {plan.get_period_display().lower()} now. It renews on {day}."


def _change_page(
    request: PersonRequest, plan: Subscription, asked: plan_changes.Change, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    card = subscriptions.default_card(plan) if plan.method == PaymentMethod.CARD else None
    context = {
        "section": "account", "plan": plan, "change": asked, "line": asked.bill.lines[0], "refusal": refusal,
        "starts": paper_words.day_words(asked.starts_on), "ends": paper_words.day_words(plan_changes.last_day(asked)),
        "renews": paper_words.day_words(asked.ends_on), "card": words_of(card) if card else "", "back": _account(plan),
    }  # fmt: skip
    return render(request, "selfservice/change_plan.html", context, status=status)


def _refused(request: PersonRequest, plan: Subscription, words: str) -> HttpResponse:
    context = {"section": "account", "plan": plan, "refusal": words, "back": _account(plan)}
    return render(request, "selfservice/change_plan.html", context, status=409)


def _account(plan: Subscription) -> str:
    return f"{reverse('selfservice:account')}?for={plan.customer_id}"


def _plan(request: PersonRequest, pk: int) -> Subscription:
    found = access.subscription_for(request.user, pk)
    if found is None:
        raise Http404
    return found
