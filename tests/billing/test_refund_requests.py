"""R31, R32, R98, R99, B6, U34, U36: somebody asks for money back, a person decides, and it does exactly that."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import JournalEntry
from billing import refundable, review_facts_refund
from billing.actions import credit_note, pay, refund, refund_requests, shipments
from billing.choices import (
    MoneyTaskKind,
    OrderState,
    RefundRequestState,
    RefundState,
    ShipmentState,
    SubscriptionState,
)
from billing.gateways import stripe as gateway
from billing.models import CreditNote, Invoice, MoneyTask, Payment, Refund, RefundRequest, Subscription
from billing.refusals import CannotDecide
from mail.models import OutgoingMail
from supportdesk.faults.invariants import violations
from tests.billing.file_samples import PNG
from tests.billing.money import DECLINED, make_open_invoice, pay_with, queue, work

pytestmark = pytest.mark.django_db

COMES_BACK = "4000000000005126"
DISPUTED = "4000000000000259"
_count = iter(range(1, 10**6))


def ask(invoice: Invoice, amount: int | None = None, **more) -> RefundRequest:
    """As the customer's form does."""
    said = {"why": "damaged", "words": "One of the two has a cracked connector.", "by": invoice.customer.person}
    said |= {"key": f"ask{next(_count)}", "now": timezone.now(), **more}
    return refund_requests.ask(invoice=invoice, amount=amount, **said)


def approve(request: RefundRequest, amount: int, by, **more) -> RefundRequest:
    return refund_requests.approve(request=request, amount=amount, by=by, now=timezone.now(), **more)


def fresh(invoice: Invoice) -> Invoice:
    return Invoice.objects.select_related("customer__person", "order").get(pk=invoice.pk)


def all_is_right() -> None:
    """I4 to I7."""
    assert [one for one in violations(now=timezone.now()) if one.invariant in ("I4", "I5", "I6", "I7")] == []


@pytest.fixture
def paid(db) -> Invoice:
    """$100.00, paid with a card."""
    invoice = make_open_invoice(amount=10_000)
    pay_with(invoice)
    return fresh(invoice)


def mails(text: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(subject__contains=text))


def test_R32_forty_of_a_hundred_go_back_once_with_a_credit_note_and_one_mail(paid, reviewer):
    request = ask(paid, 10_000)
    before = OutgoingMail.objects.count()

    done = approve(request, 4_000, reviewer, reason="One of them works,\nas you write.")
    work()
    work(minutes=1)

    one = Refund.objects.get()
    assert (one.state, one.amount, one.request, one.key) == (
        RefundState.SUCCEEDED, 4_000, request, f"request:{request.pk}:{one.payment_id}",
    )  # fmt: skip
    assert (done.state, done.amount_given, done.credit_note.total) == (RefundRequestState.APPROVED, 4_000, 4_000)
    assert (fresh(paid).refunded, refund_requests.most(fresh(paid))) == (4_000, 6_000)
    [mail] = mails("$40.00 goes back to you")
    assert OutgoingMail.objects.count() == before + 1
    assert "of the $100.00 you asked for, $40.00" in mail.text
    assert "One of them works,\nas you write." in mail.text
    assert done.credit_note.number in mail.text
    with pytest.raises(CannotDecide, match="approved already"):
        approve(request, 4_000, reviewer)
    with pytest.raises(CannotDecide, match="approved already"):
        refund_requests.reject(request=request, reason="No.", by=reviewer, now=timezone.now())
    assert [one.amount for one in gateway.refunds_of(one.payment.provider_id)] == [4_000]
    actions = list(JournalEntry.objects.order_by("number").values_list("action", flat=True))
    assert [one for one in actions if "refund" in one] == [
        "billing.ask_refund", "billing.queue_refund", "billing.approve_refund",
    ]  # fmt: skip
    all_is_right()


def test_S31_most_is_named_and_nothing_more_is_asked_or_given(paid, reviewer):
    """U34, R98: the message names the maximum, in the form and in the review."""
    with pytest.raises(refund_requests.CannotAsk, match=r"At most \$100.00 can go back: \$100.00 was paid") as refusal:
        ask(paid, 10_001)
    assert refusal.value.field == "amount"
    for amount in (0, -1):
        with pytest.raises(refund_requests.CannotAsk, match="more than nothing"):
            ask(paid, amount)
    request = ask(paid, 10_000)
    queue(Payment.objects.get(), 2_500)
    for amount in (7_501, 10_000, 0, -5):
        with pytest.raises(CannotDecide):
            approve(request, amount, reviewer)
    with pytest.raises(CannotDecide, match=r"At most \$75.00 can go back: \$100.00 was paid .* and \$25.00 went back"):
        approve(request, 7_501, reviewer)
    assert (Refund.objects.count(), CreditNote.objects.count()) == (1, 0)

    approve(request, 7_500, reviewer)

    work()
    assert fresh(paid).refunded == 10_000
    with pytest.raises(refund_requests.CannotAsk, match="given back already"):
        ask(paid)
    all_is_right()
    with pytest.raises(IntegrityError), transaction.atomic():
        RefundRequest.objects.filter(pk=request.pk).update(by_transfer=10_001)


def test_R31_one_open_request_an_invoice_asked_twice_once_withdrawn_and_asked_anew(paid, reviewer):
    first = ask(paid, 100, key="form")

    assert ask(paid, 100, key="form") == first
    with pytest.raises(refund_requests.CannotAsk, match="waits for its review already"):
        ask(paid, 100)
    with pytest.raises(refund_requests.CannotAsk, match="another invoice"):
        other = make_open_invoice(amount=10_000)
        pay_with(other)
        ask(fresh(other), 100, key="form")
    with pytest.raises(IntegrityError), transaction.atomic():
        RefundRequest.objects.create(
            invoice=paid, origin="customer", key="x", why="other", amount_asked=1, currency="USD",
            opened_at=timezone.now(),
        )  # fmt: skip
    for _ in range(2):
        done = refund_requests.withdraw(request=first, by=paid.customer.person, now=timezone.now())
        assert (done.state, done.decided_by) == (RefundRequestState.WITHDRAWN, None)
    second = ask(paid, 100)
    with pytest.raises(CannotDecide, match="withdrawn already"):
        approve(first, 100, reviewer)
    refund_requests.reject(request=second, reason="Too late.", by=reviewer, now=timezone.now())
    with pytest.raises(refund_requests.CannotWithdraw, match="rejected already"):
        refund_requests.withdraw(request=second, by=paid.customer.person, now=timezone.now())


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"why": "because"}, "why", "Choose why"),
        ({"why": "other", "words": " \x00 "}, "words", "few words"),
        ({"words": "x" * 4_001}, "words", "at most 4,000"),
        ({"files": [("a.png", b"x")] * 6}, "files", "at most 5"),
        ({"lines": {}}, "lines", "at least one line"),
        ({"lines": {10**12: 1}}, "lines", "not on this invoice"),
        ({"lines": {0: 1}}, "lines", "at most"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence_with_no_effect(paid, more, field, words):
    with pytest.raises(refund_requests.CannotAsk, match=words) as refusal:
        ask(paid, **more)
    assert (refusal.value.field, RefundRequest.objects.count()) == (field, 0)


def test_nothing_goes_back_of_what_is_owed_disputed_withdrawn_or_only_played(paid, lead, settings):
    owed = make_open_invoice(amount=5_000)
    pay_with(owed, DECLINED)
    disputed = make_open_invoice(amount=5_000)
    pay_with(disputed, DISPUTED)
    work(minutes=1)
    for invoice, words in ((owed, r"\$50.00 of it is still due"), (disputed, "disputed payment cannot be refunded")):
        assert refund_requests.most(fresh(invoice)) == 0
        with pytest.raises(refund_requests.CannotAsk, match=words):
            ask(fresh(invoice))
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    with pytest.raises(refund_requests.CannotAsk, match="only played"):
        ask(paid)


def test_U36_a_rejected_customer_reads_the_reason_word_for_word(paid, reviewer):
    request = ask(paid, 4_000)
    reason = "It left us whole.\n\nThe carrier's photo shows “no damage” & <b>no</b> dent."
    with pytest.raises(CannotDecide, match="Say why"):
        refund_requests.reject(request=request, reason=" \x00", by=reviewer, now=timezone.now())

    done = refund_requests.reject(request=request, reason=reason, by=reviewer, now=timezone.now())

    assert (done.reason, done.decided_by, Refund.objects.count()) == (reason, reviewer, 0)
    [mail] = mails("turned down")
    assert reason in mail.text
    all_is_right()


def test_E7_S33_nobody_decides_for_themselves_or_for_an_account_of_theirs(paid, reviewer):
    mine = ask(paid, 4_000, by=reviewer)
    for verb, more in ((refund_requests.approve, {"amount": 1}), (refund_requests.reject, {"reason": "No."})):
        with pytest.raises(CannotDecide, match="You asked for this yourself"):
            verb(request=mine, by=reviewer, now=timezone.now(), **more)
    assert MoneyTask.objects.get(kind=MoneyTaskKind.LINKED_ACCOUNT)
    assert JournalEntry.objects.filter(action="billing.linked_account", by=reviewer).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        RefundRequest.objects.filter(pk=mine.pk).update(
            decided_by=reviewer, decided_at=timezone.now(), state="rejected"
        )  # fmt: skip
    assert Refund.objects.count() == 0


def test_R99_over_several_payments_the_newest_first_and_never_more_than_each(db, reviewer, lead):
    invoice = make_open_invoice(amount=10_000)
    pay.record_transfer(invoice=invoice, amount=3_000, reference="WIRE 7", by=lead, now=timezone.now())
    pay_with(fresh(invoice))
    request = ask(fresh(invoice))
    assert (request.amount_asked, [one.amount for one in refundable.sources_of(fresh(invoice))]) == (
        10_000, [7_000, 3_000],
    )  # fmt: skip

    done = approve(request, 8_000, reviewer)

    assert (Refund.objects.get().amount, done.by_transfer, done.credit_note.total) == (7_000, 1_000, 8_000)
    task = MoneyTask.objects.get()
    assert (task.kind, task.key) == (MoneyTaskKind.TRANSFER_BACK, f"refund_request:{request.pk}")
    assert "Send $10.00 to" in task.words and "WIRE 7" in task.words
    assert "$10.00 by bank transfer" in mails("goes back to you")[0].text
    assert (fresh(invoice).refunded, refund_requests.most(fresh(invoice))) == (8_000, 2_000)
    work()
    all_is_right()


def test_by_line_the_credit_note_names_the_lines_and_what_was_paid_twice_needs_none(db, reviewer, lead):
    invoice = make_open_invoice(amount=10_000)
    pay_with(invoice)
    line = invoice.lines.get()
    done = approve(ask(fresh(invoice), lines={line.pk: 4_000}), 4_000, reviewer)
    assert [(one.invoice_line, one.amount) for one in done.credit_note.lines.all()] == [(line, 4_000)]

    credit_note.issue_credit_note(
        invoice=fresh(invoice), amount=5_000, reason="Half of it", key="by hand", by=lead, now=timezone.now()
    )
    with pytest.raises(refund_requests.CannotAsk, match=r"at most \$10.00 can go back"):
        ask(fresh(invoice), lines={line.pk: 1_001})
    second = approve(ask(fresh(invoice), 6_000), 6_000, reviewer)

    assert second.credit_note.total == 1_000  # 50.00 was credited before and had not gone back
    work()
    assert fresh(invoice).refunded == 10_000
    all_is_right()


def test_B6_weeks_later_it_comes_back_is_told_and_may_be_asked_for_again(db, reviewer):
    invoice = make_open_invoice(amount=10_000)
    pay_with(invoice, COMES_BACK)
    request = approve(ask(fresh(invoice)), 10_000, reviewer)
    work()
    assert Refund.objects.get().state == RefundState.SUCCEEDED
    work(minutes=1)
    work(minutes=2)

    assert (Refund.objects.get().state, fresh(invoice).refunded) == (RefundState.FAILED, 0)
    assert {one.to_address for one in mails("came back to us")} == {fresh(invoice).customer.person.email}
    assert MoneyTask.objects.get().kind == MoneyTaskKind.REFUND_FAILED
    assert ask(fresh(invoice)).pk != request.pk
    all_is_right()


def test_what_the_bank_never_took_is_told_too_since_the_decision_was(paid, reviewer):
    gateway.client().v1.refunds.create({"payment_intent": Payment.objects.get().provider_id})  # behind our back
    approve(ask(paid), 10_000, reviewer)

    refund.execute_due(clock=timezone.now)

    assert len(mails("could not be sent")) == 1
    assert mails("way back to you") == []


def test_U32_everything_given_back_ends_the_plan_and_stops_the_boxes_and_the_reviewer_was_told_so(ordered, reviewer):
    plan, order = Subscription.objects.get(), ordered.order
    box = order.shipments.get()
    assert plan.state == SubscriptionState.ACTIVE
    request = ask(ordered)
    known = review_facts_refund.facts(request.pk, timezone.now())
    told = [(one.strong, one.words) for one in known.effects("approve", ordered.paid)]
    assert [one[0] for one in told] == [
        "$" + f"{ordered.paid / 100:.2f}", "Credit note", "Classroom software", order.number, "",
    ]  # fmt: skip
    part = [one.strong for one in known.effects("approve", 100)]
    assert part == ["$1.00", "Credit note", ""]

    approve(request, ordered.paid, reviewer)

    for later in (0, 1):  # once more when the bank has it
        plan.refresh_from_db()
        box.refresh_from_db()
        order.refresh_from_db()
        assert (plan.state, box.state, order.state) == (
            SubscriptionState.ENDED, ShipmentState.CANCELLED, OrderState.CANCELLED,
        )  # fmt: skip
        assert not box.holds.filter(released_at__isnull=True).exists()
        assert len(mails("Classroom software has ended")) == 1
        work(minutes=later)
    assert "all that was paid for its present period goes back" in mails("has ended")[0].text
    all_is_right()


def test_a_box_that_has_left_and_a_plan_that_renewed_since_stay(ordered, reviewer, agent):
    box, plan = ordered.order.shipments.get(), Subscription.objects.get()
    shipments.pack(shipment=box, by=agent, now=timezone.now())
    shipments.ship(shipment=box, carrier="ups", number="1Z999AA10123456784", by=agent, now=timezone.now())
    Subscription.objects.update(period_invoice=make_open_invoice(customer=ordered.customer))
    request = ask(ordered)
    known = review_facts_refund.facts(request.pk, timezone.now())
    assert [one.strong for one in known.effects("approve", ordered.paid)][1:] == ["Credit note", ""]

    approve(request, ordered.paid, reviewer)

    plan.refresh_from_db()
    box.refresh_from_db()
    assert (plan.state, box.state) == (SubscriptionState.ACTIVE, ShipmentState.SHIPPED)
    all_is_right()


@pytest.mark.parametrize("more", [0, 3])
def test_the_reviewer_sees_what_was_asked_and_the_policy_in_as_many_queries(
    paid, more, django_assert_num_queries, reviewer
):
    """U31: a screen's facts cost the same whatever the history is."""
    for _ in range(more):
        other = make_open_invoice(amount=10_000, customer=paid.customer)
        pay_with(other)
        approve(ask(fresh(other)), 1_000, reviewer)
    request = ask(paid, 6_000, files=[("connector.png", PNG)])

    with django_assert_num_queries(13):
        known = review_facts_refund.facts(request.pk, timezone.now())
        known.effects("approve", 6_000)
        known.effects("reject", None)

    assert known.title.endswith("asks for $60.00 of $100.00 back")
    assert (known.asked, known.suggested, known.most, known.why) == (6_000, 6_000, 10_000, "Arrived damaged or faulty")
    assert [(one.words, one.amount) for one in known.choices] == [("As asked", 6_000), ("Everything", 10_000)]
    assert [(one.is_met, one.words) for one in known.policy] == [
        (True, "Paid less than 90 days ago (0 days ago)"), (True, "Photo attached, needed from $50.00"),
        (True, "Not more than what is left of what was paid"), (True, "Goes back to where it came from, always"),
    ]  # fmt: skip
    assert known.files[0].words.startswith("connector.png")
    assert known.facts[2].value == str(more)
    assert known.amount_hint == "At most $100.00, what was paid"
    assert [one.words for one in known.effects("approve", 10_001)] == ["At most $100.00, what was paid"]
    with pytest.raises(RefundRequest.DoesNotExist):
        review_facts_refund.facts(10**9, timezone.now())


def test_beside_the_ticket_an_agent_sees_what_was_asked_decided_and_where_the_money_is(client, paid, agent, reviewer):
    client.force_login(agent)
    person = paid.customer.person
    request = ask(paid, 6_000)
    pages = [f"/billing/requesters/{person.pk}/", f"/billing/customers/{paid.customer_id}/",
             f"/billing/invoices/{paid.number}/"]  # fmt: skip
    for page in pages:
        assert f"{request.number}, $60.00" in client.get(page).content.decode(), page
    approve(request, 4_000, reviewer)
    work()
    Refund.objects.update(reference="74512290123456789012345")
    for page in pages:
        text = client.get(page).content.decode()
        assert "$40.00 of $60.00" in text and "refunded: 74512290123456789012345" in text, page


def test_the_reviewer_reads_which_lines_are_asked_for_and_several_ways_back(db, lead):
    invoice = make_open_invoice(amount=10_000)
    pay.record_transfer(invoice=invoice, amount=3_000, reference="WIRE 7", by=lead, now=timezone.now())
    pay_with(fresh(invoice))
    line = invoice.lines.get()
    request = ask(fresh(invoice), lines={line.pk: 8_000})

    known = review_facts_refund.facts(request.pk, timezone.now())

    assert [(one.label, one.value) for one in known.sent] == [("Starter robot kit", "$80.00")]
    assert [one.words for one in known.choices] == ["Starter robot kit, as asked", "Everything"]
    assert known.amount_title == "Refund to Visa credit ending 4242 and bank transfer"
    assert [(one.strong, one.words) for one in known.effects("approve", 8_000)][:2] == [
        ("$70.00", "to Visa credit ending 4242, sent when the time to undo is over"),
        ("$10.00", "to be sent by bank transfer: it waits in money matters"),
    ]
    assert [one.is_met for one in known.policy] == [True, False, True, True]  # no photo
