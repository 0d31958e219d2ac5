"""Customers and the desk that answers them."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from django.contrib.auth.hashers import make_password

from accounts.choices import Role
from accounts.models import Grant, Membership, Organisation, Person
from mail.models import Mailbox
from supportdesk.demo.conversations import all_conversations
from supportdesk.demo.trade import FIRST_NAMES, LAST_NAMES
from supportdesk.load.tables import Copy, escape, reserve, value
from tickets.choices import Category
from tickets.models import ContactReason, Status, Team, TeamMember

CUSTOMERS = 20_000
A_SCHOOL = 10
FEWEST_AGENTS = 12
TEAMS = ("Support", "Billing", "Training")


@dataclass(frozen=True)
class Customer:
    """A customer's keys and name, as COPY wants them."""

    person: str
    organisation: str
    name: str
    email: str


@dataclass
class Desk:
    """What tickets refer to, by key."""

    teams: list[Team]
    agents: dict[int, list[Person]]
    statuses: dict[str, int]
    reasons: dict[tuple[str, ...], int]
    mailbox: int | None
    customers: list[Customer] = field(default_factory=list)


def desk(now: datetime) -> Desk:
    """The desk as it is, with what is missing: three teams, twelve agents, the reasons of the conversations."""
    for name in TEAMS:
        Team.objects.get_or_create(name=name)
    teams = list(Team.objects.select_related("service_level").order_by("pk"))
    agents = list(Person.objects.with_role(Role.AGENT).order_by("pk"))
    for number in range(len(agents), FEWEST_AGENTS):
        agents.append(_agent(number, now))
    TeamMember.objects.bulk_create(
        [TeamMember(team=teams[place % len(teams)], person=person) for place, person in enumerate(agents)],
        ignore_conflicts=True,
    )
    members = {
        team.pk: [each.person for each in team.members.select_related("person").order_by("pk")] for team in teams
    }
    return Desk(
        teams=teams,
        agents=members,
        statuses={category: _status(category) for category in Category.values},
        reasons={each.reason: _reason(each.reason) for each in all_conversations()},
        mailbox=Mailbox.objects.order_by("-is_default", "pk").values_list("pk", flat=True).first(),
    )


def copy_customers(count: int, *, mark: str, now: datetime, random: Random) -> list[Customer]:
    """New customers, ten to a school. `mark` keeps the addresses of two loads apart."""
    people = Copy(Person, "id", "email", "name", "password", "email_verified_at", "created_at")
    schools = Copy(Organisation, "id", "name", "domain")
    members = Copy(Membership, "person_id", "organisation_id")
    first_person, first_school = reserve(Person, count), reserve(Organisation, count // A_SCHOOL + 1)
    password, moment = make_password(None), value(now)
    made = []
    for number in range(count):
        school = first_school + number // A_SCHOOL
        domain = f"school{school}.{mark}.load.example"
        if number % A_SCHOOL == 0:
            schools.add(str(school), f"{random.choice(LAST_NAMES)} School {school}", domain)
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        email = f"{first}.{last}.{number}@{domain}".lower()
        customer = Customer(str(first_person + number), str(school), escape(f"{first} {last}"), email)
        people.add(customer.person, email, customer.name, password, moment, moment)
        members.add(customer.person, customer.organisation)
        made.append(customer)
    for rows in (people, schools, members):
        rows.send()
    return made


def _agent(number: int, now: datetime) -> Person:
    person, _ = Person.objects.get_or_create(
        email=f"agent{number}@desk.load.example",
        defaults={
            "name": f"{FIRST_NAMES[number]} {LAST_NAMES[-1 - number]}",
            "password": make_password(None),
            "email_verified_at": now,
            "created_at": now,
        },
    )
    Grant.objects.get_or_create(person=person, role=Role.AGENT, revoked_at=None, defaults={"granted_at": now})
    return person


def _status(category: str) -> int:
    found = Status.objects.filter(category=category).order_by("-is_default", "position", "pk")
    return found.values_list("pk", flat=True)[0]


def _reason(path: tuple[str, ...]) -> int:
    first, *below = path
    reason, _ = ContactReason.objects.get_or_create(name=first, parent=None)
    for name in below:
        reason, _ = ContactReason.objects.get_or_create(name=name, parent=reason)
    return reason.pk
