"""Addresses of who read which process. Part of `wiki:`."""

from django.urls import path

from knowledgebase.views import receipts

urlpatterns = [
    path("wiki/receipts/", receipts.report, name="receipts"),
    path("wiki/<slug:slug>/read/", receipts.read, name="confirm_read"),
]
