"""The training of an order that has its time: said in the order's steps instead of asking for it again."""

from collections.abc import Sequence
from dataclasses import replace

from accounts.models import Person
from billing.choices import ProductKind
from billing.models import Order, OrderLine
from billing.queries_orders import Step
from training import choosing, queries
from training.actions.letters import when_words
from training.choices import BookingState
from training.models import Booking

LINK = "training:mine"


def with_times(steps: Sequence[Step], order: Order, lines: Sequence[OrderLine], reader: Person) -> list[Step]:
    """The same steps; the one that asks for a time says what is chosen. One query where training was ordered."""
    if not any(step.link == LINK for step in steps):
        return list(steps)
    booked = queries.booked_on(order)
    if not booked:
        return list(steps)
    wanted = sum(line.quantity for line in lines if line.product.kind == ProductKind.TRAINING)
    return [_told(step, booked, wanted, choosing.zone_for(reader, "")) if step.link == LINK else step for step in steps]


def _told(step: Step, booked: Sequence[Booking], wanted: int, zone: str) -> Step:
    if len(booked) < wanted:
        return replace(step, words=f"{len(booked)} of {wanted} have their time. {step.words}")
    first = when_words(booked[0].session.starts_at, zone)
    is_held = any(one.state == BookingState.PAYMENT_HOLD for one in booked)
    words = f"{first}{', and more' if len(booked) > 1 else ''}. " + (
        "It is held for you until the invoice is paid." if is_held else "It is booked."
    )
    return replace(step, state="" if is_held else "done", title="Your training has its time", words=words,
                   link_words="See or move it")  # fmt: skip
