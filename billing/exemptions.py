"""Which certificate frees whom from which tax (R28, B2). Reads only.

A certificate of a state or province counts for every tax there; one for the whole of Canada counts for GST and HST, and
for no tax of a province.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date

from django.db.models import Exists, OuterRef, Q, Sum

from billing import regions
from billing.choices import CertificateKind, CertificateState, OrderState
from billing.models import Certificate, CertificateRule, Customer, Order, Seller, TaxRate

COUNTING = (CertificateState.PROVISIONAL, CertificateState.APPROVED)
MOST_SHOWN = 100
COUNTRY_OF: Mapping[str, str] = {CertificateKind.US_STATE: "US", CertificateKind.CANADA: "CA"}
COUNTRY_NAMES = {"US": "the United States", "CA": "Canada"}
# The letters of the streamlined form F0003 (B2).
GROUNDS = {
    "A": "Federal government",
    "B": "State or local government",
    "C": "Tribal government",
    "D": "Foreign diplomat",
    "E": "Charitable organisation",
    "F": "Religious organisation",
    "G": "Resale",
    "H": "Agricultural production",
    "I": "Industrial production or manufacturing",
    "J": "Direct pay permit",
    "K": "Direct mail",
    "L": "Other",
    "M": "Educational organisation",
}


def counting(customer: Customer, *, country: str, region: str, on: date) -> list[Certificate]:
    """What frees `customer` from taxes there on that day: approved ones before those that are being checked."""
    still = Q(valid_until__isnull=True) | Q(valid_until__gte=on)
    rows = Certificate.objects.filter(still, customer=customer, state__in=COUNTING)
    return list(rows.filter(country=country, region__in={"", region}).order_by("state", "-region", "pk"))


def counting_by_customer(customers: Sequence[Customer]) -> dict[int, list[Certificate]]:
    """What frees each of them from taxes, approved ones first, as they stand. One query."""
    found: dict[int, list[Certificate]] = {one.pk: [] for one in customers}
    rows = Certificate.objects.filter(customer__in=customers, state__in=COUNTING)
    for one in rows.order_by("state", "country", "region", "pk")[:MOST_SHOWN]:
        found[one.customer_id].append(one)
    return found


def frees(certificate: Certificate, rate: TaxRate) -> bool:
    """Whether that tax is not charged where the certificate counts."""
    if certificate.region:
        return True
    return not rate.region or rate.name.upper().startswith("HST")


def words_of(certificate: Certificate) -> str:
    """Why there is no tax, as it stands on the invoice."""
    return f"Exempt: certificate {certificate.reference} for {place_of(certificate.country, certificate.region)}"


def place_of(country: str, region: str) -> str:
    """ "Ohio", "Canada" """
    return regions.BY_COUNTRY.get(country, {}).get(region) or COUNTRY_NAMES.get(country, country)


def waits_for_check(order: Order) -> bool:
    """Whether `order` is untaxed by a certificate that nobody has checked, and goes past the threshold (R30).

    What was ordered before on the same trust counts with it, so that many small orders are one large one. Belongs in
    the transaction of the order, which holds the customer's row. No query where it is taxed.
    """
    given = {tax.get("exemption") for tax in order.taxes} - {"", None}
    if not given:
        return False
    rows = Certificate.objects.filter(customer=order.customer_id, state=CertificateState.PROVISIONAL)
    named = [one for one in rows if words_of(one) in given]
    return bool(named) and unchecked_total(named) > threshold()


def unchecked_total(certificates: Sequence[Certificate]) -> int:
    """What one customer ordered untaxed by these, and by those that they replaced before anybody had looked.

    Minor units, without what was cancelled. It begins anew when somebody decides about a certificate of the place.
    """
    of_places = Q()
    for one in certificates:
        of_places |= Q(country=one.country, region=one.region)
    rows = Certificate.objects.filter(of_places, customer=certificates[0].customer_id)
    later = rows.filter(country=OuterRef("country"), region=OuterRef("region"), decided_at__gt=OuterRef("uploaded_at"))
    unseen = rows.filter(~Exists(later), decided_at__isnull=True)
    untaxed = Q()
    for one in unseen:
        untaxed |= Q(taxes__contains=[{"exemption": words_of(one)}])
    orders = Order.objects.filter(untaxed, customer=certificates[0].customer_id).exclude(state=OrderState.CANCELLED)
    return orders.aggregate(all=Sum("total"))["all"] or 0 if untaxed else 0


def threshold() -> int:
    """Up to which untaxed orders leave before their certificate was checked, in minor units, taken together."""
    kept = Seller.objects.filter(pk=1).values_list("exemption_threshold", flat=True).first()
    return int(Seller._meta.get_field("exemption_threshold").get_default()) if kept is None else kept


def rule_for(country: str, region: str) -> CertificateRule | None:
    """How long certificates of a place are good for, as a suggestion; its own rule before that of the country."""
    rows = CertificateRule.objects.filter(country=country, region__in={"", region})
    return rows.order_by("-region").first()


def suggested_until(rule: CertificateRule, day: date) -> date | None:
    """The last day of a certificate that was sent on `day`, by the rule of its place; None where it has no end."""
    if rule.months is None:
        return None
    year, month = divmod(day.year * 12 + day.month - 1 + rule.months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def of_customer(customer: Customer, *, limit: int = 50) -> list[Certificate]:
    """Every certificate, the newest first."""
    rows = Certificate.objects.filter(customer=customer).select_related("file", "by")
    return list(rows.order_by("-uploaded_at", "-pk")[:limit])
