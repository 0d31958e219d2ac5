"""Staff: write pages, compare what they say with what they said, and decide what readers see."""

from django.urls import path

from knowledgebase.views import publishing, writing

urlpatterns = [
    path("wiki/new/", writing.new, name="new"),
    path("wiki/new/draft/", writing.keep_new, name="keep_new"),
    path("wiki/drafts/<int:pk>/", writing.new, name="draft"),
    path("wiki/drafts/<int:pk>/drop/", writing.drop_new, name="drop_new"),
    path("wiki/preview/", writing.preview, name="preview"),
    path("wiki/waiting/", publishing.waiting, name="waiting"),
    path("wiki/<slug:slug>/edit/", writing.edit, name="edit"),
    path("wiki/<slug:slug>/draft/", writing.keep, name="keep"),
    path("wiki/<slug:slug>/draft/drop/", writing.drop, name="drop"),
    path("wiki/<slug:slug>/change/", publishing.change, name="change"),
    path("wiki/<slug:slug>/history/", publishing.versions, name="history"),
    path("wiki/<slug:slug>/history/compare/", publishing.compare, name="compare"),
    path("wiki/<slug:slug>/history/<int:no>/", publishing.read_version, name="version"),
    path("wiki/<slug:slug>/history/<int:no>/approve/", publishing.approve, name="approve"),
    path("wiki/<slug:slug>/history/<int:no>/decline/", publishing.decline, name="decline"),
    path("wiki/<slug:slug>/history/<int:no>/withdraw/", publishing.withdraw, name="withdraw"),
    path("wiki/<slug:slug>/history/<int:no>/submit/", publishing.submit, name="submit"),
    path("wiki/<slug:slug>/history/<int:no>/restore/", publishing.restore, name="restore"),
]
