"""The desk's addresses for entitlements and for what we support. Part of `tickets.urls`."""

from django.urls import path

from tickets.views.desk import support

urlpatterns = [
    path("desk/tickets/<int:pk>/support/", support.panel, name="support"),
    path("desk/tickets/<int:pk>/support/ask/", support.ask, name="ask_contacts"),
    path("desk/tickets/<int:pk>/support/vouch/", support.vouch, name="vouch_priority"),
    path("desk/tickets/<int:pk>/support/offer/", support.offer, name="offer_priority"),
    path("desk/tickets/<int:pk>/support/decline/", support.decline, name="decline_scope"),
    path("desk/tickets/<int:pk>/support/judge/", support.judge, name="judge_scope"),
    path("desk/tickets/<int:pk>/support/override/", support.override, name="override_scope"),
    path("desk/tickets/<int:pk>/support/clock/", support.clock, name="scope_clock"),
    path("desk/tickets/<int:pk>/support/minutes/", support.minutes, name="scope_minutes"),
]
