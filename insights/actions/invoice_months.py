"""The month of invoice questions: opened on the 1st, acted on, and closed by a person (B9)."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.access import NotAllowed, can
from accounts.journal import record
from accounts.models import Person
from insights import months
from insights.actions.telling import tell
from insights.desk import desk_zone
from insights.models import InvoiceAction, InvoiceMonth, InvoiceRules, IssuedCount
from insights.programme_choices import LOOK_AFTER, ActionKind, MonthState
from insights.queries_invoice_month import bars, count_issued, counted, rules
from insights.refusals import Refused
from knowledgebase.models import Article
from supportdesk.lib.failpoints import failpoint

REMINDED_AFTER = timedelta(days=14)
MOST_OPENED = 24


class CannotClose(Refused):
    """The month is not over, nothing was done about it, or it is closed."""


def keep_counts(*, now: datetime) -> None:
    """Count the invoices of months that are over: those that were not counted yet, and again the one that was counted
    longest ago, since invoices of long ago are brought in as well.
    """
    zone = desk_zone()
    over = months.back(months.shift(months.month_of(now, zone), -1), MOST_OPENED)
    known = dict(IssuedCount.objects.filter(month__in=over).values_list("month", "counted_at"))
    due = [month for month in over if month not in known or months.month_of(known[month], zone) <= month]
    due = due or [min(over, key=lambda month: known[month])]
    counts = count_issued(due)
    rows = [IssuedCount(month=month, invoices=counts[month], counted_at=now) for month in due]
    IssuedCount.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["month"], update_fields=["invoices", "counted_at"]
    )


def look_after(*, now: datetime) -> int:
    """Open the months that are over and have no row yet; how many. Then remind of those that stay open."""
    how = rules()
    if how.branch_id is None or how.since is None:
        return 0
    current = months.month_of(now, desk_zone())
    over = [month for month in months.back(months.shift(current, -1), MOST_OPENED) if month >= how.since]
    known = set(InvoiceMonth.objects.filter(month__in=over).values_list("month", flat=True))
    opened = sum(_open(month, how, now) for month in over if month not in known)
    stale = InvoiceMonth.objects.filter(state=MonthState.OPEN, reminded_at=None, opened_at__lte=now - REMINDED_AFTER)
    for pk in stale.order_by("month").values_list("pk", flat=True):
        _remind(pk, now)
    return opened


@transaction.atomic
def _open(month: date, how: InvoiceRules, now: datetime) -> int:
    invoices, by_reason = counted([month])[month]
    row, is_new = InvoiceMonth.objects.get_or_create(
        month=month,
        defaults={
            "owner": how.owner, "invoices": invoices, "questions": sum(by_reason.values()), "by_reason": by_reason,
            "opened_at": now, "counted_at": now,
        },
    )  # fmt: skip
    if not is_new:
        return 0
    bar = bars([month])[0]
    rate = "No invoice was issued." if bar.rate is None else f"{bar.rate:.1f} a 1,000 invoices."
    lines = [f"{bar.questions} questions about {bar.invoices} invoices: {rate}"]
    lines += ["That is not less than the month before."] if bar.is_red else []
    lines += ["Say what keeps them from being asked again, then close the month:", "", _address(row)]
    tell([row.owner], f"Invoice questions of {month:%B %Y}", lines, about=f"invoices:{month:%Y-%m}:opened", now=now)
    failpoint("insights.invoice_month.opened")
    return 1


@transaction.atomic
def _remind(pk: int, now: datetime) -> None:
    row = InvoiceMonth.objects.select_for_update(of=("self",)).select_related("owner").get(pk=pk)
    if row.state == MonthState.OPEN and row.reminded_at is None:
        row.reminded_at = now
        row.save(update_fields=["reminded_at"])
        lines = ["It is still open. It closes with at least one action that has an owner:", "", _address(row)]
        about = f"invoices:{row.month:%Y-%m}:reminded"
        tell([row.owner], f"Invoice questions of {row.month:%B %Y} are still open", lines, about=about, now=now)


def may_work(person, row: InvoiceMonth) -> bool:
    """Its owner, and who looks after the programmes."""
    return person.pk == row.owner_id or can(person, LOOK_AFTER)


@transaction.atomic
def act(
    *, month: InvoiceMonth, kind: str, words: str, owner: Person, article: Article | None, by: Person, now: datetime
) -> InvoiceAction:
    """Write down what keeps a question from being asked; its owner is told. Raises CannotClose, NotAllowed.

    A closed month takes more actions: they are its annotations.
    """
    row = _locked(month, by)
    said = " ".join(words.replace("\0", "").split())[:300]
    if kind not in ActionKind.values:
        raise CannotClose("Choose an article, a text on the invoice, or the product.")
    if len(said) < 3:
        raise CannotClose("Say what is done.")
    if not owner.is_staff_member:
        raise CannotClose("Its owner has to be somebody who works here.")
    found = InvoiceAction.objects.create(
        month=row, kind=kind, words=said, owner=owner, article=article, made_by=by, made_at=now
    )
    if owner != by:
        lines = [f"{by.shown_name} asks you: {said}", "", _address(row)]
        tell([owner], "So that nobody has to ask about an invoice", lines, about=f"action:{found.pk}", now=now)
    record(by=by, action="insights.act_on_invoices", subject=found, data={"owner": owner.pk}, now=now)
    return found


@transaction.atomic
def finish(*, action: InvoiceAction, is_done: bool, by: Person, now: datetime) -> None:
    """It is done, or is not after all. Its owner says so, and who works on the month."""
    row = InvoiceAction.objects.select_for_update(of=("self",)).select_related("month").get(pk=action.pk)
    if by.pk != row.owner_id and not may_work(by, row.month):
        raise NotAllowed("Its owner says whether it is done.")
    if bool(row.done_at) != is_done:
        row.done_at = now if is_done else None
        row.save(update_fields=["done_at"])
        record(by=by, action="insights.finish_action", subject=row, data={"done": is_done}, now=now)


@transaction.atomic
def drop(*, action: InvoiceAction, by: Person, now: datetime) -> None:
    """Take an action back while its month is open. Raises CannotClose, NotAllowed."""
    month = _locked(action.month, by)
    if month.state == MonthState.CLOSED:
        raise CannotClose("The actions of a closed month stay.")
    InvoiceAction.objects.filter(pk=action.pk).delete()
    record(by=by, action="insights.drop_action", subject=month, data={"action": action.pk}, now=now)


@transaction.atomic
def close(*, month: InvoiceMonth, by: Person, now: datetime) -> InvoiceMonth:
    """The month is reconciled: its figures stay as they are now. Raises CannotClose, NotAllowed."""
    row = _locked(month, by)
    if row.state == MonthState.CLOSED:
        return row
    if months.month_of(now, desk_zone()) <= row.month:
        raise CannotClose("The month is not over yet.")
    if not row.actions.exists():
        raise CannotClose("Write down at least one thing that keeps a question from being asked, with its owner.")
    row.invoices, row.by_reason = count_issued([row.month])[row.month], counted([row.month])[row.month][1]
    row.questions, row.counted_at = sum(row.by_reason.values()), now
    row.state, row.closed_at, row.closed_by = MonthState.CLOSED, now, by
    row.save()
    record(by=by, action="insights.close_invoice_month", subject=row, data={"month": str(row.month)}, now=now)
    return row


def _locked(month: InvoiceMonth, by: Person) -> InvoiceMonth:
    row = InvoiceMonth.objects.select_for_update(of=("self",)).get(pk=month.pk)
    if not may_work(by, row):
        raise NotAllowed("Its owner works on this month, or a lead.")
    return row


def _address(row: InvoiceMonth) -> str:
    return settings.SITE_URL + reverse("insights:invoice_month", args=[f"{row.month:%Y-%m}"])
