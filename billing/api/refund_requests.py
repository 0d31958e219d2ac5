"""Refund requests for programs: read them, ask for one. What is decided is decided in the review, by people."""

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from accounts.rest.call import Call
from billing import linked
from billing.actions import agent_refunds, refund_requests
from billing.api.bodies import amount
from billing.api.money import WORK_ON_INVOICES, invoices
from billing.api.refusals import SaysWhy, keyed, one
from billing.api.shown import Addressed
from billing.api.store import SEE_INVOICES
from billing.choices import RefundOrigin, RefundReason, RefundRequestState
from billing.models import RefundRequest
from supportdesk.lib.rest.fields import Body, Choice, Number, Text
from supportdesk.lib.rest.filters import FilterSet, IdFilter, MomentFilter, SeveralFilter
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ApiView, ListView


class RefundRequestBody(Body):
    """What is asked for, and why. Without `amount`: everything that can go back."""

    amount = amount(required=False)
    why = Choice(choices=RefundReason.choices)
    words = Text(
        max_length=refund_requests.LONGEST_WORDS, required=False, allow_blank=True,
        help_text="What the reviewer should know. The customer does not read it.",
    )  # fmt: skip
    ticket = Number(required=False, help_text="The number of the ticket that it came from.")


class RefundRequestShown(Addressed):
    """A wish for money back. `reason` is what the customer reads; `refunds` are those that were sent for it."""

    invoice = serializers.IntegerField(source="invoice_id")
    customer = serializers.IntegerField(source="invoice.customer_id")
    credit_note = serializers.IntegerField(source="credit_note_id", allow_null=True)
    refunds = serializers.SerializerMethodField()

    class Meta:
        model = RefundRequest
        address = "refund_request"
        related = ("invoice",)
        fields = (
            "id", "url", "number", "invoice", "customer", "origin", "ticket", "why", "words", "currency",
            "amount_asked", "opened_at", "state", "amount_given", "by_transfer", "reason", "decided_at", "credit_note",
            "refunds",
        )  # fmt: skip

    def get_refunds(self, row: RefundRequest) -> list[int]:
        """The ids of its refunds."""
        return sorted(refund.pk for refund in row.refunds.all())


class RefundRequestFilters(FilterSet):
    invoice = IdFilter("invoice")
    customer = IdFilter("invoice__customer")
    ticket = IdFilter("ticket")
    state = SeveralFilter("state", choices=RefundRequestState.choices)
    origin = SeveralFilter("origin", choices=RefundOrigin.choices)
    opened_after = MomentFilter("opened_at", lookup_expr="gte")
    opened_before = MomentFilter("opened_at", lookup_expr="lt")


def requests() -> QuerySet[RefundRequest]:
    """With the invoice that they are about, and their refunds."""
    return RefundRequest.objects.select_related(*RefundRequestShown.Meta.related).prefetch_related("refunds")


class RefundRequests(ListView):
    tag = "Payments"
    needs = {"GET": SEE_INVOICES}
    serializer_class = RefundRequestShown
    filterset_class = RefundRequestFilters
    queryset = RefundRequest.objects.none()

    @operation(
        "refund_requests_list",
        "List refund requests",
        answer=RefundRequestShown(many=True),
        description="The newest first. Where the money of one is stands on its refunds.",
    )
    def get(self, request: Call) -> Response:
        return self.page(requests())


class OneRefundRequest(ApiView):
    tag = "Payments"
    needs = {"GET": SEE_INVOICES}
    queryset = RefundRequest.objects.none()

    @operation("refund_requests_read", "Read a refund request", answer=RefundRequestShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(RefundRequestShown(one(requests(), pk)).data)


class InvoiceRefundRequests(SaysWhy):
    tag = "Invoices"
    needs = {"POST": WORK_ON_INVOICES}
    queryset = RefundRequest.objects.none()

    @operation(
        "refund_requests_ask",
        "Ask for money back",
        body=RefundRequestBody,
        answer=RefundRequestShown,
        status=201,
        keyed=True,
        description="It waits for the daily review, where somebody else decides. An invoice has one open at a time, "
        "and at most what was paid and did not go back yet is asked for.",
    )
    def post(self, request: Call, pk: int) -> Response:
        invoice, said = one(invoices(), pk), self.read(RefundRequestBody)
        linked.refuse_own(request.user, invoice.customer, what="a refund", now=timezone.now())

        def act(key: str) -> tuple[int, dict]:
            wanted = said["amount"] if "amount" in said else refund_requests.most(invoice)
            asked = agent_refunds.ask(
                invoice=invoice, amount=wanted, why=RefundReason(said["why"]), words=said.get("words", ""),
                ticket=said.get("ticket"), by=request.user, key=key, now=timezone.now(),
            )  # fmt: skip
            return 201, RefundRequestShown(one(requests(), asked.pk)).data

        return keyed(request, act)
