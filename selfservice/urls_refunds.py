"""Asking for money back."""

from django.urls import path

from selfservice.views import refunds

urlpatterns = [
    path("account/refunds/", refunds.refunds, name="refunds"),
    path("account/refunds/<int:pk>/withdraw/", refunds.withdraw, name="withdraw_refund"),
    path("account/invoices/<str:number>/refund/", refunds.ask, name="ask_refund"),
]
