"""An article, all its revisions, what somebody is writing, and where it stood before."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from accounts.models import Person, WorkRole
from knowledgebase.choices import ArticleKind, DueFrom, Evidence, RevisionState, Significance, Visibility
from knowledgebase.models.spaces import Space
from knowledgebase.querysets import ArticleQuerySet, RevisionQuerySet

LONGEST_TITLE = 200
LONGEST_TEXT = 200_000


class Article(models.Model):
    """One thing that we know. Its slug is unique in the whole wiki, so that its address outlives a move.

    Readers see `published`, the newest approved revision, and nothing else of it. `head_no` is the number of the newest
    revision: whoever saves names the number that they began from, and it has to be this one (A1).
    """

    space = models.ForeignKey(Space, models.PROTECT, related_name="articles")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    kind = models.CharField(max_length=10, choices=ArticleKind, default=ArticleKind.PAGE)
    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(max_length=LONGEST_TITLE, help_text="Of the published revision, or else of the newest.")
    summary = models.CharField(max_length=255, blank=True, help_text="The first words of the published text.")
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    icon = models.CharField(max_length=20, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    verifier = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    published = models.ForeignKey("knowledgebase.Revision", models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    head_no = models.PositiveIntegerField(default=0)
    waiting = models.BooleanField(default=False, help_text="A revision waits for approval.")
    verified_at = models.DateTimeField(null=True, blank=True, help_text="The published text was last read whole.")
    verify_due_at = models.DateTimeField(null=True, blank=True)
    needs_change = models.CharField(max_length=500, blank=True, help_text="What is wrong with it, as somebody said.")
    needs_change_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(help_text="Anything about it changed.")

    objects = ArticleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="an article has a title"),
            models.CheckConstraint(condition=Q(kind__in=ArticleKind.values), name="an article is of a known kind"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="an article is not below itself"),
            models.CheckConstraint(
                condition=Q(published__isnull=True, published_at__isnull=True)
                | Q(published__isnull=False, published_at__isnull=False),
                name="published_at is set exactly while published",
            ),
            models.CheckConstraint(
                condition=Q(needs_change="", needs_change_at__isnull=True)
                | (~Q(needs_change="") & Q(needs_change_at__isnull=False)),
                name="needs_change_at is set exactly while something is wrong",
            ),
        ]
        indexes = [
            models.Index(fields=["space", "position", "title", "id"], name="article_tree"),
            models.Index(fields=["parent", "position", "id"], name="article_below"),
            models.Index(
                fields=["verify_due_at", "id"],
                condition=Q(archived_at__isnull=True, published__isnull=False),
                name="article_to_check",
            ),
            models.Index(
                fields=["-published_at", "-id"],
                condition=Q(archived_at__isnull=True, published__isnull=False),
                name="article_newest",
            ),
            models.Index(fields=["id"], condition=Q(waiting=True), name="article_waiting"),
            models.Index(fields=["owner", "id"], condition=~Q(needs_change=""), name="article_to_mend"),
            GinIndex(fields=["tags"], name="article_tags"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        """Whether anybody reads it without signing in. Asks for its space."""
        shown = self.published_id is not None and self.archived_at is None
        return shown and self.space.visibility == Visibility.PUBLIC and self.space.archived_at is None


class Revision(models.Model):
    """A saved text, kept for ever. `html` is its safe rendering, `digest` the SHA-256 of title and text."""

    article = models.ForeignKey(Article, models.PROTECT, related_name="revisions")
    no = models.PositiveIntegerField()
    base_no = models.PositiveIntegerField(help_text="The revision that its author began from. 0: none.")
    title = models.CharField(max_length=LONGEST_TITLE)
    markdown = models.TextField()
    html = models.TextField()
    headings = models.JSONField(default=list, help_text="[{level, id, words}] in order.")
    words = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    comment = models.CharField(max_length=500, blank=True)
    significance = models.CharField(max_length=10, choices=Significance, default=Significance.MEDIUM)
    restores = models.PositiveIntegerField(
        null=True, blank=True, help_text="The number of the revision it brings back."
    )
    state = models.CharField(max_length=10, choices=RevisionState, default=RevisionState.SAVED)
    submitted_at = models.DateTimeField(null=True, blank=True)
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True, help_text="What the reviewer said.")
    created_at = models.DateTimeField()

    objects = RevisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "no"], name="a revision's number stands once in its article"),
            models.CheckConstraint(condition=Q(no__gt=F("base_no")), name="a revision follows the one it began from"),
            models.CheckConstraint(condition=Q(state__in=RevisionState.values), name="a revision has a known state"),
            models.CheckConstraint(condition=~Q(title=""), name="a revision has a title"),
        ]
        indexes = [
            models.Index(
                fields=["submitted_at", "id"], condition=Q(state=RevisionState.SUBMITTED), name="revision_waiting"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="revisions_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_revisions_text_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__markdown__df=pgtrigger.F("new__markdown"))
                | pgtrigger.Q(old__title__df=pgtrigger.F("new__title"))
                | pgtrigger.Q(old__article__df=pgtrigger.F("new__article"))
                | pgtrigger.Q(old__no__df=pgtrigger.F("new__no"))
                | pgtrigger.Q(old__author__df=pgtrigger.F("new__author")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, revision {self.no}"


class ArticleDraft(models.Model):
    """What one person is writing: kept every few seconds, gone when it is saved. `version` rises with every keeping.

    Without an article it is a new one. A conflict turns the loser's text into their draft. It stays on the revision
    that they began from, so that saving it is stopped again until somebody has put both texts together.
    """

    article = models.ForeignKey(Article, models.CASCADE, null=True, blank=True, related_name="drafts")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    space = models.ForeignKey(Space, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=ArticleKind, default=ArticleKind.PAGE)
    base_no = models.PositiveIntegerField(default=0)
    title = models.CharField(max_length=LONGEST_TITLE, blank=True)
    markdown = models.TextField(blank=True)
    comment = models.CharField(max_length=500, blank=True)
    ticket_id = models.BigIntegerField(null=True, blank=True, help_text="The ticket that it was started from.")
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["article", "person"],
                condition=Q(article__isnull=False),
                name="a person has one draft of an article",
            )
        ]
        indexes = [models.Index(fields=["person", "-updated_at"], name="drafts_of_person")]

    def __str__(self) -> str:
        return f"Draft of {self.title or 'a new article'}"


class Redirect(models.Model):
    """An address that an article had. It leads to the article for ever."""

    slug = models.SlugField(max_length=120, unique=True)
    article = models.ForeignKey(Article, models.CASCADE, related_name="redirects")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug


class Step(models.Model):
    """One step of a process, as its revision says it: read from the text when that is saved, and fixed with it."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="steps")
    no = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=60, help_text="What tells it apart from the others when numbers change.")
    title = models.CharField(max_length=200)
    how = models.TextField(blank=True, help_text="How it is done, as Markdown.")
    say = models.TextField(blank=True, help_text="The words to use with the customer: the way we do it here (R69).")
    role = models.ForeignKey(WorkRole, models.PROTECT, null=True, blank=True, related_name="+")
    due_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Open minutes. Empty: no date of its own."
    )
    due_from = models.CharField(max_length=5, choices=DueFrom, default=DueFrom.START)
    due_step = models.PositiveSmallIntegerField(null=True, blank=True)
    evidence = models.CharField(max_length=6, choices=Evidence, default=Evidence.NONE, blank=True)
    evidence_label = models.CharField(max_length=120, blank=True)
    customer_label = models.CharField(max_length=120, blank=True, help_text="What the customer reads. Empty: nothing.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "no"], name="a step's number stands once in its process"),
            models.UniqueConstraint(fields=["revision", "key"], name="a step's key stands once in its process"),
            models.CheckConstraint(condition=~Q(title=""), name="a step says what to do"),
            models.CheckConstraint(
                condition=Q(due_from=DueFrom.START, due_step__isnull=True)
                | Q(due_from=DueFrom.STEP, due_step__isnull=False, due_step__lt=F("no")),
                name="a step is due from the start or from an earlier step",
            ),
        ]
        triggers = [pgtrigger.Protect(name="steps_never_change", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.no}. {self.title}"
