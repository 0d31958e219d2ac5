"""Certificates twice, at once, killed in the middle (F3): on PostgreSQL, each has one effect."""

from datetime import timedelta

import pytest

from accounts.choices import Role
from accounts.models import JournalEntry
from billing.actions import certificates
from billing.choices import CertificateState
from billing.models import Certificate, Order, PrivateFile, ShipmentHold
from billing.refusals import CannotDecide
from mail.files import forget_orphans
from mail.models import OutgoingMail, StoredFile
from tests.billing.money import killed_at
from tests.billing.test_certificates import buy, upload
from tests.billing.test_credit_at_once import filled_carts
from tests.billing.test_shop_at_once import at_once as together
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import NOON, make_customer, make_seller, make_tax
from tests.mail.processes import at_once

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(days=90)


@pytest.fixture
def customer():
    make_seller(exemption_threshold=250_000)
    make_tax(57_500)
    return make_customer(person=make_person())


def counts() -> tuple[int, int, int, int]:
    mails = OutgoingMail.objects.filter(source_key__startswith="certificate:")
    journal = JournalEntry.objects.filter(action__contains="certificate")
    return Certificate.objects.count(), PrivateFile.objects.count(), mails.count(), journal.count()


@pytest.mark.parametrize("point", ["written", "kept", "before_commit"])
def test_F3_an_upload_that_is_killed_keeps_nothing_and_sent_again_is_kept_once(customer, point):
    assert killed_at(f"billing.certificate.{point}", lambda: upload(customer))
    assert counts() == (0, 0, 0, 0) and not StoredFile.objects.exists()
    assert buy(customer, 10_000, "taxed").tax == 575

    upload(customer)
    upload(customer)

    assert counts() == (1, 1, 1, 1)
    forget_orphans(older_than=NOON + timedelta(days=9999))
    assert PrivateFile.objects.get().file.read()
    assert buy(customer, 10_000, "exempt").tax == 0


def test_F3_a_decision_that_is_killed_changes_nothing_and_made_again_has_its_effects_once(customer):
    reviewer = make_staff(Role.REVIEWER)
    first = upload(customer)
    order = buy(customer, 1_000_000, "large")
    until = NOON.date() + timedelta(days=60)
    holds = ShipmentHold.objects.filter(shipment__order=order, reason="tax", released_at__isnull=True)
    decide = {
        "approve": lambda one: certificates.approve(certificate=one, valid_until=until, by=reviewer, now=NOON),
        "reject": lambda one: certificates.reject(certificate=one, reason="No", by=reviewer, now=NOON),
    }
    for point in ("approved", "decided"):
        assert killed_at(f"billing.certificate.{point}", lambda: decide["approve"](first))
        first.refresh_from_db()
        assert (first.state, holds.count(), counts()[2:]) == (CertificateState.PROVISIONAL, 1, (1, 1))
    decide["approve"](first)
    with pytest.raises(CannotDecide):
        decide["approve"](first)
    assert (holds.count(), counts()) == (0, (1, 1, 2, 2))
    assert killed_at("billing.certificate.expired", lambda: certificates.expire(certificate_id=first.pk, now=LATER))
    assert [certificates.expire(certificate_id=first.pk, now=LATER) for _ in range(2)] == [True, False]
    second = upload(customer, key="second")
    assert killed_at("billing.certificate.rejected", lambda: decide["reject"](second))
    decide["reject"](second)

    assert counts() == (2, 2, 5, 5)


def test_one_page_sent_ten_times_at_once_is_kept_once_and_ten_pages_leave_one_that_waits(customer):
    at_once(*[lambda: upload(customer)] * 10)
    assert counts() == (1, 1, 1, 1)

    at_once(*[lambda number=number: upload(customer, key=f"page-{number}") for number in range(10)])

    assert Certificate.objects.filter(state=CertificateState.PROVISIONAL).count() == 1
    assert Certificate.objects.filter(state=CertificateState.REPLACED).count() == 10


def test_twenty_decisions_at_once_are_one_and_no_box_that_was_ordered_meanwhile_waits_for_ever(customer):
    """An approval and orders at the same moment: each order sees it, or is let go by it."""
    reviewer = make_staff(Role.REVIEWER)
    certificate = upload(customer)
    others = [make_customer(person=make_person()) for _ in range(3)]
    theirs = [upload(one, key=f"of {one.pk}") for one in others]

    def approve(one: Certificate):
        return certificates.approve(certificate=one, valid_until=None, by=reviewer, now=NOON)

    def reject(one: Certificate):
        return certificates.reject(certificate=one, reason="No", by=reviewer, now=NOON)

    results = at_once(*[lambda: approve(certificate), lambda: reject(certificate)] * 10)
    won = [one for one in results if isinstance(one, Certificate)]
    assert len(won) == 1 and {type(one) for one in results} == {Certificate, CannotDecide}
    certificate.refresh_from_db()
    assert (certificate.state, OutgoingMail.objects.filter(source_key=f"certificate:{certificate.pk}").count()) == (
        won[0].state, 2,
    )  # fmt: skip
    for one, theirs_now in zip(others, theirs, strict=True):
        at_once(
            lambda one=one: buy(one, 1_000_000, f"order-of-{one.pk}"), lambda theirs_now=theirs_now: approve(theirs_now)
        )
    assert [order.tax for order in Order.objects.all()] == [0, 0, 0]
    assert not ShipmentHold.objects.filter(reason="tax", released_at__isnull=True).exists()


def test_R30_carts_at_once_never_slip_below_the_threshold_together(customer):
    upload(customer)
    carts = filled_carts(customer.person, 6, 60_000)

    together(*[("order_cart", cart.pk, customer.person_id, f"the-page-of-one-checkout-{cart.pk}") for cart in carts])

    assert Order.objects.count() == 6
    assert ShipmentHold.objects.filter(reason="tax").count() == 2, "240,000 of 250,000 leave"
