"""Which mails an address wants. Each sort is an opt-out of its own, and nothing here needs an account."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from mail.actions import reach
from mail.actions.send import queue_mail
from mail.addresses import Address, normalise
from mail.choices import Kind, Sort
from mail.models import Mailbox, OptOut

SALT = "mail.choices"


def choices_token(*, address: str) -> str:
    """What leads whoever reads mail at `address` to their choices. It never expires and opens nothing else."""
    return signing.dumps(normalise(address), salt=SALT)


def read_choices_token(token: str) -> str:
    """The address. Raises reach.BadToken for anything that `choices_token` did not make (S39)."""
    try:
        address = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise reach.BadToken("This link is not one of ours.") from error
    return str(address)


def wanted_by(address: str) -> set[str]:
    """The sorts that `address` gets."""
    stopped = OptOut.objects.filter(address=address.lower(), scope__in=Sort.values, ended_at__isnull=True)
    return set(Sort.values) - set(stopped.values_list("scope", flat=True))


@transaction.atomic
def choose(*, address: str, wanted: Collection[str], now: datetime) -> None:
    """Send `address` these sorts and no others. Asked twice, it changes nothing more.

    Somebody who stops answers is told so by a last mail, in case it was not them who asked.
    """
    before = wanted_by(address)
    for sort in sorted(before - set(wanted)):
        reach.opt_out(address=address, scope=sort, now=now)
    for sort in sorted(set(Sort.values) & set(wanted) - before):
        reach.take_opt_out_back(address=address, scope=sort, now=now)
    if Sort.ANSWERS in before and Sort.ANSWERS not in wanted:
        _say_that_answers_stopped(address, now)


def choices_address(address: str) -> str:
    """The page of choices, without its host."""
    return reverse("mail:choices", args=[choices_token(address=address)])


def _say_that_answers_stopped(address: str, now: datetime) -> None:
    queue_mail(
        kind=Kind.TRANSACTIONAL,
        mailbox=Mailbox.objects.default(),
        to=Address(address),
        subject="You get no more answers by mail",
        text="Hello,\n\nfrom now on we mail no answers to this address. Find them in your tickets on the web:\n"
        f"{settings.SITE_URL}/tickets/\n\nThat was not you, or you want them back? Choose here:\n"
        f"{settings.SITE_URL}{choices_address(address)}\n",
        now=now,
    )
