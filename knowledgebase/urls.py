"""The wiki for staff, `wiki:`; its readers' pages are in `urls_help`. A page of ours stands before the slugs."""

from django.urls import include, path

from knowledgebase import (
    urls_checks,
    urls_imports,
    urls_receipts,
    urls_search,
    urls_shelving,
    urls_spaces,
    urls_writing,
)
from knowledgebase.views import start, wiki

staff = [
    path("wiki/", start.index, name="index"),
    path("wiki/unhelpful/", start.not_helpful, name="unhelpful"),
    path("wiki/space/<slug:key>/", start.space, name="space"),
    *urls_writing.urlpatterns,
    *urls_checks.urlpatterns,
    *urls_imports.urlpatterns,
    *urls_receipts.urlpatterns,
    *urls_shelving.urlpatterns,
    *urls_spaces.urlpatterns,
    *urls_search.staff,
    path("wiki/<slug:slug>/", wiki.article, name="article"),
]
urlpatterns = [path("", include((staff, "wiki")))]
