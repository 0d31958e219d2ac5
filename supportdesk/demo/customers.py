"""The schools, and the people there who write."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from accounts.actions.organisations import add_member, create_organisation
from accounts.actions.people import find_or_create_person, prove_address, set_password, set_preferences
from accounts.models import Organisation, Person
from supportdesk.demo.trade import FIRST_NAMES, LAST_NAMES, OFFICE_TITLES, PASSWORD, PLACES, TITLES, Place

# These sign in with the demo password, to show what a customer sees.
SIGN_IN = 3


@dataclass(frozen=True)
class Customer:
    """Somebody at a school, with the lines under their mails."""

    person: Person
    place: Place
    organisation: Organisation
    title: str
    program: str

    @property
    def signature(self) -> str:
        """Name, office and school."""
        return f"{self.person.name}\n{self.title}\n{self.place.name}, {self.place.city}"


def settle(*, admin: Person, now: datetime, random: Random) -> list[Customer]:
    """Two or three people at every place; the first of an office sees the tickets of all its colleagues."""
    names = _names(random)
    settled = []
    for place in PLACES:
        organisation = Organisation.objects.filter(domain=place.domain).first() or create_organisation(
            name=place.name, domain=place.domain, by=admin, now=now
        )
        for number in range(3 if place.is_office or random.random() < 0.35 else 2):
            settled.append(_customer(place, organisation, next(names), number, admin, now, random))
    for customer in settled[:SIGN_IN]:
        set_password(person=customer.person, password=PASSWORD, by=customer.person, now=now)
    return settled


def _customer(place: Place, organisation, name: str, number: int, admin: Person, now: datetime, random: Random):
    email = f"{name.split()[0][0]}.{name.split()[1]}@{place.domain}".lower()
    person = find_or_create_person(email=email, name=name, now=now)
    if number == 0:  # the others wrote, and never signed in
        person = prove_address(email=email, name=name, now=now)
        set_preferences(person=person, by=person, now=now, time_zone=place.zone)
    sees_all = number == 0 and place.is_office
    add_member(organisation=organisation, person=person, by=admin, now=now, sees_colleagues_tickets=sees_all)
    titles = OFFICE_TITLES if place.is_office and number else TITLES
    program = random.choice(("plain", "gmail", "gmail", "outlook", "outlook"))
    return Customer(person, place, organisation, random.choice(titles), program)


def _names(random: Random):
    firsts, lasts = list(FIRST_NAMES), list(LAST_NAMES)
    random.shuffle(firsts)
    random.shuffle(lasts)
    number = 0
    while True:
        yield f"{firsts[number % len(firsts)]} {lasts[number % len(lasts)]}"
        number += 1
