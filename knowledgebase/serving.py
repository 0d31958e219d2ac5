"""The stored HTML of a text as one reader gets it: links inside the wiki lead where that reader may go."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache

from django.db.models import QuerySet

from knowledgebase.models import Article, Link
from knowledgebase.pages import Page
from supportdesk.lib.compiled import CompiledRows, Gap

HELP = "/articles/"
WIKI = "/wiki/"
_INSIDE = re.compile(r'<a href="/a/([a-z0-9_-]{1,120})/(#[\w-]{1,80})?"[^>]*>(.*?)</a>', re.DOTALL)


def for_reader(html: str, ways: Mapping[str, str], door: str) -> str:
    """`html` with each link to an article leading below `door`; words whose page the reader may not see stay words.

    `ways` names the present slug of every slug that this reader may follow (`ways_of`).
    """

    def led(found: re.Match) -> str:
        slug, anchor, words = found.groups()
        if slug not in ways:
            return words
        return f'<a href="{door}{ways[slug]}/{anchor or ""}">{words}</a>'

    return _INSIDE.sub(led, html)


def every_html(page: Page) -> str:
    """All the HTML of a page that is laid out, to find its links in."""
    steps = (part for step in page.steps for part in (step.how, step.say))
    return "".join((page.html, *(html for _, html in page.columns), *steps, *(card.html for card in page.cards)))


def led(page: Page, ways: Mapping[str, str], door: str) -> Page:
    """`page` with every part of it `for_reader`."""
    return replace(
        page,
        html=for_reader(page.html, ways, door),
        columns=[(name, for_reader(html, ways, door)) for name, html in page.columns],
        steps=[
            replace(step, how=for_reader(step.how, ways, door), say=for_reader(step.say, ways, door))
            for step in page.steps
        ],
        cards=[replace(card, html=for_reader(card.html, ways, door)) for card in page.cards],
    )


def ways_of(person, article: Article, html: str) -> tuple[dict[str, str], datetime]:
    """Which slugs in `html`, a text of `article`, lead somewhere for that person, and when any of it last changed.

    One query, none where the text names no other article.
    """
    named = {found[1] for found in _INSIDE.finditer(html)}
    if not named:
        return {}, article.updated_at
    targets = Article.objects.readable_by(person)
    if not (person and person.is_authenticated):
        known = _for_strangers().fetch({"article": article.pk})
    else:
        known = list(_meant(targets, article.pk))
    rows = [(link.address.split("/")[2], link.target) for link in known if link.target]
    ways = {written: target.slug for written, target in rows if written in named}
    if (missing := named - set(ways)) and article.published_id is None:  # whose links nobody keeps yet
        ways |= {slug: slug for slug in targets.filter(slug__in=missing).values_list("slug", flat=True)}
    return ways, max([article.updated_at, *(target.updated_at for _, target in rows)])


def _meant(targets: QuerySet[Article], article: int | Gap) -> QuerySet[Link]:
    rows = Link.objects.filter(article_id=article, target__in=targets).select_related("target")
    return rows.only("address", "target__slug", "target__updated_at")


@cache
def _for_strangers() -> CompiledRows[Link]:
    return CompiledRows(_meant(Article.objects.readable_by(None), Gap("article", Article._meta.pk)))
