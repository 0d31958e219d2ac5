"""Matters of money that a person has to look after: opened once, told to those who decide about money, closed."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import journal
from accounts.choices import Role
from accounts.models import Person
from billing.choices import MoneyTaskKind
from billing.models import Dispute, MoneyTask, Payment, Refund
from billing.refusals import Refused
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox

WHO = (Role.REVIEWER, Role.ADMIN)
# Whether somebody meant to cheat is for admins, and interrupts no reviewer.
WHO_ELSE = {MoneyTaskKind.LINKED_ACCOUNT: (Role.ADMIN, Role.LEAD)}
MOST_TOLD = 20
LONGEST_OUTCOME = 500


class CannotClose(Refused):
    """Nothing says what was done, or somebody else has closed it."""


def open_task(
    *,
    kind: MoneyTaskKind,
    key: str,
    words: str,
    now: datetime,
    payment: Payment | None = None,
    refund: Refund | None = None,
    dispute: Dispute | None = None,
) -> MoneyTask:
    """Write down that somebody has to look; once for each `key`. Belongs in the transaction of what it is about."""
    task, is_new = MoneyTask.objects.get_or_create(
        key=key[:300],
        defaults={
            "kind": kind, "payment": payment, "refund": refund, "dispute": dispute, "words": words[:500],
            "opened_at": now,
        },
    )  # fmt: skip
    if is_new:
        _tell(task, now)
    return task


@transaction.atomic
def close_task(*, task: MoneyTask, outcome: str, by: Person, now: datetime) -> MoneyTask:
    """Somebody has looked after it. `outcome` says how. Raises CannotClose."""
    said = " ".join(outcome.replace("\x00", "").split())[:LONGEST_OUTCOME]
    if not said:
        raise CannotClose("Say in a few words what was done.")
    rows = MoneyTask.objects.filter(pk=task.pk, closed_at__isnull=True)
    if not rows.update(closed_at=now, closed_by=by, outcome=said):
        raise CannotClose("Somebody has closed this already.")
    task.refresh_from_db()
    journal.record(by=by, action="billing.close_money_task", subject=task, data={"kind": task.kind}, now=now)
    return task


def _tell(task: MoneyTask, now: datetime) -> None:
    """One mail to each who decides about money; admins where there is no reviewer."""
    roles = WHO_ELSE.get(MoneyTaskKind(task.kind), WHO)
    found: list[Person] = next(
        filter(None, (list(Person.objects.with_role(role).order_by("pk")[:MOST_TOLD]) for role in roles)), []
    )
    address = f"{settings.SITE_URL}{reverse('billing:money_tasks')}"
    mailbox = Mailbox.objects.default()
    for person in found:
        queue_mail(
            kind=Kind.NOTIFICATION,
            mailbox=mailbox,
            to=Address(person.email, person.name),
            subject=task.get_kind_display(),
            text=f"{task.words}\n\nLook after it here:\n{address}\n",
            source_key=f"money_task:{task.pk}",
            now=now,
        )
