"""Goodwill: money that nobody owes, from a budget that everybody at the desk has for a day (R86, E1).

The budget is one row a person and day of the seller's calendar, and what is given is taken from it by one statement
that looks at the limit itself: however many give at once, none goes past it. What is left at midnight is gone.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from accounts import journal
from accounts.access import require
from accounts.choices import Role
from accounts.models import Person
from billing import allowances
from billing.actions import credit_note, desk_mail, numbering, on_ticket, send_back
from billing.choices import CouponUse, GoodwillWay, InvoiceState
from billing.linked import refuse_linked
from billing.models import BudgetDay, Coupon, CouponGrant, CreditNote, Customer, Goodwill, Invoice
from billing.refusals import Refused
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

KEY_LENGTH = 80
LONGEST_REASON = 500
COUPON_LASTS = timedelta(days=365)
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is read for something else
WORDS = "Goodwill"  # on papers that the customer reads; the reason is for the desk


class CannotGive(Refused):
    """Nothing was given. The message says what is left today, and who may give more."""


@dataclass(frozen=True)
class _Gift:
    """What it became."""

    note: CreditNote | None = None
    grant: CouponGrant | None = None


def give(
    *,
    customer: Customer,
    amount: int,
    way: GoodwillWay,
    invoice: Invoice | None,
    reason: str,
    ticket: int | None,
    by: Person,
    key: str,
    now: datetime,
) -> Goodwill:
    """Give `amount` off an open invoice, back to the card of a paid one, or off the next order; the customer is mailed.

    Sent twice with one `key`, given once. Raises NotAllowed, LinkedAccount, CannotGive, CannotRefund, CannotCredit.
    """
    require(by, "money.give", customer, now=now)
    said = " ".join(reason.replace("\x00", "").split())[:LONGEST_REASON]
    _refuse_input(customer, amount, way, invoice, said, ticket)
    whole = f"{allowances.GOODWILL_KEY}{by.pk}:{key[:KEY_LENGTH]}"
    refuse_linked(by, customer, what="goodwill", now=now)
    with transaction.atomic():
        told = on_ticket.hold(ticket)
        if invoice:
            invoice = send_back.lock(invoice.pk)
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        if known := Goodwill.objects.filter(key=whole).first():
            return known
        _refuse_again(customer, by, now)
        budget = _spend(by, amount, now)
        failpoint("billing.goodwill.spent")
        on_ticket.tell(told, _line(way, invoice, amount, said, by), by=by, now=now)
        gift = _carry_out(way, customer, invoice, amount, whole, said, ticket, by, now)
        if invoice:
            invoice.refresh_from_db(fields=["state", "paid", "refunded", "credited"])  # the mail says what is left
        given = Goodwill.objects.create(
            key=whole, budget=budget, customer=customer, by=by, amount=amount, currency=allowances.currency(), way=way,
            invoice=invoice, credit_note=gift.note, grant=gift.grant, reason=said, ticket=ticket, at=now,
        )  # fmt: skip
        desk_mail.goodwill(given=given, now=now)
        failpoint("billing.goodwill.before_commit")
        data = {"amount": amount, "way": way, "ticket": ticket, "goodwill": given.pk}
        journal.record(by=by, action="billing.give_goodwill", subject=customer, data=data, now=now)
    return given


def _refuse_input(
    customer: Customer, amount: int, way: GoodwillWay, invoice: Invoice | None, reason: str, ticket: int | None
) -> None:
    if not 0 < amount <= money.MOST:
        raise CannotGive("Enter an amount of more than nothing.")
    if not reason:
        raise CannotGive("Say why: whoever looks at the day's goodwill reads it.")
    if ticket is None:
        raise CannotGive("Name the ticket that it is for.")
    code = allowances.currency()
    if customer.currency != code or (invoice and invoice.currency != code):
        raise CannotGive(f"Goodwill is given in {code}, and {customer.name} buys in {customer.currency}.")
    if way == GoodwillWay.COUPON:
        return
    if invoice is None or invoice.customer_id != customer.pk or not invoice.number:
        raise CannotGive(f"Choose one of the invoices of {customer.name}.")


def _line(way: GoodwillWay, invoice: Invoice | None, amount: int, reason: str, by: Person) -> str:
    """As it stands on the ticket."""
    where = {
        GoodwillWay.INVOICE: f"off {invoice}",
        GoodwillWay.CARD: f"back to the card that paid {invoice}",
        GoodwillWay.COUPON: "as a coupon for the next order",
    }[way]
    return f"{by.shown_name} gave goodwill of {money.shown(amount, allowances.currency())} {where}: {reason}"


def _refuse_again(customer: Customer, by: Person, now: datetime) -> None:
    """The same customer twice in 30 days: a lead may."""
    last = allowances.last_goodwill(customer, now)
    if last is None or not allowances.MAY_REPEAT.isdisjoint(by.roles):
        return
    zone = numbering.seller_zone()
    day = f"{last.at.astimezone(zone):%-d %B}"
    got = f"{customer.name} got {money.shown(last.amount, last.currency)} on {day}, from {last.by.shown_name}."
    who = allowances.who_may(Role.LEAD, Role.ADMIN, but=by)
    raise CannotGive(f"{got} Twice in 30 days only a lead may give goodwill: ask {who}.")


def _spend(by: Person, amount: int, now: datetime) -> BudgetDay:
    """Take it from the day's budget, or raise CannotGive with what is left."""
    limit = allowances.limits_of(by).goodwill_a_day
    day = numbering.local_day(now)
    BudgetDay.objects.bulk_create([BudgetDay(person=by, day=day, limit=limit)], ignore_conflicts=True)
    row = BudgetDay.objects.filter(person=by, day=day)
    row.update(limit=Greatest(F("spent"), limit))  # the limit of now, and never below what was given already
    if not row.filter(spent__lte=F("limit") - amount).update(spent=F("spent") + amount):
        left = allowances.goodwill_left(by, now)
        rest = f"You may give {allowances.shown(left)} more today" if left else "You have given all that you may today"
        who = allowances.who_may(Role.LEAD, Role.ADMIN, but=by)
        raise CannotGive(f"{rest}, of {allowances.shown(limit)} a day. {who} may give more, or ask for a refund.")
    return row.get()


def _carry_out(
    way: GoodwillWay,
    customer: Customer,
    invoice: Invoice | None,
    amount: int,
    key: str,
    reason: str,
    ticket: int | None,
    by: Person,
    now: datetime,
) -> _Gift:
    if way == GoodwillWay.COUPON or invoice is None:
        return _Gift(grant=_coupon(customer, amount, reason, ticket, by, now))
    if way == GoodwillWay.INVOICE:
        if invoice.state != InvoiceState.OPEN or amount > invoice.due:
            due = money.shown(invoice.due, invoice.currency)
            raise CannotGive(f"{due} of {invoice.number} is due. Take at most that off, or choose another way.")
        note = credit_note.issue_credit_note(invoice=invoice, amount=amount, reason=WORDS, key=key, by=by, now=now)
        return _Gift(note=note)
    return _Gift(note=send_back.to_cards(invoice=invoice, amount=amount, reason=WORDS, key=key, by=by, now=now).note)


def _coupon(customer: Customer, amount: int, reason: str, ticket: int | None, by: Person, now: datetime) -> CouponGrant:
    """A coupon for one order of this customer; nobody else can use its code."""
    code = "THANKS-" + "".join(secrets.choice(SIGNS) for _ in range(10))
    coupon = Coupon.objects.create(
        code=code, name=f"{money.shown(amount, customer.currency)} off your next order", use=CouponUse.SINGLE,
        amount_off=amount, currency=customer.currency, starts_at=now, ends_at=now + COUPON_LASTS, is_personal=True,
        created_at=now,
    )  # fmt: skip
    return CouponGrant.objects.create(
        coupon=coupon, customer=customer, granted_at=now, by=by, reason=reason, ticket=ticket
    )
