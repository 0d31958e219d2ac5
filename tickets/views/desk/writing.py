"""What the composer shows: a draft that waits, or what was refused a moment ago, with everything that was typed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.http import HttpRequest

from tickets import recipients
from tickets.actions.drafts import mark_of
from tickets.choices import Author
from tickets.forms.compose import BETWEEN_ADDRESSES, ComposeForm, line_of
from tickets.forms.times import moment_in
from tickets.models import Message, Ticket
from tickets.models.channels import PASSED
from tickets.queries_desk.drafts import Writing, writing_of
from tickets.queries_desk.reasons import reasons_for
from tickets.queries_desk.thread import Thread
from tickets.views.desk import words

MOST_KNOWN = 6
LATER = (("in 1 hour", "In an hour"), ("tomorrow 9:00", "Tomorrow"), ("mon 9:00", "On Monday"))


@dataclass(frozen=True)
class Later:
    """A time to which a reply can be put off with one press."""

    words: str
    name: str
    shown: str


class Untyped(dict):
    """What a composer starts with, for its template: a form that nobody has typed in, without the cost of one."""

    errors: ClassVar[dict] = {}
    is_bound = False

    def __init__(self, start: Mapping[str, object]) -> None:
        super().__init__({name: {"value": start.get(name), "errors": ()} for name in ComposeForm.base_fields})


def composer(request: HttpRequest, ticket: Ticket, thread: Thread, form: ComposeForm | None, now: datetime) -> dict:
    """What `_composer.html` needs. Two queries, and one more where there is a draft."""
    reasons = reasons_for(ticket, asked=_asked(thread))
    writing = writing_of(request.user, ticket)
    if form is None:
        start = _start(request, ticket, thread, writing)
        chosen, typed_to = next((reason.pk for reason in reasons if reason.is_guess), None), start["to"]
    else:
        chosen, typed_to = form["reason"].value(), form["to"].value()
    to = typed_to or ticket.requester.email
    return {
        "form": Untyped(start) if form is None else form,
        "writing": writing,
        "reasons": sorted(reasons, key=lambda reason: (not reason.is_guess, reason.name.casefold())),  # to look down
        "reason_chosen": str(chosen or ""),
        "reason_name": next((reason.name for reason in reasons if reason.key == str(chosen)), "none"),
        "composer_key": _key(form),
        "composer_mark": _mark(form, writing),
        "kept_files": _kept(form, writing),
        "is_passed": ticket.channel in PASSED,
        "to_line": to,
        "to_others": to.strip().lower() != ticket.requester.email,
        "known_addresses": _known(ticket, thread, to),
        "laters": _laters(now),
        "wants_words": "write" in request.GET,
    }


def _laters(now: datetime) -> list[Later]:
    """Each time once: on a Sunday, tomorrow is Monday."""
    found: dict[str, Later] = {}
    for text, name in LATER:
        at = moment_in(text, now)
        if at is not None:
            shown = words.when_exactly(at, now)
            found.setdefault(shown, Later(text, name, shown))
    return list(found.values())


def as_typed(request: HttpRequest) -> ComposeForm:
    """The composer's form with every word that was typed, and nothing found wrong with it."""
    form = ComposeForm(request.POST)
    form.errors.clear()
    return form


def _start(request: HttpRequest, ticket: Ticket, thread: Thread, writing: Writing) -> dict:
    draft = writing.draft
    seen = {"last_seen": thread.newest, "seen_note": thread.newest_note}
    if draft:
        return {"kind": draft.kind, "text": draft.text, "to": draft.to, "cc": draft.cc} | seen
    copied = recipients.copied(ticket, known=thread.messages, is_all=thread.has_all)
    copy = line_of(address["email"] for address in copied)
    return {"kind": "reply", "text": "", "to": ticket.requester.email, "cc": copy} | seen


def _asked(thread: Thread) -> str | None:
    """What the customer asked first; None where the page does not reach back so far."""
    if not thread.has_all:
        return None
    return next((message.text for message in reversed(thread.messages) if message.author == Author.CUSTOMER), "")


def _key(form: ComposeForm | None) -> str:
    return (form and form["key"].value()) or uuid.uuid4().hex


def _mark(form: ComposeForm | None, writing: Writing) -> str:
    """The draft that this page shows. What another window saved since is not shown, so it keeps its older mark."""
    is_ours = form is None or (writing.draft is not None and writing.draft.key == form["key"].value())
    return mark_of(writing.draft) if form is None or is_ours else form["draft"].value() or ""


def _kept(form: ComposeForm | None, writing: Writing) -> list:
    if form is None:
        return writing.files
    named = set(form["kept"].value() or ())
    return [file for file in writing.files if str(file.pk) in named]


def _known(ticket: Ticket, thread: Thread, to: str) -> list[str]:
    """Addresses to offer: whoever wrote here, and where their answers should go. Nobody's word is taken for it."""
    found: list[str] = [ticket.requester.email]
    for entry in thread.entries:
        if isinstance(entry.it, Message) and entry.it.author == Author.CUSTOMER and not entry.it.is_held:
            found += [entry.it.from_address, entry.it.answers_to]
    typed = set(BETWEEN_ADDRESSES.split(to.lower()))
    known = dict.fromkeys(address.lower() for address in found if "@" in address)
    return [address for address in known if address not in typed][:MOST_KNOWN]
