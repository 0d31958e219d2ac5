"""Files of an article."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from knowledgebase.models.articles import Article
from mail.models import StoredFile


class ArticleFile(models.Model):
    """A file that an article shows or offers. Who reads the article's published text reads what that text names.

    `picture_type` is set for pictures that we drew anew ourselves; everything else is only ever a download.
    """

    article = models.ForeignKey(Article, models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    picture_type = models.CharField(max_length=20, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="a file of an article has a name")]

    def __str__(self) -> str:
        return self.name

    @property
    def markdown(self) -> str:
        """What puts it into a text."""
        words = self.name.replace("[", "(").replace("]", ")").replace("\\", "")
        return f"{'!' if self.picture_type else ''}[{words}](/a/files/{self.pk}/)"
