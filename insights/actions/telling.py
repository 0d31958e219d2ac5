"""Mails of the programmes to staff."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from accounts.models import Person
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox


def tell(people: Iterable[Person | None], subject: str, lines: Sequence[str], *, about: str, now: datetime) -> None:
    """Mail each of `people` who works here, once. Belongs in the transaction of its cause.

    `about` ("day:7:invited") names the cause; `verify_invariants` finds what was told twice by it.
    """
    mailbox = Mailbox.objects.default()
    for person in {one.pk: one for one in people if one is not None}.values():
        if person.is_staff_member:
            queue_mail(
                kind=Kind.NOTIFICATION, mailbox=mailbox, to=Address(person.email, person.name), subject=subject,
                text="\n".join(lines) + "\n", source_key=about, now=now,
            )  # fmt: skip
