"""How the programmes are held here: set up by admins."""

from collections.abc import Iterable
from datetime import datetime

from accounts.journal import record
from accounts.models import Person
from accounts.permitted import permitted
from insights import months
from insights.desk import desk_zone
from insights.models import CustomerDayRules, InvoiceRules, ReasonCover
from knowledgebase.models import Article
from tickets.models import ContactReason

CHOSEN = ("is_enabled", "article", "briefing", "checklist", "most_a_day", "alone_after")


@permitted("desk.set_up")
def change_customer_day(*, left_out: Iterable[Person], by: Person, now: datetime, **chosen) -> None:
    """How Customer Day is held. Once an admin saved it as on, everybody is invited within minutes."""
    CustomerDayRules.objects.get_or_create(pk=1)
    row = CustomerDayRules.objects.select_for_update().get(pk=1)
    if chosen["is_enabled"] and not (row.is_enabled and row.enabled_at):
        row.enabled_at = now
    for name in CHOSEN:
        value = chosen[name]
        setattr(row, name, value.replace("\0", "") if isinstance(value, str) else value)
    row.save()
    row.left_out.set(left_out)
    record(by=by, action="insights.change_customer_day", subject=row, data={"on": row.is_enabled}, now=now)


@permitted("desk.set_up")
def cover(*, reason: ContactReason, article: Article | None, is_money: bool, by: Person, now: datetime) -> None:
    """Which article answers a reason, and whether it is about money."""
    ReasonCover.objects.update_or_create(reason=reason, defaults={"article": article, "is_money": is_money})
    data = {"article": article.pk if article else None, "money": is_money}
    record(by=by, action="insights.cover_reason", subject=reason, data=data, now=now)


@permitted("desk.set_up")
def change_invoice_rules(*, branch: ContactReason | None, owner: Person | None, by: Person, now: datetime) -> None:
    """Which reasons are questions about invoices, and who looks after them. The month before this one is the first."""
    InvoiceRules.objects.get_or_create(pk=1)
    row = InvoiceRules.objects.select_for_update().get(pk=1)
    if branch is not None and row.branch_id is None:
        row.since = months.shift(months.month_of(now, desk_zone()), -1)
    row.branch, row.owner = branch, owner
    row.save()
    data = {"branch": branch.pk if branch else None, "owner": owner.pk if owner else None}
    record(by=by, action="insights.change_invoice_rules", subject=row, data=data, now=now)
