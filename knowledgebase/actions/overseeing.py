"""What happens by itself: a month begins, and whoever looks after the reading hears in time what was not read."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.choices import Role
from accounts.models import Person
from knowledgebase.access import reads_space
from knowledgebase.actions import campaigning
from knowledgebase.checking_days import alert_at, zone_named
from knowledgebase.choices import CampaignState
from knowledgebase.models import Article, Campaign, CampaignItem, CampaignRules, CheckGap, OwnerReminder
from knowledgebase.queries_campaign import covered, rules
from knowledgebase.queries_gaps import Gap, gaps
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import take_transaction_lock

OWNERS_HEAR_EVERY = timedelta(days=7)
LISTED = 30


def look_after(*, now: datetime) -> None:
    """Begin the month, tell the manager, tell owners. As often as you like: each thing happens once."""
    how = rules()
    if not how.is_enabled:
        return
    alert(how, now=now)
    campaigning.begin(now=now)
    tell_of_gaps(how, now=now)
    tell_owners(now=now)


@transaction.atomic
def alert(how: CampaignRules, *, now: datetime) -> int:
    """Tell the manager of each month that is not complete at 09:00 of its last day; how many that were (A7).

    A desk that slept through it is told when it wakes. What began after that hour is not told of.
    """
    zone = zone_named(how.zone)
    late = Campaign.objects.select_for_update().filter(alerted_at=None).exclude(state=CampaignState.COMPLETE)
    told = 0
    for campaign in late.order_by("month"):
        if now < alert_at(campaign.month, zone) or how.manager is None:
            continue
        items = CampaignItem.objects.filter(campaign=campaign).in_force()
        left, waiting, total = items.open().count(), items.waiting().count(), items.count()
        campaign.alerted_at = now
        campaign.save(update_fields=["alerted_at"])
        lines = [f"{campaign.reviewer.shown_name} read {total - left} of {total} articles word for word."]
        lines += [f"{waiting} corrected, and not approved yet."] if waiting else []
        lines += ["Everything was read, but nobody ended the month."] if not left and not waiting else []
        for manager in _managers(how):
            _mail(
                manager, f"The reading of {campaign.month:%B %Y} is not complete: {total - left} of {total}",
                [*lines, "", f"{settings.SITE_URL}/wiki/checks/?month={campaign.month:%Y-%m}"], now,
            )  # fmt: skip
        told += 1
    return told


@transaction.atomic
def tell_of_gaps(how: CampaignRules, *, now: datetime) -> int:
    """Tell the manager of every article that nobody has read for more than a month, once for each time; how many."""
    take_transaction_lock("knowledgebase.gaps")
    found = gaps(covered(how), zone=zone_named(how.zone), now=now, after=now, before=now)
    known = set(CheckGap.objects.filter(article__in=[one.article.pk for one in found]).values_list("article", "since"))
    new = [gap for gap in found if (gap.article.pk, gap.since) not in known]
    CheckGap.objects.bulk_create([CheckGap(article=gap.article, since=gap.since, told_at=now) for gap in new])
    for manager in _managers(how) if new else ():
        theirs = [gap for gap in new if reads_space(manager, gap.article.space)]
        some = "1 article was" if len(theirs) == 1 else f"{len(theirs)} articles were"
        lines = [*_listed(theirs), *_unnamed(len(new) - len(theirs)), "", _report()]
        subject = f"{some} not read for more than a month" if theirs else "Something was not read for more than a month"
        _mail(manager, subject, lines, now)
    return len(new)


@transaction.atomic
def tell_owners(*, now: datetime) -> int:
    """Remind owners of what should have been read again by now, at most once a week; how many were."""
    take_transaction_lock("knowledgebase.owners")
    lately = OwnerReminder.objects.filter(told_at__gt=now - OWNERS_HEAR_EVERY).values("owner")
    overdue = Article.objects.unverified(now).filter(space__archived_at=None, owner__is_active=True)
    mine: dict[Person, list[Article]] = defaultdict(list)
    for article in overdue.exclude(owner__in=lately).select_related("owner").order_by("verify_due_at", "pk"):
        mine[article.owner].append(article)
    told = 0
    for owner, articles in mine.items():
        readable = Article.objects.readable_by(owner).filter(pk__in=[one.pk for one in articles])
        allowed = set(readable.values_list("pk", flat=True)) if owner.is_staff_member else set()
        shown = [one for one in articles if one.pk in allowed]
        if not shown:
            continue
        OwnerReminder.objects.update_or_create(owner=owner, defaults={"told_at": now})
        failpoint("knowledgebase.owner.told")
        some = "1 page of yours wants" if len(shown) == 1 else f"{len(shown)} pages of yours want"
        _mail(owner, f"{some} to be read again", _addresses(shown), now)
        told += 1
    return told


def _managers(how: CampaignRules) -> list[Person]:
    """Who looks after the reading: its manager, or the admins when that one does not work here any more."""
    found = list(Person.objects.staff().filter(pk=how.manager_id))
    return found or list(Person.objects.with_role(Role.ADMIN).order_by("pk"))


def _listed(found: list[Gap]) -> list[str]:
    lines = [
        f"- {gap.article.title}: {gap.days} days, since {gap.since:%-d %B %Y}. {gap.article.owner.shown_name} owns it."
        for gap in found[:LISTED]
    ]
    return [*lines, f"And {len(found) - LISTED} more."] if len(found) > LISTED else lines


def _unnamed(number: int) -> list[str]:
    """Pages that whoever is told does not read stay unnamed (A4)."""
    if not number:
        return []
    return [f"{number} more in {'a space' if number == 1 else 'spaces'} that you do not read. Ask an admin."]


def _addresses(articles: list[Article]) -> list[str]:
    lines = [f"- {one.title}: {settings.SITE_URL}/wiki/{one.slug}/" for one in articles[:LISTED]]
    return [*lines, f"And {len(articles) - LISTED} more."] if len(articles) > LISTED else lines


def _report() -> str:
    return f"{settings.SITE_URL}/wiki/checks/"


def _mail(person: Person, subject: str, lines: list[str], now: datetime) -> None:
    queue_mail(
        kind=Kind.NOTIFICATION, mailbox=Mailbox.objects.default(), to=Address(person.email, person.name),
        subject=subject, text="\n".join(lines) + "\n", now=now,
    )  # fmt: skip
