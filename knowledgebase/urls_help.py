"""What readers of the help centre open. They are asked for most of all, so they stand before the desk's hundreds."""

from django.urls import include, path

from knowledgebase import urls_reading, urls_search
from knowledgebase.views import reading

readers = [
    path("articles/", reading.index, name="index"),
    *urls_reading.urlpatterns,
    *urls_search.readers,
    path("articles/<slug:slug>/", reading.article, name="article"),
    path("a/<slug:slug>/", reading.short, name="short"),
]
urlpatterns = [path("", include((readers, "articles")))]
