"""Priority support: a plan and a pack in the store, schools that have it, rules about old robots, and the tickets that
show all of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser

from accounts.models import Person
from billing.actions import catalogue
from billing.actions.numbering import local_day
from billing.choices import Period, ProductKind
from billing.models import Product
from knowledgebase.queries_help import for_readers
from supportdesk.demo.company import Company
from supportdesk.demo.customers import Customer
from supportdesk.demo.trade import DOMAIN
from tickets.actions import passing
from tickets.actions.entitling.at_opening import Proof
from tickets.actions.intake import open_ticket
from tickets.actions.scope import judging, timing
from tickets.actions.setup import entitlements, levels, scope_rules, templates
from tickets.actions.setup.scope_rules import ScopeWords
from tickets.choices import Channel
from tickets.models import Entitlement, ServiceLevel, Team, Ticket
from tickets.scope import Facts
from tickets.support_choices import CheckMethod, Verdict, Wish

SCHOOLS = 4  # a smaller demo has nobody for each story
DAY = timedelta(days=1)
TOO_OLD = (
    "Hello {customer_first_name},\n\nrobots of 2016 and before are not made any more, and neither are their parts. We"
    " cannot repair yours, and would rather say so at once.\n\nWhat helps is below: how to keep it running, and what"
    " you save on a new one. With priority support we try for half an hour all the same.\n\n{agent_first_name}"
)


def lay_support(*, company: Company, schools: Sequence[Customer], now: datetime) -> None:
    """The store and the schools come before. What holds began two months ago."""
    admin, tom = company.admin, company.staff[f"tom@{DOMAIN}"]
    since = now - 60 * DAY
    level = _level(admin, since)
    plan, pack = _sell(admin, since)
    entitlements.offer(product=plan, incidents=None, lasts_days=None, channels=[], level=level, most_contacts=3,
                       by=admin, now=since)  # fmt: skip
    entitlements.offer(product=pack, incidents=5, lasts_days=365, channels=[], level=level, most_contacts=3,
                       by=admin, now=since)  # fmt: skip
    _rules(admin, tom, since, now)
    if len(schools) < SCHOOLS:
        return
    holds, chats, ended, packed = (school for school in schools[-SCHOOLS:])
    for school, ends_at, incidents, note in (
        (holds, None, None, "Pilot school, agreed in March"),
        (chats, None, None, "Part of the district's frame contract"),
        (ended, now - DAY, None, "One term, to try it"),
        (packed, None, 3, "Three incidents with the new kits"),
    ):
        _entitle(school, level, tom, since, ends_at=ends_at, incidents=incidents, note=note)
    _stories(company, holds, chats, ended, packed, now)


def _stories(
    company: Company, holds: Customer, chats: Customer, ended: Customer, packed: Customer, now: datetime
) -> None:
    priya = company.staff[f"priya@{DOMAIN}"]
    team, session = company.teams["Support"], Proof(CheckMethod.SESSION, wish=Wish.CALL)
    _ask(holds, team, session, "Robots lose the network in the gym", now - timedelta(minutes=12),
         "All eight drop off when the lights in the gym are on. Could somebody ring us?")  # fmt: skip
    passing.take_in(
        channel=Channel.CHAT, provider_id="demo-claim", key="demo-claim",
        sender=passing.Sender("visitor-4410", "Somebody at school", chats.person.email, asks=True),
        text="We have priority support. Our lesson begins in twenty minutes and no display shows anything.",
        now=now - timedelta(minutes=25),
    )  # fmt: skip
    _ask(ended, team, Proof(CheckMethod.SESSION), "A robot turns left only", now - timedelta(hours=3),
         "It did so yesterday as well. Can you look at it on our screen?")  # fmt: skip
    old = _ask(packed, team, Proof(CheckMethod.SESSION), "Robot from 2014 does not charge", now - timedelta(hours=4),
               "It says 2014 on the plate below. The lamp of the charger stays red.")  # fmt: skip
    judging.judge_ticket(ticket=old, facts=Facts("Robot kits", "Scout", 2014), by=priya, now=now - timedelta(hours=3))
    tried = _ask(holds, team, Proof(CheckMethod.SESSION), "Two Scouts of 2015, and a bent wheel",
                 now - timedelta(hours=6), "The wheel of one is bent, the other one only beeps.")  # fmt: skip
    judging.judge_ticket(ticket=tried, facts=Facts("Robot kits", "Scout", 2015), by=priya, now=now - timedelta(hours=5))
    for minutes, hours in ((14, 5), (12, 4)):
        at = now - timedelta(hours=hours) + timedelta(minutes=20)
        timing.note_minutes(ticket=tried, minutes=minutes, key=f"demo-{hours}", by=priya, now=at)


def _ask(school: Customer, team: Team, proof: Proof, subject: str, at: datetime, text: str) -> Ticket:
    return open_ticket(
        requester=school.person,
        subject=subject,
        text=text,
        channel=Channel.WEB,
        by=None,
        team=team,
        proof=proof,
        now=at,
    )


def _entitle(
    school: Customer, level: ServiceLevel, by: Person, at: datetime, *, ends_at: datetime | None,
    incidents: int | None, note: str,
) -> Entitlement:  # fmt: skip
    return entitlements.entitle(
        organisation=school.organisation, address=school.person.email,
        name="Three incidents" if incidents else "Priority support", starts_at=at, ends_at=ends_at,
        incidents=incidents, channels=[], level=level, note=note, by=by, now=at,
    )  # fmt: skip


def _level(admin: Person, now: datetime) -> ServiceLevel:
    usual = ServiceLevel.objects.select_related("calendar").order_by("-is_default", "pk")[0]
    minutes = {"low": (120, 120, 960), "normal": (60, 60, 960), "high": (30, 30, 480), "urgent": (15, 15, 240)}
    return levels.create_level(
        name="Priority support", calendar=usual.calendar, warn_at_percent=50, escalate_to=None, is_default=False,
        promises={priority: levels.Promise(*each) for priority, each in minutes.items()}, by=admin, now=now,
    )  # fmt: skip


def _sell(admin: Person, now: datetime) -> tuple[Product, Product]:
    plan = catalogue.Words(
        name="Priority support", summary="Answered first, by telephone too", position=60,
        description="Your questions come first, and a person rings you when you ask for it. Three people may be named.",
        info_label="What is priority?", info_text="First answer within an open hour. We ring you, look at your screen"
        " with you, and try for half an hour even with robots that are not supported any more.",
    )  # fmt: skip
    pack = catalogue.Words(
        name="Five incidents", summary="Priority for five questions, used when you choose", position=70,
        description="For schools that rarely need it: five questions with priority, within a year.",
        info_label="What is an incident?", info_text="One question from beginning to end. You say when to use one.",
    )  # fmt: skip
    monthly: dict[tuple[Period, int | None], int] = {(Period.MONTHLY, None): 4_900, (Period.YEARLY, None): 49_000}
    once: dict[tuple[Period, int | None], int] = {(Period.ONCE, None): 12_500}
    made = []
    for kind, words, prices in (
        (ProductKind.PLAN, plan, monthly), (ProductKind.SUPPORT, pack, once),
    ):  # fmt: skip
        product = catalogue.create_product(kind=kind, words=words, by=admin, now=now)
        catalogue.set_prices(product=product, prices=prices, by=admin, now=now)
        made.append(catalogue.publish(product=product, by=admin, now=now))
    return made[0], made[1]


def _rules(admin: Person, by: Person, since: datetime, now: datetime) -> None:
    template = templates.create_template(
        name="Robots that are too old", body=TOO_OLD, folder="What we support", by=admin, now=since
    )
    pages = for_readers(AnonymousUser()).order_by("position", "pk")
    article = pages.filter(title__icontains="robot").first() or pages.first()
    kits = "Robot kits"
    tried = ScopeWords(
        Verdict.BEST_EFFORT,
        product=kits,
        made_until=2016,
        for_whom="priority",
        minutes=30,
        why="Parts are rare: we try.",
    )
    rules = [
        tried,
        ScopeWords(Verdict.BEST_EFFORT, product="Classroom software", version_below="3", minutes=15,
                   why="Version 3 is free for everybody who has a plan."),
        ScopeWords(Verdict.FULL, product="Classroom software"),
        ScopeWords(Verdict.FULL, product=kits),
    ]  # fmt: skip
    if article is not None:
        declined = ScopeWords(
            Verdict.NONE, product=kits, made_until=2016, why="They are not made any more.", template=template,
            article=article,
        )  # fmt: skip
        rules.insert(1, declined)
        rules.append(replace(declined, product="Robots of other makers", made_until=None, why=""))
    lines: list[int] = []
    for words in rules:
        after = lines[-1] if lines else None
        made = scope_rules.create_rule(words=words, starts_on=local_day(since), after=after, by=by, now=since)
        lines.append(made.line)
    place = next(place for place, words in enumerate(rules) if words.version_below)
    newer = replace(rules[place], version_below="3.2")
    later = local_day(now) + 30 * DAY
    scope_rules.change_rule(line=lines[place], words=newer, starts_on=later, after=None, by=by, now=now)
