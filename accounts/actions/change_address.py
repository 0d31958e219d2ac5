"""Another mail address or telephone: level 2, a second person, 72 hours, and a link at the old one (E6, E7).

Until the day nothing has changed: codes and links to set a password go to the old address. Afterwards the new one has
to be proven by a code before anybody signs in with it, and gets no identity code for 72 hours.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

import timers
from accounts import access, identity, journal, outgoing, tokens
from accounts.actions import proposals, reset_links
from accounts.actions.handles import part_with
from accounts.actions.identity import end_levels
from accounts.actions.people import remove_sessions
from accounts.actions.proposals import CannotPropose
from accounts.actions.rules import rules
from accounts.addresses import NotAnAddress, normalise
from accounts.choices import HandleSort, RequestKind, RequestState
from accounts.masking import masked_email, masked_number
from accounts.models import ActionRequest, Handle, Person
from accounts.models.identity import CHANGES, OPEN_REQUESTS
from accounts.own_addresses import is_own_mailbox
from accounts.phones import NotANumber, normalise_number, tail_of
from supportdesk.lib.failpoints import failpoint

TIMER = proposals.TIMERS[RequestKind.CHANGE_EMAIL]
LEVEL = 2


def propose(
    *, person: Person, kind: str, new_value: str, reason: str, ticket_id: int, by: Person, now: datetime
) -> ActionRequest:
    """A lead asks for another address (`change_email`) or number (`change_phone`); a second person decides.

    Raises CannotPropose, identity.NotProven, NotAllowed.
    """
    access.require(by, "addresses.change", person, now=now)
    refuse_subject(person, by)
    level = identity.need(LEVEL, person=person, ticket_id=ticket_id, now=now, what="a change of address")
    old, new = _values(person, kind, new_value)
    said = proposals.reason_of(reason)
    try:
        with transaction.atomic():
            request = ActionRequest.objects.create(
                kind=kind, person=person, ticket=ticket_id, level=level, reason=said, old_value=old, new_value=new,
                proposed_by=by, proposed_at=now,
            )  # fmt: skip
            data = {"ticket": ticket_id, "kind": kind}
            journal.record(by=by, action="accounts.propose_address", subject=request, data=data, now=now)
    except IntegrityError as error:
        if "an account is changed once at a time" not in str(error):
            raise
        raise CannotPropose("Such a change waits already. It has to be decided or called back first.") from None
    return request


def approve(*, request: ActionRequest, by: Person, now: datetime) -> ActionRequest:
    """A second person agrees: 72 hours begin, and the old address gets a link that stops it.

    Raises CannotDecide, NotAllowed.
    """
    proposals.refuse_second_look(request, by, now)
    token = tokens.new_token()
    with transaction.atomic():
        request = proposals.lock(request.pk)
        proposals.refuse_decided(request)
        if request.kind not in CHANGES:
            raise proposals.CannotDecide("This needs no second person.")
        request.state, request.decided_by, request.decided_at = RequestState.APPROVED, by, now
        due_at = now + timedelta(hours=rules().change_hours)
        request.due_at, request.undo_hash = due_at, tokens.hash_for("undo", token)
        request.save()
        timers.schedule(kind=TIMER, subject=request.pk, due_at=due_at)
        if request.person.has_mail:
            _tell(request, request.person.email, "address_will_change", now, token=token)
        failpoint("accounts.address.approved")
        journal.record(by=by, action="accounts.approve_address", subject=request, now=now)
    return request


def call_back(*, token: str, now: datetime) -> ActionRequest:
    """The reader of the old address says no: everything stays as it was, and whoever proposed it reads so.

    Raises proposals.LinkOver once the change has happened, was called back, or its hour has come.
    """
    with transaction.atomic():
        request = proposals.lock(proposals.find_by_link(token=token, now=now).pk)
        if request.kind not in CHANGES or not proposals.waits(request, now):
            raise proposals.LinkOver
        proposals.end(request, RequestState.UNDONE, now)
        reset_links.withdraw(person=request.person, now=now)
        end_levels(person=request.person, now=now)
        for one in filter(None, (request.proposed_by, request.decided_by)):
            _tell(request, one.email, "address_called_back", now)
        failpoint("accounts.address.called_back")
        journal.record(by=request.person, action="accounts.call_back_address", subject=request, now=now)
    return request


@transaction.atomic
def execute(*, request_id: int, now: datetime) -> ActionRequest | None:
    """The 72 hours are over: the address changes, once. Run again, it does nothing."""
    if not ActionRequest.objects.filter(pk=request_id).exists():
        return None
    request = proposals.lock(request_id)
    if request.kind not in CHANGES or not proposals.is_due(request, now):
        return None
    failure = _change(request, now)
    failpoint("accounts.address.changed")
    proposals.end(request, RequestState.FAILED if failure else RequestState.EXECUTED, now, failure=failure)
    if failure:
        _tell(request, request.proposed_by.email, "address_not_changed", now)
    else:
        for email in dict.fromkeys((request.old_value, request.new_value)):
            if "@" in email:
                _tell(request, email, "address_changed", now)
    failpoint("accounts.address.before_commit")
    journal.record(by=None, action="accounts.change_address", subject=request, data={"failed": bool(failure)}, now=now)
    return request


def refuse_subject(person: Person, by: Person) -> None:
    """Raise CannotPropose where the back office does not touch this account."""
    if person.pk == by.pk:
        raise CannotPropose("This is your own account. A colleague has to ask for it.")
    if person.is_staff_member:
        raise CannotPropose("This is somebody of the staff: an admin looks after their account.")
    if not person.is_active:
        raise CannotPropose("This account is closed.")


def phone_of(person: Person) -> str:
    """The telephone on file, "" where there is none."""
    rows = Handle.objects.filter(person=person, sort=HandleSort.PHONE).order_by("-pk")
    return rows.values_list("value", flat=True).first() or ""


def open_change(person: Person) -> ActionRequest | None:
    """The change of this person's address that waits."""
    rows = ActionRequest.objects.filter(person=person, kind__in=CHANGES, state__in=OPEN_REQUESTS)
    return rows.order_by("-pk").first()


def _values(person: Person, kind: str, typed: str) -> tuple[str, str]:
    """What is on file and what is to be, each in its one spelling. Raises CannotPropose."""
    try:
        if kind == RequestKind.CHANGE_EMAIL:
            old, new = person.email, normalise(typed)
        elif kind == RequestKind.CHANGE_PHONE:
            old, new = phone_of(person), normalise_number(typed)
        else:
            raise CannotPropose("Choose what changes: the mail address or the telephone number.", "kind")
    except (NotAnAddress, NotANumber) as refusal:
        raise CannotPropose(str(refusal), "new_value") from None
    if new == old:
        raise CannotPropose("That is what is on file already.", "new_value")
    if kind == RequestKind.CHANGE_EMAIL:
        if is_own_mailbox(new):
            raise CannotPropose("Mail to this address arrives in this desk.", "new_value")
        if Person.objects.filter(email=new).exists():
            raise CannotPropose("Somebody else has this address. Two accounts do not share one.", "new_value")
    elif Handle.objects.filter(sort=HandleSort.PHONE, value=new).exclude(linked_at__isnull=True).exists():
        raise CannotPropose("This number belongs to another account.", "new_value")
    return old, new


def _change(request: ActionRequest, now: datetime) -> str:
    """Put the new value in its place; why not, where something has changed since."""
    if not request.person.is_active:
        return "The account was closed meanwhile."
    if request.kind == RequestKind.CHANGE_PHONE:
        return _change_phone(request, now)
    person = request.person
    if person.email != request.old_value:
        return "The address on file is another one by now."
    reset_links.withdraw(person=person, now=now)
    person.email, person.email_verified_at, person.email_changed_at = request.new_value, None, now
    person.session_version += 1
    try:
        with transaction.atomic():
            person.save(update_fields=["email", "email_verified_at", "email_changed_at", "session_version"])
    except IntegrityError:
        person.refresh_from_db()
        return "Somebody else has this address by now."
    remove_sessions(person)
    end_levels(person=person, now=now)
    return ""


def _change_phone(request: ActionRequest, now: datetime) -> str:
    person, number = request.person, request.new_value
    if phone_of(person) != request.old_value:
        return "The number on file is another one by now."
    taken = Handle.objects.select_for_update(no_key=True).filter(sort=HandleSort.PHONE, value=number).first()
    if taken and taken.linked_at and taken.person_id != person.pk:
        return "Somebody else has this number by now."
    part_with(person=person, value=request.old_value, now=now)
    Handle.objects.update_or_create(
        sort=HandleSort.PHONE, value=number,
        defaults={"person": person, "linked_by": request.proposed_by, "linked_at": now},
        create_defaults={
            "person": person, "linked_by": request.proposed_by, "linked_at": now, "tail": tail_of(number),
            "created_at": now,
        },
    )  # fmt: skip
    return ""


def _hours(request: ActionRequest) -> int:
    """How long it waits, or waited."""
    if request.due_at is None or request.decided_at is None:
        return 0
    return int((request.due_at - request.decided_at).total_seconds() // 3600)


def _tell(request: ActionRequest, to: str, template: str, now: datetime, *, token: str = "") -> None:
    is_mail = request.kind == RequestKind.CHANGE_EMAIL
    mask = masked_email if is_mail else masked_number
    context = {
        "request": request, "person": request.person, "what": "mail address" if is_mail else "telephone number",
        "new": mask(request.new_value), "hours": _hours(request), "is_new": to == request.new_value,
        "address": f"{settings.SITE_URL}/account-change/{token}/" if token else "",
    }  # fmt: skip
    outgoing.queue_template(to=to, template=f"accounts/mail/{template}", context=context, now=now)
