"""Refunds and disputes, as the sandbox does them; some arrive late, one comes back."""

from datetime import timedelta

from django.utils import timezone

from billing.gateways.sandbox import cards, store
from billing.gateways.sandbox.store import Body, Params
from billing.models import SandboxObject

SETTLES_AFTER = 20
ANSWER_WITHIN = timedelta(days=7)


def create(params: Params) -> Body:
    """A refund of a payment, or of part of it. Never more than is left."""
    charge = _charge_of(params)
    left = charge.body["amount"] - charge.body["amount_refunded"]
    amount = int(params.get("amount", left))
    if charge.body["disputed"]:
        raise store.bad_request(f"Charge {charge.key} has been charged back.", code="charge_disputed")
    if left == 0:
        message = f"Charge {charge.key} has already been refunded."
        raise store.bad_request(message, code="charge_already_refunded")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise store.bad_request(message, param="amount")
    if amount < 1:
        raise store.bad_request("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    number = _number(charge)
    refund = store.new(
        "refund", "re",
        {
            "amount": amount, "currency": charge.body["currency"], "charge": charge.key,
            "payment_intent": charge.body["payment_intent"], "reason": params.get("reason"),
            "status": "pending" if number == cards.REFUND_ARRIVES_LATER else "succeeded",
            "metadata": params.get("metadata") or {}, "failure_reason": None, "balance_transaction": None,
            "destination_details": {
                "type": "card",
                "card": {
                    "type": "refund", "reference": None, "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                },
            },
        },
    )  # fmt: skip
    _count(charge, amount)
    store.emit("refund.created", refund)
    store.emit("charge.refunded", charge)
    store.later("fail_refund" if number == cards.REFUND_COMES_BACK else "settle_refund", refund, seconds=SETTLES_AFTER)
    return store.expanded(refund.body, params)


def retrieve(key: str, params: Params) -> Body:
    return store.expanded(store.get(key, "refund").body, params)


def list_refunds(params: Params) -> Body:
    columns = {"payment_intent_key": params["payment_intent"]} if "payment_intent" in params else {}
    return store.listed("refund", params, url="/v1/refunds", **columns)


def retrieve_dispute(key: str, params: Params) -> Body:
    return store.get(key, "dispute").body


def answer_dispute(key: str, params: Params) -> Body:
    """Evidence. As published for test mode, the words decide: `winning_evidence`, `losing_evidence`."""
    dispute = store.get(key, "dispute")
    words = (params.get("evidence") or {}).get("uncategorized_text", "")
    if params.get("submit") == "false" or not words:
        return dispute.body
    if "losing_evidence" in words:
        return _close(dispute, "lost")
    store.save(dispute, status="under_review")
    store.emit("charge.dispute.updated", dispute)
    if "winning_evidence" in words:
        store.later("win_dispute", dispute, seconds=SETTLES_AFTER)
    return dispute.body


def close_dispute(key: str, params: Params) -> Body:
    """Give the money up."""
    return _close(store.get(key, "dispute"), "lost")


# What a bank does later.


def settle_refund(refund: SandboxObject) -> None:
    """It arrived, and the trace number is known."""
    if refund.body["status"] not in ("pending", "succeeded"):
        return
    details = refund.body["destination_details"]
    details["card"] |= {"reference": f"7{refund.key[-22:]}"[:23], "reference_status": "available"}
    store.save(refund, status="succeeded", destination_details=details)
    store.emit("refund.updated", refund)


def fail_refund(refund: SandboxObject) -> None:
    """The bank sent it back, weeks after it had taken it."""
    store.save(refund, status="failed", failure_reason="expired_or_canceled_card")
    charge = store.get(refund.body["charge"], "charge")
    _count(charge, -refund.body["amount"])
    store.emit("refund.updated", refund)
    store.emit("refund.failed", refund)


def open_dispute(charge: SandboxObject) -> None:
    """The bank's customer says that they did not buy this."""
    due = timezone.now() + ANSWER_WITHIN
    store.save(charge, disputed=True)
    dispute = store.new(
        "dispute", "dp",
        {
            "amount": charge.body["amount"], "currency": charge.body["currency"], "charge": charge.key,
            "payment_intent": charge.body["payment_intent"], "reason": "fraudulent", "status": "needs_response",
            "metadata": {}, "livemode": False, "is_charge_refundable": False,
            "evidence_details": {"due_by": int(due.timestamp()), "has_evidence": False, "past_due": False,
                                 "submission_count": 0},
        },
    )  # fmt: skip
    store.emit("charge.dispute.created", dispute)
    store.emit("charge.dispute.funds_withdrawn", dispute)


def win_dispute(dispute: SandboxObject) -> None:
    """The bank believed us."""
    if dispute.body["status"] != "under_review":
        return
    _close(dispute, "won")
    store.emit("charge.dispute.funds_reinstated", dispute)


def _close(dispute: SandboxObject, status: str) -> Body:
    if dispute.body["status"] in ("won", "lost"):
        raise store.bad_request("This dispute is already closed")
    store.save(dispute, status=status)
    if status == "won":
        store.save(store.get(dispute.body["charge"], "charge"), disputed=False)
    store.emit("charge.dispute.closed", dispute)
    return dispute.body


def _charge_of(params: Params) -> SandboxObject:
    if "charge" in params:
        return store.get(params["charge"], "charge", param="charge")
    if "payment_intent" not in params:
        raise store.bad_request("One of the following params should be provided: payment_intent or charge.")
    intent = store.get(params["payment_intent"], "payment_intent", param="payment_intent")
    if intent.body["status"] != "succeeded":
        raise store.bad_request("This PaymentIntent does not have a successful charge to refund.")
    return store.get(intent.body["latest_charge"], "charge")


def _count(charge: SandboxObject, amount: int) -> None:
    refunded = charge.body["amount_refunded"] + amount
    store.save(charge, amount_refunded=refunded, refunded=refunded == charge.body["amount"])


def _number(charge: SandboxObject) -> str:
    return SandboxObject.objects.get(key=charge.body["payment_method"]).hidden["number"]
