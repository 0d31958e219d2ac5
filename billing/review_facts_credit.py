"""What the daily review knows about a request for credit, and exactly what each answer does (U32). Reads only."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Count, F, Sum
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from billing import applications, credit
from billing.actions import credit_mail, numbering
from billing.choices import CreditOrigin, CreditRequestState, CreditState, InvoiceState
from billing.credit import HeldOrder
from billing.models import CreditRequest, Customer, Decline, Invoice
from billing.paper_words import day_words
from billing.review_facts import Bar, Chart, Chip, Choice, Effect, Fact, FactFile, FactLink, Facts, Policy, Row
from billing.snapshots import COUNTRIES
from supportdesk.lib import money

YEAR = timedelta(days=365)
MOST_BY_POLICY = 10_000  # whole units of the currency
LATE_DAYS = 10
BARS = 12
MOST_READ = 200
MOST_COUNTED = 1000
ISSUED = (InvoiceState.OPEN, InvoiceState.PAID)


def facts(pk: int, now: datetime) -> Facts:
    """Everything about one request, in a fixed number of queries. Raises CreditRequest.DoesNotExist."""
    rows = CreditRequest.objects.select_related("customer__person", "customer__organisation", "by", "order")
    request = rows.prefetch_related("files").get(pk=pk)
    known = _Known(request, now)
    return Facts(
        number=request.number,
        customer=request.customer,
        title=known.title(),
        sentence=known.sentence(),
        asked_by=request.by.shown_name if request.by else request.customer.name,
        asked_by_pk=request.by_id,
        opened_at=request.opened_at,
        chips=known.chips(),
        facts=known.figures(),
        sent=known.sent(),
        files=[FactFile(file.pk, f"{file.name}, {filesizeformat(file.size)}") for file in request.files.all()],
        links=known.links(),
        policy=known.policy(),
        chart=known.chart(),
        effects=known.effects,
        currency=request.currency,
        amount_label="New limit",
        asked=request.asked_for,
        suggested=known.suggested(),
        amount_hint=known.hint(),
        most=money.MOST,
        has=credit.limit_of(request.customer),
        choices=known.choices(),
        if_rejected=known.if_rejected(),
        is_open=request.state == CreditRequestState.OPEN,
    )


class _Known:
    """The rows about one request, read once, and what they mean."""

    def __init__(self, request: CreditRequest, now: datetime) -> None:
        self.request, self.now, self.zone = request, now, numbering.seller_zone()
        self.customer: Customer = request.customer
        self.held: list[HeldOrder] = credit.held_orders(self.customer)
        self.used = credit.exposure(self.customer)
        self.application = request if request.answers else self._last_application()

    def title(self) -> str:
        """Who asks for what."""
        asked = self._shown(self.request.asked_for)
        if self.request.origin == CreditOrigin.FORM:
            return f"{self.customer.name} asks for {asked}"
        return f"{self.customer.name} needs {asked} for {self.request.order or 'an order'}"

    def sentence(self) -> str:
        """What it is, since when, and what they were given at once."""
        day = day_words(self._local(self.request.opened_at))
        before = self._shown(self.customer.credit_limit)
        if self.request.origin == CreditOrigin.ORDER:
            return f"On-account credit {self.request.number}. The order of {day} goes past the limit of {before}."
        by = self.request.by.shown_name if self.request.by else "Somebody"
        given = f"starter limit {before} given at once" if self._is_starter else f"the limit is {before} now"
        return f"On-account credit {self.request.number}. {by} applied on {day}, {given}."

    def chips(self) -> Sequence[Chip]:
        """Whether something waits for this, and whether they were closed before."""
        found = [Chip("Order held" if len(self.held) == 1 else f"{len(self.held)} orders held", "wait", "truck")]
        closed = [Chip("Closed before", "bad")] if self.customer.credit_state == CreditState.CLOSED else []
        return [*(found if self.held else []), *closed]

    def figures(self) -> Sequence[Fact]:
        """Bought in a year, how they pay, declined cards, open on account."""
        declined = Decline.objects.filter(payment__invoice__customer=self.customer).order_by()[: MOST_COUNTED + 1]
        times = declined.count()
        amount, count = self.bought
        small = f"{_and([one.order.number for one in self.held])} held" if self.held else "nothing held"
        return [
            Fact("Bought, last 12 months", self._shown(amount), _count(count, "invoice")),
            Fact("Pays", *self._pays()),
            Fact("Declined payments", str(times) if times <= MOST_COUNTED else f"{MOST_COUNTED:,}+", self._since()),
            Fact("Open on account", self._shown(self.used), small),
        ]

    def sent(self) -> Sequence[Row]:
        """The form as it was signed; where an order asks, the last one that they sent."""
        signed = self.application
        if signed is None:
            return [Row("Application", "None was ever sent")]
        answers = {one.name: str(signed.answers.get(one.name, "")) for one in applications.questions()}
        rows = [] if signed.pk == self.request.pk else [Row("From", f"{signed.number}, {self._day(signed.opened_at)}")]
        return rows + [Row(*row) for row in _rows(answers, signed, self._day(signed.opened_at)) if row[1].strip(" ,")]

    def links(self) -> Sequence[FactLink]:
        """The customer, and each order that waits."""
        found = [FactLink("All about them", reverse("billing:customer", args=[self.customer.pk]), "people")]
        return found + [
            FactLink(f"{one.order.number}, {self._shown(one.due)}", reverse("shop:order", args=[one.order.number]),
                     "truck")
            for one in self.held[:5]
        ]  # fmt: skip

    def policy(self) -> Sequence[Policy]:
        """Half of a year's buying, paid on time, references."""
        worst = f" ({self.latest} days)" if self.is_late else ""
        given = self.application is not None
        most = money.shown(self._ceiling, self.request.currency).removesuffix(".00")
        return [
            Policy(self.request.asked_for <= self.policy_most, f"Half of the last 12 months, at most {most}"),
            Policy(not self.is_late, f"No invoice more than {LATE_DAYS} days late{worst}"),
            Policy(given, f"{applications.REFERENCES} trade references given" if given else "No references given"),
        ]

    def chart(self) -> Chart | None:
        """The last paid invoices, oldest first."""
        bars = [Bar(days, f"{number}: {_early(days)}") for days, number in reversed(self.paid[:BARS])]
        if not bars:
            return None
        late = [bar for bar in bars if bar.days_early < 0]
        said = f"{len(late)} of {len(bars)} were late" if late else f"all {len(bars)} were in time"
        fastest = max(bar.days_early for bar in bars)
        summary = f"Days between due date and payment: {said}, the earliest {_early(fastest)}"
        title = f"{'How they paid' if late else 'Paid on time'}, last {_count(len(bars), 'invoice')}"
        return Chart(title, summary, bars)

    def suggested(self) -> int:
        """What one key gives: as policy says, and for an order that waits what it needs."""
        if self.request.origin == CreditOrigin.ORDER:
            return self.request.asked_for
        return max(min(self.request.asked_for, self.policy_most), self.customer.credit_limit) or self.request.asked_for

    def hint(self) -> str:
        """What policy says, in a sentence."""
        if self.policy_most > self.customer.credit_limit:
            return f"Policy suggests up to {self._shown(self.policy_most)}"
        why = f": an invoice was {self.latest} days late" if self.is_late else ""
        return f"Policy suggests no more than the {self._shown(self.customer.credit_limit)} of now{why}"

    def choices(self) -> Sequence[Choice]:
        """As asked, as policy says, enough for what waits: as far as these differ."""
        by_policy = max(self.policy_most, self.customer.credit_limit)
        wanted = [("As asked", self.request.asked_for), ("As policy suggests", by_policy)]
        if self.held:
            wanted.append((f"Enough for {_and([one.order.number for one in self.held])}", self.used))
        found: dict[int, str] = {}
        for words, amount in wanted:
            if credit.limit_of(self.customer) < amount <= money.MOST:
                found.setdefault(amount, words)
        return [Choice(words, amount) for amount, words in found.items()]

    def if_rejected(self) -> str:
        """What no means for what waits."""
        if not self.held:
            return f"Their limit stays at {self._shown(self.customer.credit_limit)} unless you close it."
        numbers, is_one = _and([one.order.number for one in self.held]), len(self.held) == 1
        due = self._shown(sum(one.due for one in self.held))
        return (
            f"Keep or close: {numbers} {'stays' if is_one else 'stay'} held, and the mail has the link to pay {due} by "
            f"card. Reject: {'it is' if is_one else 'they are'} cancelled, and nothing is owed."
        )

    def effects(self, verdict: str, amount: int | None) -> Sequence[Effect]:
        """What carrying out this answer does. No query."""
        before = self._shown(self.customer.credit_limit)
        if verdict == "approve":
            limit = self.request.asked_for if amount is None else amount
            found = [Effect("check", f"is the new limit, it was {before}", strong=self._shown(limit))]
            fits = credit.fitting(self.held, used=self.used, limit=limit)
            found += map(self._goes, fits)
            found += [self._stays(one) for one in self.held if one not in fits]
        elif verdict == "keep":
            found = [Effect("check", f"The limit stays at {before}"), *map(self._stays, self.held)]
        elif verdict == "close":
            found = [Effect("x", "Nothing new goes on account, and plans renew by card or transfer")]
            found += [Effect("receipt", "on account stays due", self._shown(self.used))] if self.used else []
            found += map(self._stays, self.held)
        else:
            found = [self._ends(one) for one in self.held] + [Effect("check", f"The limit stays at {before}")]
        reason = "" if verdict == "approve" else " with your reason, word for word"
        return [
            *found,
            Effect("send", f"Mail to {self._readers}{reason}" if self._readers else "Nobody has an address"),
        ]

    @cached_property
    def bought(self) -> tuple[int, int]:
        """What was invoiced in a year, without what waits for this very limit: amount, number."""
        rows = Invoice.objects.filter(customer=self.customer, state__in=ISSUED, issued_at__gte=self.now - YEAR)
        rows = rows.filter(currency=self.request.currency, total__gt=0)
        sums = rows.exclude(order__in=[one.order.pk for one in self.held]).aggregate(
            amount=Sum(F("total") - F("credited")), count=Count("pk")
        )
        return sums["amount"] or 0, sums["count"]

    @cached_property
    def policy_most(self) -> int:
        """The largest limit that the rule of the house gives, in whole hundreds; none to who paid late."""
        if self.is_late:
            return 0
        hundred = self._ceiling // 100
        return min(self.bought[0] // 2, self._ceiling) // hundred * hundred

    @cached_property
    def paid(self) -> list[tuple[int, str]]:
        """Of each invoice paid in a year, newest first: days before its due date, negative when late; its number."""
        rows = Invoice.objects.filter(
            customer=self.customer, state=InvoiceState.PAID, paid__gt=0, due_on__isnull=False, paid_at__isnull=False,
            issued_at__gte=self.now - YEAR,
        )  # fmt: skip
        newest = rows.order_by("-issued_at", "-pk").values_list("due_on", "paid_at", "number")[:MOST_READ]
        return [
            ((due_on - self._local(paid_at)).days, number or "")
            for due_on, paid_at, number in newest
            if due_on and paid_at
        ]

    @cached_property
    def latest(self) -> int:
        """By how many days the latest invoice of a year was paid late, or is overdue now; below zero: none was."""
        return max([-days for days, _ in self.paid] + self._overdue_days(), default=0)

    @property
    def is_late(self) -> bool:
        """Whether that is later than the rule allows."""
        return self.latest > LATE_DAYS

    @cached_property
    def _ceiling(self) -> int:
        return MOST_BY_POLICY * 10 ** money.decimals(self.request.currency)

    @cached_property
    def _readers(self) -> str:
        people = [to.name or to.email for to in credit_mail.readers(self.request)]
        return _and(people[:2]) if len(people) < 3 else f"{', '.join(people[:2])} and {len(people) - 2} more"

    @property
    def _is_starter(self) -> bool:
        return self.customer.credit_state == CreditState.PROVISIONAL and not self.request.limit_before

    def _last_application(self) -> CreditRequest | None:
        rows = CreditRequest.objects.filter(customer=self.customer, origin=CreditOrigin.FORM)
        return rows.order_by("-opened_at", "-pk").first()

    def _overdue_days(self) -> list[int]:
        today = self._local(self.now)
        rows = Invoice.objects.filter(customer=self.customer, state=InvoiceState.OPEN, due_on__lt=today)
        oldest = rows.order_by("due_on").values_list("due_on", flat=True).first()
        return [(today - oldest).days] if oldest else []

    def _pays(self) -> tuple[str, str]:
        if not self.paid:
            return "Not yet", "nothing paid in a year"
        late = sum(days < 0 for days, _ in self.paid)
        usually = round(sum(days for days, _ in self.paid) / len(self.paid))
        return _early(usually), f"{late} late" if late else "never late"

    def _since(self) -> str:
        years = (self.now - self.customer.created_at).days // 365
        return f"in {_count(years, 'year')}" if years else "in less than a year"

    def _stays(self, one: HeldOrder) -> Effect:
        return Effect("lock", f"stays held; the mail has the link to pay {self._shown(one.due)}", one.order.number)

    def _goes(self, one: HeldOrder) -> Effect:
        if one.waits_on:
            return Effect("lock", "no longer waits for the limit, only for its other hold", one.order.number)
        also = "".join(f"; {waiter.words}" for waiter in one.also)
        return Effect("truck", f"goes on now, it was held for this{also}", one.order.number)

    def _ends(self, one: HeldOrder) -> Effect:
        came = one.order.invoice.paid
        back = f", {self._shown(came)} that came goes back" if came else ", and its invoice withdrawn"
        return Effect("x", f"is cancelled{back}", one.order.number)

    def _shown(self, amount: int) -> str:
        return money.shown(amount, self.request.currency)

    def _local(self, moment: datetime) -> date:
        return timezone.localtime(moment, self.zone).date()

    def _day(self, moment: datetime) -> str:
        return day_words(self._local(moment))


def _rows(answers: dict[str, str], signed: CreditRequest, day: str) -> list[tuple[str, str]]:
    """Label and words of what a reviewer reads of an application."""
    entity = applications.ENTITIES.get(answers["entity"], "")
    place = (answers["city"], answers["region"], COUNTRIES.get(answers["country"], answers["country"]))
    references = [
        ", ".join(answers[f"reference{number}_{part}"] for part in ("company", "contact", "email", "phone"))
        for number in range(1, applications.REFERENCES + 1)
    ]
    return [
        ("Legal name", f"{answers['legal_name']}, {entity.lower()}"),
        ("Known as", answers["trade_name"]),
        ("Where", ", ".join(part for part in place if part)),
        ("Since", f"{answers['established']}, registered in {answers['incorporated_in']}"),
        ("Tax number", answers["tax_number"]),
        ("D-U-N-S", answers["duns"]),
        ("Owners", answers["owners"].replace("\n", "; ")),
        ("Pays", f"in {answers['terms']} days, {answers['ap_name']}, {answers['ap_email']}, {answers['ap_phone']}"),
        ("A month", money.shown(int(answers["monthly"] or 0), signed.currency)),
        ("Bank", f"{answers['bank_name']}, {answers['bank_branch']}, {answers['bank_contact']}"),
        *((f"Reference {number}", words) for number, words in enumerate(references, 1)),
        ("Signed", f"{signed.signer_name}, {signed.signer_title}, {day} from {signed.signed_from}"),
    ]


def _early(days: int) -> str:
    return "on the day" if not days else f"{_count(abs(days), 'day')} {'early' if days > 0 else 'late'}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
