"""Codes by mail: asked for by anybody, told to nobody but the reader of that mailbox."""

from datetime import datetime, timedelta

from django.db.models import F

from accounts import outgoing, tokens
from accounts.actions import people
from accounts.addresses import domain_of, normalise
from accounts.models import Person, SignInCode
from accounts.own_addresses import is_own_mailbox, own_domains
from mail.actions.send import queue_mail
from supportdesk.lib.throttle import Limit, hit

LIFETIME = timedelta(minutes=15)
TRIES = 5
OVER = "This code is over. Ask for a new one."
MAILS_TO_ADDRESS = Limit("codes mailed to an address", times=8, seconds=3600)


class CodeRefused(Exception):
    """No entry with this. The message may be shown; `is_over` tells that only a new code can help."""

    def __init__(self, message: str, *, is_over: bool):
        super().__init__(message)
        self.is_over = is_over


def request_code(*, email: str, name: str = "", now: datetime) -> SignInCode:
    """Keep a code for `email` and mail it. Raises NotAnAddress.

    Known, unknown and shut-out addresses look and cost the same (S45): a row, a rendered mail, a row in the outbox
    wherever we may write. An address that ends in this desk gets no mail (S11), nor one flooded with codes.
    """
    email = normalise(email)
    code = tokens.new_code()
    kept = SignInCode.objects.create(
        email=email,
        name=people.tidy_name(name),
        code_hash=tokens.hash_for("code", code),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    context = {"code": tokens.shown_code(code), "minutes": int(LIFETIME.total_seconds() // 60)}
    mail = outgoing.write_template(to=email, template="accounts/mail/code", context=context, now=now)
    is_flooded = hit(MAILS_TO_ADDRESS, email, now=now)
    if may_be_mailed(email) and not is_flooded:
        queue_mail(**mail)
    return kept


def redeem_code(*, code_id: int | None, text: str, now: datetime) -> Person:
    """The person who has read the mail, made if new. Raises CodeRefused.

    The try is counted before the code is compared, in one statement: guesses at once are all counted.
    """
    if code_id is None:
        raise CodeRefused(OVER, is_over=True)
    open_codes = SignInCode.objects.filter(pk=code_id, used_at__isnull=True, expires_at__gt=now)
    if not open_codes.filter(tries__lt=TRIES).update(tries=F("tries") + 1):
        raise CodeRefused(OVER, is_over=True)
    kept = SignInCode.objects.get(pk=code_id)
    if not tokens.matches("code", tokens.read_code(text), kept.code_hash):
        left = TRIES - kept.tries
        if left <= 0:
            raise CodeRefused("That was not the code. Ask for a new one.", is_over=True)
        raise CodeRefused(f"That is not the code we mailed. You can try {_times(left)} more.", is_over=False)
    if not open_codes.update(used_at=now):
        raise CodeRefused("This code has been used. Ask for a new one.", is_over=True)
    person = people.prove_address(email=kept.email, name=kept.name, now=now)
    if not person.is_active:
        raise CodeRefused(OVER, is_over=True)
    return person


def may_be_mailed(email: str) -> bool:
    """Not to those shut out, not into this desk; to our own domain only to people who are known to read there."""
    own_domain = domain_of(email) in own_domains()
    known = Person.objects.filter(email=email).values_list("is_active", "email_verified_at").first()
    if is_own_mailbox(email) or (known and not known[0]):
        return False
    return not own_domain or bool(known and known[1])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
