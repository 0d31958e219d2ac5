"""An account is cancelled: its plans stop renewing at once, and for 14 days a link brings everything back (R87).

Closing is not erasing: invoices and tickets stay, as the law of books asks; erasure is asked for separately.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

import timers
from accounts import access, closing, identity, journal, outgoing, tokens
from accounts.actions import proposals, reset_links
from accounts.actions.change_address import refuse_subject
from accounts.actions.people import shut_out
from accounts.actions.proposals import CannotPropose
from accounts.actions.rules import rules
from accounts.choices import RequestKind, RequestState
from accounts.models import ActionRequest, Person
from accounts.models.identity import CHANGES, OPEN_REQUESTS
from supportdesk.lib.failpoints import failpoint

TIMER = proposals.TIMERS[RequestKind.CANCEL_ACCOUNT]
LEVEL = 2


class TooLate(proposals.CannotDecide):
    """The 14 days are over."""


def cancel_for(*, person: Person, reason: str, ticket_id: int, by: Person, now: datetime) -> ActionRequest:
    """An agent cancels for a caller who has shown level 2. Raises CannotPropose, identity.NotProven, NotAllowed."""
    access.require(by, "accounts.cancel", person, now=now)
    refuse_subject(person, by)
    level = identity.need(LEVEL, person=person, ticket_id=ticket_id, now=now, what="cancelling an account")
    return _begin(person, proposals.reason_of(reason), ticket_id, level, by, now)


def cancel_own(*, person: Person, reason: str, now: datetime) -> ActionRequest:
    """A customer cancels their own account, in their own session. Raises CannotPropose."""
    if person.is_staff_member:
        raise CannotPropose("You belong to the staff: ask an admin.")
    words = proposals.reason_of(reason) if reason.strip() else "Asked for by the customer."
    return _begin(person, words, None, LEVEL, person, now)


def undo(*, request: ActionRequest, by: Person, now: datetime) -> ActionRequest:
    """Take it back within the 14 days: the customer themselves, or an agent who works. Raises TooLate, NotAllowed."""
    if by.pk != request.person_id:
        access.require(by, "accounts.cancel", request.person, now=now)
    return _undo(request.pk, by, now)


def undo_by_link(*, token: str, now: datetime) -> ActionRequest:
    """The reader of the mail takes it back. Raises proposals.LinkOver."""
    request = proposals.find_by_link(token=token, now=now)
    if request.kind != RequestKind.CANCEL_ACCOUNT:
        raise proposals.LinkOver
    try:
        return _undo(request.pk, request.person, now)
    except TooLate:
        raise proposals.LinkOver from None


@transaction.atomic
def execute(*, request_id: int, now: datetime) -> ActionRequest | None:
    """The 14 days are over: sessions end, plans end, nobody signs in. Run again, it does nothing."""
    if not ActionRequest.objects.filter(pk=request_id).exists():
        return None
    request = proposals.lock(request_id)
    if request.kind != RequestKind.CANCEL_ACCOUNT or not proposals.is_due(request, now):
        return None
    for part in closing.parts().values():
        part.finish(request.person, now)
    failpoint("accounts.close.plans_ended")
    reset_links.withdraw(person=request.person, now=now)
    if request.person.is_active:
        shut_out(person=request.person, now=now)
    proposals.end(request, RequestState.EXECUTED, now)
    if request.person.has_mail:
        _tell(request, "account_closed", now)
    failpoint("accounts.close.before_commit")
    journal.record(by=None, action="accounts.close_account", subject=request, now=now)
    return request


def cancellation_of(person: Person) -> ActionRequest | None:
    """The cancellation that can still be undone."""
    rows = ActionRequest.objects.filter(person=person, kind=RequestKind.CANCEL_ACCOUNT, state__in=OPEN_REQUESTS)
    return rows.select_related("proposed_by").first()


def _begin(person: Person, reason: str, ticket_id: int | None, level: int, by: Person, now: datetime) -> ActionRequest:
    token, due_at = tokens.new_token(), now + timedelta(days=rules().undo_days)
    with transaction.atomic():
        person = proposals.lock_person(person)
        if not person.is_active:
            raise CannotPropose("This account is closed already.")
        if cancellation_of(person):
            raise CannotPropose("This account is cancelled already.")
        if ActionRequest.objects.filter(person=person, kind__in=CHANGES, state__in=OPEN_REQUESTS).exists():
            raise CannotPropose("A change of address waits for this account. Let it be decided first.")
        data = {key: part.begin(person, by, now) for key, part in closing.parts().items()}
        request = ActionRequest.objects.create(
            kind=RequestKind.CANCEL_ACCOUNT, state=RequestState.APPROVED, person=person, ticket=ticket_id, level=level,
            reason=reason, data=data, proposed_by=by, proposed_at=now, due_at=due_at,
            undo_hash=tokens.hash_for("undo", token),
        )  # fmt: skip
        timers.schedule(kind=TIMER, subject=request.pk, due_at=due_at)
        if person.has_mail:
            _tell(request, "account_cancelled", now, token=token)
        failpoint("accounts.close.begun")
        journal.record(by=by, action="accounts.cancel_account", subject=request, data={"ticket": ticket_id}, now=now)
    return request


def _undo(request_id: int, by: Person, now: datetime) -> ActionRequest:
    with transaction.atomic():
        request = proposals.lock(request_id)
        _refuse_over(request, now)
        for key, part in closing.parts().items():
            part.undo(request.person, by, request.data.get(key, {}), now)
        proposals.end(request, RequestState.UNDONE, now)
        if request.person.has_mail:
            _tell(request, "account_kept", now)
        failpoint("accounts.close.undone")
        journal.record(by=by, action="accounts.keep_account", subject=request, now=now)
    return request


def _refuse_over(request: ActionRequest, now: datetime) -> None:
    if request.kind != RequestKind.CANCEL_ACCOUNT or request.state != RequestState.APPROVED:
        raise TooLate("There is nothing to take back: it was taken back already, or the account is closed.")
    if proposals.is_due(request, now):
        raise TooLate("The days to take it back are over and the account closes. The customer can sign up again.")


def _tell(request: ActionRequest, template: str, now: datetime, *, token: str = "") -> None:
    days = (request.due_at - request.proposed_at).days if request.due_at else 0
    context = {
        "request": request, "person": request.person, "days": days,
        "address": f"{settings.SITE_URL}/account-change/{token}/" if token else "",
    }  # fmt: skip
    outgoing.queue_template(to=request.person.email, template=f"accounts/mail/{template}", context=context, now=now)
