"""What was ordered, where it is, and what happens next (U28)."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from billing import queries_orders
from billing.choices import PaymentMethod
from billing.views import pay_panel
from selfservice import order_training
from selfservice.review_time import review_words
from supportdesk.lib.audience import signed_in
from supportdesk.lib.private_pages import private


@signed_in
@private
@pay_panel.takes_cards
@require_safe
def order(request: PersonRequest, number: str) -> HttpResponse:
    """One order: its confirmation, and its page ever after."""
    found = queries_orders.order_for(request.user, number)
    if found is None:
        raise Http404
    now = timezone.now()
    may_wait = found.method == PaymentMethod.ON_ACCOUNT or any(tax.get("exemption") for tax in found.taxes)
    page = queries_orders.page_of(found, now=now, review=review_words(now) if may_wait else "")
    page["steps"] = order_training.with_times(page["steps"], found, page["lines"], request.user)
    context = {"section": "orders", "order": found, **page}
    invoice = context["invoice"]
    if invoice and invoice.due and found.method == PaymentMethod.CARD:
        panel = pay_panel.panel_for(request, invoice)
        context |= {"panel": panel, "decline": panel.decline}
    return render(request, "selfservice/order.html", context)


@signed_in
@private
@require_safe
def order_list(request: PersonRequest) -> HttpResponse:
    """Every order, the newest first."""
    rows, following = queries_orders.orders_of(request.user, before=request.GET.get("before", ""))
    context = {"section": "orders", "orders": rows, "following": following, "before": request.GET.get("before", "")}
    return render(request, "selfservice/orders.html", context)
