"""Refund requests for programs: asked for by those who work on invoices, decided by others (R31, E7)."""

from django.utils import timezone

from accounts.models import JournalEntry
from billing.actions import refund_requests
from billing.models import RefundRequest
from tests.billing.money import make_open_invoice, pay_with

KEY = {"Idempotency_Key": "k-1"}


def test_a_refund_is_asked_for_and_waits_for_somebody_else_r31(program, agent, reviewer):
    invoice = make_open_invoice(amount=10_000)
    pay_with(invoice)
    asker, path = program(agent), f"invoices/{invoice.pk}/refund-requests/"
    for body, words in (
        ({"why": "damaged", "amount": 10_001}, "At most $100.00 can go back"),
        ({"why": "other"}, "few words"),
    ):
        refused = asker.post(path, body, Idempotency_Key=f"k-{body['why']}")
        assert (refused.status_code, words in refused.json()["error"]["message"]) == (422, True)
    for body in ({"why": "because"}, {"why": "damaged", "amount": 0}, {"why": "damaged", "lines": []}, {}):
        assert asker.post(path, body, Idempotency_Key="k-2").status_code == 400
    assert asker.post(path, {"why": "damaged"}).status_code == 400

    for _ in range(2):
        asked = asker.post(path, {"why": "damaged", "words": "Photo in the ticket"}, **KEY)

    shown = asked.json()
    assert (asked.status_code, shown["amount_asked"], shown["state"], shown["origin"]) == (201, 10_000, "open", "agent")
    request = RefundRequest.objects.get()
    assert (request.by, JournalEntry.objects.filter(action="billing.ask_refund").count()) == (agent, 1)
    refund_requests.approve(request=request, amount=4_000, by=reviewer, now=timezone.now())
    read = asker.get(f"refund-requests/{request.pk}/").json()
    assert (read["state"], read["amount_given"], len(read["refunds"])) == ("approved", 4_000, 1)
    assert asker.get(f"refund-requests/?invoice={invoice.pk}&state=open").json()["results"] == []
