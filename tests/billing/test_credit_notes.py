"""Credit notes take back what is owed first, and add up to the last cent."""

import pytest

from accounts.models import JournalEntry
from billing.actions import credit_note, paid
from billing.actions.credit_note import CannotCredit, issue_credit_note
from billing.actions.issue import CannotVoid, apply_payment, void
from billing.models import CreditNote, CreditNoteLine, Invoice
from mail.models import OutgoingMail
from tests.factories.invoices import NOON, make_invoice, make_line, make_payment
from timers.models import Timer

pytestmark = pytest.mark.django_db


def credit(invoice, **what):
    return issue_credit_note(invoice=invoice, reason="Broken on arrival", by=None, now=NOON, **{"key": "one", **what})


def test_a_credit_note_over_all_lowers_the_debt_to_nothing_and_stops_reminders():
    invoice = make_invoice(amount=100_000, tax=5_000)

    note = credit(invoice)

    invoice.refresh_from_db()
    assert (note.number, note.total, note.tax, note.reduces_debt) == ("CN-2026-0001", 105_000, 5_000, 105_000)
    assert (invoice.due, invoice.credited, invoice.state) == (0, 105_000, "paid")
    assert not Timer.objects.filter(kind="billing.reminder", done_at__isnull=True).exists()
    assert OutgoingMail.objects.filter(subject__startswith="Credit note CN-2026-0001").count() == 1


def test_what_is_credited_to_nothing_releases_no_box(monkeypatch):
    released = []
    monkeypatch.setattr(paid, "_handlers", [lambda invoice, now: released.append(invoice.pk)])
    unpaid, half = make_invoice(amount=100), make_invoice(amount=100)
    apply_payment(payment=make_payment(invoice=half, amount=40), now=NOON)

    credit(unpaid, key="a")
    credit(half, key="b", amount=60)

    assert released == [half.pk]


@pytest.mark.parametrize(("paid_before", "amount", "reduces"), [(0, 50, 50), (70, 50, 30), (100, 50, 0)])
def test_the_debt_is_lowered_first_and_the_rest_is_to_be_refunded(paid_before, amount, reduces):
    invoice = make_invoice(amount=100)
    if paid_before:
        apply_payment(payment=make_payment(invoice=invoice, amount=paid_before), now=NOON)

    note = credit(invoice, amount=amount)

    invoice.refresh_from_db()
    assert (note.reduces_debt, credit_note.to_refund(invoice)) == (reduces, amount - reduces)
    assert invoice.due == 100 - paid_before - reduces


def test_an_amount_is_split_over_lines_and_taxes_by_largest_remainder():
    lines = [make_line(3_333, tax=167), make_line(3_333, tax=167), make_line(3_334, tax=166)]
    invoice = make_invoice(lines=lines, amount=10_000, tax=500)

    note = credit(invoice, amount=1_000)

    rows = CreditNoteLine.objects.filter(credit_note=note).order_by("position")
    assert [(row.amount, row.tax) for row in rows] == [(318, 16), (317, 16), (317, 16)]
    assert sum(row.amount + row.tax for row in rows) == note.total == 1_000
    rest = credit(invoice, key="two")
    assert note.total + rest.total == invoice.total
    assert note.tax + rest.tax == invoice.tax


def test_lines_are_credited_one_by_one_and_never_beyond_themselves():
    lines = [make_line(1_000, name="Kit"), make_line(2_000, name="Battery")]
    invoice = make_invoice(lines=lines, shipping=300)
    kit, battery = invoice.lines.order_by("position")

    note = credit(invoice, lines={kit.pk: 400, 0: 300})

    assert note.total == 700
    with pytest.raises(CannotCredit, match=r"Only \$6\.00 of “Kit” are left"):
        credit(invoice, key="two", lines={kit.pk: 601})
    with pytest.raises(CannotCredit, match="not on this invoice"):
        credit(invoice, key="three", lines={battery.pk + 999: 1})
    assert CreditNote.objects.count() == 1


@pytest.mark.parametrize("amount", [0, -1, 100_001])
def test_nothing_less_than_nothing_and_more_than_is_left_are_refused_and_change_nothing(amount):
    invoice = make_invoice(amount=100_000)

    with pytest.raises(CannotCredit):
        credit(invoice, amount=amount)

    assert (CreditNote.objects.count(), JournalEntry.objects.count()) == (0, 0)
    assert Invoice.objects.get().credited == 0


def test_asked_twice_with_one_key_one_credit_note():
    invoice = make_invoice()

    assert credit(invoice) == credit(invoice)

    assert CreditNote.objects.count() == 1


def test_an_open_invoice_is_withdrawn_and_keeps_its_number(admin):
    invoice = make_invoice()

    void(invoice=invoice, by=admin, reason="Written twice", now=NOON)

    invoice.refresh_from_db()
    assert (invoice.number, invoice.state, invoice.due) == ("INV-2026-0001", "void", 0)
    assert JournalEntry.objects.get().data == {"reason": "Written twice"}
    assert not Timer.objects.filter(kind="billing.reminder", done_at__isnull=True).exists()
    with pytest.raises(CannotVoid):
        void(invoice=invoice, by=admin, reason="Again", now=NOON)


def test_an_invoice_for_which_money_came_is_not_withdrawn(admin):
    invoice = make_invoice()
    apply_payment(payment=make_payment(invoice=invoice, amount=1), now=NOON)

    with pytest.raises(CannotVoid, match="Write a credit note instead"):
        void(invoice=invoice, by=admin, reason="Oh", now=NOON)

    assert Invoice.objects.get().state == "open"


def test_parts_are_booked_one_after_the_other_and_what_is_too_much_is_kept():
    invoice = make_invoice(amount=100)

    for amount in (30, 70, 25):
        apply_payment(payment=make_payment(invoice=invoice, amount=amount), now=NOON)

    invoice.refresh_from_db()
    assert (invoice.paid, invoice.state, invoice.due) == (125, "paid", 0)


def test_an_invoice_over_nothing_is_paid_at_once():
    invoice = make_invoice(amount=100, lines=[make_line(100, discount=100)])

    assert (invoice.total, invoice.state, invoice.due) == (0, "paid", 0)
    assert invoice.paid_at == NOON
