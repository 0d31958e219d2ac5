"""Take a mail over: once this has answered, the mail is ours to lose, so it is synced and committed first."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField, Exists, OuterRef

from mail.addresses import one_line, split, without_tag
from mail.choices import Door, RawState
from mail.files import add_row, discard, write
from mail.models import Mailbox, MailboxAlias, RawMail
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.compiled import CompiledRows, Gap, IsOneOf
from supportdesk.lib.failpoints import failpoint

HEADER_BYTES = 64 * 1024
OWN_ADDRESSES = "select address from mail_mailbox union select address from mail_mailboxalias"


def store_raw(
    *,
    raw: bytes,
    mailbox: Mailbox | None,
    door: Door,
    now: datetime,
    envelope_from: str = "",
    envelope_to: str = "",
) -> tuple[RawMail, bool]:
    """Keep `raw` and ask for its intake; answer the row and whether it is new.

    When this returns, the mail survives a power cut. The same bytes in the same mailbox are the same mail, however
    often and however many at once. Opens its own transaction and refuses to run inside another one, for a promise
    to the sender may not be rolled back. Raises OSError (storage) or DatabaseError; then the sender must try again.
    """
    envelope = {"envelope_from": one_line(envelope_from, 320), "envelope_to": one_line(envelope_to, 320)}
    return _keep(raw, mailbox, door, now, envelope)


def store_aside(
    *, raw: bytes, mailbox: Mailbox | None, door: Door, code: str, reason: str, now: datetime
) -> tuple[RawMail, bool]:
    """Keep what could be had of a mail as quarantined from the start; nobody is asked to read it."""
    values = {
        "state": RawState.QUARANTINED,
        "outcome": "quarantined",
        "reason_code": code,
        "reason": one_line(reason, 500),
        "decided_at": now,
    }
    return _keep(raw, mailbox, door, now, values)


def _keep(
    raw: bytes, mailbox: Mailbox | None, door: Door, now: datetime, values: dict[str, Any]
) -> tuple[RawMail, bool]:
    sha256 = hashlib.sha256(raw).hexdigest()
    known = list(RawMail.objects.filter(mailbox=mailbox, sha256=sha256)[:1])  # no order: the unique index answers it
    if known:
        return known[0], False
    written = write(raw)
    failpoint("mail.store.written")
    try:
        with transaction.atomic(durable=True):
            row = RawMail.objects.create(
                mailbox=mailbox,
                file=add_row(written=written, content_type="message/rfc822", now=now),
                sha256=sha256,
                size=len(raw),
                door=door,
                from_line=header_preview(raw, b"from"),
                subject_line=header_preview(raw, b"subject"),
                received_at=now,
                **values,
            )
            if row.state == RawState.PENDING:
                enqueue_on_commit("tickets.take_in", raw_id=row.pk)
    except IntegrityError:
        discard(written)
        return RawMail.objects.get(mailbox=mailbox, sha256=sha256), False
    failpoint("mail.store.committed")
    return row, True


def mailbox_of(address: str) -> Mailbox | None:
    """The active mailbox that `address` belongs to: its own address or an alias, with or without a plus part."""
    return _with_address().first({"wanted": [address.strip().lower(), without_tag(address)]})


@cache
def _with_address() -> CompiledRows[Mailbox]:
    """Each mail asks, on its way in and on its way out."""
    wanted = IsOneOf("address", Gap("wanted", ArrayField(CharField())))
    is_ours = wanted | Exists(MailboxAlias.objects.filter(wanted, mailbox=OuterRef("pk")))
    return CompiledRows(Mailbox.objects.filter(is_ours, is_active=True).order_by("pk")[:1])


def which_mailbox(recipients: Iterable[str]) -> Mailbox | None:
    """The mailbox for a mail to `recipients`: the first that is ours, or else the default one, or None."""
    for address in recipients:
        mailbox = mailbox_of(address) if split(address)[1] else None
        if mailbox:
            return mailbox
    return Mailbox.objects.default()


def own_addresses() -> set[str]:
    """Every address whose mail ends with us, in lower case."""
    with connection.cursor() as cursor:
        cursor.execute(OWN_ADDRESSES)
        return {address for (address,) in cursor.fetchall()}


def header_preview(raw: bytes, name: bytes) -> str:
    """The first header called `name`, readable enough for a list of mails. Never raises; "" when absent."""
    head = re.split(rb"\r?\n\r?\n", raw[:HEADER_BYTES], maxsplit=1)[0]
    value = rb"[ \t]*:[ \t]*([^\r\n]{0,900}(?:\r?\n[ \t][^\r\n]{0,900}){0,5})"
    found = re.search(rb"^" + name + value, head, re.IGNORECASE | re.MULTILINE)
    if not found:
        return ""
    text = found[1].decode("utf-8", "replace")
    try:
        pieces = [
            piece if isinstance(piece, str) else piece.decode(charset or "ascii", "replace")
            for piece, charset in decode_header(text)
        ]
        text = "".join(pieces)
    except (HeaderParseError, LookupError, ValueError):
        pass
    return one_line(re.sub(r"\s+", " ", text), 255)
