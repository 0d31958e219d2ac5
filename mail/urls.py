"""Addresses for providers and for people who want no more mail."""

from django.urls import path

from mail.views import choices, stop, webhooks

app_name = "mail"
urlpatterns = [
    path("hooks/mail/<slug:name>/inbound/", webhooks.inbound, name="inbound"),
    path("hooks/mail/<slug:name>/inbound_mime/", webhooks.inbound),
    path("hooks/mail/<slug:name>/tracking/", webhooks.tracking, name="tracking"),
    path("mail/choices/<str:token>/", choices.choose, name="choices"),
    path("mail/stop/<str:token>/", stop.stop, name="stop"),
]
