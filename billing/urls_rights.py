"""Admins: what the desk may give. Part of `billing.urls`."""

from django.urls import path

from billing.views import money_rights

urlpatterns = [
    path("settings/money/", money_rights.overview, name="money_rights"),
    path("settings/money/limits/", money_rights.keep_limits, name="money_limits"),
    path("settings/money/<int:pk>/<slug:right>/", money_rights.change_right, name="change_money_right"),
]
