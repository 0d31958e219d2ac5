"""The wiki's addresses below /api/."""

from django.urls import path

from knowledgebase.api import views

urlpatterns = [
    path("articles/", views.Articles.as_view(), name="articles"),
    path("articles/search/", views.Finding.as_view(), name="articles_search"),
    path("articles/<int:pk>/", views.OneArticle.as_view(), name="article"),
]
