"""How long certificates are good for, place by place, and above which sum an order waits for the check (B2, R30)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from accounts import journal
from accounts.models import Person
from accounts.permitted import permitted
from billing import regions
from billing.models import CertificateRule, Seller
from billing.refusals import Refused


class Place(NamedTuple):
    """A state or province; "" is a whole country."""

    country: str
    region: str


class Term(NamedTuple):
    """For how many months, None for ever; and a note for the reviewer."""

    months: int | None
    note: str


class CannotSave(Refused):
    """Nothing was changed."""


def places() -> list[Place]:
    """Every place that has a rule: states, Canada as a whole, provinces."""
    states = [Place("US", code) for code, _ in sorted(regions.US.items(), key=lambda pair: pair[1])]
    provinces = [Place("CA", code) for code, _ in sorted(regions.CANADA.items(), key=lambda pair: pair[1])]
    return [*states, Place("CA", ""), *provinces]


def terms() -> dict[Place, Term]:
    """What stands in the table now; places that are not in it have no rule."""
    return {Place(row.country, row.region): Term(row.months, row.note) for row in CertificateRule.objects.all()}


@permitted("store.set_up")
def save_rules(*, rules: Mapping[Place, Term], threshold: int, by: Person, now: datetime) -> list[str]:
    """Change what differs, and answer which places did. Certificates that were approved keep their day.

    Raises CannotSave.
    """
    seller = Seller.objects.select_for_update().filter(pk=1).first()
    if seller is None:
        raise CannotSave("Enter under Seller who sells first.")
    known = set(places())
    if not known.issuperset(rules):
        raise CannotSave("One of these places does not exist. Open the page again.")
    before = terms()
    changed = {place: term for place, term in rules.items() if before.get(place) != term}
    for place, term in changed.items():
        CertificateRule.objects.update_or_create(
            country=place.country, region=place.region, defaults={"months": term.months, "note": term.note}
        )
    names = [f"{place.country} {place.region}".strip() for place in changed]
    data = {"changed": names, "threshold": threshold}
    if seller.exemption_threshold != threshold:
        seller.exemption_threshold, seller.updated_at = threshold, now
        seller.save(update_fields=["exemption_threshold", "updated_at"])
    journal.record(by=by, action="billing.save_certificate_rules", subject=seller, data=data, now=now)
    return names
