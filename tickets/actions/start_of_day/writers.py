"""Whom a source takes a writer for, and the addresses that it tells of them (B4).

Nothing is proven by either: nobody is signed in, and an address here opens nothing (S10). Staff and our own mailboxes
are never taken for a customer: what claims to come from them is somebody's of the source.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.actions.handles import find_or_create_handle
from accounts.actions.people import find_or_create_person
from accounts.addresses import NO_MAIL, NotAnAddress, normalise
from accounts.choices import HandleSort
from accounts.models import Handle, Person
from mail.actions.store import own_addresses
from tickets.actions.start_of_day.requesters import give_all
from tickets.models import InboxSource, SourceItem
from tickets.sources.facts import Facts, Writer

HANDLE_LENGTH = 200


def person_of(source: InboxSource, facts: Facts, now: datetime) -> Person:
    """Whom the source takes the writer for: by their address, else by its own name for them."""
    address = _address(facts.email)
    if address:
        known = Person.objects.filter(email=address).first()
        if known is None or not known.is_staff_member:
            return known or find_or_create_person(email=address, name=facts.name, now=now)
    author = facts.author or facts.email or _nobody(facts.item)
    name = facts.name or _nameless(source)
    person = find_or_create_handle(sort=HandleSort.CHAT, value=_value(source, author), name=name, now=now).person
    if facts.name and person.name == _nameless(source):  # what was told before did not say how they are called
        Person.objects.filter(pk=person.pk).update(name=facts.name)
        person.name = facts.name
    return person


def nobody_of(source: InboxSource, item: str) -> Person | None:
    """In whose name a conversation stands of which nothing told so far said who asked; None where somebody did."""
    handle = Handle.objects.filter(sort=HandleSort.CHAT, value=_value(source, _nobody(item))).select_related("person")
    found = handle.first()
    return found.person if found else None


@transaction.atomic
def know_writers(*, source: InboxSource, writers: Iterable[Writer], now: datetime) -> int:
    """The source says under which addresses its writers are reached. How many of them are reached by that.

    Whoever was nobody's until now gets the address; somebody whom we know by it is who writes from now on. An address
    that mail goes to here is not changed from outside. Told again, nothing happens.
    """
    told = {one.author: one for one in writers if one.author and _address(one.email)}
    ours = own_addresses() if told else set()
    return sum(_know(source, told[author], ours, now) for author in sorted(told))


def know_writers_of_items(*, source: InboxSource, rows: Iterable[Facts], now: datetime) -> int:
    """The same of a list that says who asked, but not by which number its program knows them."""
    told = {one.item: one for one in rows if _address(one.email)}
    items = SourceItem.objects.filter(source=source, external_id__in=told, ticket__isnull=False)
    nameless = items.filter(ticket__requester__email__endswith=f"@{NO_MAIL}", ticket__merged_into__isnull=True)
    pairs = nameless.order_by("pk").values_list("external_id", "ticket__requester__handles__value")
    start = _value(source, "")
    authors = [(item, value.removeprefix(start)) for item, value in pairs if value and value.startswith(start)]
    writers = [Writer(author, told[item].email, told[item].name) for item, author in authors]
    return know_writers(source=source, writers=writers, now=now)


def _know(source: InboxSource, told: Writer, ours: set[str], now: datetime) -> bool:
    address, value = _address(told.email), _value(source, told.author)
    known = Person.objects.filter(email=address).first()
    if address in ours or (known is not None and known.is_staff_member):
        return False
    handle = find_or_create_handle(sort=HandleSort.CHAT, value=value, name=told.name or _nameless(source), now=now)
    handle = Handle.objects.select_for_update(of=("self",)).select_related("person").get(pk=handle.pk)
    if handle.linked_by_id is not None or handle.person.has_mail:
        return False
    try:
        with transaction.atomic():
            if known is None and Person.objects.filter(pk=handle.person_id, is_active=True).update(email=address):
                return True
    except IntegrityError:  # somebody wrote from it just now
        known = Person.objects.get(email=address)
    if known is not None:
        nobody, handle.person = handle.person, known
        handle.save(update_fields=["person"])
        give_all(nobody=nobody, person=known, now=now)
    return known is not None


def _address(email: str) -> str:
    """In our spelling; "" for what is none, and for one that no mail reaches."""
    try:
        found = normalise(email) if email else ""
    except NotAnAddress:
        return ""
    return "" if found.endswith(f"@{NO_MAIL}") else found


def _value(source: InboxSource, author: str) -> str:
    return f"{source.kind}:{source.pk}:{author}"[:HANDLE_LENGTH]


def _nobody(item: str) -> str:
    return f"of {item}"


def _nameless(source: InboxSource) -> str:
    return f"Somebody of {source.name}"
