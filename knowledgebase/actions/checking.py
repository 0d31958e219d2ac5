"""Read one article of the month word for word: open it, tick its sections, say what was found (A7)."""

from datetime import datetime

from django.db import transaction

from accounts.access import NotAllowed, has_role
from accounts.choices import Role
from accounts.journal import record
from accounts.models import Person
from knowledgebase.actions import flagging, verifying
from knowledgebase.choices import CampaignState, CheckOutcome, RevisionState
from knowledgebase.models import Article, Campaign, CampaignItem, Revision
from knowledgebase.queries_campaign import rules
from knowledgebase.refusals import Refused
from knowledgebase.sections import sections
from supportdesk.lib.failpoints import failpoint

# A pause is not reading: between two ticks nobody reads longer than this, or slower than SLOWEST where a page is long.
LONGEST_PAUSE = 10 * 60
SLOWEST = 100  # words a minute
LONGEST_REMARK = flagging.LONGEST - 60


class NotRead(Refused):
    """A section was not ticked."""


class NotYours(Refused):
    """Somebody else reads this month, or the month is over."""


class ReadAlready(Refused):
    """Somebody, or another window, said already what was found."""


class SayWhat(Refused):
    """A flag without words helps nobody."""


@transaction.atomic
def open_item(*, item: CampaignItem, by: Person, now: datetime) -> None:
    """Note that the reader looks at the page from now on. Anybody else's look is no reading and changes nothing."""
    CampaignItem.objects.filter(
        pk=item.pk, campaign__reviewer=by, campaign__state=CampaignState.RUNNING, article__published__isnull=False
    ).open().update(seen_at=now)


@transaction.atomic
def tick(*, item: CampaignItem, key: str, is_read: bool, by: Person, now: datetime) -> CampaignItem:
    """Note that a section was read, or that it was not after all. A section that the text no longer has is left out.

    Raises NotYours and ReadAlready.
    """
    row, text = _mine(item, by)
    known = [section.key for section in sections(text.title, text.html)]
    wanted = {*row.ticked, key} if is_read else {*row.ticked} - {key}
    row.ticked = [one for one in known if one in wanted]
    _measure(row, text, now)
    row.save(update_fields=["ticked", "seconds", "seen_at"])
    return row


@transaction.atomic
def settle(*, item: CampaignItem, by: Person, now: datetime) -> CampaignItem:
    """Say that the whole text was read and is right, or was put right by a revision of the reader's own.

    Where that revision waits for approval, the proof is written when it is published: until then readers see the old
    text. Raises NotRead while a section is unticked, NotYours, ReadAlready.
    """
    row, text = _mine(item, by)
    left = [section for section in sections(text.title, text.html) if section.key not in row.ticked]
    if left:
        some = "1 section is" if len(left) == 1 else f"{len(left)} sections are"
        raise NotRead(f"{some} not ticked. Read every section word for word, then tick it.")
    _measure(row, text, now)
    fix = correction_of(row)
    row.outcome, row.fix = (CheckOutcome.FIXED, fix) if fix else (CheckOutcome.OK, None)
    _finish(row, text, by, now)
    if fix is None or fix.pk == text.pk:
        verifying.verified(row.article, text, by, now, seconds=row.seconds, campaign_item=row)
    failpoint("knowledgebase.check.settled")
    record(
        by=by, action="knowledgebase.check", subject=row.article, now=now,
        data={"outcome": row.outcome, "revision": text.no, "fix": fix.no if fix else None, "seconds": row.seconds},
    )  # fmt: skip
    return row


@transaction.atomic
def flag(*, item: CampaignItem, remark: str, by: Person, now: datetime) -> CampaignItem:
    """Say that the text is wrong and what is wrong with it; its owner has to mend it. It is not verified.

    Raises SayWhat, NotYours, ReadAlready.
    """
    words = " ".join(remark.replace("\0", "").split())
    if not words:
        raise SayWhat("Say what is wrong, so that its owner can mend it.")
    if len(words) > LONGEST_REMARK:
        raise SayWhat(f"Say it in at most {LONGEST_REMARK} characters; these are {len(words)}.")
    row, text = _mine(item, by)
    _measure(row, text, now)
    row.outcome, row.fix, row.remark = CheckOutcome.FLAGGED, None, words
    _finish(row, text, by, now)
    flagging.flag(article=row.article, words=words, by=by, now=now)
    return row


@transaction.atomic
def complete(*, campaign: Campaign, by: Person, now: datetime) -> Campaign:
    """End the month's reading. Twice: once. Raises NotYours, and NotRead while anything is open or waits."""
    row = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if row.state == CampaignState.COMPLETE:
        return row
    _need_reader(row, by)
    items = CampaignItem.objects.filter(campaign=row)
    left, waiting = items.open().in_force().count(), items.waiting().in_force().count()
    if left:
        raise NotRead(f"{left} {'article is' if left == 1 else 'articles are'} not read yet.")
    if waiting:
        some = "1 correction waits" if waiting == 1 else f"{waiting} corrections wait"
        raise NotRead(f"{some} for approval: readers still see the old text.")
    row.state, row.completed_at = CampaignState.COMPLETE, now
    row.save(update_fields=["state", "completed_at"])
    record(by=by, action="knowledgebase.campaign_complete", subject=row, now=now)
    return row


@transaction.atomic
def take_over(*, campaign: Campaign, by: Person, now: datetime) -> Campaign:
    """The deputy, the manager or an admin reads on in the reader's place. What was read stays. Raises NotAllowed."""
    how = rules()
    if by.pk not in {how.reviewer_id, how.deputy_id, how.manager_id} and not has_role(by, Role.ADMIN):
        raise NotAllowed("Only the deputy, the manager or an admin takes the month over.")
    row = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if row.state != CampaignState.RUNNING:
        raise NotYours("This month is over.")
    if row.reviewer_id != by.pk:
        before, row.reviewer = row.reviewer_id, by
        row.save(update_fields=["reviewer"])
        record(by=by, action="knowledgebase.campaign_taken_over", subject=row, data={"from": before}, now=now)
    return row


def correction_of(item: CampaignItem) -> Revision | None:
    """The reader's own newer text of the page, written since it joined the month: published, or waiting."""
    rows = Revision.objects.filter(
        article=item.article_id, author=item.campaign.reviewer_id, created_at__gte=item.joined_at
    )
    waits = rows.filter(state=RevisionState.SUBMITTED).order_by("-no").first()
    return waits or rows.filter(state=RevisionState.APPROVED, pk=item.article.published_id or 0).first()


def _mine(item: CampaignItem, by: Person) -> tuple[CampaignItem, Revision]:
    """The item and the published text, held: its article first, as whoever publishes does."""
    article = Article.objects.select_for_update(of=("self",)).select_related("published").get(pk=item.article_id)
    row = (
        CampaignItem.objects.select_for_update(of=("self",))
        .select_related("campaign__reviewer", "article")
        .get(pk=item.pk)
    )
    row.article = article
    _need_reader(row.campaign, by)
    if not CampaignItem.objects.filter(pk=row.pk).open().exists():
        raise ReadAlready("This one was read already.")
    if article.published is None or article.archived_at:
        raise ReadAlready("This page is no longer published, so it need not be read.")
    return row, article.published


def _need_reader(campaign: Campaign, by: Person) -> None:
    if campaign.reviewer_id != by.pk:
        raise NotYours(f"{campaign.reviewer.shown_name} reads this month.")
    if campaign.state == CampaignState.COMPLETE:
        raise NotYours("This month is complete.")
    if campaign.state != CampaignState.RUNNING:
        raise NotYours("This month ended unfinished. What was not read is in the new one.")


def _measure(item: CampaignItem, text: Revision, now: datetime) -> None:
    """Add the time since the last look or tick."""
    longest = max(LONGEST_PAUSE, text.words * 60 // SLOWEST)
    passed = (now - item.seen_at).total_seconds() if item.seen_at else 0
    item.seconds += round(min(max(passed, 0), longest))
    item.seen_at = max(now, item.seen_at or now)


def _finish(item: CampaignItem, text: Revision, by: Person, now: datetime) -> None:
    item.revision, item.words, item.by, item.done_at = text, text.words, by, now
    item.save(
        update_fields=[
            "outcome", "fix", "remark", "revision", "words", "by", "done_at", "seconds", "seen_at"
        ]
    )  # fmt: skip
