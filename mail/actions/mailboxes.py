"""Our own addresses: set one up, change it. Secrets go in; nothing here hands one out."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from mail.models import Mailbox, MailboxAlias

SETTINGS = frozenset(
    {
        "address", "name", "signature", "is_active", "is_default", "acknowledges", "trusted_authserv_ids",
        "imap_host", "imap_port", "imap_security", "imap_authentication", "imap_username", "imap_secret",
        "imap_folder",
        "smtp_host", "smtp_port", "smtp_security", "smtp_authentication", "smtp_username", "smtp_secret",
        "oauth_token_url", "oauth_client_id", "oauth_client_secret",
    }
)  # fmt: skip
SECRETS = frozenset({"imap_secret", "smtp_secret", "oauth_client_secret"})
# Where each secret is handed over. It is asked for again when that changes, or "write only" would be a word:
# whoever points a mailbox at a server of their own would be sent the stored password.
HANDED_TO = {
    "imap_secret": ("imap_host", "imap_port", "imap_security", "imap_authentication", "oauth_token_url"),
    "smtp_secret": ("smtp_host", "smtp_port", "smtp_security", "smtp_authentication", "oauth_token_url"),
    "oauth_client_secret": ("oauth_token_url",),
}
# Another folder counts its mails from the start; what we know already is recognised by its content.
PLACE = ("imap_host", "imap_port", "imap_username", "imap_folder")

WORDS = {
    "imap_secret": "password for the IMAP server",
    "smtp_secret": "password for the SMTP server",
    "oauth_client_secret": "client secret",
}


class CannotSetUpMailbox(Exception):
    """The message may be shown to the admin who asked."""


@transaction.atomic
def create_mailbox(*, settings: Mapping[str, Any], aliases: Collection[str]) -> Mailbox:
    """Make a mailbox. The first one is the default whatever is asked. Raises CannotSetUpMailbox."""
    _known(settings)
    others = list(Mailbox.objects.select_for_update().order_by("pk"))
    _check_addresses(None, settings["address"], aliases)
    settings = {**settings, "is_default": settings.get("is_default", False) or not others}
    _step_down(settings["is_default"], None)
    mailbox = Mailbox.objects.create(**settings)
    _put_aliases(mailbox, aliases)
    return mailbox


@transaction.atomic
def change_mailbox(*, mailbox: Mailbox, settings: Mapping[str, Any], aliases: Collection[str]) -> Mailbox:
    """Change what `settings` names; a secret that is not in it stays. Raises CannotSetUpMailbox.

    A mailbox that now looks elsewhere for its mail starts at the first mail there.
    """
    _known(settings)
    list(Mailbox.objects.select_for_update().order_by("pk"))
    mailbox = Mailbox.objects.get(pk=mailbox.pk)
    _check_addresses(mailbox, settings["address"], aliases)
    if mailbox.is_default and not settings.get("is_default", True):
        raise CannotSetUpMailbox("Make another mailbox the one that takes unaddressed mail; then this one steps down.")
    _step_down(settings.get("is_default", False), mailbox)
    for secret in secrets_to_ask_for(mailbox, settings):
        raise CannotSetUpMailbox(f"Enter the {WORDS[secret]} again: it would go to another place than before")
    before = _place(mailbox)
    for name, value in settings.items():
        setattr(mailbox, name, value)
    if _place(mailbox) != before:
        mailbox.last_uid, mailbox.uid_validity = 0, None
    mailbox.last_error, mailbox.failing_since = "", None
    mailbox.save()
    _put_aliases(mailbox, aliases)
    return mailbox


def secrets_to_ask_for(mailbox: Mailbox, settings: Mapping[str, Any]) -> list[str]:
    """Stored secrets that `settings` would hand to another place than before without bringing them along.

    A server that is taken away is handed nothing.
    """
    return [
        secret
        for secret, places in HANDED_TO.items()
        if getattr(mailbox, secret)
        and not settings.get(secret)
        and settings.get(places[0]) != ""
        and any(place in settings and settings[place] != getattr(mailbox, place) for place in places)
    ]


def _known(settings: Mapping[str, Any]) -> None:
    unknown = sorted(settings.keys() - SETTINGS)
    if unknown:
        raise TypeError(f"Not settings of a mailbox: {', '.join(unknown)}")


def _place(mailbox: Mailbox) -> tuple:
    return tuple(getattr(mailbox, name) for name in PLACE)


def _step_down(is_default: bool, mailbox: Mailbox | None) -> None:
    if is_default:
        Mailbox.objects.filter(is_default=True).exclude(pk=mailbox.pk if mailbox else 0).update(is_default=False)


def _check_addresses(mailbox: Mailbox | None, address: str, aliases: Collection[str]) -> None:
    pk = mailbox.pk if mailbox else 0
    if address in aliases:
        raise CannotSetUpMailbox(f"{address} is the mailbox itself. Take it out of the other addresses")
    for each in [address, *aliases]:
        taken = Mailbox.objects.filter(address=each).exclude(pk=pk).exists()
        if taken or MailboxAlias.objects.filter(address=each).exclude(mailbox=pk).exists():
            raise CannotSetUpMailbox(f"{each} belongs to another mailbox")


def _put_aliases(mailbox: Mailbox, aliases: Collection[str]) -> None:
    mailbox.aliases.exclude(address__in=aliases).delete()
    present = set(mailbox.aliases.values_list("address", flat=True))
    MailboxAlias.objects.bulk_create(
        MailboxAlias(mailbox=mailbox, address=address) for address in aliases if address not in present
    )
