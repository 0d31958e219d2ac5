"""History that came from another desk: what is read, how far, what was refused, and what each record became here."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tickets.import_choices import ExportKind, ImportState, Sort

LONGEST_ID = 250


class TicketImport(models.Model):
    """One reading of the files of another desk. Its counts and places move together with the rows that it makes."""

    source = models.SlugField(max_length=40, help_text="Numbers of that desk are known under this name.")
    kind = models.CharField(max_length=10, choices=ExportKind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    team = models.ForeignKey("tickets.Team", models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.READY)
    mapping = models.JSONField(default=dict, blank=True, help_text="Of a table: see tickets.import_formats.columns.")
    reasons_from_tags = models.BooleanField(default=False, help_text="A tag that is called as a contact reason is it.")
    stage = models.PositiveSmallIntegerField(default=0, help_text="Which of STAGES is read now.")
    made = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    files_left = models.PositiveIntegerField(default=0, help_text="Attachments that did not come along.")
    said = models.CharField(max_length=500, blank=True, help_text="Why it stopped.")
    prepared_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[ImportState.READY, ImportState.RUNNING], ended_at__isnull=True)
                | Q(state__in=[ImportState.DONE, ImportState.STOPPED], ended_at__isnull=False),
                name="an import of tickets has an end exactly when it is over",
            ),
            models.CheckConstraint(condition=Q(kind__in=ExportKind.values), name="an import reads a known export"),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=ImportState.RUNNING), name="one import of tickets at a time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"


class ImportFile(models.Model):
    """A file of an import: one that was sent, or one below the import folder of the server."""

    run = models.ForeignKey(TicketImport, models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    file = models.ForeignKey("mail.StoredFile", models.SET_NULL, null=True, blank=True, related_name="+")
    path = models.CharField(max_length=1000, blank=True, help_text="Below the import folder.")
    size = models.PositiveBigIntegerField()
    place = models.JSONField(default=dict, blank=True, help_text="How far it was read in this stage.")
    is_read = models.BooleanField(default=False, help_text="To its end, in this stage.")

    def __str__(self) -> str:
        return self.name


class ImportRefusal(models.Model):
    """A row that was not taken, and why."""

    run = models.ForeignKey(TicketImport, models.CASCADE, related_name="refusals")
    file = models.CharField(max_length=255)
    row = models.PositiveBigIntegerField()
    external_id = models.CharField(max_length=LONGEST_ID, blank=True)
    why = models.CharField(max_length=500)
    content = models.TextField(blank=True, help_text="Its beginning, as it stood there.")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(why=""), name="a row that was not taken says why")]

    def __str__(self) -> str:
        return f"{self.file}:{self.row}"


class Imported(models.Model):
    """A record of another desk, and what it is here. What comes again is known by it.

    `digest` is of the record as it was read last; `data` what later readings need: a ticket's messages by their numbers
    there, the fields that were written, a colleague's name. `object_id` is empty where nothing was made, as for
    colleagues who never worked here.
    """

    source = models.CharField(max_length=40)
    sort = models.CharField(max_length=10, choices=Sort)
    external_id = models.CharField(max_length=LONGEST_ID)
    object_id = models.BigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=32)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "sort", "external_id"], name="a record of another desk is one thing here"
            ),
            models.CheckConstraint(condition=Q(sort__in=Sort.values), name="a record became a known thing"),
        ]
        indexes = [models.Index("sort", F("object_id"), name="imported_as")]

    def __str__(self) -> str:
        return f"{self.source} {self.sort} {self.external_id}"


class ColumnMapping(models.Model):
    """What the columns of a table meant the last time. Tables with the same head are known again."""

    head = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the names of the columns.")
    mapping = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.head
