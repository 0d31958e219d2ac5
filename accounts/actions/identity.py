"""A caller shows who they are: by the code that was mailed, or by typing a number into their own session (E4).

Wrong codes are counted in one statement before anything is compared, and stay counted when what follows is rolled
back. Neither a code nor a number stands in the journal, in a log or in any row but as a hash.
"""

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max

from accounts import access, identity, journal, outgoing, tokens
from accounts.choices import IdentityMethod
from accounts.models import IdentityCheck, Person
from accounts.refusals import Refused
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.throttle import Limit, hit

RIGHT = "identity.check"
MAILS = Limit("identity codes mailed to a person", times=5, seconds=3600)
LONGEST_PURPOSE = 120


class CannotCheck(Refused):
    """No code was sent and no number begun."""


class WrongCode(Refused):
    """That was not it. The message says how often it may be tried."""


class CodeOver(Refused):
    """There is nothing to compare with any more: too old, used, or another one took its place."""


def mail_code(*, person: Person, ticket_id: int, by: Person, now: datetime) -> IdentityCheck:
    """Mail a code to the address on file; whoever reads it out to `by` has level 1 on this ticket.

    Raises CannotCheck, identity.NoDestination, identity.Locked, NotAllowed.
    """
    _refuse(person, by, now)
    to = identity.destination(person, now)
    if hit(MAILS, str(person.pk), now=now):
        raise CannotCheck("Five codes went to this address in the last hour. Wait, or let the caller type a number.")
    code = tokens.new_code()
    with transaction.atomic():
        check = _begin(person, ticket_id, by, now, method=IdentityMethod.MAIL_CODE, level=1)
        check.code_hash = tokens.hash_for(f"identity:{check.pk}", code)
        check.save(update_fields=["code_hash"])
        context = {"person": person, "by": by, "code": tokens.shown_code(code), "ticket": ticket_id, "minutes": 10}
        outgoing.queue_template(to=to, template="accounts/mail/identity_code", context=context, now=now)
        failpoint("accounts.identity.mailed")
        data = {"ticket": ticket_id, "check": check.pk}
        journal.record(by=by, action="accounts.mail_identity_code", subject=person, data=data, now=now)
    return check


def read_number(*, person: Person, ticket_id: int, purpose: str, by: Person, now: datetime) -> IdentityCheck:
    """Begin a number that `by` reads out; whoever types it into the session of `person` has level 2 on this ticket.

    `purpose` is what the page beside the box says that it is for. Raises CannotCheck, identity.Locked, NotAllowed.
    """
    _refuse(person, by, now)
    words = " ".join(purpose.replace("\x00", "").split())[:LONGEST_PURPOSE]
    with transaction.atomic():
        check = _begin(
            person, ticket_id, by, now, method=IdentityMethod.OWN_SESSION, level=2, purpose=words,
            nonce=secrets.token_hex(16),
        )  # fmt: skip
        data = {"ticket": ticket_id, "check": check.pk}
        journal.record(by=by, action="accounts.read_identity_number", subject=person, data=data, now=now)
    return check


def type_code(*, person: Person, ticket_id: int, text: str, by: Person, now: datetime) -> IdentityCheck:
    """`by` types what the caller reads out of the mail. Raises WrongCode, CodeOver, identity.Locked, NotAllowed."""
    access.require(by, RIGHT, person, now=now)
    check = _open(person, IdentityMethod.MAIL_CODE, now, ticket_id)
    right = tokens.matches(f"identity:{check.pk}", tokens.read_code(text), check.code_hash)
    return _answer(check, right, by, now)


def type_number(*, person: Person, text: str, now: datetime) -> IdentityCheck:
    """The person types, in their own session, what the agent reads out. Raises WrongCode, CodeOver, identity.Locked."""
    check = _open(person, IdentityMethod.OWN_SESSION, now, None)
    typed = "".join(sign for sign in text if sign.isascii() and sign.isdigit())
    return _answer(check, secrets.compare_digest(typed, identity.number_of(check)), person, now)


def decline_number(*, person: Person, now: datetime) -> None:
    """The person does not know why an agent asks: nothing of theirs counts any more, and the journal says so."""
    with transaction.atomic():
        ended = IdentityCheck.objects.filter(
            person=person, method=IdentityMethod.OWN_SESSION, verified_at__isnull=True, ended_at__isnull=True
        ).update(ended_at=now)
        if ended:
            journal.record(by=person, action="accounts.decline_identity_number", subject=person, now=now)


def end_levels(*, person: Person, now: datetime) -> None:
    """What was shown before an address changed counts no more. Belongs in the transaction of the change."""
    rows = IdentityCheck.objects.filter(person=person)
    rows.filter(level_until__gt=now, verified_at__lt=now).update(level_until=now)
    rows.filter(verified_at__isnull=True, ended_at__isnull=True).update(ended_at=now)


def _refuse(person: Person, by: Person, now: datetime) -> None:
    access.require(by, RIGHT, person, now=now)
    identity.refuse_locked(person, now)
    if person == by:
        raise CannotCheck("Let a colleague check who you are.")
    if person.is_staff_member:
        raise CannotCheck("This is somebody of the staff: an admin looks after their account.")
    if not person.is_active:
        raise CannotCheck("This account is closed.")


def _begin(
    person: Person, ticket_id: int, by: Person, now: datetime, *, method: str, level: int, **more: str
) -> IdentityCheck:
    """A new check in the place of the open one. Wrong tries of the last half hour stay counted."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)  # two at once make one after the other
    recent = IdentityCheck.objects.filter(
        person=person, verified_at__isnull=True, created_at__gt=now - identity.LOCKED_FOR
    )
    since = IdentityCheck.objects.filter(person=person).aggregate(last=Max("verified_at"))["last"]
    tries = (recent.filter(created_at__gt=since) if since else recent).aggregate(most=Max("tries"))["most"] or 0
    if tries >= identity.TRIES:
        raise identity.Locked("Five wrong codes: wait half an hour before another one is tried.")
    recent.filter(method=method, ended_at__isnull=True).update(ended_at=now)
    return IdentityCheck.objects.create(
        person=person, ticket=ticket_id, by=by, method=method, level=level, tries=tries, created_at=now,
        expires_at=now + identity.CODE_LASTS, **more,
    )  # fmt: skip


def _open(person: Person, method: str, now: datetime, ticket_id: int | None) -> IdentityCheck:
    identity.refuse_locked(person, now)
    check = identity.open_check(person, method, now, ticket_id=ticket_id)
    if check is None:
        raise CodeOver(
            "There is no code to compare with: it was used, came back to us by mail, or is older than ten minutes. "
            "Begin a new one."
        )
    return check


def _answer(check: IdentityCheck, right: bool, by: Person, now: datetime) -> IdentityCheck:
    """Count the try, then look whether it was right."""
    rows = IdentityCheck.objects.filter(pk=check.pk, verified_at__isnull=True, ended_at__isnull=True)
    if not rows.filter(tries__lt=identity.TRIES).update(tries=F("tries") + 1):
        raise CodeOver("There is no code to compare with any more. Begin a new one.")
    failpoint("accounts.identity.counted")
    check.refresh_from_db()
    if not right:
        _wrong(check, by, now)
    with transaction.atomic():
        if not rows.update(verified_at=now, level_until=now + identity.LEVEL_LASTS, ended_at=now):
            raise CodeOver("This code has been used. Begin a new one.")
        data = {"ticket": check.ticket, "level": check.level, "check": check.pk}
        journal.record(by=by, action="accounts.show_identity", subject=check.person, data=data, now=now)
    check.refresh_from_db()
    return check


def _wrong(check: IdentityCheck, by: Person, now: datetime) -> None:
    left = identity.TRIES - check.tries
    if left > 0:
        raise WrongCode(f"That is not it. It can be tried {'once' if left == 1 else f'{left} times'} more.")
    with transaction.atomic():
        rows = IdentityCheck.objects.filter(pk=check.pk, locked_until__isnull=True)
        if rows.update(locked_until=now + identity.LOCKED_FOR, ended_at=now):
            data = {"ticket": check.ticket, "check": check.pk}
            journal.record(by=by, action="accounts.lock_identity", subject=check.person, data=data, now=now)
    raise identity.Locked("That is not it. Five wrong codes: nothing can be tried for this account for 30 minutes.")
