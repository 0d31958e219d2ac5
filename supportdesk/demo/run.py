"""Make the company, its customers and eight weeks of its mail."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from accounts.actions.people import find_or_create_person
from accounts.choices import Role
from accounts.journal import record
from accounts.models import JournalEntry, Person
from insights.actions.gather import gather
from insights.money_words import is_about_money
from supportdesk.demo import automatic, cases, history, process_runs, wiki, wiki_readers, wiki_reading
from supportdesk.demo.answers import make_endpoint, reports_and_answers
from supportdesk.demo.back_office import lay_back_office
from supportdesk.demo.channels import keep_channels
from supportdesk.demo.company import STAFF, Company, office_hours, set_up
from supportdesk.demo.conversations import Conversation, all_conversations
from supportdesk.demo.customers import SIGN_IN, Customer, settle
from supportdesk.demo.giving import lay_giving
from supportdesk.demo.moved_in import lay_moved_in
from supportdesk.demo.oddities import Oddities
from supportdesk.demo.papers import lay_papers
from supportdesk.demo.plans import lay_plans
from supportdesk.demo.programmes import ANSWERS, lay_programmes
from supportdesk.demo.renewals import renewals
from supportdesk.demo.reviews import lay_reviews
from supportdesk.demo.start_of_day import lay_start_of_day
from supportdesk.demo.store import lay_store, open_store
from supportdesk.demo.stories import Teller
from supportdesk.demo.support import lay_support
from supportdesk.demo.together import lay_together
from supportdesk.demo.trade import PLACES
from supportdesk.demo.training import lay_training
from supportdesk.demo.views import keep_views
from supportdesk.demo.wiki_ties import tie_to_wiki
from supportdesk.demo.work_roles import keep_roles
from supportdesk.demo.world import UNREACHABLE, World, in_a_hurry, nobody_woken
from supportdesk.demo.year import DAYS as YEAR_DAYS
from supportdesk.demo.year import everybody, lay_fixes, lay_year
from tickets.models import Ticket

SEED = 2014
WEEKS = 8
LAST_DAYS = 5
# So many of the conversations again are lived through before the last days; the year has many more of them as rows.
OLDER_SHARE, FEWEST_OLDER = 0.2, 12
# So many of them are told in the last days: each once, and not more than in other weeks by far.
NEWEST_SHARE = 0.7
# So many came within the last hour, and nobody has looked at them: cards for a Customer Day among them.
FRESH, EACH_FRESH = 14, timedelta(minutes=3)
WITH_WIKI = 0.5  # below it the wiki has its first pages, and no flow begins
FIRST_PAGES = 6
SMALLEST_WHOLE = 0.1  # below it, what rarely happens does not happen
LAID = "demo.lay"


class NotEmpty(Exception):
    """There is other people's data here. The message may be shown."""


@dataclass(frozen=True)
class Made:
    """What there is now. `seconds` is 0 when the demo was there before."""

    tickets: int
    seconds: float
    customers: list[str]


def is_laid() -> bool:
    """Whether the company is here already, whole or in part."""
    return Person.objects.filter(email=STAFF[0].email).exists()


def lay(
    *, now: datetime, anyway: bool = False, share: float = 1.0, progress: Callable[[], object] = lambda: None
) -> Made:
    """Make the demo in an empty database, or `share` of its usual tickets; done before: nothing. Raises NotEmpty."""
    if is_laid():
        return Made(Ticket.objects.count(), 0.0, _customers_who_sign_in())
    if not anyway and (Person.objects.exists() or Ticket.objects.exists()):
        raise NotEmpty("There are people or tickets here that are not the demo's. Nothing was changed.")
    began = time.monotonic()
    random = Random(SEED)  # noqa: S311 - the same company every time
    start = now - timedelta(weeks=WEEKS, days=1)
    with nobody_woken(), in_a_hurry():
        company = set_up(now=start)
        customers = settle(admin=company.admin, now=start, random=random)
        world = World(office=office_hours(start), now=now, random=random)
        teller = Teller(world, company, customers)
        keep_roles(company, now=start)
        if share >= WITH_WIKI:
            lay_moved_in(admin=company.admin, customers=customers, now=start)
        if share >= WITH_WIKI:
            lay_year(company, office_hours(now - timedelta(days=YEAR_DAYS)), now=now)
        _know(world, company, customers, start, share)
        _fill(world, teller, customers, share)
        world.tell(reports_and_answers(since=start, until=now))
        schools = _one_of_each_place(customers)
        wares = open_store(admin=company.admin, now=history.begins(now))
        cases.rest()
        for year in history.years_of(schools if share == 1 else schools[:1], wares, admin=company.admin, now=now):
            world.tell(year)
        if share >= WITH_WIKI:
            software, year_ago = wares["Classroom software"], now - timedelta(days=YEAR_DAYS)
            world.tell(renewals(everybody(), software, since=year_ago, until=now))
            desk = cases.Desk(teller, company, wares, company.admin)
            for story in (*cases.stories(desk, schools, until=now), *process_runs.stories(company, until=now)):
                world.tell(story)
        world.live(progress)
        lay_store(admin=company.admin, customers=schools, wares=wares, now=now)
        lay_papers(admin=company.admin, now=now)
        lay_plans(school=customers[0], admin=company.admin, now=now)
        lay_giving(company=company, schools=schools, now=now)
        lay_back_office(company=company, schools=schools, now=now)
        lay_reviews(schools=schools, wares=wares, admin=company.admin, now=now)
        lay_training(company=company, schools=schools, wares=wares, now=now)
        lay_support(company=company, schools=schools, now=now)
        tie_to_wiki(company=company, now=now)
        history.refuse_the_cards_they_write_about(customers, wares, now=now)
        history.make_pdfs(now=now)
        lay_together(company=company, now=now, random=random)
        keep_channels(admin=company.admin, now=now)
        world.let_due_things_happen(now)  # of what was laid beside the stories, with times that have passed
        process_runs.confirm(company, now=now)
        process_runs.ask_what_we_learned(company, now=now)
        wiki_readers.count_views(since=start, until=now)
        gather(now=now)
        if share >= WITH_WIKI:
            lay_fixes(company, now=now)
        if share >= WITH_WIKI:
            lay_programmes(company=company, now=now)
        make_endpoint(by=company.admin, now=now)
        automatic.make(by=company.admin, now=now)
        keep_views(now=now)
        lay_start_of_day(company=company, now=now)
        world.let_due_things_happen(now)  # what that told somebody
        record(by=None, action=LAID, subject=company.admin, data={"tickets": Ticket.objects.count()}, now=now)
    return Made(Ticket.objects.count(), time.monotonic() - began, _customers_who_sign_in())


def is_whole() -> bool:
    """Whether making it came to its end."""
    return JournalEntry.objects.filter(action=LAID).exists()


def sign_ins(customers: Iterable[str]) -> list[tuple[str, str]]:
    """(address, what it shows), staff first."""
    shows = {Role.LEAD: "lead", Role.ADMIN: "admin", Role.REVIEWER: "reviewer", Role.EDITOR: "editor",
             Role.OBSERVER: "observer", Role.AGENT: "agent"}  # fmt: skip
    staff = [(each.email, next(words for role, words in shows.items() if role in each.roles)) for each in STAFF]
    return [*staff, *((address, "customer") for address in customers)]


def _customers_who_sign_in() -> list[str]:
    # The first people of the first places.
    domains = [place.domain for place in PLACES]
    people = Person.objects.filter(memberships__organisation__domain__in=domains).order_by("pk")
    return [person.email for person in people[:SIGN_IN] if person.has_usable_password()]


def _one_of_each_place(customers: list[Customer]) -> list[Customer]:
    # Those who proved their address: the first of each place.
    return list({each.place.domain: each for each in reversed(customers)}.values())[::-1]


def _fill(world: World, teller: Teller, customers: list[Customer], share: float) -> None:
    conversations = list(all_conversations())
    random = world.random
    fewest = FEWEST_OLDER if share >= SMALLEST_WHOLE else 0
    older = random.choices(conversations, k=max(fewest, round(len(conversations) * OLDER_SHARE * share)))
    for at, conversation in _spread(world, older):
        world.tell(teller.story(conversation, at))
    declined = next(each for each in conversations if history.WRITES_OF in each.subject)
    others = [each for each in conversations if each is not declined]
    fresh = random.sample(suitable := _for_a_customer_day(others), min(len(suitable), round(FRESH * share)))
    rest = [each for each in others if each not in fresh]
    _newest(world, teller, random.sample(rest, round(len(others) * NEWEST_SHARE * share) - len(fresh)))
    for number, conversation in enumerate(fresh, 1):
        world.tell(teller.story(conversation, world.now - number * EACH_FRESH))
    if share >= SMALLEST_WHOLE:
        world.tell(teller.story(declined, world.school_day_before(world.now - timedelta(days=0.9))))
    if share >= SMALLEST_WHOLE:
        _odd(world, Oddities(teller), conversations, customers)


def _for_a_customer_day(conversations: list[Conversation]) -> list[Conversation]:
    """What somebody who helps for a day may answer, and no process of the demo is run on."""
    run_on = [words for run in process_runs.RUNS for words in run.words]
    return [
        each
        for each in conversations
        if each.reason[0] in ANSWERS and each.team != "Billing" and not any(words in each.subject for words in run_on)
        if not is_about_money(each.subject, each.turns[0].text)
    ]


def _know(world: World, company: Company, customers: list[Customer], start: datetime, share: float) -> None:
    """What the company knows, read word for word each month, and looked into by its customers."""
    pages = wiki.all_pages() if share >= WITH_WIKI else wiki.all_pages()[:FIRST_PAGES]
    wiki.begin(company, pages, now=start)
    for life in wiki.lives(company, pages, since=start, until=world.now):
        world.tell(life)
    if share >= WITH_WIKI:
        world.tell(wiki_reading.months(company, since=start, until=world.now))
        world.tell(wiki_readers.reads(company, customers, since=start, until=world.now))
        world.tell(wiki_readers.votes(since=start, until=world.now))


def _spread(world: World, conversations: list[Conversation]) -> Iterable[tuple[datetime, Conversation]]:
    """The older weeks."""
    random = world.random
    earliest, latest = world.now - timedelta(weeks=WEEKS), world.now - timedelta(days=LAST_DAYS)
    for conversation in conversations:
        yield world.school_day_before(earliest + (latest - earliest) * random.random()), conversation


def _newest(world: World, teller: Teller, conversations: list[Conversation]) -> None:
    """The last days, each conversation once, so that no two tickets on the first screen are alike."""
    random = world.random
    for conversation in conversations:
        age = timedelta(days=LAST_DAYS) * random.random() ** 1.6 + timedelta(minutes=7)
        world.tell(teller.story(conversation, world.school_day_before(world.now - age)))


def _odd(world: World, odd: Oddities, conversations: list[Conversation], customers: list[Customer]) -> None:
    random = world.random
    teachers = [each for each in customers if not each.place.is_office]
    drawn = iter(random.sample([each for each in conversations if each.team == "Support"], 24))

    def days_ago(days: float) -> datetime:
        return world.school_day_before(world.now - timedelta(days=days))

    for number in range(4):
        world.tell(odd.put_on_hold(next(drawn), days_ago(6 + number), days=1.5 + number))
        world.tell(odd.snoozed(next(drawn), days_ago(7 + number), days=0.8 + 2 * number))
        world.tell(odd.followed_up(next(drawn), days_ago(8 + number), days=0.5 + number))
    for number, customer in enumerate(random.sample(teachers, 2)):
        world.tell(odd.stranger(next(drawn), customer, days_ago(6 + number)))
    for number, customer in enumerate(random.sample(teachers, 3)):
        world.tell(odd.away(next(drawn), customer, days_ago(5 + number)))
    world.tell(odd.full_mailbox(next(drawn), random.choice(teachers), days_ago(6)))
    for number, customer in enumerate(random.sample(teachers, 2)):
        email = f"{UNREACHABLE}{number}@{customer.place.domain}"
        person = find_or_create_person(email=email, name=customer.person.name, now=days_ago(4))
        plain = next(each for each in conversations if "{" not in each.turns[0].text and "[" not in each.turns[0].text)
        world.tell(odd.mistyped_address(plain, customer, person, days_ago(1.2 + number)))
    world.tell(odd.suspicious(days_ago(2)))
