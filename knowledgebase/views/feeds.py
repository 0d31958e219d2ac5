"""The help centre for programs: what everybody may read, and nothing else (A4)."""

from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from knowledgebase.queries_help import addresses, newest
from knowledgebase.views.reading import fresh
from supportdesk.lib.audience import public

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'


@require_safe
@public
def feed(request: HttpRequest) -> HttpResponseBase:
    """The newest public articles as Atom."""
    rows = newest()
    atom = Atom1Feed(
        title=f"{settings.SITE_NAME}: help", link=f"{settings.SITE_URL}/articles/", description="New and changed help",
        feed_url=f"{settings.SITE_URL}/articles/feed.xml", language="en",
    )  # fmt: skip
    for row in rows:
        address = f"{settings.SITE_URL}/articles/{row.slug}/"
        atom.add_item(
            title=row.title, link=address, description=row.summary, unique_id=address, pubdate=row.published_at,
            updateddate=row.updated_at, categories=[row.space.name],
        )  # fmt: skip
    response = HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    changed_at = rows[0].published_at if rows else None
    return fresh(request, response, changed_at) if changed_at else response


@require_safe
@public
def sitemap(request: HttpRequest) -> HttpResponseBase:
    """The address of every public article."""
    rows = [
        f"<url><loc>{escape(settings.SITE_URL)}/articles/{slug}/</loc><lastmod>{changed:%Y-%m-%d}</lastmod></url>\n"
        for slug, changed in addresses()
    ]
    return HttpResponse(f"{HEAD}{''.join(rows)}</urlset>\n", content_type="application/xml; charset=utf-8")
