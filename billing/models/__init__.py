"""The record: what is sold, ordered, invoiced, paid and given back."""

from billing.models.allowances import BudgetDay, FreeAccount, Goodwill, MoneyLimit, MoneyRight
from billing.models.card_setups import CardSetup
from billing.models.carts import Cart, CartLine
from billing.models.catalogue import Price, Product
from billing.models.certificates import Certificate, CertificateRule
from billing.models.coupons import Coupon, CouponGrant, Redemption
from billing.models.credit_requests import CreditRequest
from billing.models.customers import Customer, Recipient
from billing.models.hours import HoursEntry
from billing.models.invoices import (
    CreditNote,
    CreditNoteLine,
    Document,
    Invoice,
    InvoiceLine,
    InvoiceLink,
    NumberSeries,
    Receipt,
    TaxLine,
)
from billing.models.money_tasks import MoneyTask
from billing.models.orders import Order, OrderLine, Shipment, ShipmentHold
from billing.models.payments import Card, Decline, Dispute, Payment, ProviderEvent, Refund
from billing.models.private_files import PrivateFile, PrivateFileLook
from billing.models.refund_requests import RefundRequest
from billing.models.sandbox import SandboxEvent, SandboxObject, SandboxRequest, SandboxStep
from billing.models.seller import Seller, TaxRate
from billing.models.subscriptions import Subscription
from billing.models.w8 import TaxForm, TaxFormDownload

__all__ = [
    "BudgetDay", "Card", "CardSetup", "Cart", "CartLine", "Certificate", "CertificateRule", "Coupon", "CouponGrant",
    "CreditNote", "CreditNoteLine", "CreditRequest", "Customer", "Decline", "Dispute", "Document", "FreeAccount",
    "Goodwill", "HoursEntry", "Invoice", "InvoiceLine", "InvoiceLink", "MoneyLimit", "MoneyRight", "MoneyTask",
    "NumberSeries", "Order", "OrderLine", "Payment", "Price", "PrivateFile", "PrivateFileLook", "Product",
    "ProviderEvent", "Receipt", "Recipient", "Redemption", "Refund", "RefundRequest", "SandboxEvent",
    "SandboxObject", "SandboxRequest", "SandboxStep", "Seller", "Shipment", "ShipmentHold", "Subscription",
    "TaxForm", "TaxFormDownload", "TaxLine", "TaxRate",
]  # fmt: skip
