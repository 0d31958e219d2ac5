"""The start of the day. Part of `tickets.urls`."""

from django.urls import path

from tickets.views.desk import today, today_sources
from tickets.views.source_hook import source_hook

urlpatterns = [
    path("today/", today.today, name="today"),
    path("today/begin/", today.begin, name="begin_day"),
    path("today/finish/", today.finish, name="finish_day"),
    path("today/captain/", today.captain, name="day_captain"),
    path("today/tickets/<int:pk>/later/", today.later, name="put_off"),
    path("today/sources/<int:pk>/", today_sources.source, name="day_source"),
    path("today/sources/<int:pk>/count/", today_sources.count, name="count_source"),
    path("today/sources/<int:pk>/export/", today_sources.export, name="export_source"),
    path("today/missing/<int:pk>/bring-in/", today_sources.bring_in, name="bring_in_gap"),
    path("today/missing/<int:pk>/explain/", today_sources.explain, name="explain_gap"),
    path("hooks/sources/<str:key>/", source_hook, name="source_hook"),
    path("today/<str:on>/", today.report, name="day_report"),
]
