"""What can be booked."""

from django.db import models
from django.db.models import Q

from billing.models import Product
from training.choices import Payment
from training.models.trainers import Trainer


class SessionType(models.Model):
    """A training that customers book: how long, how far ahead, for how many, and what it takes.

    The buffer lies after a session only: with one before it, too, two of them would add up between neighbours.
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    summary = models.CharField(max_length=255, blank=True)
    minutes = models.PositiveSmallIntegerField(default=60)
    after_buffer = models.PositiveSmallIntegerField(default=15, help_text="Minutes that stay free afterwards.")
    every_minutes = models.PositiveSmallIntegerField(default=15, help_text="Sessions begin every so many minutes.")
    notice_hours = models.PositiveSmallIntegerField(default=24, help_text="Nobody books later than that.")
    horizon_days = models.PositiveSmallIntegerField(default=60, help_text="Nobody books further ahead.")
    change_hours = models.PositiveSmallIntegerField(
        default=24, help_text="Until so long before it, customers move or cancel it themselves."
    )
    most_moves = models.PositiveSmallIntegerField(default=3, help_text="So often a customer moves one booking.")
    seats = models.PositiveSmallIntegerField(default=1, help_text="More than one: a class, at times that we set.")
    payment = models.CharField(max_length=8, choices=Payment, default=Payment.FREE)
    place = models.CharField(
        max_length=255, blank=True, help_text="Where it is, as customers read it. Empty: where its trainer gives it."
    )
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="session_types")
    hold_hours = models.PositiveSmallIntegerField(default=48, help_text="Open hours for which an unpaid time is held.")
    offer_hours = models.PositiveSmallIntegerField(default=4, help_text="So long a free seat waits for its waiter.")
    trainers = models.ManyToManyField(Trainer, related_name="session_types")
    is_offered = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="a session type has a name"),
            models.CheckConstraint(
                condition=Q(minutes__gte=5, minutes__lte=720), name="a session takes five minutes to twelve hours"
            ),
            models.CheckConstraint(condition=Q(after_buffer__lte=240), name="a buffer is four hours at most"),
            models.CheckConstraint(
                condition=Q(every_minutes__in=(5, 10, 15, 20, 30, 60)), name="sessions begin on a usual minute"
            ),
            models.CheckConstraint(
                condition=Q(horizon_days__gte=1, horizon_days__lte=365), name="a horizon is a day to a year"
            ),
            models.CheckConstraint(condition=Q(seats__gte=1, seats__lte=500), name="a session has seats"),
            models.CheckConstraint(condition=Q(payment__in=Payment.values), name="a session is paid in a known way"),
            models.CheckConstraint(
                condition=Q(payment=Payment.PRODUCT, product__isnull=False)
                | ~Q(payment=Payment.PRODUCT) & Q(product__isnull=True),
                name="a session that is sold names its product",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_class(self) -> bool:
        """Several people at a time that we set; otherwise one, at a time that they choose."""
        return self.seats > 1
