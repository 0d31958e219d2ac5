"""Boxes: packed, held, released, sent off, arrived. Only these functions move a shipment."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

import timers
from accounts import access, journal
from accounts.models import Person
from accounts.outgoing import queue_template
from accounts.permitted import permitted
from billing import announce, credit, linked, two_people, webhook_payloads
from billing.actions import customers
from billing.choices import SHIPMENT_TRANSITIONS, HoldReason, OrderState, ShipmentState
from billing.gateways import carriers
from billing.models import Order, Shipment, ShipmentHold
from billing.refusals import Refused
from supportdesk.lib import money

KIND = "billing.shipment_scan"
ASK_EVERY = timedelta(hours=2)
ASK_AT_MOST = timedelta(days=60)
NUMBER = re.compile(r"[A-Z0-9]{6,40}")
LEFT = (ShipmentState.SHIPPED, ShipmentState.DELIVERED, ShipmentState.CANCELLED)


class CannotMove(Refused):
    """The shipment stays where it is."""


def prepare(*, order: Order, holds: Iterable[HoldReason], now: datetime) -> Shipment:
    """One box for what ships of an order, and why it waits. Belongs inside the order's transaction."""
    shipment = Shipment.objects.create(order=order)
    ShipmentHold.objects.bulk_create(ShipmentHold(shipment=shipment, reason=reason, placed_at=now) for reason in holds)
    return shipment


@permitted("orders.work")
def pack(*, shipment: Shipment, by: Person, now: datetime) -> Shipment:
    """It is in its box: ready to leave, or waiting for whatever holds it. Raises CannotMove."""
    shipment = locked(shipment.pk)
    _move(shipment, ShipmentState.HELD if is_held(shipment) else ShipmentState.READY)
    journal.record(by=by, action="billing.pack", subject=shipment, now=now)
    return shipment


@permitted("orders.work")
def hold(*, shipment: Shipment, words: str, by: Person, now: datetime) -> Shipment:
    """Keep it here for a reason of our own. Raises CannotMove once it has left."""
    if not words.strip():
        raise CannotMove("Say why it waits: the next person who packs reads it.")
    shipment = locked(shipment.pk)
    place(shipment=shipment, reason=HoldReason.MANUAL, words=words.strip()[:255], now=now)
    journal.record(by=by, action="billing.hold", subject=shipment, now=now)
    return shipment


def place(*, shipment: Shipment, reason: HoldReason, now: datetime, words: str = "") -> None:
    """A reason to wait, once. Belongs inside a transaction that holds the shipment's row. Raises CannotMove."""
    if shipment.state in LEFT:
        raise CannotMove(f"This shipment is {shipment.get_state_display().lower()}; it can no longer be held.")
    ShipmentHold.objects.bulk_create(
        [ShipmentHold(shipment=shipment, reason=reason, words=words, placed_at=now)], ignore_conflicts=True
    )
    if shipment.state == ShipmentState.READY:
        _move(shipment, ShipmentState.HELD)


def let_go(*, shipment: Shipment, reason: HoldReason, by: Person, now: datetime) -> Shipment:
    """Somebody decides that it waits no longer for this reason. Raises CannotMove when it does not.

    What we hold ourselves, those who pack let go; what is unpaid or beyond a limit takes a right of its own. Nobody
    lets go of what is their own (raises LinkedAccount), and nobody alone where the review asks two people (S33).
    """
    access.require(by, "orders.work" if reason == HoldReason.MANUAL else "holds.decide", now=now)
    linked.refuse_helping(by, shipment.order.customer, what=f"let a box of {shipment.order.number} go", now=now)
    with transaction.atomic():
        if reason == HoldReason.CREDIT:
            _refuse_large(shipment.order)
        shipment = locked(shipment.pk)
        if not release(shipment=shipment, reason=reason, by=by, now=now):
            raise CannotMove("It does not wait for that any more.")
        if reason == HoldReason.CREDIT:
            timers.schedule(
                kind=credit.FREED, subject=shipment.order.customer_id, visit=shipment.pk, number=1, due_at=now
            )
        journal.record(by=by, action="billing.let_go", subject=shipment, data={"reason": reason}, now=now)
    return shipment


def _refuse_large(order: Order) -> None:
    """What two people have to decide goes through the review, which asks the second one. Locks the customer."""
    customers.lock(order.customer_id)
    most, owed = two_people.credit_above(), credit.exposure(order.customer)
    if most is not None and owed > most:
        sums = [money.shown(amount, order.currency) for amount in (owed, most)]
        raise CannotMove(f"They owe {sums[0]} on account with it. Above {sums[1]} two people decide, in the review.")


def release(*, shipment: Shipment, reason: HoldReason, by: Person | None, now: datetime) -> bool:
    """End one reason to wait; the last one lets what is packed leave. False when there was no such hold.

    Belongs inside a transaction that holds the shipment's row (`locked`).
    """
    freed = ShipmentHold.objects.filter(shipment=shipment, reason=reason, released_at__isnull=True).update(
        released_at=now, released_by=by
    )
    if freed and shipment.state == ShipmentState.HELD and not is_held(shipment):
        _move(shipment, ShipmentState.READY)
    return bool(freed)


@permitted("orders.work")
def ship(*, shipment: Shipment, carrier: str, number: str, by: Person, now: datetime) -> Shipment:
    """It left: with whom, and under which number. The customer is told. Raises CannotMove."""
    bare = re.sub(r"[\s-]+", "", number).upper()
    if carrier not in carriers.CARRIERS:
        raise CannotMove("Choose a carrier from the list.")
    if not NUMBER.fullmatch(bare):
        raise CannotMove("Enter the tracking number: 6 to 40 letters and digits.")
    shipment = locked(shipment.pk)
    if is_held(shipment):
        raise CannotMove("It is held. Let it go first, or ask somebody who may.")
    _move(shipment, ShipmentState.SHIPPED, carrier=carrier, tracking_number=bare, shipped_at=now)
    timers.schedule(kind=KIND, subject=shipment.pk, due_at=now + ASK_EVERY)
    told = webhook_payloads.shipment(shipment)
    announce.announce(type="shipment.shipped", subject_key=f"shipment:{shipment.pk}", data=told, now=now)
    for email in customers.contacts_of(shipment.order.customer):
        context = {"shipment": shipment, "carrier": carriers.CARRIERS[carrier]}
        queue_template(to=email, template="mail/billing/shipped", context=context, now=now)
    journal.record(by=by, action="billing.ship", subject=shipment, now=now)
    return shipment


@permitted("orders.work")
def deliver(*, shipment: Shipment, by: Person, now: datetime) -> Shipment:
    """Somebody knows that it arrived. Raises CannotMove."""
    shipment = locked(shipment.pk)
    _arrived(shipment, now)
    journal.record(by=by, action="billing.deliver", subject=shipment, now=now)
    return shipment


def ask_carrier(*, shipment_id: int, now: datetime) -> Shipment | None:
    """Ask where a parcel is, outside any transaction, and keep the answer. A silent carrier is asked again later."""
    shipment = Shipment.objects.filter(pk=shipment_id, state=ShipmentState.SHIPPED).first()
    gateway = carriers.gateway_for(shipment.carrier) if shipment else None
    if shipment is None or gateway is None or shipment.shipped_at is None:
        return None
    try:
        scan = gateway.where_is(shipment.tracking_number, shipped_at=shipment.shipped_at, now=now)
    except carriers.CarrierSilent:
        return None
    with transaction.atomic():
        shipment = locked(shipment_id)
        if shipment.state != ShipmentState.SHIPPED:
            return shipment
        shipment.asked_at = now
        if scan and (shipment.last_scan_at is None or scan.at >= shipment.last_scan_at):
            shipment.last_scan, shipment.last_scan_at = scan.words[:255], scan.at
        if scan and scan.promised_on:
            shipment.promised_on = scan.promised_on
        shipment.save(update_fields=["asked_at", "last_scan", "last_scan_at", "promised_on"])
        if scan and scan.is_delivered:
            _arrived(shipment, scan.at)
    return shipment


def ask_next(*, shipment_id: int, now: datetime) -> datetime | None:
    """When to ask about a parcel after now; None when nobody needs to ask any more."""
    shipment = Shipment.objects.filter(pk=shipment_id, state=ShipmentState.SHIPPED).first()
    if shipment is None or shipment.shipped_at is None or shipment.shipped_at + ASK_AT_MOST < now:
        return None
    return now + ASK_EVERY if carriers.gateway_for(shipment.carrier) else None


def cancel_of(*, order: Order, now: datetime) -> None:
    """Nothing of an order leaves. Belongs inside its transaction. Raises CannotMove when something has left."""
    for shipment in locked_of(order):
        if shipment.state != ShipmentState.CANCELLED:
            stop(shipment=shipment, now=now)


def stop(*, shipment: Shipment, now: datetime) -> None:
    """It will not leave. Belongs inside a transaction that holds its row. Raises CannotMove when it has left."""
    _move(shipment, ShipmentState.CANCELLED)
    shipment.holds.filter(released_at__isnull=True).update(released_at=now)


def locked(shipment_id: int) -> Shipment:
    """The shipment, nobody else's until the transaction ends."""
    rows = Shipment.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("order__customer").get(pk=shipment_id)


def locked_of(order: Order) -> list[Shipment]:
    """Every shipment of an order, locked in order of their keys."""
    return list(Shipment.objects.select_for_update(of=("self",), no_key=True).filter(order=order).order_by("pk"))


def is_held(shipment: Shipment) -> bool:
    """Whether there is a reason to wait."""
    return shipment.holds.filter(released_at__isnull=True).exists()


def settle(order: Order) -> None:
    """An order is completed when it is paid and everything of it has arrived."""
    on_its_way = order.shipments.exclude(state__in=(ShipmentState.DELIVERED, ShipmentState.CANCELLED)).exists()
    if not on_its_way:
        Order.objects.filter(pk=order.pk, state=OrderState.PLACED, invoice__state="paid").update(
            state=OrderState.COMPLETED
        )


def _arrived(shipment: Shipment, at: datetime) -> None:
    _move(shipment, ShipmentState.DELIVERED, delivered_at=at)
    timers.cancel(kind=KIND, subject=shipment.pk)
    settle(shipment.order)


def _move(shipment: Shipment, to: ShipmentState, **facts: object) -> None:
    if to not in SHIPMENT_TRANSITIONS[shipment.state]:
        raise CannotMove(f"This shipment is {shipment.get_state_display().lower()}, so that cannot be done.")
    shipment.state = to
    for name, value in facts.items():
        setattr(shipment, name, value)
    shipment.save(update_fields=["state", *facts])
