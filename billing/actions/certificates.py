"""Certificates: they count from their upload, until somebody says no or their last day is over (R28 to R30, B2).

Every verb holds the customer's row before the certificate's, as the checkout does, so that an order sees a certificate
before or after a decision and never in between.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from accounts import journal
from accounts.models import Organisation, Person
from billing import announce, exemptions, linked, regions, webhook_payloads
from billing.actions import certificate_dates, certificate_mail, customers, numbering, private_files, shipments
from billing.choices import CertificateKind, CertificateState, HoldReason
from billing.models import Certificate, Customer, Order, ShipmentHold
from billing.refusals import CannotDecide, Refused
from supportdesk.lib.failpoints import failpoint

LONGEST_VALID = timedelta(days=366 * 20)
LONGEST_REASON = 500


class CannotUpload(Refused):
    """Nothing was kept. `field` is what to change."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


class CannotWithdraw(Refused):
    """It does not count any more."""


class Sent(NamedTuple):
    """A file as it came."""

    content: bytes
    name: str


def upload(
    *,
    customer: Customer,
    kind: str,
    country: str,
    region: str,
    purchaser: str,
    number: str,
    ground: str,
    file: Sent,
    by: Person | None,
    key: str,
    now: datetime,
) -> Certificate:
    """Keep a certificate; from this moment `customer` pays no tax there. Sent twice with one `key`, kept once.

    One that was waiting for its check in the same place is replaced; an approved one stays until this is approved.
    Raises CannotUpload and private_files.CannotKeepFile.
    """
    purchaser, number = _one_line(purchaser), _one_line(number)
    _check(kind, country, region, purchaser, number, ground)
    known = Certificate.objects.filter(key=key).first()
    if known:
        return _own(known, customer)
    private_files.check(file.content, file.name)
    with transaction.atomic():
        customer = _locked_customer(customer.pk)
        known = Certificate.objects.filter(key=key).first()
        if known:
            return _own(known, customer)
        _replace(customer, country, region, CertificateState.PROVISIONAL, now)
        certificate = Certificate.objects.create(
            customer=customer, key=key, kind=kind, country=country, region=region, purchaser=purchaser, number=number,
            ground=ground, by=by, uploaded_at=now,
        )  # fmt: skip
        failpoint("billing.certificate.written")
        private_files.keep_file(file.content, file.name, by, now, certificate=certificate)
        failpoint("billing.certificate.kept")
        certificate_mail.received(certificate=certificate, now=now)
        _tell("certificate.uploaded", certificate, now)
        journal.record(
            by=by, action="billing.upload_certificate", subject=certificate, data=_place(certificate), now=now
        )
        failpoint("billing.certificate.before_commit")
    return certificate


def upload_as(
    *, person: Person, organisation: Organisation | None, file: Sent, now: datetime, **fields: str
) -> Certificate:  # fmt: skip
    """As `upload`, from a cart: by `person` for themselves or `organisation`, who may never have ordered before."""
    private_files.check(file.content, file.name)
    with transaction.atomic():
        customer = customers.customer_of(person=person, organisation=organisation, now=now)
        return upload(customer=customer, file=file, by=person, now=now, **fields)


def approve(*, certificate: Certificate, valid_until: date | None, by: Person, now: datetime) -> Certificate:
    """It is right: good until `valid_until`, or without an end. Boxes that waited for it go on (R30).

    Raises CannotDecide.
    """
    _check_date(valid_until, now)
    _check_link(certificate, by, now)
    with transaction.atomic():
        certificate = _open(certificate.pk)
        _replace(certificate.customer, certificate.country, certificate.region, CertificateState.APPROVED, now)
        certificate.state, certificate.valid_until = CertificateState.APPROVED, valid_until
        certificate.decided_by, certificate.decided_at, certificate.reason = by, now, ""
        certificate.save(update_fields=["state", "valid_until", "decided_by", "decided_at", "reason"])
        failpoint("billing.certificate.approved")
        freed = _release(certificate, by, now)
        certificate_dates.plan(certificate=certificate, now=now)
        certificate_mail.approved(certificate=certificate, orders=freed, now=now)
        _tell("certificate.decided", certificate, now)
        journal.record(
            by=by, action="billing.approve_certificate", subject=certificate, data=_place(certificate), now=now
        )
        failpoint("billing.certificate.decided")
    return certificate


def reject(*, certificate: Certificate, reason: str, by: Person, now: datetime) -> Certificate:
    """It frees from no tax from now on; what was ordered before stays as it is (R29). The customer reads `reason`.

    Raises CannotDecide.
    """
    reason = _one_line(reason)[:LONGEST_REASON]
    if not reason:
        raise CannotDecide("Say why: the customer reads it.")
    _check_link(certificate, by, now)
    with transaction.atomic():
        certificate = _open(certificate.pk)
        certificate.state, certificate.ended_at = CertificateState.REJECTED, now
        certificate.decided_by, certificate.decided_at, certificate.reason = by, now, reason
        certificate.save(update_fields=["state", "ended_at", "decided_by", "decided_at", "reason"])
        failpoint("billing.certificate.rejected")
        held = [hold.shipment.order for hold in held_by(certificate)]
        certificate_mail.rejected(certificate=certificate, orders=held, still=_still(certificate, now), now=now)
        _tell("certificate.decided", certificate, now)
        journal.record(
            by=by, action="billing.reject_certificate", subject=certificate, data=_place(certificate), now=now
        )
        failpoint("billing.certificate.decided")
    return certificate


def withdraw(*, certificate: Certificate, by: Person, now: datetime) -> Certificate:
    """Its owner takes it back: it frees from no tax from now on. Raises CannotWithdraw."""
    with transaction.atomic():
        certificate = _locked(certificate.pk)
        if certificate.state not in exemptions.COUNTING:
            raise CannotWithdraw(f"{certificate.reference} does not count any more, so there is nothing to withdraw.")
        _end(certificate, CertificateState.WITHDRAWN, now)
        _tell("certificate.ended", certificate, now)
        journal.record(by=by, action="billing.withdraw_certificate", subject=certificate, now=now)
    return certificate


def expire(*, certificate_id: int, now: datetime) -> bool:
    """Its last day is over; False when it had ended already, or was given more time."""
    with transaction.atomic():
        certificate = _locked(certificate_id)
        is_over = certificate.valid_until is not None and certificate.valid_until < numbering.local_day(now)
        if certificate.state != CertificateState.APPROVED or not is_over:
            return False
        _end(certificate, CertificateState.EXPIRED, now)
        certificate_mail.expired(certificate=certificate, still=_still(certificate, now), now=now)
        _tell("certificate.ended", certificate, now)
        journal.record(by=None, action="billing.certificate_expired", subject=certificate, now=now)
        failpoint("billing.certificate.expired")
    return True


def remind(*, certificate_id: int, days: int, now: datetime) -> bool:
    """Tell the customer that it ends in so many days; False when it ended, or its renewal is here already."""
    with transaction.atomic():
        certificate = _locked(certificate_id)
        is_renewed = Certificate.objects.filter(**_same_place(certificate), state=CertificateState.PROVISIONAL).exists()
        if certificate.state != CertificateState.APPROVED or certificate.valid_until is None or is_renewed:
            return False
        certificate_mail.ends_soon(certificate=certificate, days=days, now=now)
    return True


def held_by(certificate: Certificate) -> list[ShipmentHold]:
    """The open holds of its customer that wait for a certificate of its place, the oldest order first."""
    rows = ShipmentHold.objects.filter(
        reason=HoldReason.TAX, released_at__isnull=True, shipment__order__customer=certificate.customer_id
    )
    found = rows.select_related("shipment__order__customer").order_by("shipment__order__placed_at", "shipment__pk")
    return [hold for hold in found if _is_for(certificate, hold.shipment.order)]


def _release(certificate: Certificate, by: Person, now: datetime) -> list[Order]:
    """Boxes that waited for the check, each in its own lock; answers the orders that wait for nothing else."""
    freed = []
    for hold in held_by(certificate):
        shipment = shipments.locked(hold.shipment_id)
        released = shipments.release(shipment=shipment, reason=HoldReason.TAX, by=by, now=now)
        if released and not shipments.is_held(shipment):
            freed.append(shipment.order)
    return list({order.pk: order for order in freed}.values())


def _is_for(certificate: Certificate, order: Order) -> bool:
    place = order.ship_to.get("country", ""), order.ship_to.get("region", "")
    return place[0] == certificate.country and certificate.region in ("", place[1])


def _replace(customer: Customer, country: str, region: str, state: CertificateState, now: datetime) -> None:
    for older in Certificate.objects.filter(customer=customer, country=country, region=region, state=state):
        _end(older, CertificateState.REPLACED, now)


def _end(certificate: Certificate, state: CertificateState, now: datetime) -> None:
    certificate.state, certificate.ended_at = state, now
    certificate.save(update_fields=["state", "ended_at"])
    certificate_dates.cancel(certificate=certificate)


def _still(certificate: Certificate, now: datetime) -> Certificate | None:
    """What frees from tax in the same place all the same."""
    rows = exemptions.counting(
        certificate.customer, country=certificate.country, region=certificate.region, on=numbering.local_day(now)
    )
    return rows[0] if rows else None


def _same_place(certificate: Certificate) -> dict[str, object]:
    return {"customer": certificate.customer_id, "country": certificate.country, "region": certificate.region}


def _open(pk: int) -> Certificate:
    certificate = _locked(pk)
    if certificate.state != CertificateState.PROVISIONAL:
        raise CannotDecide(
            f"{certificate.reference} is {certificate.get_state_display().lower()}; nobody decides it now."
        )
    return certificate


def _locked(pk: int) -> Certificate:
    """The certificate with its customer, both nobody else's until the transaction ends."""
    customer = _locked_customer(Certificate.objects.values_list("customer_id", flat=True).get(pk=pk))
    certificate = Certificate.objects.select_for_update(of=("self",)).select_related("file", "by").get(pk=pk)
    certificate.customer = customer
    return certificate


def _locked_customer(pk: int) -> Customer:
    rows = Customer.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("person", "organisation").get(pk=pk)


def _check(kind: str, country: str, region: str, purchaser: str, number: str, ground: str) -> None:
    if exemptions.COUNTRY_OF.get(kind) != country:
        raise CannotUpload("Choose what sort of certificate it is.", "kind")
    if region not in regions.BY_COUNTRY[country] and not (kind == CertificateKind.CANADA and not region):
        word = "state" if kind == CertificateKind.US_STATE else "province"
        raise CannotUpload(f"Choose the {word} for which it counts.", "place")
    if not purchaser:
        raise CannotUpload("Enter the purchaser, as it stands on the form.", "purchaser")
    if len(purchaser) > 255:
        raise CannotUpload("Write at most 255 characters.", "purchaser")
    if kind == CertificateKind.CANADA and not number:
        raise CannotUpload("Enter the GST/HST number or the number of the exemption.", "number")
    if len(number) > 60:
        raise CannotUpload("Write at most 60 characters.", "number")
    if ground and ground not in exemptions.GROUNDS:
        raise CannotUpload("Choose one of the reasons.", "ground")


def _check_date(valid_until: date | None, now: datetime) -> None:
    today = numbering.local_day(now)
    if valid_until is not None and valid_until < today:
        raise CannotDecide("That day has passed. Enter the last day on which the certificate is good.")
    if valid_until is not None and valid_until > today + LONGEST_VALID:
        raise CannotDecide("No certificate is good for more than twenty years. Leave the day empty if it has no end.")


def _check_link(certificate: Certificate, by: Person, now: datetime) -> None:
    """Nobody decides about an account that they have something to do with (S33); whoever tries is written down."""
    number = certificate.reference
    linked.refuse_deciding(by, certificate.customer, number=number, asked_by=certificate.by_id, now=now)


def _own(certificate: Certificate, customer: Customer) -> Certificate:
    if certificate.customer_id != customer.pk:
        raise CannotUpload("This page is not complete. Open it again from your account.", "")
    return certificate


def _place(certificate: Certificate) -> dict[str, str]:
    return {"country": certificate.country, "region": certificate.region}


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _tell(type: str, certificate: Certificate, now: datetime) -> None:
    announce.announce(
        type=type, subject_key=f"certificate:{certificate.pk}", data=webhook_payloads.certificate(certificate), now=now
    )
