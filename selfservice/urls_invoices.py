"""Invoices, by their links and on the account, and the W-8."""

from django.urls import path

from selfservice.views import invoice_link, invoices, w8

urlpatterns = [
    path("w8/", w8.w8, name="w8"),
    path("w8/about/", w8.about, name="w8_about"),
    path("i/fresh/", invoice_link.fresh, name="invoice_fresh"),
    path("i/sent/", invoice_link.sent, name="invoice_sent"),
    path("i/<str:token>/", invoice_link.invoice, name="invoice_link"),
    path("i/<str:token>/pdf/", invoice_link.invoice_pdf, name="invoice_pdf"),
    path("i/<str:token>/papers/<str:number>/", invoice_link.paper, name="invoice_paper"),
    path("i/<str:token>/copy/", invoice_link.copy, name="invoice_copy"),
    path("i/<str:token>/end/", invoice_link.end, name="invoice_end"),
    path("i/<str:token>/emails/", invoice_link.emails, name="invoice_emails"),
    path("account/invoices/", invoices.invoice_list, name="invoices"),
    path("account/invoices/csv/", invoices.invoice_csv, name="invoices_csv"),
    path("account/invoices/<str:number>/", invoices.own_invoice, name="own_invoice"),
    path("account/invoices/<str:number>/pdf/", invoices.own_pdf, name="own_invoice_pdf"),
    path("account/invoices/<str:number>/papers/<str:paper>/", invoices.own_paper, name="own_invoice_paper"),
    path("account/invoices/<str:number>/copy/", invoices.own_copy, name="own_invoice_copy"),
    path("account/invoices/<str:number>/links/", invoices.own_links, name="invoice_links"),
]
