"""Who gets an answer, under which of our addresses, and after which mails it is threaded. Reads only."""

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from mail.actions.store import own_addresses
from mail.addresses import without_tag
from mail.models import Mailbox
from tickets.choices import Author, Role
from tickets.models import Message, Participant, Ticket
from tickets.refusals import Refused

MOST_COPIED = 20
MOST_THREAD_IDS = 30


class BadAddress(Refused):
    """A copy was asked for at something that is no mail address."""


def copied(ticket: Ticket, *, known: Sequence[Message] = (), is_all: bool = False) -> list[dict]:
    """Everybody to copy when nobody says otherwise: who takes part, and whom the requester last had in To and Cc.

    Only the requester's own mail counts, and only when its sender was not found to be forged: a stranger's Cc
    would otherwise listen in (S9). `known` are messages that the caller has read, the newest first and none left out
    between them; `is_all` says that there are no others.
    """
    found = [{"name": p.person.name, "email": p.person.email} for p in _in_copy(ticket)]
    asked = (
        message
        for message in known
        if message.author == Author.CUSTOMER and message.person_id == ticket.requester_id and not message.is_held
    )
    last = next(asked, None)
    if last is None and not is_all:
        rows = ticket.messages.filter(author=Author.CUSTOMER, person=ticket.requester, is_held=False)
        last = rows.order_by("-pk").first()
    if last and last.authentication.get("verdict") != "fail":
        found += [*last.to_line, *last.cc_line]
    return _distinct(ticket, found, {ticket.requester.email})[:MOST_COPIED]


def _in_copy(ticket: Ticket) -> list[Participant]:
    """From what a page has read already, where it has."""
    if "participants" in getattr(ticket, "_prefetched_objects_cache", {}):
        known = [one for one in ticket.participants.all() if one.role == Role.COPIED]
        return sorted(known, key=lambda one: one.pk)
    return list(ticket.participants.filter(role=Role.COPIED).select_related("person").order_by("pk"))


def from_addresses(ticket: Ticket, addresses: Iterable[str], *, besides: Iterable[str] = ()) -> list[dict]:
    """The copies that an agent typed, without those of `besides` (the requester, when nobody is named there).

    Raises BadAddress naming the first that cannot be mailed, and when they are too many: nobody is left out unseen.
    """
    found = _read(addresses)
    if not found:
        return []
    distinct = _distinct(ticket, found, set(besides) or {ticket.requester.email})
    if len(distinct) > MOST_COPIED:
        raise BadAddress(f"A reply goes to {MOST_COPIED} people in copy at most, and these are {len(distinct)}.")
    return distinct


def addressed(ticket: Ticket, addresses: Iterable[str] | None) -> list[dict]:
    """To whom a reply is addressed: the requester, or whom the agent typed instead. Raises BadAddress.

    Whoever is typed gets these words and nothing older; it makes nobody take part (S9).
    """
    requester = {"name": ticket.requester.name, "email": ticket.requester.email}
    found = [requester if one["email"] == requester["email"] else one for one in _read(addresses or ())]
    if all(one is requester for one in found):
        return [requester]
    distinct = _distinct(ticket, found, set())
    if not distinct:
        raise BadAddress("These addresses are our own. Write to somebody else.")
    if len(distinct) > MOST_COPIED:
        raise BadAddress(f"A reply is addressed to {MOST_COPIED} people at most, and these are {len(distinct)}.")
    return distinct


def written_to(ticket: Ticket, mailbox: Mailbox) -> str:
    """The address of ours that the customer last wrote to, so that the answer comes from there."""
    ours = _own_addresses(mailbox)
    last = (
        ticket.messages.of_its_customers()
        .filter(author=Author.CUSTOMER)
        .exclude(raw=None)
        .order_by("-pk")
        .select_related("raw")
        .first()
    )
    if last and last.raw:
        for address in [*last.to_line, *last.cc_line, {"email": last.raw.envelope_to}]:
            plain = without_tag(address["email"].lower())
            if plain in ours:
                return plain
    return mailbox.address


def thread_ids(ticket: Ticket) -> list[str]:
    """Message-IDs of what customers wrote, oldest first; the last one is what we answer."""
    words = ticket.messages.of_its_customers().filter(author=Author.CUSTOMER, is_held=False)
    ids = words.exclude(message_id="").order_by("-pk")
    return list(ids.values_list("message_id", flat=True)[:MOST_THREAD_IDS])[::-1]


def _own_addresses(mailbox: Mailbox) -> set[str]:
    return {mailbox.address, *mailbox.aliases.values_list("address", flat=True)}


def _read(addresses: Iterable[str]) -> list[dict]:
    found = []
    for address in addresses:
        address = address.strip()
        try:
            validate_email(address)
        except ValidationError:
            raise BadAddress(f"“{address[:80]}” is not a mail address. Write it like name@example.org.") from None
        found.append({"name": "", "email": address.lower()})
    return found


def _distinct(ticket: Ticket, found: list[dict], besides: set[str]) -> list[dict]:
    """Each address once, and none of ours. One query, none where the ticket's own mailbox is all of ours in it."""
    box = ticket.mailbox.address if ticket.mailbox else ""
    named = [(address["email"].lower(), address) for address in found]
    others = [(email, one) for email, one in named if email not in besides and box not in (email, without_tag(email))]
    if not others:
        return []
    ours, seen = own_addresses(), set(besides)
    distinct = []
    for email, address in others:
        if email and email not in seen and email not in ours and without_tag(email) not in ours:
            seen.add(email)
            distinct.append({"name": address.get("name", ""), "email": email})
    return distinct


def newest_message_id(ticket: Ticket) -> int:
    """The key to hand to a reply form as `last_seen`."""
    newest = Message.objects.filter(ticket=ticket).standing().order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0
