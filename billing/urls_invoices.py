"""Staff: invoices, the books, the seller and the tax form."""

from django.urls import path

from billing.views import books, invoices, seller

urlpatterns = [
    path("billing/invoices/", invoices.invoice_list, name="invoices"),
    path("billing/invoices/<str:number>/", invoices.invoice, name="invoice"),
    path("billing/invoices/<str:number>/pdf/", invoices.invoice_pdf, name="invoice_pdf"),
    path("billing/invoices/<str:number>/papers/<str:paper>/", invoices.paper, name="invoice_paper"),
    path("billing/invoices/<str:number>/credit/", invoices.credit, name="credit"),
    path("billing/invoices/<str:number>/void/", invoices.void, name="void"),
    path("billing/invoices/<str:number>/send/", invoices.send, name="send_invoice"),
    path("billing/invoices/<str:number>/links/<int:pk>/end/", invoices.end_link, name="end_link"),
    path("billing/aging/", books.aging, name="aging"),
    path("billing/aging/csv/", books.aging_csv, name="aging_csv"),
    path("billing/receipts/", books.receipts, name="receipts"),
    path("billing/customers/<int:pk>/statement/", books.statement, name="statement"),
    path("billing/customers/<int:pk>/statement/pdf/", books.statement_pdf, name="statement_pdf"),
    path("billing/exports/<slug:shape>/", books.export_csv, name="export"),
    path("settings/seller/", seller.seller, name="seller"),
    path("settings/tax-forms/", seller.tax_forms, name="tax_forms"),
    path("settings/tax-forms/<int:pk>/", seller.tax_form_file, name="tax_form_file"),
    path("settings/tax-forms/<int:pk>/withdraw/", seller.withdraw_tax_form, name="withdraw_tax_form"),
]
