"""Every address of the product, by app."""

from django.urls import path

from supportdesk import views

urlpatterns = [
    path("", views.home, name="home"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
]
