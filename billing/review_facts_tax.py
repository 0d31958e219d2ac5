"""What the daily review knows about one certificate, and exactly what a decision about it does (U32). Reads only."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum

from billing import exemptions
from billing.actions import certificate_mail, certificates, numbering
from billing.choices import CertificateState, HoldReason, InvoiceState, OrderState
from billing.models import Certificate, Invoice, Order, ShipmentHold
from billing.paper_words import day_words
from billing.review_facts import Chip, Effect, Fact, FactFile, Facts, Policy, Row
from supportdesk.lib import money

MOST_ORDERS = 200
YEAR = timedelta(days=365)


def facts(pk: int, now: datetime) -> Facts:
    """Everything about a certificate on one screen, in at most ten queries. Raises Certificate.DoesNotExist."""
    rows = Certificate.objects.select_related("customer__person", "customer__organisation", "by", "file")
    certificate = rows.get(pk=pk)
    customer, place = certificate.customer, _place(certificate)
    held = certificates.held_by(certificate)
    freed = _orders_under(certificate)
    before = _before(certificate, now)
    suggested, hint = _suggested(certificate, now)
    asked_by = certificate.by.shown_name if certificate.by else customer.name
    return Facts(
        number=certificate.reference,
        customer=customer,
        title=f"{customer.name} pays no tax in {place}",
        sentence=f"Tax exemption {certificate.reference}. {asked_by} uploaded it on "
        f"{day_words(_local(certificate.uploaded_at))}, and it has counted since then.",
        asked_by=asked_by,
        asked_by_pk=certificate.by_id,
        opened_at=certificate.uploaded_at,
        chips=[Chip("Order held", "wait", "truck")] if held else [Chip("Nothing held", "")],
        facts=_figures(certificate, freed, held, now),
        sent=_sent(certificate),
        files=_files(certificate),
        policy=_policy(certificate, before),
        effects=lambda verdict, _amount: _effects(certificate, verdict, held, before["approved"], len(freed)),
        currency=customer.currency,
        suggested_until=suggested,
        until_hint=hint,
        if_rejected=_if_rejected(certificate, held, before["approved"]),
        is_open=certificate.state == CertificateState.PROVISIONAL,
    )


def _figures(
    certificate: Certificate, freed: Sequence[Order], held: Sequence[ShipmentHold], now: datetime
) -> list[Fact]:
    currency = certificate.customer.currency
    ordered = sum(order.total for order in freed)
    waiting = {hold.shipment.order.number: hold.shipment.order.total for hold in held}
    bought = Invoice.objects.filter(customer=certificate.customer, issued_at__gte=now - YEAR).exclude(
        state__in=(InvoiceState.VOID, InvoiceState.DRAFT)
    ).aggregate(sum=Sum("total"), count=Count("pk"))  # fmt: skip
    return [
        Fact("Ordered with it", money.shown(ordered, currency), _count(len(freed), "order")),
        Fact("Tax not charged", money.shown(_not_charged(certificate, freed), currency), "up to now"),
        Fact("Held for it", money.shown(sum(waiting.values()), currency), ", ".join(list(waiting)[:2]) or "nothing"),
        Fact("Bought, last 12 months", money.shown(bought["sum"] or 0, currency), _count(bought["count"], "invoice")),
    ]


def _sent(certificate: Certificate) -> list[Row]:
    ground = exemptions.GROUNDS.get(certificate.ground)
    rows = [
        ("Certificate", certificate.get_kind_display()),
        ("For", _place(certificate)),
        ("Purchaser", certificate.purchaser),
        ("Number", certificate.number or "None given"),
        ("Reason", f"{certificate.ground}, {ground}" if ground else "None given"),
        ("Known to us as", certificate.customer.name),
    ]
    return [Row(*row) for row in rows]


def _files(certificate: Certificate) -> list[FactFile]:
    kept = getattr(certificate, "file", None)
    return [FactFile(kept.pk, f"{kept.name}, {max(1, round(kept.size / 1024)):,} kB")] if kept else []


def _policy(certificate: Certificate, before: dict[str, Certificate | None]) -> list[Policy]:
    customer, place = certificate.customer, _place(certificate)
    names = {_bare(customer.name), _bare(customer.organisation.name if customer.organisation else "")} - {""}
    is_there = certificate.country == customer.country and certificate.region in ("", customer.region)
    return [
        Policy(_bare(certificate.purchaser) in names, "The purchaser is called as the customer is"),
        Policy(bool(certificate.number), "The number of the exemption is given"),
        Policy(is_there, f"The customer is in {place}"),
        Policy(before["rejected"] is None, f"None for {place} was rejected in the last 12 months"),
    ]


def _effects(
    certificate: Certificate, verdict: str, held: Sequence[ShipmentHold], approved: Certificate | None, orders: int
) -> list[Effect]:
    place, told = _place(certificate), _mailed(certificate)
    if verdict == "approve":
        found = [Effect("check", f"in {place} until the last day you enter, or without an end", "No tax")]
        if approved:
            found.append(Effect("undo", "which was approved before, is replaced", f"{approved.reference},"))
        return [*found, *_set_free(held), told]
    if approved:
        found = [Effect("check", f"counts on, so there is still no tax in {place}", approved.reference)]
    else:
        found = [Effect("x", f"in {place} is on every order from now on", "Tax")]
    if orders:
        words = "ordered with it stays untaxed" if orders == 1 else "ordered with it stay untaxed"
        found.append(Effect("receipt", words, _count(orders, "order")))
    waiting = dict.fromkeys(hold.shipment.order.number for hold in held)
    return [*found, *[Effect("truck", "stays held until another one is approved", number) for number in waiting], told]


def _set_free(held: Sequence[ShipmentHold]) -> Iterable[Effect]:
    """What approving does to each box that waits: some wait for something else, too."""
    boxes = {hold.shipment_id for hold in held}
    open_holds = ShipmentHold.objects.filter(shipment__in=boxes, released_at__isnull=True)
    others: dict[int, list[str]] = {}
    for hold in open_holds.exclude(reason=HoldReason.TAX):
        others.setdefault(hold.shipment_id, []).append(HoldReason(hold.reason).label.lower())
    for hold in held:
        number, more = hold.shipment.order.number, others.get(hold.shipment_id)
        words = f"no longer waits for this, but waits {' and '.join(more)}" if more else "goes on, it was held for this"
        yield Effect("truck", words, number)


def _if_rejected(certificate: Certificate, held: Sequence[ShipmentHold], approved: Certificate | None) -> str:
    numbers = list(dict.fromkeys(hold.shipment.order.number for hold in held))
    stays = f"{_listed(numbers)} stay{'s' if len(numbers) == 1 else ''} held. " if numbers else ""
    if approved:
        return f"{stays}{approved.reference} counts on. They can send another one at any time."
    return f"{stays}Earlier orders stay untaxed. They can send another one at any time, and it counts at once."


def _before(certificate: Certificate, now: datetime) -> dict[str, Certificate | None]:
    """The approved one of the same place that still counts, and one that was rejected within a year."""
    lately = Q(state=CertificateState.REJECTED, decided_at__gte=now - YEAR)
    rows = Certificate.objects.filter(
        lately | Q(state=CertificateState.APPROVED), customer=certificate.customer_id, country=certificate.country,
        region=certificate.region,
    ).exclude(pk=certificate.pk)  # fmt: skip
    found = {one.state: one for one in rows.order_by("pk")}
    return {"approved": found.get("approved"), "rejected": found.get("rejected")}


def _orders_under(certificate: Certificate) -> list[Order]:
    """Orders that were freed by exactly this one, the newest first."""
    said = [{"exemption": exemptions.words_of(certificate)}]
    rows = Order.objects.filter(
        customer=certificate.customer_id, placed_at__gte=certificate.uploaded_at, taxes__contains=said
    )
    return list(rows.exclude(state=OrderState.CANCELLED).order_by("-placed_at", "-pk")[:MOST_ORDERS])


def _not_charged(certificate: Certificate, orders: Iterable[Order]) -> int:
    words = exemptions.words_of(certificate)
    taxes = [tax for order in orders for tax in order.taxes if tax.get("exemption") == words]
    return sum(money.share(tax["base"], tax["rate_ppm"]) for tax in taxes)


def _suggested(certificate: Certificate, now: datetime) -> tuple[date | None, str]:
    """The last day that the rules of the place suggest, and why."""
    place, rule = _place(certificate), exemptions.rule_for(certificate.country, certificate.region)
    if rule is None:
        return None, f"No rule for {place}: enter the day on the form, or leave it empty if it has no end."
    note = f" {rule.note.rstrip('.')}." if rule.note else ""
    if rule.months is None:
        return None, f"Our table says that those of {place} have no end.{note} The form decides."
    until = exemptions.suggested_until(rule, _local(certificate.uploaded_at))
    months = _count(rule.months, "month")
    return until, f"Our table says that those of {place} are good for {months}.{note} The form decides."


def _mailed(certificate: Certificate) -> Effect:
    to = certificate_mail.readers(certificate)
    if not to:
        return Effect("send", "Nobody has an address")
    who, verb = (to[0].email, "gets") if len(to) == 1 else (f"{len(to)} people", "get")
    return Effect("send", f"{verb} the email, and it shows on the account", who)


def _place(certificate: Certificate) -> str:
    return exemptions.place_of(certificate.country, certificate.region)


def _local(moment: datetime) -> date:
    return moment.astimezone(numbering.seller_zone()).date()


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
