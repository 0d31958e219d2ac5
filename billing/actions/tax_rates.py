"""Which taxes apply where, entered by an admin. A rate is never changed: it ends, and another one begins."""

from datetime import date, datetime, timedelta

from django.db.models import Q

from accounts import journal
from accounts.models import Person
from accounts.permitted import permitted
from billing.models import TaxRate
from billing.refusals import Refused


class CannotChangeTax(Refused):
    """The rates stay as they are."""


@permitted("store.set_up")
def add_rate(
    *, country: str, region: str, name: str, rate_ppm: int, starts_on: date, by: Person, now: datetime
) -> TaxRate:
    """A tax from a day on; one of the same name and place ends the day before. Raises CannotChangeTax."""
    same = TaxRate.objects.filter(country=country, region=region, name=name)
    if same.filter(starts_on__gte=starts_on).exists():
        raise CannotChangeTax(f"{name} has a rate that begins on that day or later already.")
    running = same.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on))
    running.update(ends_on=starts_on - timedelta(days=1))
    rate = TaxRate.objects.create(country=country, region=region, name=name, rate_ppm=rate_ppm, starts_on=starts_on)
    journal.record(by=by, action="billing.add_tax_rate", subject=rate, data={"rate_ppm": rate_ppm}, now=now)
    return rate


@permitted("store.set_up")
def end_rate(*, rate: TaxRate, ends_on: date, by: Person, now: datetime) -> TaxRate:
    """The last day of a tax. Raises CannotChangeTax."""
    rate = TaxRate.objects.select_for_update().get(pk=rate.pk)
    if ends_on < rate.starts_on:
        raise CannotChangeTax("It cannot end before it began.")
    rate.ends_on = ends_on
    rate.save(update_fields=["ends_on"])
    journal.record(by=by, action="billing.end_tax_rate", subject=rate, now=now)
    return rate
