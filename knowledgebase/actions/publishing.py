"""From a saved text to the one that readers see: hand in, take back, say yes or no, bring an old one back."""

from datetime import datetime

from django.db import transaction

from accounts.access import NotAllowed
from accounts.models import Person
from knowledgebase.access import authors_of, may_answer, may_publish, may_write, newest_of, reads_space
from knowledgebase.actions.keeping import add_revision, check_publishable, locked, note, publish
from knowledgebase.actions.telling import tell_author, tell_owner
from knowledgebase.choices import RevisionState
from knowledgebase.models import Article, Revision
from knowledgebase.refusals import Refused
from supportdesk.lib.failpoints import failpoint


class Answered(Refused):
    """Somebody was faster: the revision waits no more."""


@transaction.atomic
def submit(revision: Revision, *, by: Person, now: datetime) -> Revision:
    """Hand the newest text in, or publish it where `by` may do so alone. Handed in already: nothing happens.

    Raises Refused when another came after it, and NoProcess or BadTemplate where it could never be published.
    """
    article = locked(revision.article)
    if not reads_space(by, article.space):
        raise NotAllowed("You do not read this space.")
    revision = _now(revision)
    if revision.state == RevisionState.SUBMITTED:
        return revision
    if revision.state != RevisionState.SAVED or revision.no != article.head_no:
        raise Refused(f"Version {revision.no} cannot be handed in any more: version {article.head_no} came after it.")
    release(article, revision, by=by, now=now)
    return revision


def hand_in(article: Article, revision: Revision, *, by: Person, now: datetime) -> None:
    """Let the newest text of a locked article wait for approval, and its owner hear of it."""
    check_publishable(revision)
    revision.state, revision.submitted_at = RevisionState.SUBMITTED, now
    revision.save(update_fields=["state", "submitted_at"])
    article.waiting = True
    article.save(update_fields=["waiting"])
    tell_owner(article, revision, by=by, now=now)
    note(article, "submitted", by=by, now=now, revision=revision.no)


@transaction.atomic
def withdraw(revision: Revision, *, by: Person, now: datetime) -> Revision:
    """Take back what waits. Its author may, and whoever may answer it. Waits no more: nothing happens."""
    article = locked(revision.article)
    revision = _now(revision)
    if revision.author_id != by.pk and not may_answer(by, article.space):
        raise NotAllowed("Only its author takes a suggestion back.")
    if revision.state != RevisionState.SUBMITTED:
        return revision
    revision.state, revision.submitted_at = RevisionState.SAVED, None
    revision.save(update_fields=["state", "submitted_at"])
    _wait_no_more(article, "withdrawn", revision, by=by, now=now)
    return revision


@transaction.atomic
def approve(revision: Revision, *, by: Person, now: datetime, verify: bool = False) -> Revision:
    """Publish what waits. By the same person twice: once. `verify`: they have read the whole page, word for word.

    Raises NotAllowed for whoever may not, its author above all (A3), and Answered when it waits no more.
    """
    article = locked(revision.article)
    revision = _now(revision)
    if revision.state == RevisionState.APPROVED and revision.reviewer_id == by.pk:
        return revision
    _need_publisher(article, revision, by)
    publish(article, revision, reviewer=by, by=by, now=now, verify=verify)
    failpoint("knowledgebase.approve.published")
    note(article, "published", by=by, now=now, revision=revision.no, author=revision.author_id)
    failpoint("knowledgebase.approve.before_commit")
    return revision


@transaction.atomic
def reject(revision: Revision, *, answer: str, by: Person, now: datetime) -> Revision:
    """Say no, with words for the author, who hears of it. Raises as `approve`, and Refused without words.

    Nobody has to be somebody else for a no.
    """
    article = locked(revision.article)
    revision = _now(revision)
    if revision.state == RevisionState.REJECTED and revision.reviewer_id == by.pk:
        return revision
    if revision.state != RevisionState.SUBMITTED:
        raise Answered(_answered(revision))
    if not may_answer(by, article.space):
        raise NotAllowed("You may not decide about texts of this space.")
    words = answer.replace("\0", "").strip()[:500]
    if not words:
        raise Refused("Say why, so that its author can do better.")
    revision.state, revision.reviewer, revision.reviewed_at = RevisionState.REJECTED, by, now
    revision.answer = words
    revision.save(update_fields=["state", "reviewer", "reviewed_at", "answer"])
    tell_author(article, revision, by=by, now=now)
    _wait_no_more(article, "rejected", revision, by=by, now=now)
    return revision


@transaction.atomic
def restore(article: Article, *, no: int, base_no: int, by: Person, now: datetime) -> Revision:
    """Bring an old text back as a new revision, under the same rules as any other. By the same person twice: once.

    Raises Refused when somebody saved meanwhile.
    """
    article = locked(article)
    if not may_write(by, article.space):
        raise NotAllowed("You may not write in this space.")
    old = article.revisions.filter(no=no).first()
    head = article.revisions.filter(no=article.head_no).first()
    if old is None or head is None:
        raise Refused(f"There is no version {no} of this page.")
    if head.restores == no and head.author_id == by.pk and head.base_no == base_no:
        return head
    if article.archived_at:
        raise Refused("This page is archived. Bring it back first.")
    if article.head_no != base_no:
        raise Refused(f"Version {article.head_no} was saved meanwhile. Look at it first.")
    newest = newest_of(article)
    if newest and old.digest == newest.digest:
        raise Refused(f"Version {no} says the same as the newest one.")
    revision = add_revision(
        article, title=old.title, markdown=old.markdown, base_no=base_no, by=by, now=now, restores=no,
        comment=f"Version {no} brought back", significance=old.significance,
    )  # fmt: skip
    release(article, revision, by=by, now=now)
    return revision


def release(article: Article, revision: Revision, *, by: Person, now: datetime, verify: bool = False) -> None:
    """Publish the newest text of a locked article where `by` may do so alone; else hand it in."""
    if article.space.needs_approval or not may_write(by, article.space):
        hand_in(article, revision, by=by, now=now)
        return
    publish(article, revision, reviewer=None, by=by, now=now, verify=verify)
    failpoint("knowledgebase.save.published")
    note(article, "published", by=by, now=now, revision=revision.no)


def _now(revision: Revision) -> Revision:
    """The revision as it stands, under the lock of its article."""
    return Revision.objects.select_related("article__space", "author").get(pk=revision.pk)


def _need_publisher(article: Article, revision: Revision, by: Person) -> None:
    if revision.state != RevisionState.SUBMITTED:
        raise Answered(_answered(revision))
    if article.archived_at:
        raise Refused("This page is archived. Bring it back first.")
    if may_publish(by, revision):
        return
    if not may_answer(by, article.space):
        raise NotAllowed("You may not publish in this space.")
    if revision.author_id == by.pk:
        raise NotAllowed("Somebody else has to approve this: these are your own words.")
    own = min(no for no, author in authors_of(revision) if author == by.pk)
    raise NotAllowed(f"Your own version {own} is part of this. Somebody else has to approve one of the two.")


def _answered(revision: Revision) -> str:
    who = f" by {revision.reviewer.shown_name}" if revision.reviewer else ""
    return f"Version {revision.no} waits no more: it is {revision.get_state_display().lower()}{who}."


def _wait_no_more(article: Article, action: str, revision: Revision, *, by: Person, now: datetime) -> None:
    article.waiting = article.revisions.waiting().exists()
    article.save(update_fields=["waiting"])
    note(article, action, by=by, now=now, revision=revision.no)
