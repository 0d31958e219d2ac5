"""Readers: pages of the help centre beside the article itself, files, and the same for programs."""

from django.urls import path

from knowledgebase.views import feeds, files, reading, voting

urlpatterns = [
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
    path("articles/feed.xml", feeds.feed, name="feed"),
    path("articles/space/<slug:key>/", reading.space, name="space"),
    path("articles/<slug:slug>/vote/", voting.vote, name="vote"),
    path("a/files/<int:pk>/", files.file, name="file"),
]
