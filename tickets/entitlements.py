"""Who is entitled to what: read from dates, never kept. A contact has to be named; nobody inherits it.

`status(who, at)` is the whole of it. What a ticket was found entitled to stands on the ticket and is not asked again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache

from django.conf import settings
from django.db.models import BigIntegerField, QuerySet
from django.urls import reverse

from accounts.models import Organisation, Person
from billing.actions.numbering import seller_zone
from billing.choices import ProductState
from supportdesk.lib.compiled import CompiledRows, Gap
from tickets.models import Entitlement, PriorityOffer
from tickets.support_choices import CheckResult

# The best first.
RANKS = {CheckResult.ENTITLED: 0, CheckResult.USED_UP: 1, CheckResult.ENDED: 2}


@dataclass(frozen=True)
class Standing:
    """What somebody's entitlements come to at a moment; `result` None where they never had one.

    `entitlement` is the one that decided. One with incidents entitles only whoever uses one: see `needs_incident`.
    """

    result: CheckResult | None = None
    entitlement: Entitlement | None = None
    ended_at: datetime | None = None

    @property
    def is_entitled(self) -> bool:
        return self.result == CheckResult.ENTITLED

    @property
    def needs_incident(self) -> bool:
        """Whether priority costs one of a pack."""
        return self.is_entitled and self.entitlement is not None and self.entitlement.incidents is not None


NOTHING = Standing()


def status(who: Person | Organisation, at: datetime, channel: str = "") -> Standing:
    """How a named contact, or anybody named by an organisation, stands at `at`; on `channel` where one is given.

    One query. The best of several decides: any number of incidents before a pack, a pack that ends before one that
    ends later, what holds before what ended.
    """
    if isinstance(who, Person):
        rows = _of_contact().fetch({"person": who.pk})
    else:
        rows = list(shown(Entitlement.objects.filter(organisation=who)))
    return best_of(rows, at, channel)


def best_of(rows: Iterable[Entitlement], at: datetime, channel: str = "") -> Standing:
    """The same, of rows that were read with `shown`."""
    found = [standing_of(row, at, channel) for row in rows]
    known = [(one, one.entitlement) for one in found if one.entitlement is not None]
    return min(known, key=lambda pair: _worse(*pair), default=(NOTHING, None))[0]


def standing_of(row: Entitlement, at: datetime, channel: str = "") -> Standing:
    """How one entitlement stands at `at`. What has not begun yet, or is for other channels, is nothing."""
    if at < row.starts_at or (channel and row.channels and channel not in row.channels):
        return NOTHING
    ended_at = end_of(row)
    if ended_at is not None and ended_at <= at:
        return Standing(CheckResult.ENDED, row, ended_at)
    return Standing(CheckResult.USED_UP if row.incidents_left == 0 else CheckResult.ENTITLED, row, ended_at)


def end_of(row: Entitlement) -> datetime | None:
    """The first moment that is not covered, None while nobody knows one. A plan ends when its timer ended it, or on
    the day that it was cancelled for, even if nobody was there to end it.
    """
    ends = [row.ends_at]
    plan = row.subscription
    if plan is not None:
        ends.append(plan.ended_at)
        if plan.ends_at_renewal:
            ends.append(datetime.combine(plan.period_ends_on, time(), tzinfo=seller_zone()))
    return min((at for at in ends if at is not None), default=None)


def shown(rows: QuerySet[Entitlement]) -> QuerySet[Entitlement]:
    """With what `standing_of` and the screens read beside a row."""
    return rows.select_related("organisation", "person", "subscription", "offer__product", "level")


def sells_priority() -> bool:
    """Whether anything in the store brings priority. One query."""
    return PriorityOffer.objects.filter(product__state=ProductState.PUBLISHED).exists()


def renewal_address(row: Entitlement) -> str:
    """Where its customer gets it again, as it stands in a mail."""
    product = row.offer.product if row.offer else None
    if product is not None and product.state == ProductState.PUBLISHED:
        return settings.SITE_URL + reverse("selfservice:product", args=[product.slug])
    return settings.SITE_URL + purchase_path()


def purchase_path() -> str:
    """The store's page of what brings priority; the store where nothing does."""
    offers = PriorityOffer.objects.filter(product__state=ProductState.PUBLISHED).select_related("product")
    first = offers.order_by("product__position", "product_id").first()
    return reverse("selfservice:product", args=[first.product.slug]) if first else reverse("selfservice:store")


@cache
def _of_contact() -> CompiledRows[Entitlement]:
    """Each new ticket asks, so it reads no more than dates."""
    rows = Entitlement.objects.filter(contacts__person=Gap("person", BigIntegerField()))
    return CompiledRows(rows.select_related("subscription"))


def _worse(one: Standing, row: Entitlement) -> tuple[int, bool, float, int]:
    """Of what holds, the pack that ends first is used first; of what does not, the newest says why."""
    if one.is_entitled:
        ends = one.ended_at.timestamp() if one.ended_at else float("inf")
        return RANKS[CheckResult.ENTITLED], row.incidents is not None, ends, row.pk
    ended = -one.ended_at.timestamp() if one.ended_at else 0.0
    return RANKS[one.result or CheckResult.ENDED], row.incidents is not None, ended, -row.pk
