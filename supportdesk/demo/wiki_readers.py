"""Those who read the demo's wiki: what they look for and do not find, what helped them, and what did not."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from knowledgebase.actions import flagging, searching, suggesting, voting
from knowledgebase.choices import Surface, Visibility
from knowledgebase.models import Article, ArticleViews
from supportdesk.demo.company import Company
from supportdesk.demo.customers import Customer
from supportdesk.demo.wiki import who

SEED = 406
DAY = timedelta(days=1)
# What is typed into the search, how often, and the article that is opened; "": nothing is, or nothing is found.
SEARCHES = (
    ("w8", 9, "w-8ben-e"), ("W-9", 7, "w-8ben-e"), ("w-8ben-e", 4, "w-8ben-e"), ("recieve refnd", 2, "refunds"),
    ("refund", 8, "refunds"), ("card declined", 6, "card-declined"), ("tracking", 5, "track-a-parcel"),
    ("sales tax", 5, "tax-exemption"), ("net 30", 3, "credit-on-account"), ("purchase order", 4, "purchase-orders"),
    ("chromebook", 6, "chromebooks"), ("bluetooth", 3, "chromebooks"), ("orange light", 3, "recover-a-robot"),
    ("swollen battery", 2, "batteries"), ("cancel", 4, "plans"), ("hawaii", 2, "hawaii-alaska"),
    ("python", 6, ""), ("arduino", 4, ""), ("scratch", 3, ""), ("3d printer files", 4, ""),
    ("summer camp discount", 3, ""), ("clever login", 5, ""),
    ("lesson plans", 4, ""), ("vpat", 2, ""),
)  # fmt: skip
# What somebody begins to write on the contact form, and whether an article solved it.
QUESTIONS = (
    ("where is your w-8 form", "w-8ben-e", True), ("Do you have a W-9?", "w-8ben-e", True),
    ("my card was declined but there is money on it", "card-declined", True),
    ("how do I get a refund for an unopened kit", "refunds", False),
    ("when does our order ship", "why-a-box-waits", False),
    ("tracking says delivered but nothing is here", "track-a-parcel", False),
    ("sales tax on our invoice, we are exempt", "tax-exemption", True),
    ("robot stops at 62 % during update", "recover-a-robot", True),
    ("no robot found on chromebook", "chromebooks", True),
    ("can we pay by purchase order", "purchase-orders", True), ("shipping to Maui", "hawaii-alaska", True),
    ("how many displays do we need", "what-is-a-display", True), ("robot pulls to the left", "drives-crooked", False),
    ("invoice for accounts payable", "who-gets-the-invoices", True),
)  # fmt: skip
UNHELPFUL = "track-a-parcel"
REASONS = (
    "It says label made since Monday and you do not say what that means for a school closed on Friday.", "",
    "I wanted the number of the driver.", "", "My order has two boxes and the page shows one.",
)  # fmt: skip


def reads(company: Company, customers: Sequence[Customer], *, since: datetime, until: datetime) -> Iterator[datetime]:
    """The story of eight weeks of readers; it begins when everything is published."""
    random = Random(SEED)  # noqa: S311 - the same readers every time
    begins = since + 8 * DAY
    looks = [partial(_look, words, slug) for words, times, slug in SEARCHES for _ in range(times)]
    asks = [
        partial(_ask, words, slug, is_solved, random.choice(customers))
        for words, slug, is_solved in QUESTIONS
        for _ in range(random.randint(1, 3))
    ]
    times = sorted(begins + (until - begins) * random.random() for _ in (*looks, *asks))
    events = random.sample([*looks, *asks], len(times))
    for at, happens in zip(times, events, strict=True):
        yield at
        happens(visitor=f"{random.getrandbits(128):032x}", at=at)
    yield until - timedelta(hours=5)
    ticket_words = "A school with two buildings asked which of the two addresses goes onto the label."
    flagging.flag(
        article=Article.objects.get(slug="several-schools"), words=ticket_words, by=who(company, "marc"), now=until
    )


def votes(*, since: datetime, until: datetime) -> Iterator[datetime]:
    """Most are glad; the page about parcels has helped hardly anybody lately."""
    random = Random(SEED + 1)  # noqa: S311 - the same voters every time
    begins = since + 8 * DAY
    public = list(
        Article.objects.filter(space__visibility=Visibility.PUBLIC)
        .exclude(slug=UNHELPFUL)
        .values_list("slug", flat=True)
    )
    drawn = [(begins + (until - begins) * random.random(), slug, random.random() < 0.86) for slug in public * 3]
    lately = [(until - DAY * 5 + timedelta(hours=11 * place), UNHELPFUL, place == 2) for place in range(6)]
    left = iter(REASONS)
    for at, slug, is_helpful in sorted(drawn + lately):
        yield at
        revision = Article.objects.select_related("published").get(slug=slug).published
        reason = next(left, "") if slug == UNHELPFUL and not is_helpful else ""
        if revision:
            visitor = f"{random.getrandbits(128):032x}"
            voting.vote(revision=revision, visitor=visitor, helpful=is_helpful, reason=reason, now=at)


def count_views(*, since: datetime, until: datetime) -> None:
    """How often each was opened on each day, more on school days; the tax form is what most come for."""
    random = Random(SEED + 2)  # noqa: S311 - the same days every time
    often = {slug: count for _, count, slug in SEARCHES if slug}
    rows = []
    for article in Article.objects.published().filter(space__visibility=Visibility.PUBLIC).order_by("pk"):
        day = since + 8 * DAY
        while day <= until:
            most = often.get(article.slug, 1) * (1 if day.weekday() > 4 else 4)
            views = random.randint(0, most)
            if views:
                rows.append(ArticleViews(article=article, day=day.date(), views=views))
            day += DAY
    ArticleViews.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1_000)


def _look(words: str, slug: str, *, visitor: str, at: datetime) -> None:
    done = searching.search(person=None, words=words, surface=Surface.HELP, visitor=visitor, now=at)
    if slug and done.token:
        article = Article.objects.get(slug=slug)
        searching.opened(token=done.token, article=article, now=at + timedelta(seconds=9))


def _ask(words: str, slug: str, is_solved: bool, customer: Customer, *, visitor: str, at: datetime) -> None:
    email = customer.person.email
    suggesting.show(token=visitor, person=None, words=words, surface=Surface.FORM, email=email, now=at)
    article = Article.objects.get(slug=slug)
    suggesting.opened(token=visitor, article=article, now=at + timedelta(seconds=20))
    if is_solved:
        suggesting.solved(token=visitor, article=article, email=email, now=at + timedelta(minutes=2))
