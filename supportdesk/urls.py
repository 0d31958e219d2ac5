"""Every address of the product, by app."""

from django.conf import settings
from django.urls import include, path

from supportdesk import views

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("api/", include("supportdesk.api")),
    path("", include("mail.urls")),
    path("", include("knowledgebase.urls_help")),
    path("", include("accounts.urls")),
    path("", include("accounts.allauth_urls")),
    path("", include("tickets.urls_customer")),
    path("settings/", include("tickets.urls_settings")),
    path("", include("tickets.urls")),
    path("", include("knowledgebase.urls")),
    path("", include("training.urls")),
    path("", include("insights.urls")),
    path("", include("billing.urls")),
    path("", include("billing.urls_store")),
    path("", include("selfservice.urls")),
]
if settings.BENCH:
    urlpatterns.append(path("bench/", include("supportdesk.bench.floor")))

handler500 = "supportdesk.views.server_error"
