"""Settings of the wiki's spaces."""

from django.urls import path

from knowledgebase.views import spaces

urlpatterns = [
    path("settings/wiki/", spaces.every, name="spaces"),
    path("settings/wiki/spaces/new/", spaces.new, name="new_space"),
    path("settings/wiki/spaces/<int:pk>/", spaces.one, name="space_settings"),
    path("settings/wiki/spaces/<int:pk>/archive/", spaces.archive, name="archive_space"),
    path("settings/wiki/spaces/<int:pk>/unarchive/", spaces.unarchive, name="unarchive_space"),
]
