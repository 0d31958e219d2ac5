"""Training: `training:` for customers, for the links of mails, and for trainers."""

from django.urls import path

from training.views import bookings, calendar, classes, feeds, own, settings, waiter

app_name = "training"
urlpatterns = [
    path("account/training/", own.mine, name="mine"),
    path("account/training/<str:uid>/", own.own, name="own"),
    path("account/training/<str:uid>/move/", own.move_own, name="move_own"),
    path("account/training/<str:uid>/cancel/", own.cancel_own, name="cancel_own"),
    path("account/training/<str:uid>/money-back/", own.money_back, name="money_back"),
    path("account/training/<str:uid>/training.ics", own.own_file, name="own_file"),
    path("training/mine/<str:uid>/<str:token>/", own.manage, name="manage"),
    path("training/mine/<str:uid>/<str:token>/move/", own.manage_move, name="manage_move"),
    path("training/mine/<str:uid>/<str:token>/cancel/", own.manage_cancel, name="manage_cancel"),
    path("training/mine/<str:uid>/<str:token>/training.ics", own.manage_file, name="manage_file"),
    path("training/wait/<str:uid>/<str:token>/", waiter.waiter, name="waiter"),
    path("training/", calendar.calendar, name="calendar"),
    path("training/bookings/<str:uid>/", bookings.booking, name="booking"),
    path("training/bookings/<str:uid>/move/", bookings.move, name="move"),
    path("training/bookings/<str:uid>/cancel/", bookings.cancel, name="cancel"),
    path("training/bookings/<str:uid>/came/", bookings.came, name="came"),
    path("training/bookings/<str:uid>/note/", bookings.note, name="note"),
    path("training/classes/<int:pk>/", classes.class_page, name="class"),
    path("training/trainers/<int:pk>/leave/", calendar.leave, name="leave"),
    path("training/trainers/<int:pk>/leave/<int:leave_pk>/end/", calendar.end_leave, name="end_leave"),
    path("training/trainers/<int:pk>/feed/new/", calendar.rotate, name="rotate_feed"),
    path("training/trainers/<int:pk>/classes/new/", classes.plan_class, name="plan_class"),
    path("settings/training/", settings.overview, name="settings"),
    path("settings/training/new/", settings.new_type, name="new_type"),
    path("settings/training/<int:pk>/", settings.change_type, name="type"),
    path("settings/trainers/new/", settings.new_trainer, name="new_trainer"),
    path("settings/trainers/<int:pk>/", settings.trainer, name="trainer"),
    path("settings/trainers/<int:pk>/days/", settings.set_day, name="set_day"),
    path("settings/trainers/<int:pk>/days/<int:day_pk>/remove/", settings.forget_day, name="forget_day"),
    path("training/feed/<int:pk>/<str:token>.ics", feeds.of_trainer, name="feed"),
    path("training/feed/mine/<int:pk>/<str:token>.ics", feeds.own, name="own_feed"),
    path("account/training/feed/new/", feeds.rotate_own, name="rotate_own_feed"),
]
