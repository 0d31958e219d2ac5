"""Who the people of an export are here: by their number there, by their address, or by name alone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import blake2b

from django.contrib.auth.hashers import make_password
from django.db.models.functions import Lower

from accounts.addresses import NO_MAIL, NotAnAddress, normalise
from accounts.choices import HandleSort, Role
from accounts.models import Handle, Membership, Organisation, Person
from accounts.phones import NotANumber, normalise_number, tail_of
from billing.models import Customer
from mail.actions.store import own_addresses
from tickets.actions.imports.taken import known
from tickets.import_choices import Sort
from tickets.import_formats.records import Unreadable, Writer
from tickets.models import Imported, TicketImport


@dataclass(frozen=True)
class Who:
    """A person of an export: theirs and ours. `person` is None for whoever never was here."""

    person: int | None = None
    name: str = ""
    email: str = ""
    is_colleague: bool = False
    is_staff: bool = False

    @property
    def colleague(self) -> int | None:
        """Their key, if they work here."""
        return self.person if self.is_staff else None


NOBODY = Who()


class Directory:
    """The people whom a slice speaks of, looked up together. A few queries, however many they are."""

    def __init__(self, run: TicketImport, now: datetime) -> None:
        self.run, self.now = run, now
        self._known: dict[str, Imported] = {}
        self._people: dict[str, Who] = {}
        self._by_key: dict[int, Who] = {}
        self._found: dict[Writer, Who] = {}
        self._organisations: dict[int, int] = {}

    def learn(self, writers: Iterable[Writer], customers: Iterable[Writer]) -> None:
        """Look everybody up; customers who are new here are made."""
        customers = list(customers)
        everybody = [*writers, *customers]
        self._known = known(self.run.source, Sort.PERSON, {one.external_id for one in everybody if one.external_id})
        emails = {one.email for one in everybody} | {row.data.get("email", "") for row in self._known.values()}
        self._people = people_by_address(emails)
        keys = [row.object_id for row in self._known.values() if row.object_id]
        self._by_key = people_by_key(keys)
        missing = {self._address_of(one): one.name for one in customers if self.find(one).person is None}
        make_people({email: (name, None) for email, name in missing.items() if email}, now=self.now)
        self._people |= people_by_address(missing)
        self._found = {}
        found = {who.person for who in (*self._people.values(), *self._by_key.values()) if who.person}
        self._organisations = organisations_of(found)

    def find(self, writer: Writer) -> Who:
        """Somebody, as far as they are known."""
        found = self._found.get(writer)
        if found is None:
            found = self._found[writer] = self._find(writer)
        return found

    def _find(self, writer: Writer) -> Who:
        row = self._known.get(writer.external_id) if writer.external_id else None
        name, email = writer.name, writer.email
        is_colleague = writer.is_colleague
        person: Who | None = None
        if row is not None:
            name, email = name or row.data.get("name", ""), email or row.data.get("email", "")
            is_colleague = row.data.get("colleague", is_colleague)
            person = self._by_key.get(row.object_id or 0)
        person = person or self._people.get(_normal(email)) or self._people.get(self._address_of(writer))
        if person is None:
            return Who(None, name, email, bool(is_colleague))
        colleague = person.is_staff if is_colleague is None else bool(is_colleague)
        return Who(person.person, name or person.name, email or person.email, colleague, person.is_staff)

    def customer(self, writer: Writer) -> Who:
        """Who asked. Raises Unreadable for somebody who stands in none of the files."""
        who = self.find(writer)
        if who.person is None and writer.email:
            check_address(writer.email, self._ours)
        if who.person is None:
            raise Unreadable(f"Who asked, number {writer.external_id}, stands in none of the files. Add the people.")
        return who

    def organisation_of(self, person: int | None) -> int | None:
        """The first organisation of a person."""
        return self._organisations.get(person) if person else None

    @cached_property
    def _ours(self) -> set[str]:
        return own_addresses()

    def _address_of(self, writer: Writer) -> str:
        """Under which address somebody is made here; empty when they cannot be."""
        row = self._known.get(writer.external_id) if writer.external_id else None
        email = _normal(writer.email or (row.data.get("email", "") if row else ""))
        if email or writer.email:
            return email
        is_spelt_out = writer.external_id and writer.is_colleague is False
        return no_address(self.run.source, writer.external_id) if is_spelt_out or row else ""


def check_address(email: str, ours: Collection[str]) -> str:
    """The address in our spelling. Raises Unreadable for one that is none, or one of `ours`."""
    try:
        found = normalise(email)
    except NotAnAddress:
        raise Unreadable(f"“{email[:60]}” is no mail address.") from None
    if found in ours:
        raise Unreadable(f"“{email[:60]}” is an address of this desk, and no customer’s.")
    return found


def no_address(source: str, external_id: str) -> str:
    """Where somebody stands who gave no address: no mail ever goes there."""
    return f"{source}-{blake2b(external_id.encode(), digest_size=10).hexdigest()}@{NO_MAIL}"


def people_by_address(emails: Iterable[str]) -> dict[str, Who]:
    """Known people by their address. One query."""
    wanted = {_normal(email) for email in emails} - {""}
    return {who.email: who for who in _whos(Person.objects.filter(email__in=wanted))} if wanted else {}


def people_by_key(keys: Iterable[int]) -> dict[int, Who]:
    """Known people by key. One query."""
    return {who.person or 0: who for who in _whos(Person.objects.filter(pk__in=list(keys)))}


def make_people(wanted: dict[str, tuple[str, datetime | None]], *, now: datetime) -> None:
    """People behind addresses in our spelling, each with a name and since when they are known. Whoever is here stays.

    They are unproven: the rows give no rights (S10). Our own addresses are nobody's.
    """
    ours = own_addresses() if wanted else set()
    password = make_password(None)
    new = [
        Person(email=email, name=name[:255], password=password, created_at=min(since or now, now))
        for email, (name, since) in wanted.items()
        if email not in ours
    ]
    Person.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)


def note_phones(told: Iterable[tuple[int | None, str]], *, now: datetime) -> None:
    """Telephones of people, as the other desk had them. They find people; nothing that rings from one is theirs by it.

    What is no number is left out, as a person is whole without one. One query, none without numbers.
    """
    found = {(person, number) for person, text in told if person and text and (number := _number(text))}
    Handle.objects.bulk_create(
        [
            Handle(sort=HandleSort.TOLD, value=number, tail=tail_of(number), person_id=person, created_at=now)
            for person, number in sorted(found)
        ],
        ignore_conflicts=True,
    )


def _number(text: str) -> str:
    try:
        return normalise_number(text)
    except NotANumber:
        return ""


def organisations_of(people: Iterable[int]) -> dict[int, int]:
    """The first organisation of each. One query."""
    found: dict[int, int] = {}
    rows = Membership.objects.filter(person__in=list(people)).order_by("pk").values_list("person", "organisation")
    for person, organisation in rows:
        found.setdefault(person, organisation)
    return found


def organisations_by_name(names: Iterable[str]) -> dict[str, int]:
    """Organisations by their name in small letters, made where there was none."""
    wanted = {name.casefold(): name for name in names if name}
    if not wanted:
        return {}
    found = _named(wanted)
    new = [Organisation(name=name) for key, name in wanted.items() if key not in found]
    Organisation.objects.bulk_create(new)
    return found | {row.name.casefold(): row.pk for row in new}


def taking_from_files(places: Iterable[int]) -> set[int]:
    """Those of these organisations that what a file says may fill. Two queries.

    Two schools may have one name: one that buys here, or in which somebody reads the tickets of colleagues, takes
    neither people nor tickets by a name or a number of another desk. A person here decides (S10).
    """
    wanted = set(places)
    if not wanted:
        return set()
    buying = Customer.objects.filter(organisation__in=wanted).values_list("organisation", flat=True)
    read = Membership.objects.filter(organisation__in=wanted, sees_colleagues_tickets=True)
    return wanted - set(buying) - set(read.values_list("organisation", flat=True))


def _named(wanted: Iterable[str]) -> dict[str, int]:
    rows = Organisation.objects.annotate(small=Lower("name")).filter(small__in=list(wanted)).order_by("-pk")
    return {name.casefold(): pk for pk, name in rows.values_list("pk", "name")}


def _whos(people) -> Iterable[Who]:
    staff = _staff()
    for pk, name, email in people.values_list("pk", "name", "email"):
        yield Who(pk, name or email, email, pk in staff, pk in staff)


def _staff() -> set[int]:
    """Everybody who works here. Few, whatever the desk's size."""
    return set(Person.objects.with_role(*Role).values_list("pk", flat=True))


@lru_cache(maxsize=4096)
def _normal(email: str) -> str:
    try:
        return normalise(email) if email else ""
    except NotAnAddress:
        return ""
