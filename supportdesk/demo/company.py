"""The company itself: its staff, addresses, hours, promises, teams, reasons and templates, set up by its admin."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from accounts.actions.people import find_or_create_person, prove_address, set_password, set_preferences
from accounts.actions.roles import appoint_first_admin, grant_role
from accounts.choices import Role
from accounts.models import Person
from mail.models import Mailbox
from supportdesk.demo.conversations import all_conversations
from supportdesk.demo.trade import COMPANY, DOMAIN, PASSWORD
from supportdesk.lib.business_hours import Calendar
from supportdesk.lib.public_holidays import public_days
from tickets.actions.setup import calendars, levels, mailboxes, reasons, teams, templates
from tickets.actions.setup.recompute import recompute
from tickets.choices import Priority, Sourcing
from tickets.models import BusinessCalendar, ContactReason, ReplyTemplate, ServiceLevel, Team

TORONTO = "America/Toronto"
OFFICE_WEEK = {day: [(9 * 60, 12 * 60), (12 * 60 + 45, 17 * 60 + 30)] for day in range(5)}
BILLING_WEEK = {day: [(8 * 60, 12 * 60), (13 * 60, 16 * 60)] for day in range(5)}


@dataclass(frozen=True)
class Member:
    """Somebody who works here. The first name with the domain is the address."""

    name: str
    roles: tuple[Role, ...]
    teams: tuple[str, ...] = ()
    signature: str = ""

    @property
    def email(self) -> str:
        """marc@…"""
        return f"{self.name.split()[0].lower()}@{DOMAIN}"


STAFF = (
    Member("Adaeze Martin", (Role.ADMIN,)),
    Member("Priya Raman", (Role.AGENT,), ("Support",), "Priya Raman\nSupport, Pinecone Robotics, Toronto"),
    Member("Marc Lavoie", (Role.AGENT,), ("Support",), "Marc Lavoie\nHardware support, Pinecone Robotics"),
    Member("Joanna Sikorska", (Role.AGENT,), ("Billing",), "Joanna Sikorska\nSchool accounts, Pinecone Robotics"),
    Member("Dana Whitefeather", (Role.AGENT,), ("Training", "Support"), "Dana Whitefeather\nTeacher training"),
    Member(
        "Tom Okonkwo",
        (Role.AGENT, Role.LEAD, Role.REVIEWER),
        ("Support", "Billing", "Training"),
        "Tom Okonkwo\nHead of support",
    ),
    Member("Ruth Abramson", (Role.REVIEWER,)),
    Member("Elena Popescu", (Role.EDITOR,)),
    Member("Hugh Sinclair", (Role.OBSERVER,)),
)

TEMPLATES = {
    "Parts are on their way": "Hello {customer_first_name},\n\nthe missing parts leave our warehouse today."
    " You will get the tracking number by mail this evening.",
    "W-8BEN-E instead of a W-9": "Hello {customer_first_name},\n\nas a Canadian company we cannot sign a W-9."
    " The form for us is the W-8BEN-E; it is attached, signed this year.",
    "Tax exemption received": "Thank you, {customer_first_name}. Your certificate is on file now, and a corrected"
    " invoice without sales tax follows in a few minutes.",
    "Shipping to Hawaii and Alaska": "Hello {customer_first_name},\n\nbatteries go by ocean freight and take about"
    " three weeks; everything else goes by air. Kits can be built and tested from USB power until then.",
    "Bluetooth instead of USB": "Until your technology office has changed the setting, the robots also connect by"
    " Bluetooth: Settings, Connection, Bluetooth.",
    "Recover a robot": "Hold the round button while you switch the robot on until the light is white, then choose"
    " “Recover” in Classroom. It takes three minutes and must not be unplugged.",
    "Training day, what we need": "So that the day goes well, please tell us: how many teachers, which room, whether it"
    " has a projector, and how many kits will be charged.",
    "Quote attached": "Hello {customer_first_name},\n\nyour quote is attached and holds for 60 days. You can order by"
    " purchase order or by card.",
}
FOLDERS = {
    "Parts are on their way": "Shipping", "Shipping to Hawaii and Alaska": "Shipping",
    "W-8BEN-E instead of a W-9": "Money", "Tax exemption received": "Money", "Quote attached": "Money",
    "Bluetooth instead of USB": "Robots", "Recover a robot": "Robots",
}  # fmt: skip

# The books are kept by an office next door.
SOURCING = {"Support": Sourcing.INHOUSE, "Billing": Sourcing.OUTSOURCED, "Training": Sourcing.INHOUSE}


@dataclass
class Company:
    """What stories need: people by address, teams and reasons by name."""

    admin: Person
    staff: dict[str, Person] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    members: dict[str, list[Person]] = field(default_factory=dict)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    reasons: dict[tuple[str, ...], ContactReason] = field(default_factory=dict)


def office_hours(now: datetime) -> Calendar:
    """When people in Toronto work, for the arithmetic of stories."""
    return Calendar(
        zone=ZoneInfo(TORONTO),
        week=tuple(tuple(OFFICE_WEEK.get(day, ())) for day in range(7)),
        holidays=frozenset(_holidays(now)),
    )


def set_up(*, now: datetime) -> Company:
    """Found the company. What stands already under one of its names is used as it is."""
    company = Company(admin=_admin(now))
    for member in STAFF:
        company.staff[member.email] = _member(member, company.admin, now)
    _promises(company, now)
    for level in ServiceLevel.objects.order_by("pk"):
        recompute(level_id=level.pk, now=now)  # a worker would; nothing is open yet
    _mailboxes(company, now)
    for conversation in all_conversations():
        make_reason(company, conversation.reason, now=now)
    for name, body in TEMPLATES.items():
        if not ReplyTemplate.objects.filter(name=name).exists():
            folder = FOLDERS.get(name, "")
            templates.create_template(name=name, body=body, folder=folder, by=company.admin, now=now)
    return company


def _admin(now: datetime) -> Person:
    standing = Person.objects.with_role(Role.ADMIN).order_by("pk").first()
    if standing:
        return standing
    person = prove_address(email=STAFF[0].email, name=STAFF[0].name, now=now)
    appoint_first_admin(person=person, now=now)
    return person


def _member(member: Member, admin: Person, now: datetime) -> Person:
    find_or_create_person(email=member.email, name=member.name, now=now)
    person = prove_address(email=member.email, name=member.name, now=now)
    if not person.has_usable_password():
        set_password(person=person, password=PASSWORD, by=person, now=now)
        set_preferences(person=person, by=person, now=now, time_zone=TORONTO, signature=member.signature)
    for role in member.roles:
        if role not in person.roles:
            grant_role(person=person, role=role, by=admin, now=now)
    return person


def _promises(company: Company, now: datetime) -> None:
    admin = company.admin
    office = _calendar("Toronto office", OFFICE_WEEK, admin, now)
    lead = company.staff[STAFF[5].email]
    minutes = {
        Priority.LOW: (8 * 60, 8 * 60, 10 * 480),
        Priority.NORMAL: (4 * 60, 6 * 60, 5 * 480),
        Priority.HIGH: (2 * 60, 3 * 60, 2 * 480),
        Priority.URGENT: (60, 60, 480),
    }
    promises = {priority: levels.Promise(*each) for priority, each in minutes.items()}
    school = _level("School days", office, promises, lead, True, admin, now)
    books = _calendar("Toronto bookkeeping", BILLING_WEEK, admin, now)
    slower = {priority: levels.Promise(2 * first, 2 * further) for priority, (first, further, _) in minutes.items()}
    billing = _level("Bookkeeping", books, slower, lead, False, admin, now)
    for name, level in (("Support", school), ("Billing", billing), ("Training", school)):
        members = [company.staff[each.email] for each in STAFF if name in each.teams]
        standing = Team.objects.filter(name=name).first()
        make = partial(teams.change_team, team=standing) if standing else teams.create_team
        company.teams[name] = make(
            name=name, lead=lead, members=members, service_level=level, by=admin, now=now, sourcing=SOURCING[name]
        )
        company.members[name] = [each for each in members if each != lead]


def _calendar(name: str, week: dict, admin: Person, now: datetime) -> BusinessCalendar:
    standing = BusinessCalendar.objects.filter(name=name).first()
    if standing:
        return standing
    return calendars.create_calendar(
        name=name, time_zone=TORONTO, country="CA", subdivision="ON", week=week, own_days=_holidays(now),
        by=admin, now=now,
    )  # fmt: skip


def _holidays(now: datetime) -> dict[date, str]:
    """Ontario's, of the year that began it all and the next."""
    return {day: words for year in (now.year, now.year + 1) for day, words in public_days("CA", "ON", year)}


def _level(name, calendar, promises, lead, is_default, admin, now) -> ServiceLevel:
    standing = ServiceLevel.objects.filter(name=name).first()
    return standing or levels.create_level(
        name=name, calendar=calendar, warn_at_percent=75, escalate_to=lead, is_default=is_default, promises=promises,
        by=admin, now=now,
    )  # fmt: skip


def _mailboxes(company: Company, now: datetime) -> None:
    rows = (
        ("support", f"{COMPANY} Support", "Support", (f"help@{DOMAIN}", f"kits@{DOMAIN}")),
        ("billing", f"{COMPANY} Billing", "Billing", (f"invoices@{DOMAIN}",)),
        ("training", f"{COMPANY} Training", "Training", ()),
    )
    for local, name, team, aliases in rows:
        address = f"{local}@{DOMAIN}"
        company.mailboxes[team] = Mailbox.objects.filter(address=address).first() or mailboxes.create_mailbox(
            settings={"address": address, "name": name, "signature": f"{name}\nMade in Toronto since 2014",
                      "acknowledges": local == "support"},
            aliases=aliases, team=company.teams[team], priority=Priority.NORMAL, by=company.admin, now=now,
        )  # fmt: skip


def make_reason(company: Company, path: tuple[str, ...], *, now: datetime) -> ContactReason:
    """The contact reason with that path, made with all above it where it is missing."""
    parent: ContactReason | None = None
    for depth in range(1, len(path) + 1):
        known = company.reasons.get(path[:depth])
        if known is None:
            known = ContactReason.objects.filter(name=path[depth - 1], parent=parent).first()
        if known is None:
            known = reasons.add_reason(name=path[depth - 1], parent=parent, by=company.admin, now=now)
        company.reasons[path[:depth]] = parent = known
    if parent is None:
        raise ValueError("A path has a name.")
    return parent
