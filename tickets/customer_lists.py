"""The list of a customer's tickets: whose, at what standing, which words, and where an answer is new.

It searches what that customer may read and nothing else: neither notes nor the desk's own index (S29).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import Person
from tickets.choices import Author, Category
from tickets.customer_queries import NextStep, next_step
from tickets.merged import survivors_of
from tickets.models import Attachment, Message, Participant, Ticket

PAGE_SIZE = 25
# Words are looked for in this many of the newest tickets; a customer who has more names a number or a standing.
SEARCHED = 2000
MOST_WORDS = 6
LONGEST_SEARCH = 200
# What is older is no news, even where nobody noted that it was read.
NEWS_LASTS = timedelta(days=30)

STANDINGS = {
    "you": ("Waiting for you", (Category.WAITING,)),
    "us": ("With us", (Category.NEW, Category.OPEN, Category.HOLD)),
    "closed": ("Closed", (Category.CLOSED,)),
}


@dataclass(frozen=True)
class Wanted:
    """What a customer asked to see. Strange values mean nothing."""

    everybody: bool = False
    standing: str = ""
    q: str = ""
    before: int | None = None

    @classmethod
    def of(cls, given, *, shares: bool) -> "Wanted":
        """Read off the address of the page."""
        before = given.get("before", "")
        standing = given.get("standing", "")
        return cls(
            everybody=shares and given.get("of") == "everybody",
            standing=standing if standing in STANDINGS else "",
            q=" ".join(given.get("q", "").replace("\x00", "").split())[:LONGEST_SEARCH],
            before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        )

    def address(self, **changed) -> str:
        """`?…` of this list with other choices, always from its first page unless `before` is said."""
        said = {"of": "everybody" if self.everybody else "", "standing": self.standing, "q": self.q, **changed}
        return "?" + urlencode({name: value for name, value in said.items() if value})

    @property
    def is_narrow(self) -> bool:
        """Something was asked for, so an empty list says so."""
        return bool(self.standing or self.q)


@dataclass(frozen=True)
class Row:
    """A ticket in the list, what happens next, and whether an answer is new to this reader. `part_of` is the ticket in
    which a merged one is looked after, where this reader may see that one.
    """

    ticket: Ticket
    next_step: NextStep | None
    has_news: bool
    part_of: Ticket | None = None


def page_of(person: Person, wanted: Wanted, *, now: datetime) -> tuple[list[Row], int | None]:
    """A page of tickets, newest first, and the key after which the next page starts (None at the end). One query,
    and two more where a merged ticket is among them.

    An unproven address sees nothing (S11).
    """
    if person.email_verified_at is None:
        return [], None
    tickets = Ticket.objects.visible(person)
    if not wanted.everybody:
        tickets = tickets.filter(requester=person)
    if wanted.standing:
        tickets = tickets.filter(_stands(wanted.standing))
    if wanted.q:
        tickets = _matching(tickets, wanted.q, now)
    if wanted.before is not None:
        tickets = tickets.filter(pk__lt=wanted.before)
    annotated = tickets.select_related("requester").annotate(has_news=_news(person, now)).order_by("-pk")
    rows = list(annotated[: PAGE_SIZE + 1])
    following = rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None
    shown = rows[:PAGE_SIZE]
    parts = parts_of(person, shown)
    return [Row(row, next_step(row, now), row.has_news, parts.get(row.pk)) for row in shown], following


def parts_of(person: Person, tickets: Sequence[Ticket]) -> dict[int, Ticket]:
    """For merged tickets: the ticket in which each is looked after, where `person` may see that one (S9, S24)."""
    merged = [ticket.pk for ticket in tickets if ticket.merged_into_id]
    goes_on = survivors_of(merged) if merged else {}
    seen = Ticket.objects.visible(person).in_bulk(set(goes_on.values())) if goes_on else {}
    return {pk: seen[survivor] for pk, survivor in goes_on.items() if survivor in seen}


def _stands(standing: str) -> Q:
    """A ticket that was merged is closed for staff only: for who asked, it is looked after elsewhere."""
    plain = Q(category__in=STANDINGS[standing][1], merged_into__isnull=True)
    return plain | Q(merged_into__isnull=False) if standing == "us" else plain


def _matching(tickets: QuerySet, q: str, now: datetime) -> QuerySet:
    """Tickets with this number, or with every one of these words in their subject, words or names of files."""
    number = q.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 19:
        return tickets.filter(Q(pk=int(number)) | Q(pk__in=_with_words(tickets, [q], now)))
    return tickets.filter(pk__in=_with_words(tickets, q.split()[:MOST_WORDS], now))


def _with_words(tickets: QuerySet, words: list[str], now: datetime) -> QuerySet:
    newest = tickets.order_by("-pk").values("pk")[:SEARCHED]
    found = Ticket.objects.filter(pk__in=newest)
    read = Message.objects.filter(ticket=OuterRef("pk")).of_its_customers().shown_to_customers(now)
    for word in words:
        said = read.filter(text__icontains=word)
        attached = Attachment.objects.filter(
            name__icontains=word, message__in=Message.objects.filter(ticket=OuterRef(OuterRef("pk")))
            .of_its_customers().shown_to_customers(now),
        )  # fmt: skip
        found = found.filter(Q(subject__icontains=word) | Exists(said) | Exists(attached))
    return found.values("pk")


def _news(person: Person, now: datetime) -> Exists:
    """Whether somebody here wrote since this person looked."""
    seen = Participant.objects.filter(ticket=OuterRef(OuterRef("pk")), person=person).values("seen_message_id")[:1]
    nothing = Value(0, output_field=BigIntegerField())
    answers = Message.objects.filter(
        ticket=OuterRef("pk"),
        author=Author.AGENT,
        created_at__gt=now - NEWS_LASTS,
        pk__gt=Coalesce(Subquery(seen), nothing),
    )
    return Exists(answers.of_its_customers().shown_to_customers(now))
