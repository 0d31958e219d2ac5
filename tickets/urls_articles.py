"""The desk's addresses for articles beside a ticket. Part of `tickets.urls`."""

from django.urls import path

from tickets.views.desk import articles

urlpatterns = [
    path("desk/tickets/<int:pk>/articles/", articles.beside, name="articles"),
    path("desk/tickets/<int:pk>/articles/begin/", articles.begin, name="begin_article"),
    path("desk/tickets/<int:pk>/articles/<int:article>/insert/", articles.insert, name="insert_article"),
    path("desk/tickets/<int:pk>/articles/<int:article>/flag/", articles.flag, name="flag_article"),
]
