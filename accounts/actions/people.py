"""People come, change and go."""

from datetime import datetime
from functools import cache

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

import timers
from accounts import access, journal, outgoing
from accounts.actions.api_tokens import revoke_tokens_of
from accounts.addresses import normalise
from accounts.models import Invite, Person
from supportdesk.lib.compiled import CompiledRows, Gap

NAME_LENGTH = 255


def find_or_create_person(*, email: str, name: str = "", now: datetime) -> Person:
    """The one person behind an address, made if nobody wrote from it before. Raises NotAnAddress.

    Two at once get the same row. A new person is unproven: the row gives no rights (S10). A name is kept only where
    there was none, since whoever writes a mail chooses the name in it.
    """
    email, name = normalise(email), tidy_name(name)
    person = _with_address().first({"address": email})
    if person is None:
        new = Person(email=email, name=name, password=make_password(None), created_at=now)
        Person.objects.bulk_create([new], ignore_conflicts=True)
        (person,) = _with_address().fetch({"address": email})
        vars(person)["granted_roles"] = ()  # nobody holds a role before they are here, so nobody needs to ask
    if name and not person.name:
        Person.objects.filter(pk=person.pk, name="").update(name=name)
        person.refresh_from_db(fields=["name"])
    return person


@cache
def _with_address() -> CompiledRows[Person]:
    return CompiledRows(Person.objects.filter(email=Gap("address", Person._meta.get_field("email"))))


def prove_address(*, email: str, name: str = "", now: datetime) -> Person:
    """The person who has just read mail to this address; made if new."""
    with transaction.atomic():
        person = find_or_create_person(email=email, name=name, now=now)
        if Person.objects.filter(pk=person.pk, email_verified_at__isnull=True).update(email_verified_at=now):
            timers.schedule(kind="tickets.account_made", subject=person.pk, due_at=now)
            journal.record(by=person, action="accounts.prove_address", subject=person, now=now)
            person.email_verified_at = now
    return person


def rename_person(*, person: Person, name: str, by: Person, now: datetime) -> Person:
    """Give a person another name. Somebody else's needs the right to change people."""
    if by != person:
        access.require(by, "people.change", person, now=now)
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        person.name = tidy_name(name)
        person.save(update_fields=["name"])
        journal.record(by=by, action="accounts.rename_person", subject=person, now=now)
    return person


def set_preferences(*, person: Person, by: Person, now: datetime, **preferences) -> Person:
    """Change how the desk behaves for its reader: time_zone, language, undo_send_seconds, single_keys_enabled,
    signature. Everybody sets their own.
    """
    known = {"time_zone", "language", "undo_send_seconds", "single_keys_enabled", "signature"}
    if by != person or not preferences.keys() <= known:
        raise access.NotAllowed("Everybody sets their own preferences.")
    for field, value in preferences.items():
        setattr(person, field, value)
    person.save(update_fields=list(preferences))
    return person


def set_password(*, person: Person, password: str, by: Person, now: datetime) -> Person:
    """Give a person a password. Their other sessions end: the session hash has changed (S47)."""
    if by != person:
        raise access.NotAllowed("Everybody sets their own password.")
    with transaction.atomic():
        person.set_password(password)
        person.save(update_fields=["password"])
        journal.record(by=by, action="accounts.set_password", subject=person, now=now)
    return person


def deactivate_person(*, person: Person, by: Person, now: datetime) -> Person:
    """Shut somebody out at once: sessions, tokens, invitations, roles in use, mail replies (S28). Grants are kept."""
    access.require(by, "staff.deactivate" if person.is_staff_member else "people.deactivate", person, now=now)
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        if not person.is_active:
            return person
        shut_out(person=person, now=now)
        timers.schedule(kind="tickets.person_left", subject=person.pk, visit=int(now.timestamp()), due_at=now)
        journal.record(by=by, action="accounts.deactivate_person", subject=person, now=now)
    return person


def reactivate_person(*, person: Person, by: Person, now: datetime) -> Person:
    """Let somebody in again, with the roles they had."""
    access.require(by, "staff.deactivate", person, now=now)
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        if person.is_active:
            return person
        person.is_active, person.deactivated_at = True, None
        person.save(update_fields=["is_active", "deactivated_at"])
        journal.record(by=by, action="accounts.reactivate_person", subject=person, now=now)
    return person


def end_session(*, person: Person, session: UserSession, by: Person, now: datetime) -> None:
    """End one session of one's own."""
    if by != person or session.user_id != person.pk:
        raise access.NotAllowed("Everybody ends their own sessions.")
    with transaction.atomic():
        session.end()
        journal.record(by=by, action="accounts.end_session", subject=person, now=now)


def end_sessions(*, person: Person, by: Person, now: datetime) -> Person:
    """End every session of one's own, those we have no list of too. The caller may renew the present one."""
    if by != person:
        raise access.NotAllowed("Everybody ends their own sessions.")
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(session_version=F("session_version") + 1)
        person.refresh_from_db(fields=["session_version"])
        remove_sessions(person)
        journal.record(by=by, action="accounts.end_sessions", subject=person, now=now)
    return person


def note_second_factor(
    *, person: Person, before: list[tuple[int, str]], after: list[tuple[int, str]], now: datetime
) -> Person:
    """Journal that somebody's factors (key and kind) changed, and end their sessions as `end_sessions` does."""
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(session_version=F("session_version") + 1)
        person.refresh_from_db(fields=["session_version"])
        remove_sessions(person)
        changes = {
            "added": [kind for factor, kind in after if (factor, kind) not in before],
            "removed": [kind for factor, kind in before if (factor, kind) not in after],
        }
        journal.record(by=person, action="accounts.change_second_factor", subject=person, data=changes, now=now)
    return person


def reset_second_factor(*, person: Person, by: Person, now: datetime) -> None:
    """Remove the factors of somebody who lost them, by an admin who knows them. Sessions end and they are told."""
    access.require(by, "second_factor.reset", person, now=now)
    _remove_factors(person, by, now)


def reset_second_factor_at_the_server(*, person: Person, now: datetime) -> None:
    """The same at the command line, for the only admin of a desk. The journal names nobody."""
    _remove_factors(person, None, now)


def note_seen(*, person: Person, now: datetime) -> None:
    """Remember that somebody was here. Not journalled."""
    Person.objects.filter(pk=person.pk).update(last_seen_at=now)


def tidy_name(name: str) -> str:
    """One line without control characters, short enough to keep."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())[:NAME_LENGTH]


def shut_out(*, person: Person, now: datetime) -> None:
    """Close an account: sessions, tokens, invitations. Belongs in a transaction that holds the person's row."""
    person.is_active, person.deactivated_at = False, now
    person.session_version += 1
    person.save(update_fields=["is_active", "deactivated_at", "session_version"])
    Invite.objects.open(now).filter(email=person.email).update(withdrawn_at=now)
    remove_sessions(person)
    revoke_tokens_of(person=person, now=now)


def remove_sessions(person: Person) -> None:
    """Sign somebody out everywhere that we have a list of. Raise `session_version` for the rest."""
    sessions = UserSession.objects.filter(user=person)
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    sessions.delete()


def _remove_factors(person: Person, by: Person | None, now: datetime) -> None:
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        kinds = sorted(Authenticator.objects.filter(user=person).values_list("type", flat=True))
        if not kinds:
            return
        Authenticator.objects.filter(user=person).delete()
        Person.objects.filter(pk=person.pk).update(session_version=F("session_version") + 1)
        remove_sessions(person)
        context = {"person": person, "by": by or "Somebody at the server"}
        outgoing.queue_template(to=person.email, template="accounts/mail/factor_reset", context=context, now=now)
        journal.record(by=by, action="accounts.reset_second_factor", subject=person, data={"removed": kinds}, now=now)
