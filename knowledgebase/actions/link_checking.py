"""Try the addresses that lead out of the wiki, a few at a time, and tell owners once what is broken (A6).

Somebody else's server may be slow or closed to programs: whatever it answers counts as there, but 404 and 410. No
answer counts once it failed on two days. Addresses inside a private network are never called.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.models import Person
from accounts.outgoing import queue_template
from knowledgebase.access import reads_space
from knowledgebase.choices import LinkStatus
from knowledgebase.models import Link
from supportdesk.lib import outbound

EVERY = timedelta(days=7)
AGAIN = timedelta(days=1)
A_SWEEP = 40
PATIENCE = 8.0
GONE = frozenset({404, 410})
NOT_FOR_HEAD = frozenset({400, 403, 404, 405, 406, 501})
MOST_IN_A_MAIL = 100


def check_outside(*, now: datetime) -> int:
    """Try up to A_SWEEP addresses that are due, each once however many pages name it. Answers how many."""
    addresses = _claim(now)
    for address in addresses:
        status, problem = _tried(address)
        _note(address, status, problem, now)
    tell_owners(now=now)
    return len(addresses)


@transaction.atomic
def tell_owners(*, now: datetime) -> int:
    """One mail to each owner of a page with a link that broke since the last one. Answers how many mails."""
    rows = Link.objects.select_for_update(of=("self",), skip_locked=True).filter(
        status=LinkStatus.BROKEN, told_at=None, article__archived_at=None, article__published__isnull=False
    )
    links = list(rows.select_related("article__owner", "article__space").order_by("article__title", "pk"))
    of_owner: dict[Person, list[Link]] = defaultdict(list)
    for link in links:
        of_owner[link.article.owner].append(link)
    for owner, every in of_owner.items():
        theirs = [link for link in every if reads_space(owner, link.article.space)]
        if theirs and owner.is_active and owner.email:
            context = {"links": theirs[:MOST_IN_A_MAIL], "number": len(theirs), "owner": owner}
            queue_template(to=owner.email, template="knowledgebase/mail/broken_links", context=context, now=now)
    Link.objects.filter(pk__in=[link.pk for link in links]).update(told_at=now)
    return len(of_owner)


@transaction.atomic
def ignore(*, link: Link, now: datetime) -> None:
    """Do not try it again, nor tell of it."""
    Link.objects.filter(pk=link.pk).update(status=LinkStatus.IGNORED, problem="", checked_at=now)


@transaction.atomic
def try_again(*, link: Link) -> None:
    """Try it with the next few, whatever was known of it."""
    Link.objects.filter(pk=link.pk).update(status=LinkStatus.UNCHECKED, problem="", checked_at=None, told_at=None)


@transaction.atomic
def _claim(now: datetime) -> list[str]:
    """Addresses that nobody else tries now. One whose trying was cut off is tried again a day later."""
    due = Link.objects.filter(is_outside=True).exclude(status=LinkStatus.IGNORED)
    due = due.filter(Q(checked_at=None) | Q(checked_at__lte=now - EVERY))
    rows = due.select_for_update(skip_locked=True).order_by("checked_at", "pk")[: 4 * A_SWEEP]
    addresses = list(dict.fromkeys(link.address for link in rows))[:A_SWEEP]
    Link.objects.filter(is_outside=True, address__in=addresses).update(checked_at=now - EVERY + AGAIN)
    return addresses


def _note(address: str, status: str, problem: str, now: datetime) -> None:
    """Keep what came of it on every link with that address."""
    rows = Link.objects.filter(is_outside=True, address=address).exclude(status=LinkStatus.IGNORED)
    if status == LinkStatus.UNCHECKED:  # no answer: the second day decides
        known = rows.filter(Q(status=LinkStatus.BROKEN) | ~Q(problem=""))
        known.update(status=LinkStatus.BROKEN, problem=problem, checked_at=now)
        rows.filter(problem="").update(problem=problem, checked_at=now - EVERY + AGAIN)
        return
    if status != LinkStatus.BROKEN:
        rows.update(told_at=None)
    rows.update(status=status, problem=problem, checked_at=now)


def _tried(address: str) -> tuple[str, str]:
    try:
        answer = _asked(address, "HEAD")
        if answer.status in NOT_FOR_HEAD:
            answer = _asked(address, "GET")
    except outbound.CannotCall as error:
        return LinkStatus.BROKEN, str(error)[:200]
    except outbound.NoAnswer as error:
        return LinkStatus.UNCHECKED, str(error)[:200]
    if answer.status in GONE:
        return LinkStatus.BROKEN, f"The other side says that there is no such page ({answer.status})."
    return (LinkStatus.REDIRECTED if 300 <= answer.status < 400 else LinkStatus.WORKING), ""


def _asked(address: str, method: str) -> outbound.Answer:
    """Hosts of our own network are asked where the operator named them, as for webhooks."""
    return outbound.look(address, method=method, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS, deadline=PATIENCE)
