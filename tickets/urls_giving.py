"""The desk's addresses for what it gives to customers. Part of `tickets.urls`."""

from django.urls import path

from tickets.views.desk import giving

urlpatterns = [
    path("desk/tickets/<int:pk>/giving/", giving.panel, name="giving"),
    path("desk/customers/<int:pk>/refund/", giving.refund, name="give_refund"),
    path("desk/customers/<int:pk>/goodwill/", giving.give_goodwill, name="give_goodwill"),
    path("desk/customers/<int:pk>/discount/", giving.discount, name="give_discount"),
    path("desk/customers/<int:pk>/free-account/", giving.free_account, name="give_free_account"),
    path("desk/free-accounts/<int:pk>/end/", giving.end_free_account, name="end_free_account"),
]
