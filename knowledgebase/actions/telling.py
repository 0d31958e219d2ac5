"""Mails about suggestions: the owner hears the same day, at most once; the author hears what came of it."""

from datetime import datetime

from django.conf import settings

from accounts.models import Person
from knowledgebase.access import reads_space
from knowledgebase.models import Article, Revision
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox, OutgoingMail
from supportdesk.lib.locks import take_transaction_lock


def tell_owner(article: Article, revision: Revision, *, by: Person, now: datetime) -> None:
    """Say to the owner that a change was suggested, unless it is their own, or they heard of another one today.

    Everything that waits stands on /wiki/waiting/, where the mail leads. Belongs into the transaction of handing in.
    """
    owner = article.owner
    if owner.pk == by.pk or not owner.is_active or not reads_space(owner, article.space):
        return
    key = f"wiki_suggested:{owner.pk}:{now:%Y-%m-%d}"
    take_transaction_lock(key)
    if OutgoingMail.objects.filter(source_key=key).exists():
        return
    lines = [f"{by.shown_name} suggests a change to “{article.title}”, which you look after."]
    lines += [f"They say: {revision.comment}"] if revision.comment else []
    lines += ["", "Look at it:", f"{settings.SITE_URL}/wiki/{article.slug}/change/", ""]
    lines += ["Everything that waits:", f"{settings.SITE_URL}/wiki/waiting/"]
    _mail(owner, f"{by.shown_name} suggests a change to {article.title}", lines, key, now)


def tell_author(article: Article, revision: Revision, *, by: Person, now: datetime) -> None:
    """Say to the author of a suggestion that it was not accepted, and why."""
    author = revision.author
    if author.pk == by.pk or not author.is_active or not reads_space(author, article.space):
        return
    lines = [f"{by.shown_name} did not accept your change to “{article.title}”.", "", revision.answer, ""]
    lines += ["Your text is kept:", f"{settings.SITE_URL}/wiki/{article.slug}/history/{revision.no}/"]
    _mail(author, f"Your change to {article.title} was not accepted", lines, f"wiki_answer:{revision.pk}", now)


def _mail(person: Person, subject: str, lines: list[str], key: str, now: datetime) -> None:
    queue_mail(
        kind=Kind.NOTIFICATION, mailbox=Mailbox.objects.default(), to=Address(person.email, person.name),
        subject=subject, text="\n".join(lines) + "\n", source_key=key, now=now,
    )  # fmt: skip
