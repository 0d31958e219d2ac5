"""Addresses of the API for what tickets are to one another. Part of `tickets.api.urls`."""

from django.urls import path

from tickets.api import together

urlpatterns = [
    path("tickets/<int:pk>/merge/", together.Merge.as_view(), name="merge"),
    path("tickets/<int:pk>/unmerge/", together.Unmerge.as_view(), name="unmerge"),
    path("tickets/<int:pk>/split/", together.Split.as_view(), name="split"),
    path("tickets/<int:pk>/unsplit/", together.Unsplit.as_view(), name="unsplit"),
    path("tickets/<int:pk>/children/", together.Children.as_view(), name="children"),
    path("tickets/<int:pk>/relations/", together.Relations.as_view(), name="relations"),
    path("tickets/<int:pk>/relations/<int:relation>/", together.OneRelation.as_view(), name="relation"),
    path("tickets/<int:pk>/watchers/", together.Watchers.as_view(), name="watchers"),
    path("tickets/<int:pk>/watchers/<int:person>/", together.OneWatcher.as_view(), name="watcher"),
    path("fields/", together.Fields.as_view(), name="fields"),
    path("tags/", together.Tags.as_view(), name="tags"),
]
