"""A link that sets a new password: to the address on file alone, an hour, once (E9, S40, S43, S45, S48).

Nobody of the staff sees a link or sets a password. While a change of address waits, the address on file is the old
one, so that is where a link goes (E6).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts import access, journal, outgoing, tokens
from accounts.actions.codes import may_be_mailed
from accounts.actions.people import remove_sessions
from accounts.addresses import normalise
from accounts.models import Person, ResetLink
from accounts.refusals import Refused
from mail.actions.send import queue_mail
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.throttle import Limit, hit

LIFETIME = timedelta(minutes=60)
LINKS = Limit("links to reset the password, to an address", times=3, seconds=3600)


class CannotSend(Refused):
    """No link was sent."""


class LinkOver(Refused):
    """The link is used, too old, withdrawn or was never sent. The message says so and no more."""

    def __init__(self) -> None:
        super().__init__("This link is over. Ask for a new one.")


def ask(*, email: str, now: datetime) -> None:
    """Somebody at the door wants to set a new password for `email`. Raises NotAnAddress and nothing else.

    Known, unknown and closed addresses look and cost the same: a row, a rendered mail, a row in the outbox. Whoever
    reads a mailbox that has no account learns it there, and nobody else does.
    """
    email = normalise(email)
    person = Person.objects.active().filter(email=email).first()
    kept, mail = _write(email, person, None, None, now)
    if may_be_mailed(email) and not hit(LINKS, email, now=now):
        with transaction.atomic():
            kept.save()
            queue_mail(**mail)
    else:
        kept.withdrawn_at = now
        kept.save()


def send(*, person: Person, ticket_id: int | None, by: Person, now: datetime) -> ResetLink:
    """Staff send a link to the address on file; level 0 is enough, since only the mailbox reads it.

    Raises CannotSend, NotAllowed.
    """
    access.require(by, "resets.send", person, now=now)
    if person.is_staff_member:
        raise CannotSend("This is somebody of the staff: they ask for a link themselves, at the sign-in page.")
    if not person.is_active:
        raise CannotSend("This account is closed. An admin opens it again.")
    if not person.has_mail:
        raise CannotSend("There is no mail address on file. Link this caller to an account first.")
    if not may_be_mailed(person.email):
        raise CannotSend("Mail to the address on file arrives in this desk. No link is sent there.")
    if hit(LINKS, person.email, now=now):
        raise CannotSend("Three links went to this address in the last hour. Wait until the hour is over.")
    kept, mail = _write(person.email, person, by, ticket_id, now)
    with transaction.atomic():
        kept.save()
        queue_mail(**mail)
        failpoint("accounts.reset.mailed")
        data = {"ticket": ticket_id, "link": kept.pk}
        journal.record(by=by, action="accounts.send_reset_link", subject=person, data=data, now=now)
    return kept


def owner(*, token: str, now: datetime) -> Person:
    """Whose password an open link sets, changing nothing. Raises LinkOver."""
    found = find(token=token, now=now).person
    if found is None:
        raise LinkOver
    return found


def find(*, token: str, now: datetime) -> ResetLink:
    """The open link, changing nothing. Raises LinkOver."""
    rows = _open(now).filter(token_hash=tokens.hash_for("reset", token)) if token else ResetLink.objects.none()
    kept = rows.select_related("person").first()
    if kept is None or kept.person is None or not _still_theirs(kept):
        raise LinkOver
    return kept


def use(*, token: str, password: str, now: datetime) -> Person:
    """Set the password, once. Every session of theirs ends, every other link too, and they are told. Raises LinkOver.

    Whoever opened the link reads the mailbox, so the address is proven. A second factor is still asked for at the next
    sign-in (S48).
    """
    with transaction.atomic():
        kept = find(token=token, now=now)
        person = Person.objects.select_for_update(no_key=True).get(pk=kept.person_id)
        if not _open(now).filter(pk=kept.pk).update(used_at=now):
            raise LinkOver
        if not person.is_active or person.email != kept.email:
            raise LinkOver
        person.set_password(password)
        person.session_version += 1
        person.email_verified_at = person.email_verified_at or now
        person.save(update_fields=["password", "session_version", "email_verified_at"])
        remove_sessions(person)
        withdraw(person=person, now=now)
        context = {"person": person, "at": now}
        outgoing.queue_template(to=person.email, template="accounts/mail/password_was_reset", context=context, now=now)
        failpoint("accounts.reset.used")
        journal.record(by=person, action="accounts.reset_password", subject=person, now=now)
    return person


def withdraw(*, person: Person, now: datetime) -> None:
    """Make every open link of a person worthless. Belongs in the transaction of what ends them."""
    _open(now).filter(Q(person=person) | Q(email=person.email)).update(withdrawn_at=now)


def forget(*, now: datetime) -> None:
    """Remove links that were over a week ago."""
    ResetLink.objects.filter(expires_at__lt=now - timedelta(days=7)).delete()


def _open(now: datetime):
    return ResetLink.objects.filter(used_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=now)


def _still_theirs(kept: ResetLink) -> bool:
    return bool(kept.person and kept.person.is_active and kept.person.email == kept.email)


def _write(
    email: str, person: Person | None, by: Person | None, ticket_id: int | None, now: datetime
) -> tuple[ResetLink, dict]:
    """The row and the arguments of `queue_mail`, neither kept yet."""
    token = tokens.new_token()
    kept = ResetLink(
        email=email, person=person, token_hash=tokens.hash_for("reset", token), by=by, ticket=ticket_id,
        created_at=now, expires_at=now + LIFETIME,
    )  # fmt: skip
    context = {"person": person, "by": by, "address": f"{settings.SITE_URL}/reset/{token}/", "minutes": 60}
    return kept, outgoing.write_template(to=email, template="accounts/mail/reset_link", context=context, now=now)
