"""Bytes that people sent us, outside the web root and under names that they did not choose."""

from django.core.files.storage import storages
from django.db import models


class StoredFile(models.Model):
    """Content, written and synced before this row commits. It never changes."""

    key = models.CharField(max_length=64, unique=True, help_text="Random; says nothing about the content.")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=127, blank=True, help_text="As claimed by the sender; never served so.")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("sha256", name="file_by_digest")]

    def __str__(self) -> str:
        return self.key

    def open(self):
        """A binary file to read from. Raises FileNotFoundError when the storage lost it."""
        return storages["files"].open(self.key)

    def read(self) -> bytes:
        """All of it."""
        with self.open() as file:
            return file.read()
