"""What every delayed change of an account shares: its row is locked, decided once, called back by its link (E6, E7)."""

from datetime import datetime

from django.db import transaction

import timers
from accounts import access, journal, tokens
from accounts.choices import RequestKind, RequestState
from accounts.models import ActionRequest, Person
from accounts.refusals import Refused

LONGEST_REASON = 500
TIMERS = {
    RequestKind.CHANGE_EMAIL: "accounts.change_address",
    RequestKind.CHANGE_PHONE: "accounts.change_address",
    RequestKind.CANCEL_ACCOUNT: "accounts.close_account",
}


class CannotPropose(Refused):
    """Nothing waits; the sentence says why. `field` is what it is about."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class CannotDecide(Refused):
    """It was decided already, or is over."""


class LinkOver(Refused):
    """The link calls back nothing any more. The message says so and no more."""

    def __init__(self) -> None:
        super().__init__("This link is over: it was used, or what it would call back has happened.")


def reason_of(text: str) -> str:
    """A reason, on one line. Raises CannotPropose."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if not words:
        raise CannotPropose("Say why: whoever decides reads it.", "reason")
    if len(words) > LONGEST_REASON:
        raise CannotPropose(f"Say it in {LONGEST_REASON} characters.", "reason")
    return words


def lock_person(person: Person) -> Person:
    """The person's row, nobody else's until the transaction ends. Whoever only refers to it does not wait."""
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def lock(request_id: int) -> ActionRequest:
    """The person and then the request, both locked."""
    person_id = ActionRequest.objects.values_list("person_id", flat=True).get(pk=request_id)
    person = Person.objects.select_for_update(no_key=True).get(pk=person_id)
    rows = ActionRequest.objects.select_for_update(of=("self",), no_key=True)
    request = rows.select_related("proposed_by", "decided_by").get(pk=request_id)
    request.person = person
    return request


def refuse_second_look(request: ActionRequest, by: Person, now: datetime) -> None:
    """Raise NotAllowed where `by` may not decide; the attempt is journalled. Call it before the transaction (E7)."""
    access.require(by, "addresses.approve", request.person, now=now)
    if by.pk in (request.proposed_by_id, request.person_id):
        journal.record(by=by, action="accounts.refused", subject=request, data={"tried": "addresses.approve"}, now=now)
        raise access.NotAllowed("You asked for this yourself. Somebody else has to look at it.")


def reject(*, request: ActionRequest, words: str, by: Person, now: datetime) -> ActionRequest:
    """A second person says no. Raises CannotDecide, NotAllowed."""
    refuse_second_look(request, by, now)
    said = reason_of(words)
    with transaction.atomic():
        request = lock(request.pk)
        refuse_decided(request)
        request.decided_by, request.decided_at, request.decided_words = by, now, said
        end(request, RequestState.REJECTED, now)
        journal.record(by=by, action="accounts.reject_request", subject=request, now=now)
    return request


def withdraw(*, request: ActionRequest, by: Person, now: datetime) -> ActionRequest:
    """Whoever proposed it takes it back before it was decided. Raises CannotDecide, NotAllowed."""
    if by.pk != request.proposed_by_id:
        access.require(by, "addresses.approve", request.person, now=now)
        raise access.NotAllowed("Only who proposed it takes it back. You may reject it.")
    with transaction.atomic():
        request = lock(request.pk)
        refuse_decided(request)
        end(request, RequestState.UNDONE, now)
        journal.record(by=by, action="accounts.withdraw_request", subject=request, now=now)
    return request


def waits(request: ActionRequest, now: datetime) -> bool:
    """Whether it is approved and its day has not come: it can be called back."""
    return request.state == RequestState.APPROVED and request.due_at is not None and request.due_at > now


def is_due(request: ActionRequest, now: datetime) -> bool:
    """Whether it is approved and its day has come, whether or not a worker was there."""
    return request.state == RequestState.APPROVED and request.due_at is not None and request.due_at <= now


def refuse_decided(request: ActionRequest) -> None:
    """Raise CannotDecide unless it still waits for a second person."""
    if request.state != RequestState.PROPOSED:
        by = f" by {request.decided_by.shown_name}" if request.decided_by else ""
        raise CannotDecide(f"{request} was decided already{by}: {request.get_state_display().lower()}.")


def end(request: ActionRequest, state: RequestState, now: datetime, *, failure: str = "") -> None:
    """It has ended so. Belongs in the transaction that holds it; its timer goes."""
    request.state, request.ended_at, request.failure = state, now, failure[:255]
    request.save()
    timers.cancel(kind=TIMERS[RequestKind(request.kind)], subject=request.pk)


def find_by_link(*, token: str, now: datetime) -> ActionRequest:
    """The request that a mailed link may still call back, changing nothing. Raises LinkOver."""
    hashed = tokens.hash_for("undo", token) if token else ""
    rows = ActionRequest.objects.filter(undo_hash=hashed, state=RequestState.APPROVED, due_at__gt=now)
    found = rows.select_related("person", "proposed_by").first() if hashed else None
    if found is None:
        raise LinkOver
    return found
