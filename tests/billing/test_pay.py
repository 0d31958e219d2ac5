"""Paying an invoice with a card, in the sandbox, through the real SDK and the real webhook door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import JournalEntry
from billing import declines
from billing.actions import cards, pay
from billing.choices import InvoiceState, PaymentState
from billing.gateways.sandbox import bank
from billing.models import Card, Payment, ProviderEvent, SandboxEvent
from mail.models import OutgoingMail
from tests.billing.money import (
    ASKS_ALWAYS,
    ASKS_UNLESS_SAVED,
    DECLINED,
    card_token,
    intent_of,
    make_open_invoice,
    pay_with,
    work,
)

pytestmark = pytest.mark.django_db


def test_an_open_invoice_is_paid_with_4242(invoice):
    payment = pay_with(invoice, receipt_email="ap@lakeview.example")

    invoice.refresh_from_db()
    assert (payment.state, payment.amount) == (PaymentState.SUCCEEDED, 128_400)
    assert payment.card_words.startswith("Visa credit ending 4242, expires 08/")
    assert (invoice.state, invoice.paid, invoice.due) == (InvoiceState.PAID, 128_400, 0)
    assert payment.receipt.number.startswith("RC-")
    assert JournalEntry.objects.filter(action="billing.pay", subject=f"billing.payment:{payment.pk}").count() == 1


def test_R34_a_card_is_declined_with_everything_that_is_known(invoice):
    payment = pay_with(invoice, DECLINED)

    invoice.refresh_from_db()
    decline = payment.declines.get()
    assert (payment.state, invoice.state, invoice.paid) == (PaymentState.FAILED, InvoiceState.OPEN, 0)
    assert (decline.code, decline.decline_code, decline.network_decline_code) == (
        "card_declined", "generic_decline", "05",
    )  # fmt: skip
    assert (decline.outcome_type, decline.network_status) == ("issuer_declined", "declined_by_network")
    assert (decline.cvc_check, decline.card_country, decline.charge_id[:3]) == ("pass", "US", "ch_")
    assert len(decline.reference) == 9


def test_events_come_signed_through_the_real_door_and_change_nothing_twice(invoice):
    payment = pay_with(invoice)

    work()
    work()

    posted = SandboxEvent.objects.filter(posted_at__isnull=False)
    assert sorted(posted.values_list("event__body__type", flat=True)) == [
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    assert ProviderEvent.objects.filter(done_at__isnull=False, last_error="").count() == SandboxEvent.objects.count()
    assert Payment.objects.get() == payment
    invoice.refresh_from_db()
    assert invoice.paid == 128_400


def test_after_a_decline_another_card_pays_and_both_are_remembered(invoice):
    pay_with(invoice, DECLINED)
    pay_with(invoice, "4000000000009995")
    paid = pay_with(invoice)
    work()

    assert paid.state == PaymentState.SUCCEEDED
    assert sorted(Payment.objects.values_list("state", flat=True)) == ["failed", "failed", "succeeded"]
    invoice.refresh_from_db()
    assert invoice.paid == invoice.total


def test_a_double_click_is_one_payment_and_a_second_tab_is_answered_with_it(invoice):
    first = pay_with(invoice, ASKS_ALWAYS, key="one form")

    assert pay_with(invoice, ASKS_ALWAYS, key="one form") == first
    assert pay_with(invoice, key="another tab") == first
    assert Payment.objects.count() == 1


def test_a_paid_invoice_takes_no_second_payment(invoice):
    pay_with(invoice)

    with pytest.raises(pay.CannotPay, match="is paid"):
        pay_with(invoice)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(("amount", "words"), [(49, "below the smallest"), (100_000_000, "above the largest")])
def test_B10_sums_that_no_card_pays_are_refused_in_words(db, amount, words):
    invoice = make_open_invoice(amount=amount)

    with pytest.raises(pay.CannotPay, match=words):
        pay_with(invoice)
    assert Payment.objects.count() == 0


def test_the_bank_asks_and_its_customer_says_yes(invoice):
    payment = pay_with(invoice, ASKS_ALWAYS)
    assert payment.state == PaymentState.ACTION_NEEDED
    assert payment.next_url.startswith("/sandbox/3ds/pi_")

    bank.answer(intent_of(payment), is_approved=True)
    work()

    payment.refresh_from_db()
    invoice.refresh_from_db()
    assert (payment.state, payment.next_url, invoice.state) == (PaymentState.SUCCEEDED, "", InvoiceState.PAID)


@pytest.mark.parametrize(
    ("number", "is_approved", "code"),
    [
        (ASKS_ALWAYS, False, "payment_intent_authentication_failure"),
        (ASKS_UNLESS_SAVED, False, "payment_intent_authentication_failure"),
        ("4000008400001629", True, "card_declined"),
    ],
)
def test_the_bank_asks_and_nothing_is_charged(invoice, number, is_approved, code):
    payment = pay_with(invoice, number)

    bank.answer(intent_of(payment), is_approved=is_approved)
    work()

    payment.refresh_from_db()
    invoice.refresh_from_db()
    assert (payment.state, invoice.paid) == (PaymentState.FAILED, 0)
    assert [one.code for one in payment.declines.all()] == [code]


def test_a_question_that_nobody_answers_can_be_given_up_and_ends_after_a_day(invoice):
    payment = pay_with(invoice, ASKS_ALWAYS)
    assert pay.give_up(payment=payment, by=None, now=timezone.now()).state == PaymentState.CANCELLED
    assert pay_with(invoice, ASKS_ALWAYS).state == PaymentState.ACTION_NEEDED

    work(minutes=25 * 60)

    assert sorted(Payment.objects.values_list("state", flat=True)) == ["cancelled", "cancelled"]
    assert pay_with(invoice).state == PaymentState.SUCCEEDED


def kept_card(invoice, number: str) -> Card:
    """A card that its owner kept, answering the bank where it asked."""
    row = cards.add(
        customer=invoice.customer, card_token=card_token(number), by=invoice.customer.person, key=f"keep {number}",
        return_to="/", now=timezone.now(),
    )  # fmt: skip
    if row.next_url:
        bank.answer(row.provider_id, is_approved=True)
        work()
        row.refresh_from_db()
    assert row.card, row.words
    return row.card


def test_B9_a_renewal_is_paid_with_the_kept_card_and_no_question(invoice):
    card = kept_card(invoice, ASKS_UNLESS_SAVED)

    payment = pay.pay_with_saved(invoice=invoice, card=card, key="renewal:1", now=timezone.now())

    assert (payment.state, payment.card, payment.is_off_session) == (PaymentState.SUCCEEDED, card, True)
    assert payment.card_words.startswith("Visa credit ending 3155")


def test_B9_a_bank_that_wants_its_customer_gets_a_mail_and_the_same_intent_is_confirmed(invoice):
    card = kept_card(invoice, ASKS_ALWAYS)
    OutgoingMail.objects.all().delete()

    renewal = pay.pay_with_saved(invoice=invoice, card=card, key="renewal:1", now=timezone.now())
    assert renewal.state == PaymentState.FAILED
    assert renewal.declines.get().decline_code == "authentication_required"
    mail = OutgoingMail.objects.get()
    assert "Your bank wants you to confirm $1,284.00" in mail.subject
    assert "/i/" in mail.text

    again = pay.start(
        invoice=invoice, card=card, by=invoice.customer.person, key="on the page", now=timezone.now()
    )  # fmt: skip
    assert (again.pk, again.provider_id, again.state) == (
        renewal.pk, renewal.provider_id, PaymentState.ACTION_NEEDED
    )  # fmt: skip
    bank.answer(intent_of(again), is_approved=True)
    work()

    again.refresh_from_db()
    assert (again.state, Payment.objects.count()) == (PaymentState.SUCCEEDED, 1)


def test_a_renewal_that_was_tried_twice_under_one_key_is_one_payment(invoice):
    card = kept_card(invoice, "4242424242424242")

    first = pay.pay_with_saved(invoice=invoice, card=card, key="renewal:1", now=timezone.now())

    assert pay.pay_with_saved.__name__ == "pay_with_saved"
    invoice.refresh_from_db()
    with pytest.raises(pay.CannotPay):
        pay.pay_with_saved(invoice=invoice, card=card, key="renewal:1", now=timezone.now())
    assert Payment.objects.get() == first


def test_a_card_of_somebody_else_or_one_that_was_removed_pays_nothing(invoice):
    other = make_open_invoice()
    card = kept_card(other, "4242424242424242")

    with pytest.raises(pay.CannotPay, match="not kept any more"):
        pay.start(invoice=invoice, card=card, key="k", now=timezone.now())
    cards.remove(card=card, by=other.customer.person, now=timezone.now())
    card.refresh_from_db()
    with pytest.raises(pay.CannotPay, match="not kept any more"):
        pay.start(invoice=other, card=card, key="k", now=timezone.now())
    assert Payment.objects.count() == 0


def test_a_card_that_is_paid_with_can_be_kept(invoice):
    payment = pay_with(invoice, keep_card=True)

    card = Card.objects.get()
    assert (card.customer, card.last4, card.is_default, payment.card) == (invoice.customer, "4242", True, card)


def test_B6_what_the_checks_said_is_kept(db):
    zip_code, cvc = make_open_invoice(), make_open_invoice()

    pay.start(
        invoice=zip_code, card_token=card_token("4000000000000036", postal_code="43331"), key="z", now=timezone.now()
    )
    pay_with(cvc, "4000000000000127")

    assert Payment.objects.get(invoice=zip_code).state == PaymentState.SUCCEEDED
    assert Payment.objects.get(invoice=cvc).declines.get().cvc_check == "fail"


def test_a_transfer_is_booked_once_and_never_beyond_what_is_due(invoice, lead):
    def book(amount, reference="LSD 0871"):
        return pay.record_transfer(
            invoice=invoice, amount=amount, reference=reference, by=lead, now=timezone.now()
        )  # fmt: skip

    first = book(100_000)
    assert book(100_000, " lsd  0871 ") == first
    for amount, reference, words in (
        (90_000, "LSD 0871", "booked already"), (28_401, "x", "At most \\$284.00"), (0, "y", "above zero"),
        (-5, "z", "above zero"), (100, "  ", "reference"),
    ):  # fmt: skip
        with pytest.raises(pay.CannotRecord, match=words):
            book(amount, reference)
    assert book(28_400, "LSD 0872").receipt

    invoice.refresh_from_db()
    assert (invoice.state, invoice.paid, Payment.objects.count()) == (InvoiceState.PAID, 128_400, 2)
    with pytest.raises(pay.CannotRecord, match="Nothing is due"):
        book(1, "LSD 0873")


def test_what_is_paid_beyond_what_is_due_is_told_to_a_person(invoice, lead):
    payment = pay_with(invoice, ASKS_ALWAYS)
    pay.record_transfer(invoice=invoice, amount=128_400, reference="wire", by=lead, now=timezone.now())

    bank.answer(intent_of(payment), is_approved=True)
    work()

    invoice.refresh_from_db()
    assert (invoice.paid, invoice.state) == (256_800, InvoiceState.PAID)
    assert payment.tasks.get().words.startswith("$1,284.00 more was paid")


def test_the_decline_panel_knows_every_time_it_was_tried(invoice):
    now = timezone.now()
    for minutes in (18, 7):
        pay_with(invoice, DECLINED)
        Payment.objects.filter(invoice=invoice).update(created_at=now - timedelta(minutes=minutes))
    last = pay_with(invoice, DECLINED)

    told = declines.explain_last(last, "public")

    assert next(fact.value for fact in told.facts if fact.label == "Tried").count(":") == len(
        {one.at.strftime("%H:%M") for one in last.declines.model.objects.all()}
    )
