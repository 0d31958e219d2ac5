"""Who has read which version of a process."""

from django.db import models

from accounts.models import Person
from knowledgebase.models.articles import Revision


class Receipt(models.Model):
    """Somebody on the staff says that they read a published text (R93). Said once, kept for ever."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="receipts")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["revision", "person"], name="a person confirms a revision once")]

    def __str__(self) -> str:
        return f"{self.person} read {self.revision}"
