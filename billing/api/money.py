"""Invoices, payments and refunds for programs. Whatever moves money needs an Idempotency-Key."""

from django.db.models import Prefetch, QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework.response import Response

from accounts.rest.call import Call
from billing import linked
from billing.actions import agent_refunds, credit_note, issue, papers, pay
from billing.api import bodies
from billing.api.refusals import SaysWhy, keyed, one
from billing.api.shown import (
    CreditNoteShown,
    InvoiceShown,
    InvoiceWhole,
    PaymentShown,
    PaymentWhole,
    RefundShown,
)
from billing.api.store import SEE_INVOICES
from billing.choices import InvoiceState, PaymentMethod, PaymentState, RefundState
from billing.models import CreditNote, CreditNoteLine, Decline, Invoice, InvoiceLine, Payment, Refund, TaxLine
from billing.pdf_answers import pdf
from supportdesk.lib.rest.filters import FilterSet, IdFilter, MomentFilter, SeveralFilter, TextFilter
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ApiView, ListView

WORK_ON_INVOICES = ("invoices:write", "invoices.work")
CORRECT_INVOICES = ("invoices:write", "invoices.correct")
GIVE_MONEY = ("invoices:write", "money.give")
ISSUED = [choice for choice in InvoiceState.choices if choice[0] != InvoiceState.DRAFT]


class InvoiceFilters(FilterSet):
    customer = IdFilter("customer")
    number = TextFilter("number")
    po_number = TextFilter("po_number", lookup_expr="iexact")
    state = SeveralFilter("state", choices=ISSUED)
    issued_after = MomentFilter("issued_at", lookup_expr="gte")
    issued_before = MomentFilter("issued_at", lookup_expr="lt")


class PaymentFilters(FilterSet):
    invoice = IdFilter("invoice")
    customer = IdFilter("invoice__customer")
    method = SeveralFilter("method", choices=PaymentMethod.choices)
    state = SeveralFilter("state", choices=PaymentState.choices)


class RefundFilters(FilterSet):
    payment = IdFilter("payment")
    invoice = IdFilter("payment__invoice")
    state = SeveralFilter("state", choices=RefundState.choices)


def invoices() -> QuerySet[Invoice]:
    """The issued ones."""
    return Invoice.objects.filter(number__isnull=False).select_related(*InvoiceShown.Meta.related)


def whole_invoices() -> QuerySet[Invoice]:
    """With lines and taxes."""
    lines = Prefetch("lines", InvoiceLine.objects.order_by("position"))
    return invoices().prefetch_related(lines, Prefetch("taxes", TaxLine.objects.order_by("position")))


def credit_notes() -> QuerySet[CreditNote]:
    """With their lines."""
    return CreditNote.objects.prefetch_related(Prefetch("lines", CreditNoteLine.objects.order_by("position")))


def payments() -> QuerySet[Payment]:
    """With the invoice that they are for."""
    return Payment.objects.select_related(*PaymentShown.Meta.related)


def whole_payments() -> QuerySet[Payment]:
    """With the refusals of their cards."""
    return payments().prefetch_related(Prefetch("declines", Decline.objects.order_by("-at", "-pk")))


def refunds() -> QuerySet[Refund]:
    """With the payment that they are of."""
    return Refund.objects.select_related(*RefundShown.Meta.related)


class Invoices(ListView):
    tag = "Invoices"
    needs = {"GET": SEE_INVOICES}
    serializer_class = InvoiceShown
    filterset_class = InvoiceFilters
    queryset = Invoice.objects.none()

    @operation("invoices_list", "List invoices", answer=InvoiceShown(many=True), description="The newest first.")
    def get(self, request: Call) -> Response:
        return self.page(invoices())


class OneInvoice(ApiView):
    tag = "Invoices"
    needs = {"GET": SEE_INVOICES}
    queryset = Invoice.objects.none()

    @operation("invoices_read", "Read an invoice with its lines", answer=InvoiceWhole)
    def get(self, request: Call, pk: int) -> Response:
        return Response(InvoiceWhole(one(whole_invoices(), pk)).data)


class InvoicePdf(ApiView):
    tag = "Invoices"
    needs = {"GET": SEE_INVOICES}
    queryset = Invoice.objects.none()

    @operation(
        "invoices_pdf",
        "Download the PDF of an invoice",
        answer=OpenApiTypes.BINARY,
        media="application/pdf",
        description="The very file that the customer has.",
    )
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        invoice = one(invoices(), pk)
        file = papers.pdf_of(kind="invoice", paper=invoice, now=timezone.now())
        return pdf(request, file, f"{invoice.number}.pdf")


class Void(SaysWhy):
    tag = "Invoices"
    needs = {"POST": CORRECT_INVOICES}
    queryset = Invoice.objects.none()

    @operation(
        "invoices_void",
        "Withdraw an open invoice",
        body=bodies.VoidBody,
        answer=InvoiceWhole,
        keyed=True,
        description="It keeps its number and stays to be read; nothing is owed any more. Refused once money came: "
        "write a credit note. One that is withdrawn already stays as it is.",
    )
    def post(self, request: Call, pk: int) -> Response:
        invoice, said = one(invoices(), pk), self.read(bodies.VoidBody)
        linked.refuse_own(request.user, invoice.customer, what="its withdrawal", now=timezone.now())

        def act(key: str) -> tuple[int, dict]:
            if invoice.state != InvoiceState.VOID:
                issue.void(invoice=invoice, by=request.user, reason=said["reason"], now=timezone.now())
            return 200, InvoiceWhole(one(whole_invoices(), pk)).data

        return keyed(request, act)


class CreditNotes(SaysWhy, ListView):
    tag = "Invoices"
    needs = {"GET": SEE_INVOICES, "POST": CORRECT_INVOICES}
    serializer_class = CreditNoteShown
    queryset = CreditNote.objects.none()

    @operation("credit_notes_list", "List the credit notes of an invoice", answer=CreditNoteShown(many=True))
    def get(self, request: Call, pk: int) -> Response:
        return self.page(credit_notes().filter(invoice=one(invoices(), pk)))

    @operation(
        "credit_notes_issue",
        "Issue a credit note",
        body=bodies.CreditBody,
        answer=CreditNoteShown,
        status=201,
        keyed=True,
        description="What is still owed is lowered first. What was paid already is not sent back by this: refund the "
        "payment. The customer is mailed the note.",
    )
    def post(self, request: Call, pk: int) -> Response:
        invoice, said = one(invoices(), pk), self.read(bodies.CreditBody)
        linked.refuse_own(request.user, invoice.customer, what="a credit note", now=timezone.now())
        lines = {each["line"]: each["amount"] for each in said.get("lines", ())}

        def act(key: str) -> tuple[int, dict]:
            note = credit_note.issue_credit_note(
                invoice=invoice, amount=said.get("amount"), lines=lines or None, reason=said["reason"], key=key,
                by=request.user, now=timezone.now(),
            )  # fmt: skip
            return 201, CreditNoteShown(one(credit_notes(), note.pk)).data

        return keyed(request, act)


class Transfers(SaysWhy):
    tag = "Invoices"
    needs = {"POST": WORK_ON_INVOICES}
    queryset = Invoice.objects.none()

    @operation(
        "transfers_record",
        "Record a bank transfer that arrived",
        body=bodies.TransferBody,
        answer=PaymentShown,
        status=201,
        keyed=True,
        description="At most what is due. The customer is mailed a receipt.",
    )
    def post(self, request: Call, pk: int) -> Response:
        invoice, said = one(invoices(), pk), self.read(bodies.TransferBody)

        def act(key: str) -> tuple[int, dict]:
            payment = pay.record_transfer(invoice=invoice, by=request.user, now=timezone.now(), **said)
            return 201, PaymentShown(one(payments(), payment.pk)).data

        return keyed(request, act)


class Payments(ListView):
    tag = "Payments"
    needs = {"GET": SEE_INVOICES}
    serializer_class = PaymentShown
    filterset_class = PaymentFilters
    queryset = Payment.objects.none()

    @operation("payments_list", "List payments", answer=PaymentShown(many=True), description="Refused ones too.")
    def get(self, request: Call) -> Response:
        return self.page(payments())


class OnePayment(ApiView):
    tag = "Payments"
    needs = {"GET": SEE_INVOICES}
    queryset = Payment.objects.none()

    @operation("payments_read", "Read a payment with its refusals", answer=PaymentWhole)
    def get(self, request: Call, pk: int) -> Response:
        return Response(PaymentWhole(one(whole_payments(), pk)).data)


class PaymentRefunds(SaysWhy):
    tag = "Payments"
    needs = {"POST": GIVE_MONEY}
    queryset = Payment.objects.none()

    @operation(
        "refunds_queue",
        "Give money back to the card that paid",
        body=bodies.RefundBody,
        answer=RefundShown,
        status=201,
        keyed=True,
        description="Sent within seconds; follow its `state`, which may fail weeks later. All refunds of a payment "
        "together are at most the payment. The token's person needs the right to refund, and what they may send back "
        "without a review is limited: what is more is asked for by a refund request.",
    )
    def post(self, request: Call, pk: int) -> Response:
        payment, said = one(payments(), pk), self.read(bodies.RefundBody)
        agent_refunds.refuse_who_may_not(customer=payment.invoice.customer, by=request.user, now=timezone.now())

        def act(key: str) -> tuple[int, dict]:
            made = agent_refunds.give_of_payment(payment=payment, key=key, by=request.user, now=timezone.now(), **said)
            return 201, RefundShown(one(refunds(), made.pk)).data

        return keyed(request, act)


class Refunds(ListView):
    tag = "Payments"
    needs = {"GET": SEE_INVOICES}
    serializer_class = RefundShown
    filterset_class = RefundFilters
    queryset = Refund.objects.none()

    @operation("refunds_list", "List refunds", answer=RefundShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(refunds())


class OneRefund(ApiView):
    tag = "Payments"
    needs = {"GET": SEE_INVOICES}
    queryset = Refund.objects.none()

    @operation("refunds_read", "Read a refund", answer=RefundShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(RefundShown(one(refunds(), pk)).data)
