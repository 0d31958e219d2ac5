"""What takes a trainer's time, who sits in it, who waits for a seat, and what was noted afterwards."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from billing.models import Customer, Invoice, OrderLine
from training.choices import LIVE, QUEUED, SEATED, BookingState, Payment, WaitState
from training.models.trainers import Trainer
from training.models.types import SessionType


class Session(models.Model):
    """A stretch of one trainer's time. While `is_on`, no other overlaps it: the database sees to that (I8, C1).

    A single booking brings its own, which is over with it; a class is set by us and takes as many as it has seats.
    """

    type = models.ForeignKey(SessionType, models.PROTECT, related_name="sessions")
    trainer = models.ForeignKey(Trainer, models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    blocked = DateTimeRangeField(help_text="From its start to the end of the buffer after it.")
    seats = models.PositiveSmallIntegerField(default=1)
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="a trainer is booked once at a time",
                expressions=[("trainer", RangeOperators.EQUAL), ("blocked", RangeOperators.OVERLAPS)],
                condition=Q(is_on=True),
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a session takes time"),
            models.CheckConstraint(
                condition=Q(blocked__startswith=F("starts_at")) & Q(blocked__endswith__gte=F("ends_at")),
                name="a session blocks its own time",
            ),
        ]
        indexes = [models.Index(fields=["type", "starts_at"], condition=Q(is_on=True), name="session_of_type")]

    def __str__(self) -> str:
        return f"{self.type_id} at {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def place(self) -> str:
        """Where it is: what its type says, else its trainer's own room or link."""
        return self.type.place or self.trainer.place


class Booking(models.Model):
    """Somebody's seat in a session.

    `uid` names it for as long as it lives, in calendars and addresses; moved, it goes on as a new row with the next
    `sequence`, and the old row stays as `rescheduled` (C5).
    """

    uid = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField(default=0)
    session = models.ForeignKey(Session, models.PROTECT, related_name="bookings")
    seat = models.PositiveSmallIntegerField(default=1)
    person = models.ForeignKey(Person, models.PROTECT, related_name="bookings")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="bookings")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="In which its times are told to them.")
    state = models.CharField(max_length=12, choices=BookingState)
    payment = models.CharField(max_length=8, choices=Payment)
    order_line = models.ForeignKey(OrderLine, models.PROTECT, null=True, blank=True, related_name="bookings")
    unit = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Which of the line's pieces it uses.")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, blank=True, related_name="bookings")
    made_order = models.BooleanField(default=False, help_text="The order was placed by booking, for nothing else.")
    hold_until = models.DateTimeField(null=True, blank=True)
    moves = models.PositiveSmallIntegerField(default=0, help_text="How often its customer moved it.")
    words = models.TextField(blank=True, max_length=2000, help_text="What it should be about.")
    key = models.CharField(max_length=80, unique=True, help_text="Of the form that was sent: twice is once.")
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "seat"], condition=Q(state__in=SEATED), name="a seat is taken once"
            ),
            models.UniqueConstraint(
                fields=["session", "person"], condition=Q(state__in=LIVE), name="a person has one seat in a session"
            ),
            models.UniqueConstraint(fields=["uid", "sequence"], name="a booking counts its moves"),
            models.UniqueConstraint(fields=["uid"], condition=Q(state__in=LIVE), name="a booking is at one time"),
            models.UniqueConstraint(
                fields=["order_line", "unit"], condition=Q(state__in=SEATED), name="a piece pays for one session"
            ),
            models.CheckConstraint(condition=Q(state__in=BookingState.values), name="a booking has a known state"),
            models.CheckConstraint(
                condition=~Q(state=BookingState.PAYMENT_HOLD) | Q(hold_until__isnull=False), name="a hold has an end"
            ),
            models.CheckConstraint(condition=Q(seat__gte=1), name="seats are numbered"),
            models.CheckConstraint(
                condition=Q(order_line__isnull=True, unit__isnull=True) | Q(order_line__isnull=False, unit__gte=1),
                name="what pays is a piece of a line",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="bookings_of_person"),
            models.Index(fields=["customer", "-id"], name="bookings_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.uid}/{self.sequence}"

    @property
    def is_live(self) -> bool:
        """It takes place, as far as anybody knows."""
        return self.state in LIVE

    @property
    def is_held(self) -> bool:
        """It waits for its payment."""
        return self.state == BookingState.PAYMENT_HOLD


class OwnFeed(models.Model):
    """Another address of the calendar feed of somebody who books. Without a row the first one holds."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="training_feed")
    version = models.PositiveIntegerField(default=1, help_text="Raised, the feed gets a new address.")

    def __str__(self) -> str:
        return f"feed of {self.person_id}"


class WaitlistEntry(models.Model):
    """Somebody who would take a seat of a full class. The first one is offered each that comes free, for some hours."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="waiters")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    time_zone = models.CharField(max_length=64, default="UTC")
    state = models.CharField(max_length=8, choices=WaitState, default=WaitState.WAITING)
    uid = models.CharField(max_length=32, unique=True)
    key = models.CharField(max_length=80, unique=True)
    joined_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True, blank=True)
    offer_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "waitlist entries"
        constraints = [
            models.UniqueConstraint(
                fields=["session", "person"], condition=Q(state__in=QUEUED), name="a person waits once for a session"
            ),
            models.CheckConstraint(condition=Q(state__in=WaitState.values), name="a waiter has a known state"),
            models.CheckConstraint(
                condition=~Q(state=WaitState.OFFERED) | Q(offer_until__isnull=False), name="an offer has an end"
            ),
        ]
        indexes = [models.Index(fields=["session", "id"], condition=Q(state__in=QUEUED), name="waiters_in_order")]

    def __str__(self) -> str:
        return f"{self.person_id} waits for {self.session_id}"


class TrainerNote(models.Model):
    """What a trainer wrote down about a session, with the ticket it belongs to. For the staff only, never changed."""

    booking = models.ForeignKey(Booking, models.PROTECT, related_name="notes")
    words = models.TextField(max_length=5000)
    ticket = models.PositiveBigIntegerField(null=True, blank=True, help_text="A ticket's number.")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="a_note_stands", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"note {self.pk} of {self.booking_id}"
