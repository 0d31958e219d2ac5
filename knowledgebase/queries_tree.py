"""The tree of pages beside every page of the wiki: a few rows of each space, and the way to the current page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Person
from knowledgebase.access import articles_for, spaces_for
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article, Space

A_SPACE = 12
THE_SPACE = 60
BELOW = 40
DEEPEST = 4
_SHOWN = ("pk", "space_id", "parent_id", "slug", "title", "icon", "kind", "position", "published_id", "verify_due_at")
_ICONS = {ArticleKind.PROCESS: "list", ArticleKind.TEMPLATE: "at"}


@dataclass
class Node:
    """A page in the tree. `chip` says what has to be done about it."""

    pk: int
    slug: str
    title: str
    icon: str
    chip: str = ""
    is_current: bool = False
    below: list["Node"] = field(default_factory=list)


@dataclass
class Branch:
    """A space and its first pages. `more`: there are others, on the page of the space."""

    space: Space
    nodes: list[Node]
    more: bool = False


def tree(person: Person, now: datetime, current: Article | None = None, space: Space | None = None) -> list[Branch]:
    """What `person` reads, two queries whatever there is: the spaces, and their first pages around `current`."""
    spaces = list(spaces_for(person))
    opened = current.space_id if current else (space.pk if space else 0)
    numbers = {one.pk: THE_SPACE if one.pk == opened else A_SPACE for one in spaces}
    return branches_of(spaces, articles_for(person).current(), now, numbers, current)


def branches_of(
    spaces: Sequence[Space],
    rows: QuerySet[Article],
    now: datetime,
    numbers: Mapping[int, int],
    current: Article | None = None,
) -> list[Branch]:
    """The first `numbers` of `rows` in each space, and those around `current`. One query, and the way to `current`."""
    way = way_to(current) if current else []
    arms = [_first(rows.filter(space=one, parent=None), numbers[one.pk]) for one in spaces]
    arms += [_first(rows.filter(parent=pk), BELOW) for pk in way]
    if not arms:
        return []
    found = list(arms[0].union(*arms[1:], all=True)) if len(arms) > 1 else list(arms[0])
    nodes = {row[0]: _node(row, now, current.pk if current else 0) for row in found}
    for row in found:
        if row[2] in nodes:
            nodes[row[2]].below.append(nodes[row[0]])
    return [_branch(one, found, nodes, numbers[one.pk]) for one in spaces]


def put_below(nodes: Sequence[Node], rows: QuerySet[Article], number: int, now: datetime) -> None:
    """The first `number` of `rows` below each of `nodes`. One query."""
    arms = [_first(rows.filter(parent=node.pk), number - 1) for node in nodes]
    by_key = {node.pk: node for node in nodes}
    for row in arms[0].union(*arms[1:], all=True) if len(arms) > 1 else arms[0] if arms else ():
        by_key[row[2]].below.append(_node(row, now, 0))


def way_to(article: Article) -> list[int]:
    """The keys of the pages above `article`, from the top, and its own. A ring ends."""
    way, above = [article.pk], article.parent_id
    while above and above not in way and len(way) <= DEEPEST:
        way.append(above)
        above = Article.objects.filter(pk=above).values_list("parent", flat=True).first()
    return way[::-1]


def _first(rows: QuerySet, number: int) -> QuerySet:
    return rows.order_by("position", "title", "pk").values_list(*_SHOWN)[: number + 1]


def _node(row: tuple, now: datetime, current: int) -> Node:
    pk, _, _, slug, title, icon, kind, _, published, due = row
    chip = "" if published and due and due > now else ("overdue" if published else "draft")
    return Node(pk, slug, title, icon or _ICONS.get(kind, "file"), chip, pk == current)


def _branch(space: Space, found: list[tuple], nodes: dict[int, Node], number: int) -> Branch:
    tops = [nodes[row[0]] for row in sorted(found, key=_order) if row[1] == space.pk and row[2] is None]
    return Branch(space, tops[:number], len(tops) > number)


def _order(row: tuple) -> tuple:
    return row[7], row[4], row[0]
