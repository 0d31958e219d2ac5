"""Imports; `knowledgebase.urls` includes them in `wiki:`, before the slugs."""

from django.urls import path

from knowledgebase.views import imports

urlpatterns = [
    path("wiki/import/", imports.index, name="imports"),
    path("wiki/import/<int:pk>/", imports.progress, name="import"),
    path("wiki/import/<int:pk>/pages/", imports.pages, name="import_pages"),
    path("wiki/import/<int:pk>/stop/", imports.stop, name="import_stop"),
]
