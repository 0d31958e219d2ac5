"""What staff see of a customer's buying: a panel beside each of their tickets, and a page of its own."""

from datetime import date, datetime
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actions import readings
from accounts.door import may
from accounts.models import Person
from accounts.requests import PersonRequest
from billing import declines, queries_customer, queries_desk_money
from billing.actions import numbering
from billing.models import Customer
from billing.queries_customer import PAGE, PANE, Facts
from billing.snapshots import PLACE, address_lines

LARGEST = 2**63 - 1


@require_safe
@may("invoices.see")
def requester(request: PersonRequest, pk: int) -> HttpResponse:
    """The panel of whoever asks: for htmx alone, a page for everybody else."""
    person = get_object_or_404(Person, pk=min(pk, LARGEST))
    facts, now = queries_customer.facts_of(queries_customer.customers_of_requester(person), PANE), timezone.now()
    context = {"person": person, "section": "inbox", **_context(facts, now, numbering.local_day(now))}
    part = request.headers.get("HX-Request") == "true"
    response = render(request, "billing/_pane.html" if part else "billing/requester.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@may("invoices.see")
def customer(request: PersonRequest, pk: int) -> HttpResponse:
    """Everything that is known about one customer, in the same words."""
    rows = Customer.objects.select_related("organisation", "person")
    found = get_object_or_404(rows, pk=min(pk, LARGEST))
    now = timezone.now()
    today = numbering.local_day(now)
    readings.open_profile(subject=found, by=request.user, ticket_id=None, day=today, now=now)
    facts = queries_customer.facts_of([found], PAGE)
    context = {
        "customer": found,
        "section": "invoices",
        "owed": [(due, currency) for (_, currency), due in facts.owed.items() if due > 0],
        "earlier": facts.declines[1:],
        "address": address_lines({name: getattr(found, name) for name in PLACE}),
        "tickets": _tickets(found),
        "may": queries_desk_money.what_may(request.user),
        "given": queries_desk_money.given_to([found]),
        **_context(facts, now, today),
    }
    return render(request, "billing/customer.html", context)


def _context(facts: Facts, now: datetime, today: date) -> dict:
    """`today` is in the books, which say what is overdue."""
    newest = facts.declines[0] if facts.declines else None
    return {
        "facts": facts,
        "decline": newest,
        "explained": declines.explain(newest, "agent") if newest else None,
        "is_fresh": newest is not None and queries_customer.is_fresh(newest, now),
        "today": today,
        "now": now,
        "several": len(facts.customers) > 1,
    }


def _tickets(customer: Customer) -> str:
    """The desk's search for whatever they wrote."""
    if customer.organisation:
        words = 'org:"{}"'.format(customer.organisation.name.replace('"', " "))
    elif customer.person and customer.person.email:
        words = f"from:{customer.person.email}"
    else:
        return ""
    return f"{reverse('desk:view', args=['search'])}?{urlencode({'q': words})}"
