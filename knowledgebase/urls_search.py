"""Searching and suggesting; `knowledgebase.urls` puts them before the slugs."""

from django.urls import path

from knowledgebase.views import searching, suggesting, synonyms

readers = [
    path("articles/search/", searching.search, name="search"),
    path("articles/suggestions/", suggesting.suggestions, name="suggestions"),
    path("articles/suggestions/solved/", suggesting.solved, name="solved"),
    path("articles/suggestions/<str:token>/<slug:slug>/", suggesting.opened, name="suggested"),
]
staff = [
    path("wiki/search/", searching.search_wiki, name="search"),
    path("wiki/gaps/", searching.gaps, name="gaps"),
    path("wiki/deflection/", searching.deflected, name="deflection"),
    path("settings/wiki/words/", synonyms.every, name="synonyms"),
    path("settings/wiki/words/<int:pk>/", synonyms.one, name="synonyms_line"),
    path("settings/wiki/words/<int:pk>/remove/", synonyms.remove, name="remove_synonyms"),
]
