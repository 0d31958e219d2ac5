"""What happened around one account: sign-ins, requests, mails, tickets, payments, identity (R88). Reads only.

Every source is asked for this account alone, by an index, and answers a page at most. Each line is masked once more
where it is shown, whoever wrote it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from django.urls import reverse

from accounts.choices import EventKind
from accounts.masking import masked_line
from accounts.models import AccountEvent, ActionRequest, IdentityCheck, Person, ResetLink
from billing import queries_customer
from billing.models import Order, Payment
from mail.models import OutgoingMail
from supportdesk.lib import money
from tickets.choices import Author
from tickets.models import Message

A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """One thing that happened. `words` carry no secret; `address` leads to more, or is ""."""

    at: datetime
    kind: str
    words: str
    detail: str = ""
    address: str = ""
    is_bad: bool = False


Source = Callable[[Person, datetime], Iterator[Line]]


def log_of(person: Person, *, kind: str = "", before: datetime) -> tuple[list[Line], datetime | None]:
    """A page of lines before a moment, the newest first, and where the next page begins, None at the end.

    At most ten queries, whatever is in the account.
    """
    sources = [SOURCES[kind][1]] if kind in SOURCES else [source for _, source in SOURCES.values()]
    lines = [line for source in sources for line in source(person, before)]
    lines.sort(key=lambda line: line.at, reverse=True)
    if len(lines) <= A_PAGE:
        return lines, None
    last = lines[A_PAGE - 1].at
    shown = list(takewhile(lambda line: line.at >= last, lines))
    return shown, last if len(shown) < len(lines) else None


def _doors(person: Person, before: datetime) -> Iterator[Line]:
    rows = AccountEvent.objects.filter(person=person, at__lt=before).exclude(kind=EventKind.REQUEST)
    for one in rows.order_by("-at", "-pk")[: A_PAGE + 1]:
        bad = one.kind in (EventKind.CODE_REFUSED, EventKind.PASSWORD_REFUSED)
        words = f"{one.get_kind_display()} {one.words}".strip()
        yield _line(one.at, "Sign-in", words, ", ".join(filter(None, (one.browser, one.place))), is_bad=bad)


def _requests(person: Person, before: datetime) -> Iterator[Line]:
    rows = AccountEvent.objects.filter(person=person, at__lt=before, kind=EventKind.REQUEST)
    for one in rows.order_by("-at", "-pk")[: A_PAGE + 1]:
        failed = one.words.rpartition(": ")[2][:1] in ("4", "5")
        yield _line(one.at, "Request", one.words, ", ".join(filter(None, (one.browser, one.place))), is_bad=failed)


def _mails(person: Person, before: datetime) -> Iterator[Line]:
    """Mail to the address on file, since it is theirs: an address may have been somebody else's before."""
    since = person.email_changed_at or person.created_at
    rows = OutgoingMail.objects.filter(to_address=person.email, created_at__gte=since, created_at__lt=before)
    for one in rows.defer("text", "html").order_by("-created_at", "-pk")[: A_PAGE + 1]:
        state = f"{one.get_state_display()}{f': {one.last_error}' if one.last_error else ''}"
        yield _line(one.created_at, "Mail", f"To them: {one.subject}", state, is_bad=one.state == "failed")


def _messages(person: Person, before: datetime) -> Iterator[Line]:
    rows = Message.objects.filter(person=person, author=Author.CUSTOMER, created_at__lt=before)
    for one in rows.defer("text").select_related("ticket").order_by("-created_at", "-pk")[: A_PAGE + 1]:
        address = reverse("desk:short_address", args=[one.ticket_id])
        words = f"Wrote to #{one.ticket_id}, {one.ticket.subject}"
        yield _line(one.created_at, "Ticket", words, f"By {one.get_channel_display().lower()}", address)


def _money(person: Person, before: datetime) -> Iterator[Line]:
    keys = [one.pk for one in queries_customer.customers_of_requester(person)]
    payments = Payment.objects.filter(invoice__customer__in=keys, created_at__lt=before).select_related("invoice")
    for one in payments.order_by("-created_at", "-pk")[: A_PAGE + 1]:
        address = reverse("billing:invoice", args=[one.invoice.number]) if one.invoice.number else ""
        words = f"Payment of {money.shown(one.amount, one.currency)} for {one.invoice.number}"
        failed = one.state in ("failed", "cancelled")
        yield _line(one.created_at, "Payment", words, one.get_state_display(), address, is_bad=failed)
    for order in Order.objects.filter(placed_by=person, placed_at__lt=before).order_by("-placed_at")[: A_PAGE + 1]:
        amount = money.shown(order.total, order.currency)
        address = reverse("shop:order", args=[order.number])
        yield _line(order.placed_at, "Order", f"Ordered {order.number}, {amount}", order.get_state_display(), address)


def _identity(person: Person, before: datetime) -> Iterator[Line]:
    checks = IdentityCheck.objects.filter(person=person, created_at__lt=before).select_related("by")
    for one in checks.order_by("-created_at", "-pk")[: A_PAGE + 1]:
        shown = "Shown" if one.verified_at else f"Not shown, {one.tries} wrong"
        words = f"{one.get_method_display()}, asked by {one.by.shown_name} for #{one.ticket}"
        address = reverse("desk:short_address", args=[one.ticket])
        yield _line(one.created_at, "Identity", words, shown, address, is_bad=bool(one.locked_until))
    for link in ResetLink.objects.filter(person=person, created_at__lt=before).select_related("by")[: A_PAGE + 1]:
        words = f"Link to set a password, sent by {link.by.shown_name}" if link.by else "Asked for a link themselves"
        yield _line(link.created_at, "Identity", words, "Used" if link.used_at else "Not used")
    requests = ActionRequest.objects.filter(person=person, proposed_at__lt=before).select_related("proposed_by")
    for request in requests.order_by("-proposed_at", "-pk")[: A_PAGE + 1]:
        words = f"{request}: {request.get_kind_display()}, asked by {request.proposed_by.shown_name}"
        yield _line(
            request.proposed_at, "Identity", words, request.get_state_display(), is_bad=request.state == "failed"
        )


def _line(at: datetime, kind: str, words: str, detail: str = "", address: str = "", *, is_bad: bool = False) -> Line:
    return Line(at, kind, masked_line(words), masked_line(detail), address, is_bad)


SOURCES: dict[str, tuple[str, Source]] = {
    "doors": ("Sign-ins", _doors),
    "requests": ("Requests", _requests),
    "mails": ("Mails", _mails),
    "tickets": ("Tickets", _messages),
    "money": ("Payments and orders", _money),
    "identity": ("Identity", _identity),
}
