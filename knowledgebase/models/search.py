"""What finding rests on: the words of every article, other words for the same, what people looked for, and what they
read before they wrote to us.

The database gives `SearchEntry` two columns that no model names, `head` and `words`: docs/decisions/wiki-search.md.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from knowledgebase.choices import Outcome, Surface
from knowledgebase.models.articles import Article
from knowledgebase.models.spaces import Space

LONGEST_QUERY = 200


class SearchEntry(models.Model):
    """What is found of an article: its published text, or the newest one of an article that nobody published yet.

    `popularity` is how often it was opened in the last 30 days.
    """

    article = models.OneToOneField(Article, models.CASCADE, primary_key=True, related_name="entry")
    headings = models.TextField(blank=True)
    body = models.TextField(blank=True, help_text="The words of the text without its marks.")
    popularity = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Words of article {self.article_id}"


class SearchWord(models.Model):
    """A word that stands somewhere in a space: what spelling is held against."""

    space = models.ForeignKey(Space, models.CASCADE, related_name="+")
    word = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "word"], name="a word stands once in its space")]
        indexes = [GinIndex(OpClass("word", "gin_trgm_ops"), name="wiki_word_like")]

    def __str__(self) -> str:
        return self.word


class Synonyms(models.Model):
    """Words that mean the same here: whoever looks for one of them finds the others too."""

    words = ArrayField(models.CharField(max_length=60))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(words__len__gte=2), name="synonyms are at least two words"),
        ]

    def __str__(self) -> str:
        return ", ".join(self.words)


class SearchLog(models.Model):
    """What somebody looked for, once: further letters within a short while change the same row.

    `visitor` is a keyed hash of their session, "" when there is none; nothing else tells who a stranger is.
    """

    query = models.CharField(max_length=LONGEST_QUERY)
    asked = models.CharField(
        max_length=LONGEST_QUERY, help_text="The query as reports add it up: lower case, no signs."
    )
    surface = models.CharField(max_length=10, choices=Surface)
    visitor = models.CharField(max_length=32, blank=True)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    hits = models.PositiveIntegerField()
    opened = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(help_text="Its last letter.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(query=""), name="a search has words"),
            models.CheckConstraint(condition=Q(surface__in=Surface.values), name="a search was made somewhere known"),
        ]
        indexes = [
            models.Index(fields=["visitor", "surface", "-updated_at"], name="search_log_of_visitor"),
            models.Index(fields=["-updated_at", "id"], name="search_log_newest"),
        ]

    def __str__(self) -> str:
        return self.query


class ArticleViews(models.Model):
    """How often an article was opened by readers on a day (UTC)."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="+")
    day = models.DateField()
    views = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "day"], name="views are counted once a day")]
        indexes = [models.Index(fields=["day"], name="article_views_day")]

    def __str__(self) -> str:
        return f"{self.views} on {self.day}"


class SuggestSession(models.Model):
    """Somebody began to write to us and was shown articles (A10). `token` names it to their browser.

    `shown` and `opened` are numbers of articles. A session that was SOLVED turns into ASKED_AGAIN when the same person
    asks about the same thing within 72 hours. `reason_id` is the contact reason that their form stands for.
    """

    token = models.CharField(max_length=32, unique=True)
    surface = models.CharField(max_length=10, choices=Surface)
    visitor = models.CharField(max_length=32, blank=True)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    email = models.CharField(max_length=254, blank=True, help_text="The address that they had typed, in lower case.")
    query = models.CharField(max_length=LONGEST_QUERY, blank=True)
    shown = ArrayField(models.BigIntegerField(), default=list, blank=True)
    opened = ArrayField(models.BigIntegerField(), default=list, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.LEFT)
    solved_by = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="+")
    reason_id = models.BigIntegerField(null=True, blank=True)
    ticket_id = models.BigIntegerField(null=True, blank=True, help_text="What they sent, or asked again with.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When they said how it went.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="a session ended in a known way"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.LEFT, ended_at__isnull=True)
                | (~Q(outcome=Outcome.LEFT) & Q(ended_at__isnull=False)),
                name="ended_at is set exactly when a session has an outcome",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=[Outcome.SENT, Outcome.ASKED_AGAIN]) | Q(ticket_id__isnull=False),
                name="what was sent after suggestions names its ticket",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("created_at")),
                name="a session does not end before it begins",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "id"], name="suggest_session_newest"),
            models.Index(fields=["ticket_id"], condition=Q(ticket_id__isnull=False), name="suggest_session_of_ticket"),
            models.Index(fields=["email", "ended_at"], condition=Q(outcome=Outcome.SOLVED), name="solved_by_address"),
            models.Index(fields=["person", "ended_at"], condition=Q(outcome=Outcome.SOLVED), name="solved_by_person"),
        ]

    def __str__(self) -> str:
        return self.query or self.token
