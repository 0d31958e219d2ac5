"""Staff: where a page stands, its files, its links, what readers say of it."""

from django.urls import path

from knowledgebase.views import files, shelving

urlpatterns = [
    path("wiki/<slug:slug>/place/", shelving.place, name="place"),
    path("wiki/<slug:slug>/archive/", shelving.archive, name="archive"),
    path("wiki/<slug:slug>/unarchive/", shelving.unarchive, name="unarchive"),
    path("wiki/<slug:slug>/files/", files.files, name="files"),
    path("wiki/<slug:slug>/flag/", shelving.flag, name="flag"),
    path("wiki/<slug:slug>/unflag/", shelving.unflag, name="unflag"),
    path("wiki/<slug:slug>/links/", shelving.links, name="links"),
    path("wiki/<slug:slug>/links/<int:pk>/", shelving.change_link, name="change_link"),
    path("wiki/<slug:slug>/votes/", shelving.votes, name="votes"),
]
