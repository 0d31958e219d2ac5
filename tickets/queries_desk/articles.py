"""Articles beside a ticket: what may answer it, and which of them its customer may read."""

from dataclasses import dataclass

from django.conf import settings

from accounts.models import Person
from knowledgebase.choices import ArticleKind, Outcome
from knowledgebase.models import Article, SuggestSession
from knowledgebase.queries_help import for_readers
from knowledgebase.queries_search import Hit, find, suggest
from tickets.choices import Author
from tickets.models import Message, Ticket

SHOWN = 6
READ = 1_500


@dataclass(frozen=True)
class Offered:
    """An article, and whether the ticket's customer may be led to it. `needs_sign_in`: only when they are signed in."""

    hit: Hit
    may_send: bool

    @property
    def article(self) -> Article:
        return self.hit.article

    @property
    def needs_sign_in(self) -> bool:
        return self.may_send and self.article.space.visibility != "public"


def offered(person: Person, ticket: Ticket, words: str = "") -> list[Offered]:
    """What `person` finds for `words`, without any what may answer the ticket; the best first."""
    gate = Article.objects.readable_by(person).exclude(kind=ArticleKind.TEMPLATE)
    hits = (
        find(person, words, limit=SHOWN, gate=gate).rows
        if words
        else (suggest(person, asked_in(ticket), limit=SHOWN, gate=gate))
    )
    sendable = set(sendable_to(ticket).filter(pk__in=[hit.article.pk for hit in hits]).values_list("pk", flat=True))
    return [Offered(hit, hit.article.pk in sendable) for hit in hits]


@dataclass(frozen=True)
class ReadBefore:
    """What the customer was shown while they wrote, and which of it they opened. `gave_up`: they said that it was
    solved, and asked after all."""

    shown: list[Article]
    opened: frozenset[int]
    gave_up: bool


def read_before(person: Person, ticket: Ticket) -> ReadBefore | None:
    """The articles that were suggested before this ticket, as far as `person` reads them, those opened first.

    None where nothing was. Two queries at most.
    """
    session = SuggestSession.objects.filter(ticket_id=ticket.pk).exclude(shown=[]).order_by("-pk").first()
    if session is None:
        return None
    found = Article.objects.readable_by(person).in_bulk(session.shown)
    opened = frozenset(session.opened)
    shown = sorted((key for key in session.shown if key in found), key=lambda key: key not in opened)
    gave_up = session.outcome == Outcome.ASKED_AGAIN
    return ReadBefore([found[key] for key in shown[:SHOWN]], opened, gave_up) if shown else None


def sendable_to(ticket: Ticket):
    """The articles that may stand in a reply: what the customer who asked may read, and nothing else (A4)."""
    return for_readers(ticket.requester)


def asked_in(ticket: Ticket) -> str:
    """What the ticket is about: its subject and the customer's first words."""
    first = Message.objects.filter(ticket=ticket, author=Author.CUSTOMER).order_by("pk").only("text").first()
    return f"{ticket.subject} {(first.text if first else '')[:READ]}"


def address_of(article: Article) -> str:
    """Where readers find it, as it stands in a mail."""
    return f"{settings.SITE_URL}/articles/{article.slug}/"


def answer_of(ticket: Ticket) -> str:
    """The desk's newest words to the customer, "" where nobody has answered."""
    rows = Message.objects.filter(ticket=ticket, author=Author.AGENT).order_by("-pk")
    return rows.values_list("text", flat=True).first() or ""
