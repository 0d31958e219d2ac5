"""How the daily review goes, and which reasons it offers: kept by admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.urls import reverse

import timers
from accounts import journal
from accounts.access import can
from accounts.choices import Role
from accounts.models import Person
from accounts.permitted import permitted
from billing.actions.numbering import seller_zone
from knowledgebase.models import Article
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind as MailKind
from mail.models import Mailbox
from selfservice.choices import Kind, Verdict
from selfservice.models import ReviewReason, ReviewRules
from selfservice.refusals import Refused
from selfservice.review_queue import count_older
from tickets.queries_desk.automation import absent_people

DEPUTY = "selfservice.deputy"
ONLY = 1  # there is one set of rules, and one timer for it
MOST_REASONS = 5  # and one's own words make six keys
SATURDAY = 5

by_admin = permitted("desk.set_up")


class CannotChangeRules(Refused):
    """The message may be shown to the admin who asked."""


@dataclass(frozen=True)
class Reason:
    """One reason to say no, and what it does."""

    words: str
    verdict: Verdict = Verdict.REJECT


@by_admin
def save_rules(
    *,
    starts_at: time,
    second_credit_above: int,
    second_refund_above: int,
    deputy: Person | None,
    deputy_from: time,
    credit_policy: Article | None = None,
    tax_policy: Article | None = None,
    refund_policy: Article | None = None,
    by: Person,
    now: datetime,
) -> ReviewRules:
    """When the review is, above which amounts two people decide, and who takes over. Raises CannotChangeRules."""
    if deputy is not None and not can(deputy, "reviews.decide"):
        raise CannotChangeRules(f"{deputy.shown_name} is no reviewer. Give them the role first.")
    if deputy is not None and deputy_from <= starts_at:
        raise CannotChangeRules("The deputy takes over after the review began, not before.")
    values = {
        "starts_at": starts_at, "second_credit_above": second_credit_above,
        "second_refund_above": second_refund_above, "deputy": deputy, "deputy_from": deputy_from,
        "credit_policy": credit_policy, "tax_policy": tax_policy, "refund_policy": refund_policy, "updated_at": now,
    }  # fmt: skip
    rules, _ = ReviewRules.objects.update_or_create(pk=ONLY, defaults=values)
    if deputy is None:
        timers.cancel(kind=DEPUTY, subject=ONLY)
    else:
        timers.schedule(kind=DEPUTY, subject=ONLY, due_at=next_time(deputy_from, now))
    data = {"credit_above": second_credit_above, "refund_above": second_refund_above, "deputy": deputy and deputy.pk}
    journal.record(by=by, action="selfservice.save_review_rules", subject=rules, data=data, now=now)
    return rules


@by_admin
def save_reasons(*, kind: Kind, reasons: Sequence[Reason], by: Person, now: datetime) -> None:
    """The reasons of a kind, in their order; decisions keep the words that they were made with."""
    if len(reasons) > MOST_REASONS:
        raise CannotChangeRules(f"Keep at most {MOST_REASONS} reasons: each has a key of its own.")
    if kind != Kind.CREDIT and any(reason.verdict != Verdict.REJECT for reason in reasons):
        raise CannotChangeRules("Only a credit limit can be kept or closed.")
    ReviewReason.objects.select_for_update().filter(kind=kind, is_active=True).update(is_active=False)
    ReviewReason.objects.bulk_create(
        ReviewReason(kind=kind, position=position, words=reason.words, verdict=reason.verdict)
        for position, reason in enumerate(reasons, 1)
    )
    data = {"reasons": [reason.words for reason in reasons]}
    journal.record(by=by, action="selfservice.save_review_reasons", subject=f"review:{kind}", data=data, now=now)


def tell_deputy(*, now: datetime) -> datetime | None:
    """It is the deputy's hour: one mail if something of today was left. Answers the next such hour, None without one.

    The only mail that the review ever sends to those who decide. A deputy who may decide no more, or is away, takes
    over nothing: then the other reviewers are told, and where there is none, the admins.
    """
    rules = ReviewRules.objects.select_related("deputy").filter(pk=ONLY).first()
    if rules is None or rules.deputy is None:
        return None
    here = now.astimezone(seller_zone())
    began = datetime.combine(here.date(), rules.starts_at, tzinfo=here.tzinfo)
    left = count_older(began)
    if left and here.weekday() < SATURDAY:
        _tell(rules.deputy, left, now)
    return next_time(rules.deputy_from, now)


def next_time(at: time, now: datetime) -> datetime:
    """When the seller's clock shows `at` next, after `now`."""
    here = now.astimezone(seller_zone())
    day = datetime.combine(here.date(), at, tzinfo=here.tzinfo)
    return day if day > now else datetime.combine(here.date() + timedelta(days=1), at, tzinfo=here.tzinfo)


def _tell(deputy: Person, left: int, now: datetime) -> None:
    away = absent_people(now)
    if can(deputy, "reviews.decide") and deputy.pk not in away:
        _write(deputy, left, "", reverse("selfservice:review"), now)
        return
    instead = f"{deputy.shown_name}, who would take over, {'is away' if deputy.pk in away else 'is no reviewer'}.\n"
    reviewers = Person.objects.with_role(Role.REVIEWER).exclude(pk=deputy.pk).exclude(pk__in=away)
    for person in reviewers.order_by("pk"):
        _write(person, left, instead, reverse("selfservice:review"), now)
    if not reviewers.exists():
        instead += "Nobody else is one. Give somebody the role, or choose another deputy:\n"
        for person in Person.objects.with_role(Role.ADMIN).order_by("pk"):
            _write(person, left, instead, reverse("selfservice:review_rules"), now)


def _write(to: Person, left: int, instead: str, path: str, now: datetime) -> None:
    waits = "request waits" if left == 1 else "requests wait"
    promised = "Nobody decided them so far, and the customers were promised today."
    queue_mail(
        kind=MailKind.NOTIFICATION,
        mailbox=Mailbox.objects.default(),
        to=Address(to.email, to.name),
        subject=f"The review of today is yours: {left} {waits}",
        text=f"{promised}\n{instead}\nBegin here:\n{settings.SITE_URL}{path}\n",
        source_key=f"review_deputy:{now:%Y-%m-%d}",
        now=now,
    )
