"""Pages that came from another wiki: what was read, what became of it, and what the source said last."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from knowledgebase.choices import ImportKind, ImportOutcome, ImportState
from knowledgebase.models.articles import LONGEST_TITLE, Article
from knowledgebase.models.files import ArticleFile
from knowledgebase.models.spaces import Space

LONGEST_SOURCE = 500


class ImportRun(models.Model):
    """One reading of a folder. Its lines are the work done; what has no line yet is still to do."""

    kind = models.CharField(max_length=10, choices=ImportKind)
    folder = models.CharField(max_length=1000)
    space = models.ForeignKey(Space, models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.RUNNING)
    total = models.PositiveIntegerField(help_text="Pages that were found.")
    said = models.CharField(max_length=500, blank=True, help_text="Why it stopped.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ImportState.RUNNING, ended_at__isnull=True)
                | (~Q(state=ImportState.RUNNING) & Q(ended_at__isnull=False)),
                name="an import has an end exactly when it does not run",
            ),
            models.UniqueConstraint(
                fields=["space"], condition=Q(state=ImportState.RUNNING), name="one import at a time into a space"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.folder} into {self.space}"


class ImportLine(models.Model):
    """What became of one page. `says` holds the sentences about what could not be kept, or why it was not taken."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="lines")
    source = models.CharField(max_length=LONGEST_SOURCE)
    outcome = models.CharField(max_length=10, choices=ImportOutcome)
    says = models.TextField(blank=True)
    article = models.ForeignKey(Article, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "source"], name="an import says once what became of a page"),
            models.CheckConstraint(
                condition=~Q(outcome=ImportOutcome.BAD) | ~Q(says=""), name="a page that was not taken says why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.outcome}"


class ImportedPage(models.Model):
    """An article that came from a source, with the text that the source had last: later changes start from it."""

    space = models.ForeignKey(Space, models.PROTECT, related_name="+")
    source = models.CharField(max_length=LONGEST_SOURCE)
    article = models.OneToOneField(Article, models.PROTECT, related_name="imported")
    title = models.CharField(max_length=LONGEST_TITLE, blank=True)
    markdown = models.TextField(blank=True)
    is_read = models.BooleanField(default=False, help_text="Its text was taken at least once.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "source"], name="a source becomes one article of a space")
        ]

    def __str__(self) -> str:
        return self.source


class ImportedFile(models.Model):
    """A file that came along with a page; the same bytes are taken once."""

    page = models.ForeignKey(ImportedPage, models.CASCADE, related_name="files")
    source = models.CharField(max_length=LONGEST_SOURCE)
    sha256 = models.CharField(max_length=64)
    file = models.ForeignKey(ArticleFile, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "source", "sha256"], name="a file of a page is taken once")
        ]

    def __str__(self) -> str:
        return self.source
