"""The next number of a series, without a gap: it is taken in the transaction of the document that carries it."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from billing.choices import Series
from billing.models import NumberSeries, Seller

DIGITS = 4


@dataclass(frozen=True)
class Number:
    """`INV-2026-0001`, the first invoice of 2026."""

    series: str
    year: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.series}-{self.year}-{self.sequence:0{DIGITS}}"


def next_number(*, series: Series, on: date | datetime) -> Number:
    """The next number of `series` in the year of `on`: a day, or a moment, which is read in the seller's time zone.

    Belongs inside the transaction that writes the document, as late as possible in it: whoever asks next waits until
    it ends. Rolled back, or killed, the number is given to the next one. Outside a transaction it raises.
    """
    year = local_day(on).year if isinstance(on, datetime) else on.year
    counter = _locked(series, year)
    number = Number(series, year, counter.next_number)
    counter.next_number += 1
    counter.save(update_fields=["next_number"])
    return number


def local_day(moment: datetime) -> date:
    """The day on the seller's wall calendar: it decides about the year of a number and about when money is due."""
    return moment.astimezone(seller_zone()).date()


def seller_zone() -> ZoneInfo:
    """Where the seller's books are kept; UTC before there is a seller."""
    name = Seller.objects.filter(pk=1).values_list("time_zone", flat=True).first()
    return ZoneInfo(name or "UTC")


def _locked(series: str, year: int) -> NumberSeries:
    rows = NumberSeries.objects.select_for_update().filter(series=series, year=year)
    counter = rows.first()
    if counter is None:
        try:
            with transaction.atomic():
                NumberSeries.objects.create(series=series, year=year)
        except IntegrityError:
            pass  # somebody else began this year at the same moment
        counter = rows.get()
    return counter
