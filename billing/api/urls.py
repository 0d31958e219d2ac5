"""The store's addresses below /api/."""

from django.urls import path

from billing.api import money, refund_requests, store

urlpatterns = [
    path("customers/", store.Customers.as_view(), name="customers"),
    path("customers/<int:pk>/", store.OneCustomer.as_view(), name="customer"),
    path("products/", store.Products.as_view(), name="products"),
    path("products/<int:pk>/", store.OneProduct.as_view(), name="product"),
    path("orders/", store.Orders.as_view(), name="orders"),
    path("orders/<int:pk>/", store.OneOrder.as_view(), name="order"),
    path("shipments/", store.Shipments.as_view(), name="shipments"),
    path("shipments/<int:pk>/", store.OneShipment.as_view(), name="shipment"),
    path("shipments/<int:pk>/release/", store.Release.as_view(), name="release_shipment"),
    path("shipments/<int:pk>/ship/", store.Ship.as_view(), name="ship_shipment"),
    path("subscriptions/", store.Subscriptions.as_view(), name="subscriptions"),
    path("subscriptions/<int:pk>/", store.OneSubscription.as_view(), name="subscription"),
    path("invoices/", money.Invoices.as_view(), name="invoices"),
    path("invoices/<int:pk>/", money.OneInvoice.as_view(), name="invoice"),
    path("invoices/<int:pk>/pdf/", money.InvoicePdf.as_view(), name="invoice_pdf"),
    path("invoices/<int:pk>/void/", money.Void.as_view(), name="void_invoice"),
    path("invoices/<int:pk>/credit-notes/", money.CreditNotes.as_view(), name="credit_notes"),
    path("invoices/<int:pk>/transfers/", money.Transfers.as_view(), name="transfers"),
    path(
        "invoices/<int:pk>/refund-requests/",
        refund_requests.InvoiceRefundRequests.as_view(),
        name="invoice_refund_requests",
    ),
    path("payments/", money.Payments.as_view(), name="payments"),
    path("payments/<int:pk>/", money.OnePayment.as_view(), name="payment"),
    path("payments/<int:pk>/refunds/", money.PaymentRefunds.as_view(), name="payment_refunds"),
    path("refunds/", money.Refunds.as_view(), name="refunds"),
    path("refunds/<int:pk>/", money.OneRefund.as_view(), name="refund"),
    path("refund-requests/", refund_requests.RefundRequests.as_view(), name="refund_requests"),
    path("refund-requests/<int:pk>/", refund_requests.OneRefundRequest.as_view(), name="refund_request"),
]
