"""Mail about invoices: new ones, reminders on working days, receipts; each once."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billing.actions import disputes, reminders
from billing.actions.issue import apply_payment
from billing.choices import Notice
from billing.gateways.facts import DisputeFacts
from billing.models import Payment
from mail.actions import reach
from mail.models import OutgoingMail
from tests.factories.accounts import make_person
from tests.factories.invoices import NOON, make_buyer, make_invoice, make_payment, make_seller
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db

CALGARY = ZoneInfo("America/Edmonton")


def nine(day: date) -> datetime:
    return datetime.combine(day, reminders.HOUR, CALGARY)


def subjects() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("subject", flat=True))


def test_reminders_go_out_before_on_and_after_the_day_on_which_people_work():
    invoice = make_invoice(customer=make_buyer("ap@school.example", "boss@school.example"))
    assert invoice.due_on == date(2026, 12, 10)

    assert reminders.planned_days(invoice) == [
        date(2026, 12, 7), date(2026, 12, 10), date(2026, 12, 17), date(2026, 12, 24),
    ]  # fmt: skip
    for day in (7, 10, 17, 24):
        sweep(now=nine(date(2026, 12, day)) - timedelta(minutes=1))
        sweep(now=nine(date(2026, 12, day)))
        sweep(now=nine(date(2026, 12, day)))

    said = subjects()[2:]
    assert said == [
        line for line in (
            "Invoice INV-2026-0001 is due on 10 December: $1,000.00", "Invoice INV-2026-0001 is due today: $1,000.00",
            "Invoice INV-2026-0001 is overdue: $1,000.00", "Invoice INV-2026-0001 is overdue: $1,000.00",
        ) for _ in range(2)
    ]  # fmt: skip
    assert "was due on Thursday 10 December 2026" in OutgoingMail.objects.latest("pk").text


def test_a_weekend_and_a_holiday_move_a_reminder_to_the_working_day_beside():
    make_seller(due_days=0)
    # Due on Friday 25 December; 22 December before it, the 28th after it is a holiday in lieu nowhere in Alberta.
    invoice = make_invoice(now=datetime(2026, 12, 25, 17, 0, tzinfo=CALGARY))
    saturday = make_invoice(now=datetime(2026, 10, 31, 17, 0, tzinfo=CALGARY))

    assert reminders.planned_days(invoice)[:2] == [date(2026, 12, 22), date(2026, 12, 28)]
    assert reminders.planned_days(saturday)[:2] == [date(2026, 10, 28), date(2026, 11, 2)]


def test_nothing_due_nothing_reminded():
    invoice = make_invoice()
    apply_payment(payment=make_payment(invoice=invoice), now=NOON)

    assert not Timer.objects.filter(kind=reminders.KIND, done_at__isnull=True).exists()
    assert reminders.remind(invoice_id=invoice.pk, now=NOON + timedelta(days=30)) == 0
    assert reminders.remind(invoice_id=invoice.pk + 999, now=NOON) == 0
    assert not any("overdue" in subject for subject in subjects())


def test_a_part_that_came_is_not_reminded_of():
    invoice = make_invoice(amount=100_000)
    apply_payment(payment=make_payment(invoice=invoice, amount=99_000), now=NOON)

    sweep(now=nine(date(2026, 12, 17)))

    assert "Invoice INV-2026-0001 is overdue: $10.00" in subjects()


def test_each_sort_is_stopped_by_itself():
    make_buyer()
    reach.opt_out(address="ap@school.example", scope=Notice.REMINDER, now=NOON)
    invoice = make_invoice(customer=make_buyer("ap@school.example"))

    sweep(now=nine(date(2026, 12, 17)))
    apply_payment(payment=make_payment(invoice=invoice), now=NOON)

    assert [subject.split()[0] for subject in subjects()] == ["Invoice", "Receipt"]


def test_a_receipt_goes_to_the_recipients_and_to_whoever_asked_for_it():
    invoice = make_invoice(customer=make_buyer("ap@school.example"))

    apply_payment(payment=make_payment(invoice=invoice, amount=400, receipt_email="Me@School.example"), now=NOON)

    receipts = OutgoingMail.objects.filter(subject__startswith="Receipt RC-2026-0001").order_by("pk")
    assert [mail.to_address for mail in receipts] == ["ap@school.example", "me@school.example"]
    assert "Still due: $996.00, by Thursday 10 December 2026." in receipts[0].text
    assert len(re.findall(r"/i/[A-Za-z0-9_-]{43}/", receipts[0].text)) == 1


def test_without_recipients_whoever_buys_gets_them():
    person = make_person(email="solo@buyer.example")

    make_invoice(customer=make_buyer("x@y.example", person=person))
    buyer = make_buyer("gone@y.example")
    buyer.recipients.update(removed_at=NOON)
    make_invoice(customer=buyer, also_to=["orders@school.example"])

    assert [mail.to_address for mail in OutgoingMail.objects.order_by("pk")] == ["x@y.example", "orders@school.example"]


def lose(payment: Payment, *, status: str = "lost") -> None:
    """What the bank says about a dispute on Monday 1 February, which it may say again."""
    now = nine(date(2027, 2, 1))
    facts = DisputeFacts(
        id="dp_1", intent_id="pi_1", amount=payment.amount, currency="USD", reason="fraudulent", status=status,
        opened_at=now, due_at=None,
    )  # fmt: skip
    disputes.record(payment=payment, facts=facts, now=now)


def reminded(days: range) -> list[int]:
    """On which days of February 2027 a reminder went out; the sweep runs twice an hour around nine."""
    found = []
    for day in days:
        before = OutgoingMail.objects.filter(subject__startswith="Invoice INV").count()
        for minutes in (-30, 0, 30):
            sweep(now=nine(date(2027, 2, day)) + timedelta(minutes=minutes))
        found += [day] * (OutgoingMail.objects.filter(subject__startswith="Invoice INV").count() - before)
    return found


@pytest.fixture
def paid_late() -> Payment:
    """All four reminders of INV-2026-0001 went out, and then it was paid."""
    invoice = make_invoice(customer=make_buyer("ap@school.example"))
    for day in (7, 10, 17, 24):
        sweep(now=nine(date(2026, 12, day)))
    payment = make_payment(invoice=invoice, amount=100_000)
    apply_payment(payment=payment, now=nine(date(2026, 12, 28)))
    return payment


def test_an_invoice_that_a_lost_dispute_opened_again_has_a_new_series_and_each_is_sent_once(paid_late):
    for _ in range(3):
        lose(paid_late)

    assert reminded(range(1, 28)) == [2, 8, 16], "the 15th is a holiday in Alberta"
    assert "took the payment of $1,000.00 back on Monday 1 February 2027" in OutgoingMail.objects.latest("pk").text


@pytest.mark.parametrize("ends", ["paid", "won"])
def test_the_new_series_ends_with_the_payment_or_where_the_bank_gives_the_money_back(paid_late, ends):
    lose(paid_late)
    assert reminded(range(1, 4)) == [2]

    if ends == "won":
        lose(paid_late, status="won")
    else:
        apply_payment(payment=make_payment(invoice=paid_late.invoice, amount=100_000), now=nine(date(2027, 2, 4)))

    assert reminded(range(4, 28)) == []
    assert not Timer.objects.filter(kind=reminders.KIND, done_at__isnull=True).exists()


def test_a_dispute_lost_before_the_invoice_was_due_reminds_as_if_it_had_not_been_paid():
    invoice = make_invoice(customer=make_buyer("ap@school.example"), now=nine(date(2027, 1, 20)))
    payment = make_payment(invoice=invoice, amount=100_000)
    apply_payment(payment=payment, now=nine(date(2027, 1, 21)))

    lose(payment)

    assert invoice.due_on == date(2027, 2, 19)
    assert reminded(range(1, 28)) == [16, 19, 26]
