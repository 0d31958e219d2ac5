"""`{% load receipts %}`: whether the reader of a process has confirmed it."""

from django import template

from accounts.access import can
from knowledgebase.choices import ArticleKind
from knowledgebase.queries_receipts import readings

register = template.Library()


@register.inclusion_tag("knowledgebase/wiki/_receipt.html", takes_context=True)
def receipt(context) -> dict:
    """`{% receipt %}` on a page with `article` and `revision`: nothing on pages that are no published process."""
    article, person = context["article"], context["request"].user
    shown = context.get("revision")
    if article.kind != ArticleKind.PROCESS or shown is None or shown.pk != article.published_id:
        return {}
    if article.archived_at or not can(person, "processes.work"):
        return {}
    line = next(iter(readings(person, article=article)), None)
    if line is None:
        return {}
    return {
        "line": line, "no": shown.no, "slug": article.slug, "read_at": line.read_at.get(person.pk),
        "must": person in line.must, "csrf_token": context.get("csrf_token"),
    }  # fmt: skip
