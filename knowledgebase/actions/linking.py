"""What an article leads to: kept with every published text, judged at once inside the wiki, tried daily outside."""

import re
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import Resolver404, resolve

from knowledgebase import markdown
from knowledgebase.choices import LinkStatus, Visibility
from knowledgebase.models import Article, ArticleFile, Link, Redirect, Revision
from knowledgebase.models.links import LONGEST_ADDRESS
from knowledgebase.slugs import TAKEN

MOST = 1000
ARTICLE = re.compile(r"/a/([a-z0-9_-]{1,120})/(?:[#?].*)?")
FILE = re.compile(r"/a/files/([0-9]{1,18})/(?:[#?].*)?")
RANK = {Visibility.PUBLIC: 0, Visibility.CUSTOMERS: 1, Visibility.STAFF: 2, Visibility.ROLE: 3}


@transaction.atomic
def keep_links(revision: Revision) -> None:
    """Keep where that text leads, instead of what was kept for its article before. Belongs to publishing.

    What is known of an address that stays is kept. Links of other articles that mean this one are judged anew.
    """
    article = revision.article
    before = {link.address: link for link in Link.objects.filter(article=article)}
    addresses = [_ours(address) for address in markdown.render(revision.markdown).links]
    wanted = list(dict.fromkeys(address for address in addresses if _counts(address)))[:MOST]
    article.links.exclude(address__in=wanted).delete()
    new = [
        Link(article=article, address=address, is_outside=address.startswith("http"))
        for address in wanted
        if address not in before
    ]
    Link.objects.bulk_create(new)
    _find_targets(article)
    judge(Link.objects.filter(Q(article=article) | Q(target=article), is_outside=False))


def judge(links) -> None:
    """Say anew of links inside the wiki whether they work. A link that broke again is told of again."""
    rows = list(links.select_related("article__space", "target__space"))
    files = _files_of(rows)
    for link in rows:
        status, problem = _judged(link, files)
        if link.status == LinkStatus.IGNORED or (status, problem) == (link.status, link.problem):
            continue
        link.told_at = link.told_at if status == LinkStatus.BROKEN == link.status else None
        link.status, link.problem = status, problem
        link.save(update_fields=["status", "problem", "told_at"])


def _find_targets(article: Article) -> None:
    """Tie the links of `article` to what they mean, and to `article` the links that waited for it."""
    links = list(Link.objects.filter(article=article, target__isnull=True, is_outside=False))
    slugs = {link.pk: found[1] for link in links if (found := _article_in(link.address))}
    targets = dict(Redirect.objects.filter(slug__in=slugs.values()).values_list("slug", "article"))
    targets |= dict(Article.objects.filter(slug__in=slugs.values()).values_list("slug", "pk"))
    for link in links:
        if target := targets.get(slugs.get(link.pk, "")):
            link.target_id = target
            link.save(update_fields=["target"])
    waiting = Link.objects.filter(status=LinkStatus.BROKEN, target__isnull=True, is_outside=False)
    waiting.filter(address__startswith=f"/a/{article.slug}/").update(target=article)


def _judged(link: Link, files: dict[int, int]) -> tuple[str, str]:
    """Its status, and what is wrong with it."""
    if found := FILE.fullmatch(link.address):
        home = files.get(int(found[1]))
        if home is None:
            return LinkStatus.BROKEN, "There is no such file."
        if home != link.article_id:
            return LinkStatus.BROKEN, "The file belongs to another page. Add it to this page too."
        return LinkStatus.WORKING, ""
    if not (named := _article_in(link.address)):
        return _judged_by_route(link.address)
    target = link.target
    if target is None:
        return LinkStatus.BROKEN, "There is no page with this address."
    if target.archived_at or target.space.archived_at:
        return LinkStatus.BROKEN, "The page that it leads to is archived."
    if not _all_readers_of(link.article, target):
        return LinkStatus.BROKEN, "Not everybody who reads this page may read that one."
    if link.article.space.is_public_side and target.published_id is None:
        return LinkStatus.BROKEN, "The page that it leads to is not published."
    return (LinkStatus.WORKING if named[1] == target.slug else LinkStatus.REDIRECTED), ""


def _judged_by_route(address: str) -> tuple[str, str]:
    try:
        resolve(re.split(r"[?#]", address, maxsplit=1)[0])
    except Resolver404:
        return LinkStatus.BROKEN, "No page of ours has this address."
    return LinkStatus.WORKING, ""


def _all_readers_of(source: Article, target: Article) -> bool:
    """Whether whoever reads `source` may read `target`."""
    theirs, others = source.space, target.space
    if others.visibility == Visibility.ROLE and theirs.visibility == Visibility.ROLE:
        return set(theirs.roles) <= {*others.roles, "admin"}
    return RANK[Visibility(theirs.visibility)] >= RANK[Visibility(others.visibility)]


def _files_of(rows: Iterable[Link]) -> dict[int, int]:
    """The article of each file that they name."""
    named = [int(found[1]) for link in rows if (found := FILE.fullmatch(link.address))]
    return dict(ArticleFile.objects.filter(pk__in=named).values_list("pk", "article")) if named else {}


def _article_in(address: str) -> re.Match | None:
    return None if address.startswith("/a/files/") else ARTICLE.fullmatch(address)


def _ours(address: str) -> str:
    """An address of this very site as its path, so that it is judged like every other page of ours."""
    base = settings.SITE_URL.rstrip("/")
    path = address.removeprefix(base) if address.startswith(f"{base}/") else address
    for door in ("/articles/", "/wiki/"):
        named = ARTICLE.fullmatch(f"/a/{path.removeprefix(door)}") if path.startswith(door) else None
        if named and named[1] not in TAKEN:
            return named[0]
    return path


def _counts(address: str) -> bool:
    """Whether an address leads anywhere that can be tried."""
    leads = address.startswith(("http://", "https://")) or (address.startswith("/") and not address.startswith("//"))
    return leads and len(address) <= LONGEST_ADDRESS
