"""What agents do about entitlements on a ticket: vouch, use an incident, offer what is sold."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import journal
from accounts.models import Person
from tickets.actions.entitling.granting import grant
from tickets.actions.keeping import locked
from tickets.choices import Category
from tickets.entitlements import purchase_path, renewal_address, shown, standing_of, status
from tickets.models import Entitlement, SupportRules, Ticket
from tickets.placeholders import pieces
from tickets.queries_desk.articles import address_of, offered
from tickets.refusals import Refused
from tickets.support_choices import CheckMethod, CheckResult, Support

MOST_ARTICLES = 3


class CannotVouch(Refused):
    """The ticket stays as it was. `field` is where the message belongs."""

    def __init__(self, words: str, field: str = "words") -> None:
        super().__init__(words)
        self.field = field


@transaction.atomic
def vouch(*, ticket: Ticket, entitlement: Entitlement, words: str, by: Person, now: datetime) -> None:
    """An agent knows who writes, and says why: the ticket has priority from now on. Raises CannotVouch.

    A pack spends an incident by it. Sent twice, it counts once.
    """
    said = " ".join(words.replace("\x00", "").split())
    if not said:
        raise CannotVouch("Say how you know: whoever reads this later asks.")
    row = locked(ticket)
    if row.category == Category.CLOSED:
        raise CannotVouch("This ticket is closed. Open it again first.")
    known = shown(Entitlement.objects.all()).get(pk=entitlement.pk)
    standing = standing_of(known, now)
    if row.support == Support.PRIORITY:
        return
    if standing.result == CheckResult.USED_UP:
        raise CannotVouch(f"No incident of {known.name} is left. Offer to buy more.", "entitlement")
    if not standing.is_entitled:
        raise CannotVouch(f"{known.name} does not hold now. Offer to renew it.", "entitlement")
    if not grant(
        row, entitlement=known, method=CheckMethod.ATTESTED, person=row.requester, by=by, words=said, now=now
    ):  # somebody used the last incident since it was looked at
        raise CannotVouch(f"No incident of {known.name} is left. Offer to buy more.", "entitlement")
    data = {"entitlement": known.pk, "words": said[:300]}
    journal.record(by=by, action="tickets.vouch_priority", subject=row, data=data, now=now)


def offer_words(*, ticket: Ticket, by: Person, now: datetime) -> str:
    """What to say to somebody who asks for a call or a look at their screen and is not entitled (N7): what it costs to
    get it, or to have it again, and up to three articles that they may read. Reads only.
    """
    standing = status(ticket.requester, now)
    rules = SupportRules.objects.select_related("offer_template").filter(pk=1).first()
    ended = standing.entitlement if standing.result == CheckResult.ENDED else None
    where = renewal_address(ended) if ended else settings.SITE_URL + purchase_path()
    if rules and rules.offer_template:
        said = "".join(piece.text for piece in pieces(rules.offer_template.body, values_of(ticket, by)))
    elif ended and standing.ended_at:
        said = (
            f"Calls and looking at your screen together are part of {ended.name}, which ended on "
            f"{standing.ended_at:%-d %B %Y}. You can renew it at any time, and we ring you for this ticket then."
        )
    else:
        said = (
            "Calls and looking at your screen together are part of priority support. You can buy it at any time, "
            "and we ring you for this ticket then. In writing we help you as before."
        )
    lines = [said, f"{'Renew it' if ended else 'Priority support'}: {where}"]
    readable = [one for one in offered(by, ticket) if one.may_send][:MOST_ARTICLES]
    if readable:
        links = "\n".join(f"{one.article.title}\n{address_of(one.article)}" for one in readable)
        lines.append(f"These may answer it meanwhile:\n\n{links}")
    return "\n\n".join(lines)


def values_of(ticket: Ticket, by: Person) -> dict[str, str]:
    """What a reply template of this ticket is filled with."""
    return {
        "customer_name": ticket.requester.name,
        "customer_first_name": ticket.requester.first_name,
        "customer_email": ticket.requester.email,
        "organisation": ticket.organisation.name if ticket.organisation else "",
        "ticket_number": str(ticket.pk),
        "ticket_subject": ticket.subject,
        "agent_name": by.name,
        "agent_first_name": by.first_name,
    }
