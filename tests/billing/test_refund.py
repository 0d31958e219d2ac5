"""E (3), R98, R99, B6: money goes back to the card that paid, never more than was paid, and comes to an end."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.actions import roles
from accounts.choices import Role
from accounts.models import JournalEntry
from billing.actions import disputes, money_tasks, pay, refund
from billing.actions.credit_note import issue_credit_note, to_refund
from billing.choices import InvoiceState, MoneyTaskKind, PaymentMethod, PaymentState, RefundState
from billing.gateways import stripe as gateway
from billing.gateways.facts import DisputeFacts
from billing.models import Dispute, Invoice, MoneyTask, Payment, Refund
from mail.models import OutgoingMail
from tests.billing.money import DECLINED, make_open_invoice, money_is_right, pay_with, queue, work

pytestmark = pytest.mark.django_db

LATER = "4000000000007726"
COMES_BACK = "4000000000005126"
DISPUTED = "4000000000000259"


@pytest.fixture
def paid(invoice) -> Payment:
    """$1,284.00, paid with a card."""
    return pay_with(invoice)


def sums(payment: Payment) -> tuple[int, int]:
    payment.refresh_from_db()
    return payment.refunded, Invoice.objects.get(pk=payment.invoice_id).refunded


def test_a_refund_is_queued_sent_and_told(paid, lead):
    one = queue(paid, 4_000, by=lead)
    assert (one.state, sums(paid)) == (RefundState.QUEUED, (4_000, 4_000))

    work()

    one.refresh_from_db()
    assert (one.state, one.attempts, one.provider_id[:3]) == (RefundState.SUCCEEDED, 1, "re_")
    assert sums(paid) == (4_000, 4_000)
    assert JournalEntry.objects.filter(action="billing.queue_refund").count() == 1
    assert "$40.00 is on its way back" in OutgoingMail.objects.filter(subject__contains="way back").get().subject


def test_B6_the_trace_number_comes_later(paid):
    one = queue(paid, 4_000)
    work()
    assert Refund.objects.get(pk=one.pk).reference == ""

    work(minutes=1)

    assert len(Refund.objects.get(pk=one.pk).reference) == 23


def test_R98_the_sum_of_refunds_is_at_most_what_was_paid(db):
    payment = pay_with(make_open_invoice(amount=8_000))
    queue(payment, 5_000)

    with pytest.raises(refund.CannotRefund, match=r"At most \$30.00 can be given back: \$80.00 was paid"):
        queue(payment, 3_001)
    queue(payment, 3_000)
    with pytest.raises(refund.CannotRefund, match="given back already"):
        queue(payment, 1)
    for amount in (0, -5):
        with pytest.raises(refund.CannotRefund):
            queue(payment, amount)
    work()
    assert sums(payment) == (8_000, 8_000)
    assert sum(one.amount for one in gateway.refunds_of(payment.provider_id)) == 8_000


def test_R98_the_database_itself_refuses_more(paid):
    for sql in (
        "update billing_payment set refunded = amount + 1 where id = %s",
        "update billing_invoice set refunded = paid + 1"
        " where id = (select invoice_id from billing_payment where id = %s)",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [paid.pk])


def test_R99_only_a_card_payment_that_went_through_goes_back(invoice, lead):
    failed = pay_with(invoice, DECLINED)
    transfer = pay.record_transfer(invoice=invoice, amount=100, reference="x", by=lead, now=timezone.now())

    with pytest.raises(refund.CannotRefund, match="did not go through"):
        queue(failed, 1)
    with pytest.raises(refund.CannotRefund, match="bank transfer"):
        queue(transfer, 1)
    assert refund.refundable(failed) == refund.refundable(transfer) == 0
    assert Refund.objects.count() == 0


def test_a_payment_of_the_sandbox_is_not_refunded_with_real_money(paid, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_x"

    with pytest.raises(refund.CannotRefund, match="only played"):
        queue(paid, 1)


def test_the_same_decision_is_one_refund_and_another_amount_is_refused(paid):
    first = queue(paid, 4_000, key="decision:1")

    assert queue(paid, 4_000, key="decision:1") == first
    with pytest.raises(refund.CannotRefund, match="another amount"):
        queue(paid, 5_000, key="decision:1")
    work()
    work()
    assert len(gateway.refunds_of(paid.provider_id)) == 1


def test_a_refund_can_be_taken_back_before_it_is_sent_and_not_after(paid, lead):
    one = queue(paid, 4_000, not_before=timezone.now() + timedelta(seconds=30))
    work()
    assert refund.cancel(refund=one, by=lead, now=timezone.now()).state == RefundState.CANCELLED
    assert refund.cancel(refund=one, by=lead, now=timezone.now()).state == RefundState.CANCELLED
    assert sums(paid) == (0, 0)

    other = queue(paid, 4_000)
    work(minutes=1)
    with pytest.raises(refund.CannotRefund, match="on its way"):
        refund.cancel(refund=other, by=lead, now=timezone.now())
    assert len(gateway.refunds_of(paid.provider_id)) == 1


def test_B6_a_refund_that_arrives_later(invoice):
    payment = pay_with(invoice, LATER)
    one = queue(payment, 4_000)

    work()
    one.refresh_from_db()
    assert one.state == RefundState.PENDING
    work(minutes=1)

    one.refresh_from_db()
    assert (one.state, sums(payment)) == (RefundState.SUCCEEDED, (4_000, 4_000))
    assert OutgoingMail.objects.filter(subject__contains="way back").count() == 1


def test_B6_a_refund_that_comes_back_undoes_the_ledger_tells_the_customer_and_opens_a_task(invoice, reviewer):
    payment = pay_with(invoice, COMES_BACK)
    one = queue(payment, 4_000)
    work()
    one.refresh_from_db()
    assert one.state == RefundState.SUCCEEDED

    work(minutes=1)
    work(minutes=2)

    one.refresh_from_db()
    assert (one.state, one.failure, sums(payment)) == (RefundState.FAILED, "expired_or_canceled_card", (0, 0))
    task = MoneyTask.objects.get()
    assert (task.kind, task.refund) == (MoneyTaskKind.REFUND_FAILED, one)
    assert "$40.00" in task.words and "expired or cancelled" in task.words
    assert OutgoingMail.objects.filter(subject__contains="came back to us").count() == 1
    assert OutgoingMail.objects.filter(to_address=reviewer.email).count() == 1
    queue(payment, 128_400)  # all of it may be given back again


def test_a_refund_made_at_the_provider_is_booked_here_once_and_told(paid):
    made = gateway.client().v1.refunds.create({"payment_intent": paid.provider_id, "amount": 1_000})

    work()
    work()

    one = Refund.objects.get()
    assert (one.provider_id, one.amount, one.state, sums(paid)) == (
        made.id,
        1_000,
        RefundState.SUCCEEDED,
        (1_000, 1_000),
    )
    assert MoneyTask.objects.get().kind == MoneyTaskKind.CHANGED_OUTSIDE


def test_what_the_provider_refuses_for_good_fails_in_words_and_undoes_the_ledger(paid):
    gateway.client().v1.refunds.create({"payment_intent": paid.provider_id})  # behind our back, and not told yet
    one = queue(paid, 4_000)

    refund.execute_due(clock=timezone.now)

    one.refresh_from_db()
    assert (one.state, one.last_error) == (RefundState.FAILED, "This payment has already been refunded in full.")
    assert sums(paid) == (0, 0)
    assert MoneyTask.objects.filter(kind=MoneyTaskKind.REFUND_FAILED).count() == 1


def test_a_disputed_payment_is_not_refunded_and_a_lost_one_opens_its_invoice(invoice, lead):
    payment = pay_with(invoice, DISPUTED)
    work(minutes=1)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.amount) == ("needs_response", 128_400)
    assert MoneyTask.objects.get().kind == MoneyTaskKind.DISPUTE
    with pytest.raises(refund.CannotRefund, match="disputed payment cannot be refunded"):
        queue(payment, 1)

    disputes.accept(dispute=dispute, by=lead, now=timezone.now())
    work(minutes=1)

    invoice.refresh_from_db()
    dispute.refresh_from_db()
    assert (dispute.status, invoice.state, invoice.paid, invoice.due) == ("lost", InvoiceState.OPEN, 0, 128_400)
    with pytest.raises(disputes.CannotAnswer, match="over"):
        disputes.accept(dispute=dispute, by=lead, now=timezone.now())
    assert pay_with(invoice).state == PaymentState.SUCCEEDED


def test_a_dispute_over_all_of_a_payment_that_was_refunded_in_part_takes_and_gives_back_the_same(paid):
    queue(paid, 4_000)
    work()

    def say(status: str) -> tuple[int, int]:
        facts = DisputeFacts(
            id="dp_1", intent_id=paid.provider_id, amount=paid.amount, currency=paid.currency, reason="general",
            status=status, opened_at=timezone.now(), due_at=None,
        )  # fmt: skip
        disputes.record(payment=paid, facts=facts, now=timezone.now())
        invoice = Invoice.objects.get(pk=paid.invoice_id)
        return invoice.paid, invoice.refunded

    assert say("lost") == (4_000, 4_000)
    assert say("won") == (128_400, 4_000)


def test_what_was_credited_and_sent_back_is_not_asked_for_again_when_the_rest_is_lost_to_a_dispute(paid, lead):
    invoice = Invoice.objects.get(pk=paid.invoice_id)
    issue_credit_note(invoice=invoice, amount=4_000, reason="Late", key="late", by=lead, now=timezone.now())
    queue(paid, 4_000)
    work()

    def say(status: str, amount: int) -> Invoice:
        facts = DisputeFacts(
            id="dp_2", intent_id=paid.provider_id, amount=amount, currency=paid.currency, reason="general",
            status=status, opened_at=timezone.now(), due_at=None,
        )  # fmt: skip
        disputes.record(payment=paid, facts=facts, now=timezone.now())
        money_is_right()
        return Invoice.objects.get(pk=paid.invoice_id)

    lost = say("lost", 124_400)
    assert (lost.state, lost.paid, lost.due) == (InvoiceState.OPEN, 4_000, 124_400)  # not 128,400
    won = say("won", 124_400)
    assert (won.state, won.paid, won.due) == (InvoiceState.PAID, 128_400, 0)


def test_a_dispute_that_is_lost_over_what_was_credited_and_not_sent_back_yet_opens_nothing(paid, lead):
    invoice = Invoice.objects.get(pk=paid.invoice_id)
    issue_credit_note(invoice=invoice, reason="All of it", key="all", by=lead, now=timezone.now())
    facts = DisputeFacts(
        id="dp_3", intent_id=paid.provider_id, amount=paid.amount, currency=paid.currency, reason="general",
        status="lost", opened_at=timezone.now(), due_at=None,
    )  # fmt: skip

    disputes.record(payment=paid, facts=facts, now=timezone.now())

    invoice.refresh_from_db()
    assert (invoice.state, invoice.paid, invoice.due, to_refund(invoice)) == (InvoiceState.PAID, 0, 0, 0)
    money_is_right()


def test_a_dispute_that_is_won_frees_the_payment(invoice, lead):
    payment = pay_with(invoice, DISPUTED)
    work(minutes=1)
    dispute = Dispute.objects.get()
    with pytest.raises(disputes.CannotAnswer, match="Write what"):
        disputes.answer(dispute=dispute, words=" \x00", by=lead, now=timezone.now())

    answered = disputes.answer(dispute=dispute, words="winning_evidence", by=lead, now=timezone.now())
    assert answered.status == "under_review"
    work(minutes=2)

    dispute.refresh_from_db()
    invoice.refresh_from_db()
    assert (dispute.status, invoice.state, invoice.paid) == ("won", InvoiceState.PAID, 128_400)
    queue(payment, 1)


def test_a_matter_of_money_is_closed_once_and_with_words(paid, lead):
    task = money_tasks.open_task(
        kind=MoneyTaskKind.REVIEW, key="k", words="Look.", payment=paid, now=timezone.now()
    )  # fmt: skip
    assert money_tasks.open_task(kind=MoneyTaskKind.REVIEW, key="k", words="Again.", now=timezone.now()) == task

    with pytest.raises(money_tasks.CannotClose, match="few words"):
        money_tasks.close_task(task=task, outcome="  ", by=lead, now=timezone.now())
    money_tasks.close_task(task=task, outcome="Looked.", by=lead, now=timezone.now())
    with pytest.raises(money_tasks.CannotClose, match="Somebody"):
        money_tasks.close_task(task=task, outcome="Looked.", by=lead, now=timezone.now())
    assert paid.method == PaymentMethod.CARD


def test_reviewers_are_told_of_a_matter_of_money_and_admins_when_there_is_none_any_more(admin, reviewer):
    def told(key: str) -> set[str]:
        task = money_tasks.open_task(kind=MoneyTaskKind.REVIEW, key=key, words="Look.", now=timezone.now())
        mails = OutgoingMail.objects.filter(source_key=f"money_task:{task.pk}")
        return set(mails.values_list("to_address", flat=True))

    assert told("first") == {reviewer.email}
    roles.revoke_role(person=reviewer, role=Role.REVIEWER, by=admin, now=timezone.now())
    assert told("second") == {admin.email}


def test_staff_close_matters_of_money_and_answer_a_bank_on_a_page(client, invoice, reviewer, agent):
    pay_with(invoice, DISPUTED)
    work(minutes=1)
    dispute, task = Dispute.objects.get(), MoneyTask.objects.get()
    client.force_login(reviewer)
    assert "The bank disputes $1,284.00" in client.get("/money/").content.decode()

    refused = client.post(f"/money/disputes/{dispute.pk}/", {"words": " "})
    assert (refused.status_code, "There is a problem" in refused.content.decode()) == (409, True)
    assert client.post(f"/money/disputes/{dispute.pk}/", {"words": "winning_evidence"}).status_code == 302
    empty = client.post(f"/money/{task.pk}/close/", {"outcome": ""})
    assert (empty.status_code, b"few words" in empty.content) == (409, True)
    assert client.post(f"/money/{task.pk}/close/", {"outcome": "Sent the delivery note"}).status_code == 302
    again = client.post(f"/money/{task.pk}/close/", {"outcome": "<b>Twice</b>"})

    assert (again.status_code, MoneyTask.objects.get().closed_by) == (409, reviewer)
    assert "Sent the delivery note" in client.get("/money/").content.decode()
    client.force_login(agent)
    assert client.get("/money/").status_code == client.post(f"/money/{task.pk}/close/").status_code == 403
