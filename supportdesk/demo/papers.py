"""The papers beside the store: a tax form to hand out, a credit note, and somebody who looked at an invoice."""

from datetime import datetime, timedelta

from accounts.models import Person
from billing import documents, paper_words, snapshots
from billing.actions import credit_note, links, w8
from billing.models import Invoice

REASON = "One charger came broken"


def lay_papers(*, admin: Person, now: datetime) -> None:
    """A sample form signed this spring, and what happens to invoices. The store comes before."""
    signed_on = (now - timedelta(days=120)).date()
    content = documents.render(
        "w8",
        {
            "seller": snapshots.seller_now(),
            "country": snapshots.seller_now()["country"],
            "signed": paper_words.day_words(signed_on),
            "expires": paper_words.day_words(w8.expires_on(signed_on)),
        },
    )
    w8.add_form(content=content, signed_on=signed_on, by=admin, now=now - timedelta(days=119))
    first = Invoice.objects.filter(number__isnull=False).order_by("pk").first()
    if first is None:
        return
    credit_note.issue_credit_note(
        invoice=first, amount=1_500, reason=REASON, key="demo:credit", by=admin, now=now - timedelta(days=2)
    )
    for link in first.links.order_by("pk")[:1]:
        links.note_opened(link=link, now=now - timedelta(days=2))
