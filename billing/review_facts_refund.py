"""What the daily review knows about a request for money back, and what deciding it will do, exactly (U32)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from billing import paper_words, refundable
from billing.actions import credit_note, given_back, numbering, refund_mail
from billing.choices import OrderState, PaymentState, RefundOrigin, RefundRequestState, RefundState, ShipmentState
from billing.models import Dispute, Payment, Refund, RefundRequest, Shipment
from billing.refundable import Source
from billing.review_facts import Chip, Choice, Effect, Fact, FactFile, FactLink, Facts, Policy, Row
from mail.addresses import Address
from supportdesk.lib import money

PAID_WITHIN = 90  # days
PHOTO_FROM = 5_000  # minor units
MOST_ROWS = 12
OF_GOODS = ("damaged", "wrong", "missing")
NOT_SENT = (RefundState.FAILED, RefundState.CANCELLED)


def facts(pk: int, now: datetime) -> Facts:
    """Everything about one request. Raises RefundRequest.DoesNotExist."""
    rows = RefundRequest.objects.select_related("invoice__customer__person", "invoice__order", "by")
    request = rows.prefetch_related("files").get(pk=pk)
    known = _Known(request, now)
    invoice = request.invoice
    asked = money.shown(request.amount_asked, request.currency)
    paid = money.shown(invoice.paid, invoice.currency)
    suggested = min(request.amount_asked, known.most) or None
    is_part = request.amount_asked < invoice.paid
    return Facts(
        number=request.number,
        customer=invoice.customer,
        title=f"{invoice.customer.name} asks for {asked}" + (f" of {paid}" if is_part else "") + " back",
        sentence=f"{request.number} on {invoice.number}, {invoice.summary or 'no summary'}. "
        f"Asked {_when(request.opened_at, now)}{_by_whom(request)}.",
        asked_by=request.by.shown_name if request.by else invoice.customer.name,
        asked_by_pk=request.by_id,
        facts=known.figures(),
        policy=known.policy(),
        effects=known.effects,
        currency=request.currency,
        chips=(Chip("Part refund" if is_part else "All of it", "info"),),
        sent=known.lines,
        files=[FactFile(file.pk, f"{file.name}, {filesizeformat(file.size)}") for file in request.files.all()],
        links=known.links(),
        words=request.words,
        why=request.get_why_display(),
        amount_label="Amount",
        amount_title=f"Refund to {known.where}",
        amount_note=known.note,
        asked=request.amount_asked,
        suggested=suggested,
        amount_hint=known.hint(),
        most=known.most,
        choices=known.choices(),
        ticket=request.ticket,
        if_rejected=f"Nothing goes back, and nothing changes on {invoice.number}. They can ask again.",
        is_open=request.state == RefundRequestState.OPEN,
        opened_at=request.opened_at,
    )


class _Known:
    """The rows about one request, read once, and what they mean."""

    def __init__(self, request: RefundRequest, now: datetime) -> None:
        self.request, self.invoice, self.now = request, request.invoice, now
        invoice = self.invoice
        rows = invoice.payments.filter(state=PaymentState.SUCCEEDED).prefetch_related("disputes")
        self.payments: list[Payment] = list(rows.order_by("-created_at", "-pk"))
        self.sources: list[Source] = refundable.usable(self.payments) if refundable.is_settled(invoice) else []
        self.most = sum(source.amount for source in self.sources)
        self.boxes: list[Shipment] = list(Shipment.objects.filter(order=invoice.order_id).order_by("number"))
        self.told: list[Address] = refund_mail.told(request)
        self.beyond = credit_note.beyond_the_bill(invoice)
        self.plans = given_back.plan_names(invoice)
        self.has_hours = bool(invoice.order and invoice.order.lines.filter(minutes__gt=0).exists())
        ways = list(dict.fromkeys(source.words for source in self.sources)) or [
            refundable.where_to(payment) for payment in self.payments[:1]
        ]
        self.where = _and(ways) or "nobody: nothing was paid"
        self.note = self._note()

    def figures(self) -> Sequence[Fact]:
        """Paid, refunded already, of this customer in a year, disputes."""
        invoice, code = self.invoice, self.invoice.currency
        paid = [f"{_day(one.finished_at or one.created_at)}, {refundable.where_to(one)}" for one in self.payments]
        before = Refund.objects.filter(
            payment__invoice__customer=invoice.customer_id, created_at__gte=self.now - timedelta(days=365)
        ).exclude(state__in=NOT_SENT)
        sums = before.aggregate(count=Count("pk"), amount=Sum("amount"))
        open_ones = [one for payment in self.payments for one in payment.disputes.all()]
        of_customer = Dispute.objects.filter(payment__invoice__customer=invoice.customer_id).count()
        back = money.shown(invoice.refunded, code)
        return (
            Fact("Paid", money.shown(invoice.paid, code), "; ".join(paid[:2]) + ("; more" if len(paid) > 2 else "")),
            Fact("Already refunded", back, "on this invoice"),
            Fact("Refunds, 12 months", str(sums["count"]), money.shown(sums["amount"] or 0, code) + " in all"),
            Fact(
                "Dispute",
                open_ones[0].status.replace("_", " ").capitalize() if open_ones else "None",
                f"{of_customer} of this customer ever" if of_customer else "of this customer ever",
            ),
        )

    def policy(self) -> Sequence[Policy]:
        """The rules of the house, each met or not."""
        paid_at = self.invoice.paid_at
        days = (self.now - paid_at).days if paid_at else 0
        when = f"{days} day{'' if days == 1 else 's'} ago"
        rules = [
            Policy(days < PAID_WITHIN, f"Paid less than {PAID_WITHIN} days ago ({when})"),
            Policy(
                self.request.amount_asked <= self.most,
                "Not more than what is left of what was paid",
            ),
        ]
        if self.request.why in OF_GOODS and self.request.amount_asked >= PHOTO_FROM:
            least = money.shown(PHOTO_FROM, self.request.currency)
            has_file = bool(self.request.files.all())
            rules.insert(1, Policy(has_file, f"Photo {'attached' if has_file else 'missing'}, needed from {least}"))
        if self.sources:
            rules.append(Policy(True, "Goes back to where it came from, always"))
        return rules

    @cached_property
    def lines(self) -> Sequence[Row]:
        """Which lines they ask for, where they asked by line."""
        wanted = {int(pk): part for pk, part in self.request.lines.items()}
        if not wanted:
            return ()
        names = dict(self.invoice.lines.filter(pk__in=wanted).values_list("pk", "name")) | {0: "Shipping"}
        rows = [Row(names.get(pk, "?"), money.shown(part, self.request.currency)) for pk, part in wanted.items()]
        return rows[:MOST_ROWS]

    def links(self) -> Sequence[FactLink]:
        """The invoice, and the order with where it is."""
        invoice, order = self.invoice, self.invoice.order
        found = [FactLink(invoice.number or "", reverse("billing:invoice", args=[invoice.number]))]
        if order:
            left = [box for box in self.boxes if box.state in (ShipmentState.SHIPPED, ShipmentState.DELIVERED)]
            where = f", {left[-1].get_state_display().lower()}" if left else ""
            if left and left[-1].delivered_at:
                where += f" {_day(left[-1].delivered_at)}"
            if order.state == OrderState.CANCELLED:
                where = ", cancelled"
            found.append(FactLink(f"{order.number}{where}", reverse("shop:order", args=[order.number]), "truck"))
        return found

    def choices(self) -> Sequence[Choice]:
        """What they ask for and everything, as far as these differ."""
        asked = min(self.request.amount_asked, self.most)
        names = _and([row.label for row in self.lines][:2]) if len(self.request.lines) < 3 else ""
        found = [Choice(f"{names}, as asked" if names else "As asked", asked)] if asked else []
        if self.most > asked:
            found.append(Choice("Everything", self.most))
        return found

    def hint(self) -> str:
        """The largest amount, and why not more."""
        if not self.most:
            return refundable.why_nothing(self.invoice)
        back = " and has not gone back" if self.invoice.refunded else ""
        return f"At most {money.shown(self.most, self.invoice.currency)}, what was paid{back}"

    def _note(self) -> str:
        if len(self.sources) > 1:
            return "The newest payment first, never more than each"
        if self.sources and self.sources[0].is_transfer:
            return "Paid by transfer: send it by bank transfer"
        return "Same card that paid, always"

    def effects(self, verdict: str, amount: int | None) -> Sequence[Effect]:
        """What carrying out does."""
        mail = (
            Effect("send", f"Mail to {_names(self.told)}")
            if self.told
            else Effect("send", "Nobody has an address, so no mail")
        )
        if verdict != "approve":
            return (
                Effect("x", "Nothing goes back"),
                Effect(mail.icon, f"{mail.words} with your reason, word for word"),
            )
        given = self.request.amount_asked if amount is None else amount
        if not 0 < given <= self.most:
            return (Effect("alert", self.hint()),)
        code = self.invoice.currency
        found = [self._goes(source, part) for source, part in refundable.parts_of(self.sources, given)]
        if given > self.beyond:
            noted = money.shown(given - self.beyond, code)
            found.append(Effect("receipt", f"for {noted} on {self.invoice.number}", "Credit note"))
        if given >= self.invoice.paid - self.invoice.refunded:
            found += self._ends()
        return (*found, mail)

    def _goes(self, source: Source, part: int) -> Effect:
        amount = money.shown(part, self.invoice.currency)
        if source.is_transfer:
            return Effect("bank", "to be sent by bank transfer: it waits in money matters", amount)
        return Effect("refund", f"to {source.words}, sent when the time to undo is over", amount)

    def _ends(self) -> list[Effect]:
        """What a refund of everything ends."""
        found = [Effect("clock", "ends now", name) for name in self.plans]
        stay = [box for box in self.boxes if box.state in given_back.NOT_LEFT]
        if stay and self.invoice.order:
            what = (
                "is not sent" if len(stay) == len(self.boxes) else f"{len(stay)} of {len(self.boxes)} boxes stay here"
            )
            found.append(Effect("truck", what, self.invoice.order.number))
        if self.has_hours:
            found.append(Effect("clock", "that were not used are taken back", "Hours of help"))
        return found


def _by_whom(request: RefundRequest) -> str:
    if request.origin == RefundOrigin.AGENT:
        return f", by {request.by.shown_name} of the desk" if request.by else ", at the desk"
    return ""


def _when(at: datetime, now: datetime) -> str:
    zone = numbering.seller_zone()
    local, today = timezone.localtime(at, zone), timezone.localtime(now, zone).date()
    days = (today - local.date()).days
    day = "today" if days == 0 else "yesterday" if days == 1 else paper_words.day_words(local.date())
    return f"{day} {local:%H:%M}"


def _day(at: datetime) -> str:
    local = timezone.localtime(at, numbering.seller_zone())
    return f"{local.day} {local:%b %Y}"


def _names(people: Sequence[Address]) -> str:
    shown = [one.name or one.email for one in people[:2]]
    return _and(shown) if len(people) <= 2 else f"{', '.join(shown)} and {len(people) - 2} more"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
