"""Tax exemption: at once from the upload, held above a threshold, checked, reminded, over (R28 to R30, B2)."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from accounts.choices import Role
from accounts.models import JournalEntry, Person
from billing import exemptions, pricing
from billing.actions import cart as carts
from billing.actions import certificates, checkout, orders, shipments, subscriptions
from billing.actions.certificates import Sent
from billing.baskets import basket_of
from billing.choices import CertificateKind, CertificateState, HoldReason, PaymentMethod, ShipmentState
from billing.models import Certificate, Customer, MoneyTask, Order, PrivateFile, ShipmentHold, Subscription, TaxRate
from billing.refusals import CannotDecide
from billing.taxes import rates_for
from mail.models import OutgoingMail
from tests.billing.file_samples import PDF
from tests.billing.plans import at, make_subscription
from tests.billing.shop_verbs import act
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import NOON, OHIO, make_customer, make_goods, make_seller, make_tax
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    make_seller(time_zone="America/Edmonton", exemption_threshold=250_000)
    make_tax(57_500)
    return make_customer(person=make_person(email="dana@lakeview.example"))


@pytest.fixture
def reviewer() -> Person:
    return make_staff(Role.REVIEWER)


def upload(customer: Customer, *, key: str = "first-upload", now: datetime = NOON, **fields) -> Certificate:
    known = {
        "kind": CertificateKind.US_STATE, "country": "US", "region": "OH", "purchaser": "Lakeview School",
        "number": "12-345", "ground": "M", "file": Sent(PDF, "exempt.pdf"), "by": customer.person,
    }  # fmt: skip
    return certificates.upload(customer=customer, key=key, now=now, **known | fields)


def buy(customer: Customer, amount: int, key: str, *, now: datetime = NOON) -> Order:
    page = key.replace(" ", "-").ljust(24, "-")
    act("put_in", customer.person_id, make_goods(amount).pk, now=now)
    act("buy", customer.person_id, "transfer", page, now=now)
    return Order.objects.get(key=page)


def holds(order: Order) -> set[str]:
    rows = ShipmentHold.objects.filter(shipment__order=order, released_at__isnull=True)
    return set(rows.values_list("reason", flat=True))


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(source_key__startswith="certificate:").order_by("pk"))


def test_R28_an_upload_frees_the_very_next_order_and_the_invoice_says_by_which_certificate(customer):
    taxed = buy(customer, 10_000, "before")
    certificate = upload(customer)

    order = buy(customer, 10_000, "after")

    words = f"Exempt: certificate TX-{certificate.pk} for Ohio"
    assert (taxed.tax, order.tax, order.total) == (575, 0, 10_000)
    assert [(one.amount, one.exemption) for one in order.invoice.taxes.all()] == [(0, words)]
    assert holds(order) == {HoldReason.UNPAID}
    kept = PrivateFile.objects.get()
    assert (kept.certificate, kept.content_type, kept.size) == (certificate, "application/pdf", len(PDF))
    assert PDF not in kept.file.read()
    assert [mail.to_address for mail in mails()] == ["dana@lakeview.example"]


@pytest.mark.parametrize(
    ("kind", "country", "region", "rates", "freed"),
    [
        ("us_state", "US", "TX", [("US", "OH", "Sales tax")], 0),  # of another state
        ("us_state", "US", "OH", [("US", "", "Federal"), ("US", "OH", "Sales tax")], 2),
        ("canada", "CA", "", [("CA", "", "GST"), ("CA", "BC", "PST")], 1),  # nothing of a province
        ("canada", "CA", "", [("CA", "BC", "HST")], 1),
        ("canada", "CA", "BC", [("CA", "", "GST"), ("CA", "BC", "PST")], 2),
    ],
)
def test_B2_a_certificate_counts_in_its_own_place_and_nowhere_else(customer, kind, country, region, rates, freed):
    TaxRate.objects.all().delete()
    for rate_country, rate_region, name in rates:
        make_tax(50_000, name, country=rate_country, region=rate_region)
    upload(customer, kind=kind, country=country, region=region)
    ship_to = {"country": country, "region": "OH" if country == "US" else "BC"}

    found = rates_for(customer=customer, ship_to=ship_to, on=NOON.date())

    assert (len(found), sum(bool(one.exemption) for one in found)) == (len(rates), freed)
    assert not any(one.exemption for one in rates_for(customer=make_customer(), ship_to=ship_to, on=NOON.date()))


def test_R30_above_the_threshold_the_order_completes_and_waits_until_the_certificate_is_approved(customer, reviewer):
    certificate = upload(customer)
    small, large = buy(customer, 250_000, "at the threshold"), buy(customer, 100, "above it")
    assert (holds(small), holds(large)) == ({HoldReason.UNPAID}, {HoldReason.UNPAID, HoldReason.TAX})
    assert large.tax == 0

    certificates.approve(certificate=certificate, valid_until=date(2027, 11, 18), by=reviewer, now=NOON)

    certificate.refresh_from_db()
    assert (certificate.state, certificate.valid_until) == (CertificateState.APPROVED, date(2027, 11, 18))
    assert holds(large) == {HoldReason.UNPAID}
    assert holds(buy(customer, 1_000_000, "after approval")) == {HoldReason.UNPAID}
    assert "18 November 2027" in mails()[-1].text
    assert JournalEntry.objects.filter(action="billing.approve_certificate").count() == 1


def test_R30_many_small_orders_are_one_large_one_and_a_new_certificate_does_not_begin_anew(customer, reviewer):
    upload(customer)
    first, second = (buy(customer, 120_000, key) for key in ("first", "second"))
    assert (holds(first), holds(second)) == ({HoldReason.UNPAID}, {HoldReason.UNPAID}), "240,000 of 250,000"
    later = upload(customer, key="another-upload", now=NOON + timedelta(hours=1))
    third = buy(customer, 20_000, "third", now=NOON + timedelta(hours=2))
    assert HoldReason.TAX in holds(third) and third.tax == 0

    orders.cancel(order=second, reason="Twice.", by=make_staff(Role.ADMIN), now=NOON)
    assert holds(buy(customer, 20_000, "with room", now=NOON + timedelta(hours=3))) == {HoldReason.UNPAID}

    certificates.reject(certificate=later, reason="It is for Texas.", by=reviewer, now=NOON + timedelta(hours=4))
    upload(customer, key="third-upload", now=NOON + timedelta(hours=5))
    assert holds(buy(customer, 240_000, "anew", now=NOON + timedelta(hours=6))) == {HoldReason.UNPAID}
    assert HoldReason.TAX in holds(buy(customer, 20_000, "beyond", now=NOON + timedelta(hours=6)))


def test_an_approved_certificate_ships_what_waited_for_nothing_else_and_the_mail_names_it(customer, reviewer, agent):
    certificate = upload(customer)
    order = buy(customer, 1_000_000, "large")
    box = order.shipments.get()
    shipments.pack(shipment=box, by=agent, now=NOON)
    ShipmentHold.objects.filter(shipment=box, reason=HoldReason.UNPAID).update(released_at=NOON)

    certificates.approve(certificate=certificate, valid_until=None, by=reviewer, now=NOON)

    box.refresh_from_db()
    assert box.state == ShipmentState.READY
    assert f"Order {order.number} waited for this" in mails()[-1].text and "has no end" in mails()[-1].text


def test_R29_a_rejection_stops_what_comes_and_leaves_what_was_and_says_why_word_for_word(customer, reviewer):
    certificate = upload(customer)
    old = buy(customer, 1_000_000, "old")
    reason = "The name on it is another one: <b>Lake View</b> & Co."

    certificates.reject(certificate=certificate, reason=reason, by=reviewer, now=NOON)

    certificate.refresh_from_db()
    old.refresh_from_db()
    assert (certificate.state, certificate.reason) == (CertificateState.REJECTED, reason)
    assert (old.tax, old.invoice.total, holds(old)) == (0, 1_000_000, {HoldReason.UNPAID, HoldReason.TAX})
    assert buy(customer, 10_000, "new").tax == 575
    assert reason in mails()[-1].text and old.number in mails()[-1].text
    again = upload(customer, key="another-one")
    assert buy(customer, 10_000, "newest").tax == 0
    certificates.approve(certificate=again, valid_until=None, by=reviewer, now=NOON)
    assert holds(old) == {HoldReason.UNPAID}  # the new one is good for what waited, too


def test_a_decision_is_made_once_and_never_for_an_account_of_ones_own(customer, reviewer):
    certificate = upload(customer)
    certificates.reject(certificate=certificate, reason="No", by=reviewer, now=NOON)
    for late in (
        lambda: certificates.approve(certificate=certificate, valid_until=None, by=reviewer, now=NOON),
        lambda: certificates.reject(certificate=certificate, reason="No", by=reviewer, now=NOON),
        lambda: certificates.reject(certificate=upload(customer, key="second"), reason=" \n", by=reviewer, now=NOON),
    ):
        with pytest.raises(CannotDecide):
            late()
    waiting = Certificate.objects.get(key="second")
    for day in (NOON.date() - timedelta(days=1), NOON.date() + timedelta(days=9999)):
        with pytest.raises(CannotDecide):
            certificates.approve(certificate=waiting, valid_until=day, by=reviewer, now=NOON)
    own = make_customer(person=make_staff(Role.REVIEWER))
    mine = upload(own, key="of my own")

    with pytest.raises(CannotDecide, match="Somebody else"):
        certificates.approve(certificate=mine, valid_until=None, by=own.person, now=NOON)

    mine.refresh_from_db()
    assert mine.state == CertificateState.PROVISIONAL
    assert MoneyTask.objects.filter(kind="linked_account").count() == 1


def test_a_renewal_counts_beside_the_approved_one_and_replaces_it_when_it_is_approved(customer, reviewer):
    first = upload(customer)
    certificates.approve(certificate=first, valid_until=date(2026, 12, 31), by=reviewer, now=NOON)
    renewal, better = upload(customer, key="renewal"), upload(customer, key="better scan")

    states = {one.key: one.state for one in Certificate.objects.all()}
    assert states == {"first-upload": "approved", "renewal": "replaced", "better scan": "provisional"}
    assert holds(buy(customer, 1_000_000, "large")) == {HoldReason.UNPAID}  # the approved one frees it
    certificates.approve(certificate=better, valid_until=date(2027, 12, 31), by=reviewer, now=NOON)

    first.refresh_from_db()
    renewal.refresh_from_db()
    assert (first.state, first.ended_at, renewal.ended_at) == (CertificateState.REPLACED, NOON, NOON)


def test_it_is_reminded_of_60_30_and_7_days_before_once_each_and_ends_by_itself(customer, reviewer):
    certificate = upload(customer)
    certificates.approve(certificate=certificate, valid_until=date(2027, 3, 31), by=reviewer, now=NOON)
    start = len(mails())

    def pass_to(year: int, month: int, day: int, hour: int) -> list[str]:
        before = len(mails())
        for _ in range(2):
            sweep(now=datetime(year, month, day, hour, tzinfo=UTC))
        return [mail.subject.rpartition(" ends ")[2] for mail in mails()[before:]]

    assert pass_to(2027, 1, 30, 14) == [] and pass_to(2027, 1, 30, 16) == ["in 60 days"]
    assert pass_to(2027, 3, 1, 16) == ["in 30 days"]
    assert pass_to(2027, 3, 24, 16) == ["in 7 days"]
    assert pass_to(2027, 4, 1, 5) == []  # the last day is still going on in the seller's zone
    assert buy(customer, 10_000, "on the last day", now=datetime(2027, 4, 1, 5, tzinfo=UTC)).tax == 0
    assert len(pass_to(2027, 4, 1, 7)) == 1
    certificate.refresh_from_db()
    assert certificate.state == CertificateState.EXPIRED and len(mails()) == start + 4
    assert buy(customer, 10_000, "after it", now=datetime(2027, 4, 1, 7, tzinfo=UTC)).tax == 575


def test_nobody_is_reminded_of_what_is_renewed_withdrawn_or_nearly_over(customer, reviewer):
    certificate = upload(customer)
    soon = NOON.date() + timedelta(days=20)
    certificates.approve(certificate=certificate, valid_until=soon, by=reviewer, now=NOON)
    upload(customer, key="renewal")
    start = len(mails())

    sweep(now=NOON + timedelta(days=14))
    assert len(mails()) == start
    certificates.withdraw(certificate=certificate, by=customer.person, now=NOON)
    with pytest.raises(certificates.CannotWithdraw):
        certificates.withdraw(certificate=certificate, by=customer.person, now=NOON)
    sweep(now=NOON + timedelta(days=40))

    certificate.refresh_from_db()
    assert (certificate.state, len(mails())) == (CertificateState.WITHDRAWN, start)


def test_after_its_last_day_it_frees_from_nothing_even_when_no_timer_ran(customer, reviewer):
    certificate = upload(customer)
    certificates.approve(certificate=certificate, valid_until=NOON.date(), by=reviewer, now=NOON)

    kept = {day: exemptions.counting(customer, country="US", region="OH", on=NOON.date() + timedelta(days=day))
            for day in (0, 1)}  # fmt: skip

    assert ([one.pk for one in kept[0]], kept[1]) == ([certificate.pk], [])


def test_a_certificate_that_ends_between_the_cart_and_the_order_is_told_and_never_charged_unseen(customer, reviewer):
    """Nothing is ordered at the sum of yesterday; the new one stands beside the button, and is agreed to anew."""
    certificate, who = upload(customer), customer.person
    certificates.approve(certificate=certificate, valid_until=NOON.date(), by=reviewer, now=NOON)
    act("put_in", who.pk, make_goods(10_000).pk, now=NOON)
    seen = pricing.priced(basket_of(person=who, key=""), customer=customer, ship_to=OHIO, now=NOON)
    order = partial(
        checkout.check_out, visitor=carts.Visitor(who, ""), by=who, organisation=None, key="a-page-of-this-checkout",
        wish=checkout.Wish(method=PaymentMethod.TRANSFER, ship_to=OHIO), now=NOON + timedelta(days=1),
    )  # fmt: skip

    with pytest.raises(checkout.StaleQuote, match="Nothing was ordered yet") as stale:
        order(version=seen.version)

    assert (seen.tax, stale.value.quote.tax, Order.objects.count()) == (0, 575, 0)
    assert order(version=stale.value.quote.version).total == 10_575


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("kind", {"kind": "other"}), ("kind", {"kind": "us_state", "country": "CA"}), ("place", {"region": ""}),
        ("place", {"region": "XX"}), ("place", {"kind": "canada", "country": "CA", "region": "OH"}),
        ("purchaser", {"purchaser": " \x00\n"}), ("purchaser", {"purchaser": "x" * 256}),
        ("number", {"number": "9" * 61}), ("number", {"kind": "canada", "country": "CA", "region": "", "number": ""}),
        ("ground", {"ground": "Z"}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_beside_its_field_and_nothing_is_kept(customer, field, fields):
    with pytest.raises(certificates.CannotUpload) as refusal:
        upload(customer, **fields)

    assert refusal.value.field == field
    assert (Certificate.objects.count(), PrivateFile.objects.count(), len(mails())) == (0, 0, 0)


def test_a_key_of_somebody_else_opens_nothing_and_ones_own_is_kept_once(customer):
    first = upload(customer)

    assert upload(customer).pk == first.pk
    with pytest.raises(certificates.CannotUpload):
        upload(make_customer())
    assert (Certificate.objects.count(), PrivateFile.objects.count(), len(mails())) == (1, 1, 1)


def test_a_renewal_of_a_plan_is_exempt_too(customer):
    plan = make_subscription(customer=customer, method=PaymentMethod.TRANSFER)
    certificate = upload(customer, now=at(plan.period_starts_on))

    subscriptions.renew(subscription_id=plan.pk, now=at(plan.period_ends_on))

    invoice = Subscription.objects.get(pk=plan.pk).period_invoice
    assert invoice and (invoice.tax, invoice.total) == (0, 2_400)
    assert [one.exemption for one in invoice.taxes.all()] == [exemptions.words_of(certificate)]


def test_the_desk_reads_which_certificates_count_and_until_when(client, customer, reviewer, agent):
    approved = upload(customer)
    certificates.approve(certificate=approved, valid_until=date(2036, 12, 31), by=reviewer, now=NOON)
    upload(customer, key="texas", region="TX")
    client.force_login(agent)

    body = client.get(f"/billing/customers/{customer.pk}/").content.decode()

    assert f"{approved.reference}, no tax in Ohio until 31 December 2036" in body
    assert "no tax in Texas, being checked" in body and "no certificate on file" not in body
