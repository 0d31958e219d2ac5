"""A process as a ticket's timeline suggests it: what was asked, looked up, said and done, step by step (D11). Pure.

The customer is named nowhere: their name and address become “the customer”.
"""

import re
from collections.abc import Mapping, Sequence

from knowledgebase.process_text import MOST_STEPS, StepText
from tickets.choices import Author
from tickets.models import Message, Note, Ticket, TicketEvent
from tickets.queries_desk.thread import Entry

LONGEST_TITLE = 70
LONGEST_WORDS = 1500
# What an agent did besides writing, and what that is as a step. The rest of the thread happens by itself.
DEEDS = {
    "held": "Put the ticket on hold", "waiting": "Wait for the customer", "follow_up": "Set a date to look again",
    "call": "Call the customer", "closed": "Close the ticket", "split": "Give each question a ticket of its own",
}  # fmt: skip
_GREETING = re.compile(
    r"(?:hi|hello|dear|good (?:morning|afternoon|evening))\b[^\n]{0,60}(?:\n+|,\s*|!\s*)", re.IGNORECASE
)
_SENTENCE = re.compile(r"[.!?\n]")


def steps_of(ticket: Ticket, entries: Sequence[Entry], roles: Mapping[int, str]) -> list[StepText]:
    """One step for each thing that somebody of the staff did. `roles` names the one work role of each person."""
    hide = _hider(ticket)
    found = [StepText(1, "", "Read what the customer asks", how=hide(ticket.subject))]
    for entry in entries:
        step = _step(entry, roles, hide)
        if step and (step.title, step.say) != (found[-1].title, found[-1].say):
            found.append(step)
    return found[:MOST_STEPS]


def _step(entry: Entry, roles: Mapping[int, str], hide) -> StepText | None:
    it = entry.it
    if isinstance(it, Message):
        if it.author != Author.AGENT or it.is_held:
            return None
        words = hide(_GREETING.sub("", it.text.strip(), count=1))[:LONGEST_WORDS]
        return StepText(0, "", f"Answer: {_title(words)}", say=words, who=roles.get(it.person_id or 0, ""))
    if isinstance(it, Note):
        words = hide(it.text.strip())[:LONGEST_WORDS]
        return StepText(0, "", _title(words), how=words, who=roles.get(it.person_id or 0, "")) if words else None
    if isinstance(it, TicketEvent) and it.by_id and it.kind in DEEDS:
        return StepText(0, "", DEEDS[it.kind], who=roles.get(it.by_id, ""))
    return None


def _title(words: str) -> str:
    first = _SENTENCE.split(words.strip(), maxsplit=1)[0].strip().lstrip("#>-* ")
    return f"{first[: LONGEST_TITLE - 1].rstrip()}…" if len(first) > LONGEST_TITLE else first or "Do it"


def _hider(ticket: Ticket):
    """A function that takes the customer out of words."""
    person = ticket.requester
    names = [
        person.email,
        person.name,
        *person.name.split()[:1],
        ticket.organisation.name if ticket.organisation else "",
    ]
    known = sorted({name.strip() for name in names if len(name.strip()) > 2}, key=len, reverse=True)
    if not known:
        return lambda words: words
    pattern = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in known), re.IGNORECASE)
    return lambda words: pattern.sub("the customer", words)
