"""Addresses that carry what a mail is about, signed, so that only who got one can use it (S7, case 109).

    support+1z.abcdefghijklmnopqrstuvwxyz@example.com     an answer goes to ticket 12, as the customer it was made for
    support+b.1z.abcdefghijklmnopqrstuvwxyz@example.com    a bounce concerns this one outgoing mail

`1z` is the number of a row in base 36; the signature covers everything in that row. Nothing is compared with case.
"""

import re
from dataclasses import dataclass

from django.db import connection

from mail.addresses import normalise, split
from mail.models import Mailbox, OutgoingMail, ReplyAddress
from mail.signing import base36, is_signed, sign

REPLY = "reply-address"
BOUNCE = "bounce-address"
_TAG = re.compile(r"(?:(b)\.)?([0-9a-z]{1,13})\.([a-z2-7]{26})", re.ASCII)
_LARGEST_ID = 2**63 - 1

INSERT_ADDRESS = """
insert into mail_replyaddress (mailbox_id, subject_key, recipient) values (%s, %s, %s)
on conflict do nothing returning id
"""


@dataclass(frozen=True)
class ReplyTarget:
    """What a reply address says: the subject, whom we gave it to, and in which mailbox."""

    subject_key: str
    recipient: str
    mailbox: Mailbox


def make(*, mailbox: Mailbox, subject_key: str, recipient: str, address: str = "") -> str:
    """The address at which `recipient` answers about `subject_key`; the same one every time.

    `address` is the alias to build it on; the mailbox's own by default. Writes a row the first time.
    """
    row = _row(mailbox, subject_key, normalise(recipient))
    local, domain = split(address or mailbox.address)
    signature = sign(REPLY, row.pk, mailbox.pk, row.subject_key, row.recipient)
    return f"{local}+{base36(row.pk)}.{signature}@{domain}"


def _row(mailbox: Mailbox, subject_key: str, recipient: str) -> ReplyAddress:
    key = {"mailbox": mailbox, "subject_key": subject_key, "recipient": recipient}
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ADDRESS, [mailbox.pk, subject_key, recipient])
        made = cursor.fetchone()
    return ReplyAddress(pk=made[0], **key) if made else ReplyAddress.objects.get(**key)


def read(address: str) -> ReplyTarget | None:
    """What `address` stands for, or None when we did not make it or it names another mailbox (case 113)."""
    tag = _tag(address)
    if tag is None or tag.mark:
        return None
    row = ReplyAddress.objects.select_related("mailbox").filter(pk=tag.number).first()
    if row is None or not is_signed(tag.signature, REPLY, row.pk, row.mailbox_id, row.subject_key, row.recipient):
        return None
    if not _belongs(row.mailbox, tag.base):
        return None
    return ReplyTarget(row.subject_key, row.recipient, row.mailbox)


def make_bounce_address(*, mail: OutgoingMail) -> str:
    """The envelope sender of `mail`, so that a bounce names its mail whatever the other server leaves out of it."""
    local, domain = split(mail.from_address)
    return f"{local}+b.{base36(mail.pk)}.{sign(BOUNCE, mail.pk)}@{domain}"


def read_bounce_address(address: str) -> OutgoingMail | None:
    """The mail whose envelope sender `address` was, or None."""
    tag = _tag(address)
    if tag is None or not tag.mark or not is_signed(tag.signature, BOUNCE, tag.number):
        return None
    return OutgoingMail.objects.filter(pk=tag.number).first()


@dataclass(frozen=True)
class _Tag:
    base: str
    mark: str
    number: int
    signature: str


def _tag(address: str) -> _Tag | None:
    local, domain = split(address)
    base, plus, tag = local.partition("+")
    found = _TAG.fullmatch(tag) if plus and len(tag) < 64 else None
    if not found:
        return None
    number = int(found[2], 36)
    return _Tag(f"{base}@{domain}", found[1] or "", number, found[3]) if number <= _LARGEST_ID else None


def _belongs(mailbox: Mailbox, address: str) -> bool:
    return address == mailbox.address or mailbox.aliases.filter(address=address).exists()
