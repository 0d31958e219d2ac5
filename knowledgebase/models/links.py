"""Where published texts lead to, and which of those ways are broken."""

from django.db import models
from django.db.models import Q

from knowledgebase.choices import LinkStatus
from knowledgebase.models.articles import Article

LONGEST_ADDRESS = 1000


class Link(models.Model):
    """One address in the published text of an article, or in its newest while nothing is published.

    `target` is the article that an address of ours means, whatever it is called by now. `checked_at` is empty until an
    address elsewhere was tried; `told_at` is when the owner heard that it is broken, which happens once.
    """

    article = models.ForeignKey(Article, models.CASCADE, related_name="links")
    address = models.CharField(max_length=LONGEST_ADDRESS)
    target = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="inbound")
    is_outside = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=LinkStatus, default=LinkStatus.UNCHECKED)
    problem = models.CharField(max_length=200, blank=True, help_text="Why it is broken, for its owner.")
    checked_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=LinkStatus.values), name="a link has a known status"),
        ]
        indexes = [
            models.Index(fields=["checked_at", "id"], condition=Q(is_outside=True), name="link_to_check"),
            models.Index(fields=["article", "id"], condition=Q(status=LinkStatus.BROKEN), name="link_broken"),
        ]

    def __str__(self) -> str:
        return self.address
