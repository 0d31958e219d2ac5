"""Replies that a colleague reads before they leave (R93): handed in, let go, given back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.access import NotAllowed, can, has_role
from accounts.choices import Role
from accounts.journal import record
from accounts.models import Person
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.live import announce
from tickets.actions import drafts, notify
from tickets.actions.accompanied import CannotAccompany
from tickets.actions.drafts import Form
from tickets.actions.intake import clean
from tickets.actions.keeping import locked, write_event
from tickets.actions.reply import reply
from tickets.choices import HeldState
from tickets.models import Apprentice, ContactReason, Draft, HeldReply, Message, Ticket


@transaction.atomic
def hand_in(
    *,
    ticket: Ticket,
    by: Person,
    apprentice: Apprentice,
    text: str,
    to: Sequence[str] | None,
    cc: Sequence[str] | None,
    then: str,
    reason: ContactReason | None,
    last_seen: int,
    seen_note: int | None,
    form: Form,
    now: datetime,
) -> HeldReply:
    """Keep a reply for its reviewer, who is told. What was handed in before on this ticket is replaced; the words stay
    their writer's draft. Raises CannotAccompany, and as `drafts.save_draft`.
    """
    row = locked(ticket)
    words = clean(text)
    if not words.strip() and not form.files:
        raise CannotAccompany("Write a reply first.")
    typed = {"to": ", ".join(to or ()), "cc": ", ".join(cc or ())}
    known = Draft.objects.filter(ticket=row, person=by).first()
    is_same_form = known is not None and (not known.text.strip() or (form.key and known.key == form.key))
    mark = drafts.mark_of(known) if is_same_form else form.known
    draft = drafts.save_draft(ticket=row, by=by, kind="reply", text=words, known=mark, key="", now=now, **typed)
    earlier = HeldReply.objects.filter(ticket=row, person=by, state=HeldState.WAITING)
    earlier.update(state=HeldState.WITHDRAWN, decided_at=now, decided_by=by)
    held = HeldReply.objects.create(
        ticket=row, person=by, reviewer=apprentice.reviewer, text=words, to=list(to) if to is not None else None,
        cc=list(cc) if cc is not None else None, files=list(form.files), then=then, reason=reason,
        last_seen=last_seen, seen_note=seen_note or 0, draft=drafts.mark_of(draft), created_at=now,
    )  # fmt: skip
    words = f"{by.shown_name} wrote a reply, which {apprentice.reviewer.shown_name} reads first."
    write_event(row, kind="handed_in", text=words, by=by, now=now)
    notify.tell([apprentice.reviewer], row, f"A reply of {by.shown_name} waits for you", now)
    announce(row.subject_key)
    record(by=by, action="tickets.hand_in", subject=row, data={"reply": held.pk}, now=now)
    return held


def may_decide(person, held: HeldReply) -> bool:
    """Its reviewer, or a lead or admin; never its writer."""
    if person.pk == held.person_id or not can(person, "tickets.work"):
        return False
    return person.pk == held.reviewer_id or has_role(person, Role.LEAD, Role.ADMIN)


@transaction.atomic
def send(*, held: HeldReply, by: Person, now: datetime, text: str | None = None) -> Message:
    """It may leave, in `text` where the reviewer changed the words. Goes out under its writer's name, after their undo
    window. Raises NotAllowed, CannotAccompany, and as `reply`: somebody wrote since, a file is gone.
    """
    row, held = _waiting(held, by)
    draft = Draft.objects.filter(ticket=row, person=held.person).first()
    if draft and drafts.mark_of(draft) != held.draft:
        raise CannotAccompany(f"{held.person.shown_name} is changing it. They hand it in again.")
    message = reply(
        ticket=row, by=held.person, text=held.text if text is None else text, last_seen=held.last_seen,
        seen_note=held.seen_note, to=held.to, cc=held.cc, then=held.then, reason=held.reason,
        form=Form(known=held.draft, files=held.files), read_by=by, now=now,
    )  # fmt: skip
    failpoint("tickets.held_reply.sent")
    held.message = message
    _decide(held, HeldState.SENT, by, now)
    write_event(row, kind="read_first", text=f"{by.shown_name} let it go.", by=by, now=now)
    record(by=by, action="tickets.let_go", subject=row, data={"reply": held.pk}, now=now)
    return message


@transaction.atomic
def give_back(*, held: HeldReply, words: str, by: Person, now: datetime) -> None:
    """It is its writer's draft again, with what the reviewer says. Raises NotAllowed, CannotAccompany."""
    row, held = _waiting(held, by)
    held.answer = " ".join(words.replace("\0", "").split())[:500]
    if len(held.answer) < 3:
        raise CannotAccompany("Say what should be different.")
    _decide(held, HeldState.RETURNED, by, now)
    came_back = f"{by.shown_name}: {held.answer}"[:300]
    Draft.objects.filter(ticket=row, person=held.person).update(came_back=came_back)
    write_event(
        row, kind="given_back", text=f"{by.shown_name} gave a reply back to {held.person.shown_name}.", by=by, now=now
    )
    notify.tell([held.person], row, f"{by.shown_name} gave your reply back", now)
    announce(row.subject_key)
    record(by=by, action="tickets.give_back", subject=row, data={"reply": held.pk}, now=now)


@transaction.atomic
def withdraw(*, held: HeldReply, by: Person, now: datetime) -> None:
    """Its writer goes on writing. Raises CannotAccompany."""
    row = locked(held.ticket_id)
    held = HeldReply.objects.select_for_update().get(pk=held.pk)
    if held.person_id != by.pk or held.state != HeldState.WAITING:
        raise CannotAccompany("Nothing of yours waits here.")
    _decide(held, HeldState.WITHDRAWN, by, now)
    announce(row.subject_key)
    record(by=by, action="tickets.withdraw_reply", subject=row, data={"reply": held.pk}, now=now)


def _waiting(held: HeldReply, by: Person) -> tuple[Ticket, HeldReply]:
    row = locked(held.ticket_id)
    rows = HeldReply.objects.select_for_update(of=("self",)).select_related("person", "reviewer", "reason")
    held = rows.get(pk=held.pk)
    if not may_decide(by, held):
        raise NotAllowed("Their reviewer reads it, or a lead.")
    if held.state != HeldState.WAITING:
        raise CannotAccompany("It was decided a moment ago.")
    return row, held


def _decide(held: HeldReply, state: HeldState, by: Person, now: datetime) -> None:
    held.state, held.decided_by, held.decided_at = state, by, now
    held.save()
