"""What a new client's first ticket has to teach before it is closed (A12). Reads only.

A client is new for some weeks after their first payment. Their first ticket is the one that is closed first after
that; as long as nothing was learned from it and none of their others was closed, every one of theirs asks.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from accounts.models import Person
from billing.models import Customer, Invoice
from knowledgebase.models import Article, Revision
from tickets.models import Closing, ProcessRules, Ticket, WikiDelta
from tickets.refusals import Refused

MOST_OFFERED = 20


class LearnFirst(Refused):
    """A new client's first ticket is not closed before somebody said what it taught."""

    def __init__(self, client: Customer) -> None:
        super().__init__(
            f"This is the first ticket of {client.name}, a new client. Say first what we learned: which page of the "
            "wiki was changed, or why none has to be."
        )
        self.client = client


def client_to_learn_from(ticket: Ticket) -> Customer | None:
    """The new client whose first ticket this is, while nothing was learned from it. One query."""
    paid = Invoice.objects.filter(customer=OuterRef("pk"), paid_at__isnull=False).order_by("paid_at")
    whose = Q(person=ticket.requester_id)
    if ticket.organisation_id is not None:
        whose |= Q(organisation=ticket.organisation_id)
    rules = ProcessRules.objects.filter(asks_what_we_learned=True)
    found = Customer.objects.filter(whose, Exists(rules), ~Exists(WikiDelta.objects.filter(customer=OuterRef("pk"))))
    rows = found.annotate(paid_at=Subquery(paid.values("paid_at")[:1]), days=Subquery(rules.values("new_for_days")[:1]))
    for client in rows.filter(paid_at__isnull=False).exclude(Exists(_closed_before(ticket))).order_by("pk"):
        if ticket.created_at <= client.paid_at + timedelta(days=client.days):
            return client
    return None


def _closed_before(ticket: Ticket) -> QuerySet:
    """Closings of the client's other tickets since they paid."""
    theirs = Q(ticket__organisation=OuterRef("organisation")) | Q(ticket__requester=OuterRef("person"))
    others = Closing.objects.filter(theirs, ticket__merged_into__isnull=True).exclude(ticket=ticket.pk)
    return others.filter(at__gte=OuterRef("paid_at"))


def check_learned(ticket: Ticket) -> None:
    """Raises LearnFirst."""
    client = client_to_learn_from(ticket)
    if client:
        raise LearnFirst(client)


def changed_since(person: Person, ticket: Ticket) -> list[Article]:
    """Articles that somebody wrote on since the ticket came, the latest change first, as far as `person` reads them."""
    latest = Revision.objects.filter(article=OuterRef("pk"), created_at__gte=ticket.created_at).order_by("-no")
    rows = Article.objects.readable_by(person).annotate(changed_at=Subquery(latest.values("created_at")[:1]))
    return list(
        rows.filter(changed_at__isnull=False).select_related("space").order_by("-changed_at", "pk")[:MOST_OFFERED]
    )


def new_clients(since: datetime, until: datetime) -> QuerySet[Customer]:
    """Customers who paid first in that time, with what their first ticket taught: `delta_id`, `delta_reason`."""
    paid = Invoice.objects.filter(customer=OuterRef("pk"), paid_at__isnull=False).order_by("paid_at")
    rows = Customer.objects.annotate(paid_at=Subquery(paid.values("paid_at")[:1]))
    return rows.filter(paid_at__gte=since, paid_at__lt=until).order_by("paid_at", "pk")
