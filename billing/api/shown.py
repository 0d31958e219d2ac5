"""Customers, products, orders and money as the API answers them. Every field is named; amounts are minor units.

A list is one query, and one for each kind of row below its own; `related` and `below` say what is fetched with it.
"""

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers

from accounts.rest.shown import OrganisationBrief, PersonBrief
from billing.models import (
    CreditNote,
    CreditNoteLine,
    Customer,
    Decline,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Payment,
    Price,
    Product,
    Refund,
    Shipment,
    ShipmentHold,
    Subscription,
    TaxLine,
)
from supportdesk.lib.rest.fields import Shown


class Addressed(Shown):
    """A row that can be read again at `url`."""

    url = serializers.SerializerMethodField(help_text="Where it is in the API.")

    def get_url(self, row) -> str:
        return f"{settings.SITE_URL}{reverse(f'api:{self.Meta.address}', args=[row.pk])}"


class CustomerBrief(Shown):
    class Meta:
        model = Customer
        fields = ("id", "name")


class CustomerShown(Addressed):
    """An organisation that buys, or a person who buys without one."""

    organisation = OrganisationBrief(allow_null=True)
    person = PersonBrief(allow_null=True)

    class Meta:
        model = Customer
        address = "customer"
        related = ("organisation", "person")
        fields = (
            "id", "url", "name", "organisation", "person", "line1", "line2", "city", "region", "postal_code", "country",
            "time_zone", "currency", "is_po_required", "credit_state", "credit_limit", "created_at",
        )  # fmt: skip


class PriceShown(Shown):
    """What a product costs for one period, or one piece. `displays` null: any number, or no plan."""

    class Meta:
        model = Price
        fields = ("id", "period", "currency", "displays", "amount")


class ProductShown(Addressed):
    """Something that is sold, with the prices that hold now."""

    prices = PriceShown(many=True, source="current_prices")

    class Meta:
        model = Product
        address = "product"
        fields = ("id", "url", "slug", "name", "kind", "state", "summary", "minutes", "is_taxable", "prices")


class OrderLineShown(Shown):
    product = serializers.IntegerField(source="product_id")

    class Meta:
        model = OrderLine
        fields = (
            "position", "product", "name", "detail", "period", "displays", "quantity", "unit_amount", "discount", "tax",
            "amount",
        )  # fmt: skip


class HoldShown(Shown):
    """Why a shipment waits."""

    class Meta:
        model = ShipmentHold
        fields = ("reason", "words", "placed_at")


class ShipmentShown(Addressed):
    """A box, and what it waits for. `last_scan` is what the carrier said last."""

    order = serializers.IntegerField(source="order_id")
    order_number = serializers.CharField(source="order.number")
    holds = HoldShown(many=True, source="open_holds")

    class Meta:
        model = Shipment
        address = "shipment"
        related = ("order",)
        fields = (
            "id", "url", "order", "order_number", "number", "state", "holds", "carrier", "tracking_number",
            "shipped_at", "delivered_at", "last_scan", "last_scan_at",
        )  # fmt: skip


class OrderShown(Addressed):
    """What was ordered. `invoice` is its invoice, null while there is none."""

    customer = CustomerBrief()
    invoice = serializers.SerializerMethodField()
    lines = OrderLineShown(many=True)
    shipments = serializers.SerializerMethodField(help_text="The numbers of its shipments.")

    class Meta:
        model = Order
        address = "order"
        related = ("customer", "invoice")
        fields = (
            "id", "url", "number", "customer", "invoice", "placed_at", "state", "method", "currency", "subtotal",
            "discount", "shipping", "tax", "total", "po_number", "lines", "shipments",
        )  # fmt: skip

    def get_invoice(self, order: Order) -> int | None:
        return getattr(getattr(order, "invoice", None), "pk", None)

    def get_shipments(self, order: Order) -> list[int]:
        return [shipment.pk for shipment in order.shipments.all()]


class InvoiceShown(Addressed):
    """An issued invoice. `due` is what is still owed; what it says never changes, where it stands does."""

    customer = CustomerBrief()
    order = serializers.IntegerField(source="order_id", allow_null=True)
    subscription = serializers.IntegerField(source="subscription_id", allow_null=True)
    due = serializers.IntegerField()
    pdf = serializers.SerializerMethodField(help_text="Where to download the PDF, with the same token.")

    class Meta:
        model = Invoice
        address = "invoice"
        related = ("customer",)
        fields: tuple[str, ...] = (
            "id", "url", "number", "customer", "order", "subscription", "state", "currency", "subtotal", "discount",
            "shipping", "tax", "total", "paid", "refunded", "credited", "due", "summary", "po_number", "issued_at",
            "due_on", "paid_at", "voided_at", "pdf",
        )  # fmt: skip

    def get_pdf(self, invoice: Invoice) -> str:
        return f"{settings.SITE_URL}{reverse('api:invoice_pdf', args=[invoice.pk])}"


class InvoiceLineShown(Shown):
    product = serializers.IntegerField(source="product_id", allow_null=True)

    class Meta:
        model = InvoiceLine
        fields = (
            "id", "position", "product", "name", "detail", "period", "period_starts_on", "period_ends_on", "quantity",
            "unit_amount", "discount", "tax", "amount",
        )  # fmt: skip


class TaxShown(Shown):
    """`rate_ppm` 50,000 is five per cent."""

    class Meta:
        model = TaxLine
        fields = ("name", "rate_ppm", "base", "amount", "exemption")


class InvoiceWhole(InvoiceShown):
    """An invoice with its lines and taxes."""

    lines = InvoiceLineShown(many=True)
    taxes = TaxShown(many=True)

    class Meta(InvoiceShown.Meta):
        fields = (*InvoiceShown.Meta.fields, "lines", "taxes")


class CreditLineShown(Shown):
    invoice_line = serializers.IntegerField(source="invoice_line_id", allow_null=True)

    class Meta:
        model = CreditNoteLine
        fields = ("position", "invoice_line", "name", "amount", "tax")


class CreditNoteShown(Shown):
    """What was taken back of an invoice. `reduces_debt` lowered what is owed; the rest is to be refunded."""

    invoice = serializers.IntegerField(source="invoice_id")
    lines = CreditLineShown(many=True)

    class Meta:
        model = CreditNote
        fields = ("id", "number", "invoice", "currency", "tax", "total", "reduces_debt", "reason", "issued_at", "lines")


class DeclineShown(Shown):
    """Why a card was refused, as the provider says it."""

    class Meta:
        model = Decline
        fields = (
            "at", "code", "decline_code", "advice_code", "network_decline_code", "network_advice_code", "outcome_type",
            "outcome_reason", "network_status", "risk_level", "seller_message", "cvc_check", "zip_check", "line1_check",
            "card_country", "reference",
        )  # fmt: skip


class PaymentShown(Addressed):
    """One try to pay an invoice. Of a card only its last four digits are known."""

    invoice = serializers.IntegerField(source="invoice_id")
    customer = serializers.IntegerField(source="invoice.customer_id")

    class Meta:
        model = Payment
        address = "payment"
        related = ("invoice",)
        fields: tuple[str, ...] = (
            "id", "url", "invoice", "customer", "method", "amount", "refunded", "currency", "state", "card_words",
            "last4", "reference", "is_off_session", "created_at", "finished_at",
        )  # fmt: skip


class PaymentWhole(PaymentShown):
    """A payment with every refusal of its card, the newest first."""

    declines = DeclineShown(many=True)

    class Meta(PaymentShown.Meta):
        fields = (*PaymentShown.Meta.fields, "declines")


class RefundShown(Addressed):
    """Money on its way back. `trace` is what the customer's bank finds it by, some days later."""

    payment = serializers.IntegerField(source="payment_id")
    invoice = serializers.IntegerField(source="payment.invoice_id")
    trace = serializers.CharField(source="reference")

    class Meta:
        model = Refund
        address = "refund"
        related = ("payment",)
        fields = (
            "id", "url", "payment", "invoice", "amount", "currency", "reason", "state", "failure", "trace",
            "created_at", "finished_at",
        )  # fmt: skip


class SubscriptionShown(Addressed):
    """A plan of a customer. `period_ends_on` is the first day that is not paid yet."""

    customer = CustomerBrief()
    product = serializers.IntegerField(source="product_id")
    price = PriceShown()
    next_price = PriceShown(allow_null=True)

    class Meta:
        model = Subscription
        address = "subscription"
        related = ("customer", "price", "next_price")
        fields = (
            "id", "url", "customer", "product", "price", "quantity", "state", "period", "method", "period_starts_on",
            "period_ends_on", "next_price", "ends_at_renewal", "failures", "next_attempt_at", "credit", "started_at",
            "ended_at",
        )  # fmt: skip
