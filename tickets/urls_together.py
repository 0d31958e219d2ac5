"""The desk's addresses for what a ticket is about and what tickets are to one another. Part of `tickets.urls`."""

from django.urls import path

from tickets.views.desk import about, together

urlpatterns = [
    path("desk/tickets/<int:pk>/merge/", together.merge, name="merge"),
    path("desk/tickets/<int:pk>/unmerge/", together.unmerge, name="unmerge"),
    path("desk/tickets/<int:pk>/split/", together.split_off, name="split"),
    path("desk/tickets/<int:pk>/unsplit/", together.put_back, name="unsplit"),
    path("desk/tickets/<int:pk>/ties/", together.relate, name="relate"),
    path("desk/tickets/<int:pk>/ties/<int:relation>/remove/", together.untie, name="untie"),
    path("desk/tickets/<int:pk>/child/", together.child, name="child"),
    path("desk/tickets/<int:pk>/close-all/", together.close_family, name="close_family"),
    path("desk/tickets/<int:pk>/priority/", about.priority, name="priority"),
    path("desk/tickets/<int:pk>/type/", about.type_, name="type"),
    path("desk/tickets/<int:pk>/tags/", about.tags, name="tags"),
    path("desk/tickets/<int:pk>/fields/", about.own_fields, name="fields"),
    path("desk/tickets/<int:pk>/follow/", about.follow, name="follow"),
    path("desk/tickets/<int:pk>/unfollow/", about.unfollow, name="unfollow"),
    path("desk/tags/", about.tag_options, name="tag_options"),
]
