"""Somebody says that they read a process."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from accounts.models import Person
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article, Receipt
from knowledgebase.refusals import Refused


@transaction.atomic
def confirm(*, article: Article, no: int, by: Person, now: datetime) -> Receipt:
    """`by` read version `no`, which is the published one. Said twice, it is said once. Raises Refused."""
    row = Article.objects.select_for_update(of=("self",)).select_related("published").get(pk=article.pk)
    if row.kind != ArticleKind.PROCESS or row.published is None:
        raise Refused("Only published processes are confirmed.")
    if row.published.no != no:
        raise Refused(f"Version {row.published.no} was published since you looked. Read it, then confirm.")
    receipt, is_new = Receipt.objects.get_or_create(revision=row.published, person=by, defaults={"at": now})
    if is_new:
        record(by=by, action="knowledgebase.read", subject=row, data={"version": no}, now=now)
    return receipt
