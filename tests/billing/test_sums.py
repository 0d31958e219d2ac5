"""Whatever is bought, paid, credited, refunded and disputed, in any order: sums are their parts (I4 to I6, B10)."""

from datetime import timedelta
from random import Random

import pytest
from django.db.models import Sum
from django.utils import timezone

from accounts.choices import Role
from billing import pricing, queries_invoices, refundable
from billing.actions import credit_note, disputes, numbering, pay, refund_requests
from billing.actions.issue import Draft, DraftLine, issue
from billing.baskets import Basket, Choice
from billing.choices import PaymentMethod, PaymentState, RefundState
from billing.gateways.facts import DisputeFacts
from billing.models import CreditNoteLine, Customer, Invoice, Refund
from billing.refusals import Refused
from supportdesk.lib import money
from tests.billing.money import money_is_right, pay_with, work
from tests.factories.accounts import make_staff
from tests.factories.billing import NOON, OHIO, make_coupon, make_customer, make_goods, make_seller, make_tax

pytestmark = pytest.mark.django_db


def test_what_is_split_sums_to_the_whole_and_no_part_is_more_than_its_share_rounded_up():
    random = Random(4)  # noqa: S311 - no secret
    for _ in range(2_000):
        weights = [random.choice((0, 1, 3, random.randrange(10**7))) for _ in range(random.randrange(1, 9))]
        whole = sum(weights)
        amount = random.randrange(whole + 1)
        parts = money.split(amount, weights)
        assert sum(parts) == amount
        for part, weight in zip(parts, weights, strict=True):
            assert not whole or amount * weight // whole <= part <= -(-amount * weight // whole) <= weight


def bought(random: Random, customer: Customer) -> Invoice:
    """A basket of odd prices with a coupon, shipping and taxes that never come out even, as its invoice."""
    prices = [
        make_goods(random.randrange(1, 99_999), random.choice(("goods", "training")), is_taxable=random.random() < 0.8)
        for _ in range(random.randrange(1, 6))
    ]
    coupon = make_coupon(
        f"C-{random.randrange(10**9)}", currency="USD", products=[one.product for one in prices[: random.randrange(3)]],
        **random.choice(({"percent_off": random.randrange(1, 100)}, {"amount_off": random.randrange(1, 60_000)})),
    )  # fmt: skip
    choices = [Choice(one, random.randrange(1, 38), one.amount) for one in prices]
    quote = pricing.priced(Basket(choices, coupon=random.choice((coupon, None))), customer=None, ship_to=OHIO, now=NOON)
    freight = [tax.amount for tax in quote.taxes or ()]
    assert all(0 <= line.discount <= line.gross and line.tax >= 0 for line in quote.lines)
    assert quote.total == sum(line.amount + line.tax for line in quote.lines) + quote.shipping + (
        sum(freight) - sum(line.tax for line in quote.lines)
    )
    lines = [
        DraftLine(
            name=line.product.name, unit_amount=line.unit_amount, quantity=line.quantity, discount=line.discount,
            tax=line.tax, product=line.product,
        )
        for line in quote.lines
    ]  # fmt: skip
    draft = Draft(
        key=f"sums:{random.random()}", customer=customer, currency="USD", lines=lines, taxes=quote.taxes or (),
        shipping=quote.shipping, method=PaymentMethod.TRANSFER,
    )  # fmt: skip
    invoice = issue(draft=draft, now=timezone.now())
    assert invoice.total == quote.total
    return invoice


def happens(random: Random, invoice: Invoice, staff, number: int) -> None:
    """One thing that may happen to an invoice; what makes no sense just now is refused, and then nothing changes."""
    now, whole = timezone.now(), invoice.total or 1
    some = random.choice((whole, random.randrange(1, whole + 1), random.randrange(1, 2 + whole // 3)))
    what = random.choice(("transfer", "card", "credit", "credit line", "refund", "refund", "dispute", "won"))
    if what == "transfer":
        pay.record_transfer(invoice=invoice, amount=min(some, invoice.due), reference=f"T{number}", by=staff, now=now)
    elif what == "card":
        pay_with(invoice)
    elif what == "credit":
        credit_note.issue_credit_note(
            invoice=invoice, amount=some, reason="Odd", key=f"c{invoice.pk}:{number}", by=staff, now=now
        )
    elif what == "credit line":
        line = random.choice(list(invoice.lines.all()))
        taken = {line.pk: random.randrange(1, 2 + line.amount + line.tax)}
        credit_note.issue_credit_note(
            invoice=invoice, lines=taken, reason="Odd", key=f"c{invoice.pk}:{number}", by=staff, now=now
        )
    elif what == "refund":
        asked = refund_requests.ask(
            invoice=invoice, why="twice", words="", by=None, key=f"r{number}", now=now, amount=some
        )  # fmt: skip
        refund_requests.approve(request=asked, amount=asked.amount_asked, by=staff, now=now)
    else:
        disputed(random, invoice, what)


def disputed(random: Random, invoice: Invoice, what: str) -> None:
    """A bank takes a card payment back for good, or gives it back after all."""
    rows = invoice.payments.filter(state=PaymentState.SUCCEEDED, method=PaymentMethod.CARD)
    paid = rows.order_by("pk").first()
    if paid is None:
        return
    facts = DisputeFacts(
        id=f"dp_{paid.pk}", intent_id=paid.provider_id or "", amount=paid.amount, currency="USD", reason="general",
        status="lost" if what == "dispute" else "won", opened_at=timezone.now(), due_at=None,
    )  # fmt: skip
    disputes.record(payment=paid, facts=facts, now=timezone.now())


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_in_whatever_order_statement_aging_and_ledger_say_the_same(seed, reviewer):
    random = Random(seed)  # noqa: S311 - no secret
    make_seller(shipping_amount=random.choice((0, 1_999)))
    for ppm in random.sample((57_500, 99_750, 12_345, 1), random.randrange(3)):
        make_tax(ppm, f"Tax {ppm}")
    customer = make_customer()
    invoices = [bought(random, customer) for _ in range(2)]
    for number in range(14):
        invoice = Invoice.objects.select_related("customer").get(pk=random.choice(invoices).pk)
        before = stands(invoice)
        try:
            happens(random, invoice, reviewer, number)
        except Refused:
            assert stands(invoice) == before
        work(rounds=2)
        money_is_right()

    assert not Refund.objects.exclude(state=RefundState.SUCCEEDED).exists()
    rows = list(Invoice.objects.filter(customer=customer))
    for invoice in rows:
        notes = invoice.credit_notes.aggregate(all=Sum("total"))["all"] or 0
        assert notes <= invoice.total
        assert 0 <= refundable.most(invoice) <= invoice.paid - invoice.refunded
        if invoice.due:
            assert invoice.due == invoice.total - notes - invoice.paid + invoice.refunded
        for line in invoice.lines.all():
            taken = CreditNoteLine.objects.filter(invoice_line=line).aggregate(net=Sum("amount"), tax=Sum("tax"))
            assert (taken["net"] or 0) <= line.amount and (taken["tax"] or 0) <= line.tax
    today = timezone.now().date()
    made = queries_invoices.statement(
        customer=customer, currency="USD", since=today - timedelta(days=2), until=today + timedelta(days=2),
        zone=numbering.seller_zone(),
    )  # fmt: skip
    notes = sum(sum(note.total for note in invoice.credit_notes.all()) for invoice in rows)
    assert made.closing == sum(one.total - one.paid + one.refunded for one in rows) - notes
    aged = queries_invoices.aging(today=today)
    assert sum(one.total for one in aged) == sum(one.due for one in rows)
    assert queries_invoices.owed_in_all(today=today) == [("USD", one.cells) for one in aged]


def stands(invoice: Invoice) -> tuple:
    """Where it stands, in sums and documents."""
    now = Invoice.objects.get(pk=invoice.pk)
    return (now.state, now.paid, now.refunded, now.credited, now.credit_notes.count(), now.payments.count())


@pytest.fixture
def reviewer(db):
    """Whoever decides, and asked for nothing."""
    return make_staff(Role.REVIEWER)
