"""The boxes of all orders, as those see them who pack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Prefetch, Q
from django.urls import reverse

from billing.choices import ShipmentState
from billing.models import Shipment, ShipmentHold

A_PAGE = 50
TABS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pack": ("To pack", (ShipmentState.WAITING,)),
    "held": ("Held", (ShipmentState.HELD,)),
    "ready": ("Ready to leave", (ShipmentState.READY,)),
    "way": ("On its way", (ShipmentState.SHIPPED,)),
    "all": ("All", tuple(ShipmentState.values)),
}


@dataclass(frozen=True)
class Asked:
    """Which boxes: a tab, words, and where the page before ended."""

    tab: str = "pack"
    words: str = ""
    after: int = 0

    @classmethod
    def of(cls, get: Mapping[str, str]) -> "Asked":
        """What an address asks for; anything strange means the usual."""
        tab, after = get.get("tab", ""), get.get("after", "")
        words = "".join(sign for sign in get.get("q", "") if sign.isprintable()).strip()[:60]
        place = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
        return cls(tab if tab in TABS else "all" if words else "pack", words, place)


def page_of(asked: Asked) -> tuple[Sequence[Shipment], str]:
    """A page of boxes, those that wait longest first, and the address of the next page or "". Five queries."""
    rows = Shipment.objects.filter(state__in=TABS[asked.tab][1])
    if asked.words:
        bare = asked.words.replace(" ", "").upper()
        rows = rows.filter(
            Q(order__number=asked.words.upper())
            | Q(tracking_number=bare)
            | Q(order__customer__name__icontains=asked.words)
        )
    is_all = asked.tab == "all"
    if asked.after:
        rows = rows.filter(pk__lt=asked.after) if is_all else rows.filter(pk__gt=asked.after)
    open_holds = Prefetch("holds", ShipmentHold.objects.filter(released_at__isnull=True), to_attr="open_holds")
    found = list(
        rows.select_related("order__customer", "order__invoice")
        .prefetch_related("order__lines__product", open_holds)
        .order_by("-pk" if is_all else "pk")[: A_PAGE + 1]
    )
    return found[:A_PAGE], address(asked.tab, asked.words, found[A_PAGE - 1].pk) if len(found) > A_PAGE else ""


def address(tab: str, words: str = "", after: int = 0) -> str:
    """The list of a tab."""
    asked = {"tab": tab, **({"q": words} if words else {}), **({"after": after} if after else {})}
    return f"{reverse('shop:board')}?{urlencode(asked)}"
