"""A wiki to test with. Every call makes something new, by the same actions as people do."""

from datetime import UTC, datetime
from itertools import count

from accounts.choices import Role
from accounts.models import Person
from knowledgebase.actions import publishing, writing
from knowledgebase.choices import PUBLIC_SIDE, ArticleKind, RevisionState, Visibility
from knowledgebase.models import Article, Space
from tests.factories.accounts import make_staff

NINE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
REFUND_STEPS = """## How
- Customer asks from the account page

## When
- Asked: up to 90 days after paying

## Who
- **Reviewer** approves or rejects

## Steps
### Read the reason and the photo
No photo needed under $50.00.
SAY: Thank you for the photo.
WHEN: within 4 hours of the start

### Compare with what was paid
A refund is never more than the customer paid.
PROOF: a sentence - what you saw

## When it is not that simple
Card expired: still refund it.
"""
_numbers = count(1)


def make_space(visibility: Visibility = Visibility.STAFF, **fields) -> Space:
    """A space for all staff that needs no approval, unless customers read it or `needs_approval` says so."""
    number = next(_numbers)
    known = {
        "key": f"space-{number}", "name": f"Space {number}", "visibility": visibility,
        "roles": [Role.LEAD] if visibility == Visibility.ROLE else [], "needs_approval": visibility in PUBLIC_SIDE,
    }  # fmt: skip
    return Space.objects.create(**known | fields)


def make_article(
    space: Space | None = None,
    title: str = "",
    markdown: str = "What to do.",
    *,
    published: bool = True,
    author: Person | None = None,
    approver: Person | None = None,
    kind: ArticleKind = ArticleKind.PAGE,
    now: datetime = NINE,
    slug: str = "",
    parent: Article | None = None,
    **fields,
) -> Article:
    """An article with its first revision. `fields` are set on its row as they are: tags, verified_at and the like."""
    space = space or make_space()
    author = author or make_staff(Role.EDITOR, *space.roles)
    title = title or f"Article {next(_numbers)}"
    article = writing.start(space=space, kind=kind, title=title, slug=slug, parent=parent, by=author, now=now)
    add_text(article, markdown, title=title, author=author, approver=approver, published=published, now=now)
    if fields:
        Article.objects.filter(pk=article.pk).update(**fields)
    return Article.objects.select_related("space", "published", "owner").get(pk=article.pk)


def add_text(
    article: Article,
    markdown: str,
    *,
    title: str = "",
    author: Person | None = None,
    approver: Person | None = None,
    published: bool = True,
    now: datetime = NINE,
) -> Article:
    """One more revision of it, published unless said otherwise. Returns the article as it stands then."""
    article = Article.objects.select_related("space").get(pk=article.pk)
    author = author or make_staff(Role.EDITOR, *article.space.roles)
    revision = writing.save(
        article=article, title=title or article.title, markdown=markdown, base_no=article.head_no, submit=published,
        by=author, now=now,
    )  # fmt: skip
    if published and revision.state == RevisionState.SUBMITTED:
        publishing.approve(revision, by=approver or make_staff(Role.EDITOR, *article.space.roles), now=now)
    return Article.objects.select_related("space", "published", "owner").get(pk=article.pk)


def make_process(
    space: Space | None = None, title: str = "Refund a paid invoice", markdown: str = REFUND_STEPS, **more
):
    """A process with two steps, published."""
    return make_article(space, title, markdown, kind=ArticleKind.PROCESS, **more)
