"""Which taxes apply to what goes where. Reads only; an amount of tax is rounded half up on each line (B10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing import exemptions
from billing.models import Certificate, Customer, TaxRate


@dataclass(frozen=True)
class Rate:
    """A tax, in parts per million of the price, and why it is not charged; "" where it is."""

    name: str
    rate_ppm: int
    exemption: str = ""


def rates_for(*, customer: Customer | None, ship_to: Mapping[str, str], on: date) -> list[Rate]:
    """The taxes of the country and of the region in `ship_to` on that day, the country's first.

    Of one tax that began twice, the later beginning counts. Nobody registered a rate: no tax.
    """
    country, region = ship_to.get("country", ""), ship_to.get("region", "").strip().upper()
    rows = (
        TaxRate.objects.filter(country=country, region__in={"", region}, starts_on__lte=on)
        .exclude(ends_on__lt=on)
        .order_by("region", "name", "-starts_on")
        .distinct("region", "name")
    )
    found = list(rows)
    kept = exemptions.counting(customer, country=country, region=region, on=on) if customer and found else []
    return [Rate(row.name, row.rate_ppm, _exemption(row, kept)) for row in found]


def _exemption(rate: TaxRate, kept: Sequence[Certificate]) -> str:
    """Why a tax is not charged, as it stands on the invoice; "" where it is."""
    return next((exemptions.words_of(one) for one in kept if exemptions.frees(one, rate)), "")
