"""New members of staff come by invitation: one link, used once, within 72 hours (S40)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import access, journal, outgoing, tokens
from accounts.actions import people
from accounts.addresses import normalise
from accounts.choices import Role
from accounts.models import Grant, Invite, Person
from accounts.own_addresses import is_own_mailbox

LIFETIME = timedelta(hours=72)


class CannotInvite(Exception):
    """No invitation was sent. The message may be shown."""


class InviteOver(Exception):
    """The link is used, withdrawn, too old or was never sent. The message says so and no more."""

    def __init__(self):
        super().__init__("This invitation is over. Ask the person who invited you for a new one.")


def invite(*, email: str, roles: list[Role], by: Person, now: datetime, name: str = "") -> Invite:
    """Mail an invitation and withdraw an earlier one. Raises NotAnAddress, CannotInvite."""
    access.require(by, "staff.invite", now=now)
    email = normalise(email)
    if not roles or not set(roles) <= set(Role.values):
        raise CannotInvite("Choose at least one role.")
    if email == by.email:
        raise CannotInvite("You cannot invite yourself.")
    if is_own_mailbox(email):
        raise CannotInvite("Mail to this address becomes a ticket. Invite the person's own address.")
    try:
        return _write_invite(email=email, roles=sorted(set(roles)), name=people.tidy_name(name), by=by, now=now)
    except IntegrityError as error:
        if "an address has one open invitation" not in str(error):
            raise
        raise CannotInvite("Somebody else has just invited this address.") from None


def find_invite(*, token: str, now: datetime) -> Invite:
    """The open invitation of a link, changing nothing. Raises InviteOver."""
    found = Invite.objects.open(now).filter(token_hash=tokens.hash_for("invite", token)).first() if token else None
    if found is None:
        raise InviteOver
    return found


def accept_invite(*, token: str, now: datetime, name: str = "") -> Person:
    """Make the invited person a member of staff, once. Raises InviteOver.

    The inviter must still be allowed to invite. The roles are theirs to give, so they stand in the grants.
    """
    with transaction.atomic():
        kept = find_invite(token=token, now=now)
        if not Invite.objects.open(now).filter(pk=kept.pk).update(used_at=now):
            raise InviteOver
        if not access.can(kept.invited_by, "staff.invite"):
            raise InviteOver
        person = people.prove_address(email=kept.email, name=name or kept.name, now=now)
        if not person.is_active:
            raise InviteOver
        held = set(person.grants.filter(revoked_at__isnull=True).values_list("role", flat=True))
        Grant.objects.bulk_create(
            Grant(person=person, role=role, granted_by=kept.invited_by, granted_at=now)
            for role in kept.roles
            if role not in held
        )
        journal.record(by=person, action="accounts.accept_invite", subject=kept, data={"roles": kept.roles}, now=now)
    person.forget_roles()
    return person


def withdraw_invite(*, invite: Invite, by: Person, now: datetime) -> None:
    """Make a link worthless."""
    access.require(by, "staff.invite", invite, now=now)
    with transaction.atomic():
        if Invite.objects.open(now).filter(pk=invite.pk).update(withdrawn_at=now):
            journal.record(by=by, action="accounts.withdraw_invite", subject=invite, now=now)


def _write_invite(*, email: str, roles: list[str], name: str, by: Person, now: datetime) -> Invite:
    token = tokens.new_token()
    with transaction.atomic():
        Invite.objects.filter(email=email, used_at__isnull=True, withdrawn_at__isnull=True).update(withdrawn_at=now)
        kept = Invite.objects.create(
            email=email,
            name=name,
            roles=roles,
            token_hash=tokens.hash_for("invite", token),
            invited_by=by,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        context = {"invite": kept, "address": f"{settings.SITE_URL}/invitation/{token}/", "hours": 72}
        outgoing.queue_template(to=email, template="accounts/mail/invite", context=context, now=now)
        journal.record(by=by, action="accounts.invite", subject=kept, data={"roles": roles}, now=now)
    return kept
