"""The last part of an article's address: which ones are free, and which ones the product keeps for itself."""

from django.utils.text import slugify

from knowledgebase.models import Article, Redirect

LONGEST = 120
# Pages of ours beside the articles, in /articles/ and /wiki/ alike.
TAKEN = frozenset(
    {
        "archive", "campaigns", "checks", "deflection", "drafts", "feed", "files", "gaps", "help", "import", "imports",
        "links", "mend", "new", "preview", "receipts", "search", "settings", "space", "spaces", "suggest",
        "suggestions", "tags", "unhelpful", "waiting", "yours",
    }
)  # fmt: skip


def slug_from(title: str) -> str:
    """A slug that says what the title says. Titles without a Latin letter or a figure become "page"."""
    return slugify(title)[: LONGEST - 8].strip("-_") or "page"


def free_slug(wanted: str) -> str:
    """`wanted`, or `wanted-2` and so on where an article has it, had it, or a page of ours stands there.

    Two at once may both be told the same one: the database refuses the second.
    """
    base = slug_from(wanted)
    near = {base, *(f"{base}-{number}" for number in range(2, 60))}
    taken = set(Article.objects.filter(slug__in=near).values_list("slug", flat=True)) | TAKEN
    taken |= set(Redirect.objects.filter(slug__in=near).values_list("slug", flat=True))
    if base not in taken:
        return base
    free = (f"{base}-{number}" for number in range(2, 60) if f"{base}-{number}" not in taken)
    return next(free, None) or f"{base}-{Article.objects.order_by('-pk').values_list('pk', flat=True)[0] + 1}"
