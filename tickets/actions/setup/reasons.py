"""Why people write: a tree of at most three levels. A reason in use is retired, not removed."""

from collections.abc import Sequence
from datetime import datetime

from accounts import journal
from accounts.models import Person
from knowledgebase.models import Article
from tickets.actions.setup.door import by_admin
from tickets.models import ContactReason, ReasonProcess
from tickets.refusals import Refused

LEVELS = 3


class CannotChangeReason(Refused):
    """The message may be shown to the admin who asked."""


@by_admin
def add_reason(*, name: str, parent: ContactReason | None, by: Person, now: datetime) -> ContactReason:
    """Add a reason below `parent`, or at the top. Raises CannotChangeReason below the third level."""
    if parent is not None:
        parent = ContactReason.objects.select_for_update().get(pk=parent.pk)
        if level_of(parent) >= LEVELS:
            raise CannotChangeReason("Reasons go three levels deep. Add this one a level higher.")
        if not parent.is_active:
            raise CannotChangeReason(f"{parent.name} is retired. Bring it back first.")
    _check_name(name, parent, None)
    reason = ContactReason.objects.create(name=name, parent=parent)
    _record(reason, "tickets.add_contact_reason", by, now, name=name, parent=parent and parent.pk)
    return reason


@by_admin
def rename_reason(*, reason: ContactReason, name: str, by: Person, now: datetime) -> ContactReason:
    """Say it in other words. Closed tickets show the new words too."""
    reason = ContactReason.objects.select_for_update(of=("self",)).select_related("parent").get(pk=reason.pk)
    _check_name(name, reason.parent, reason)
    before, reason.name = reason.name, name
    reason.save(update_fields=["name"])
    _record(reason, "tickets.rename_contact_reason", by, now, before=before, name=name)
    return reason


@by_admin
def retire_reason(*, reason: ContactReason, by: Person, now: datetime) -> None:
    """Offer it no longer, nor anything below it. Tickets closed with it keep it."""
    for each in _with_everything_below(reason):
        if each.is_active:
            each.is_active = False
            each.save(update_fields=["is_active"])
            _record(each, "tickets.retire_contact_reason", by, now, name=each.name)


@by_admin
def bring_back_reason(*, reason: ContactReason, by: Person, now: datetime) -> None:
    """Offer it again, and what stands above it."""
    each: ContactReason | None = reason
    while each is not None:
        each = ContactReason.objects.select_for_update(of=("self",)).select_related("parent").get(pk=each.pk)
        if not each.is_active:
            each.is_active = True
            each.save(update_fields=["is_active"])
            _record(each, "tickets.bring_back_contact_reason", by, now, name=each.name)
        each = each.parent


@by_admin
def tie_processes(*, reason: ContactReason, processes: Sequence[Article], by: Person, now: datetime) -> None:
    """Offer these processes first on tickets with that reason, or one below it, and no others. Twice: once."""
    reason = ContactReason.objects.select_for_update().get(pk=reason.pk)
    wanted = {article.pk for article in processes}
    known = set(ReasonProcess.objects.filter(reason=reason).values_list("article", flat=True))
    if wanted == known:
        return
    ReasonProcess.objects.filter(reason=reason).exclude(article__in=wanted).delete()
    ReasonProcess.objects.bulk_create(
        ReasonProcess(reason=reason, article_id=pk, by=by, at=now) for pk in sorted(wanted - known)
    )
    _record(reason, "tickets.tie_processes", by, now, processes=sorted(wanted), before=sorted(known))


def level_of(reason: ContactReason) -> int:
    """1 at the top."""
    level, parent = 1, reason.parent
    while parent is not None:
        level, parent = level + 1, parent.parent
    return level


def _with_everything_below(reason: ContactReason) -> list[ContactReason]:
    found, row = [], [reason.pk]
    while row:
        reasons = list(ContactReason.objects.select_for_update().filter(pk__in=row).order_by("pk"))
        found += reasons
        row = list(ContactReason.objects.filter(parent__in=row).values_list("pk", flat=True))
    return found


def _check_name(name: str, parent: ContactReason | None, reason: ContactReason | None) -> None:
    twin = ContactReason.objects.filter(parent=parent, name__iexact=name).exclude(pk=reason.pk if reason else 0)
    if twin.exists():
        raise CannotChangeReason(f"{name} is already here")


def _record(reason: ContactReason, action: str, by: Person, now: datetime, **data: object) -> None:
    journal.record(by=by, action=action, subject=f"tickets.contact_reason:{reason.pk}", data=data, now=now)
