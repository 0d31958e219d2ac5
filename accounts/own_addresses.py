"""Addresses whose mail arrives in this desk, and whose reader is therefore anybody who works in it (S11)."""

from accounts.addresses import domain_of
from mail.models import Mailbox, MailboxAlias


def own_domains() -> frozenset[str]:
    """Domains of our mailboxes. Nobody signs up with an address there; staff are invited."""
    return frozenset(domain_of(address) for address in _own_addresses())


def is_own_mailbox(email: str) -> bool:
    """Whether mail to this address becomes a ticket, its plus-forms included."""
    local, _, domain = email.partition("@")
    return f"{local.partition('+')[0]}@{domain}" in _own_addresses() or email in _own_addresses()


def _own_addresses() -> frozenset[str]:
    boxes = Mailbox.objects.values_list("address", flat=True)
    return frozenset(boxes.union(MailboxAlias.objects.values_list("address", flat=True)))
