"""What a flow says to a customer: the words of a stage with their placeholders filled, as plain text. Reads only."""

import re
from collections.abc import Container
from dataclasses import dataclass

from django.conf import settings

from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article
from mail.models import Mailbox
from tickets.models import Case, FlowVersion, Stage, StageReminder
from tickets.placeholders import PLACEHOLDERS
from tickets.refusals import Refused

OF_FLOWS = {
    "order_number": "The number of the order",
    "help_hours": "The hours of help that the order brings",
    "stage": "What the customer reads of the present stage",
    "date": "The date that was entered last",
    "date_words": "What was entered with that date",
    "company": "The name of this desk",
    "site": "The address of this desk",
    "alternatives": "What we offer instead, when we decline",
}
KNOWN = {
    key: words for key, words in PLACEHOLDERS.items() if not key.startswith(("agent_",)) or key == "agent_name"
} | OF_FLOWS
_PLACEHOLDER = re.compile(r"\{([a-z_]{1,40})\}")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\(([^()\s]{1,500})\)")
_OURS = re.compile(r"\[\[([a-z0-9_-]{1,120})(?:#[\w-]{1,80})?(?:\|([^\[\]\n]{1,200}))?\]\]")
_MARKS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_HEADING = re.compile(r"^#{1,6}\s+", re.M)


class CannotFill(Refused):
    """A value is missing, or the template is not there: nothing is mailed with a gap in it."""


@dataclass(frozen=True)
class Words:
    """What stands in a stage, a reminder or at the end: a published template, or words of its own."""

    template: Article | None
    own: str

    def __bool__(self) -> bool:
        return self.template is not None or bool(self.own.strip())

    @property
    def name(self) -> str:
        """For a plan: the template's title, or the first words."""
        if self.template:
            return self.template.title
        lines = self.own.strip().splitlines()
        if len(lines) > 1 and lines[0].rstrip().endswith(","):  # “Hello,” says nothing of what it is
            lines = lines[1:]
        first = " ".join(" ".join(lines).split())
        first = first[:1].upper() + first[1:]
        return first[:60].rstrip() + "…" if len(first) > 60 else first

    def problem(self, known: Container[str] | None = None) -> str:
        """Why this cannot be sent, in words; "" where it can. `known` are the placeholders that have a meaning here."""
        if self.template:
            if self.template.kind != ArticleKind.TEMPLATE:
                return f"“{self.template.title}” is not a template of a mail"
            if self.template.archived_at or self.template.published_id is None:
                return f"the template “{self.template.title}” is not published"
        strange = [name for name in _PLACEHOLDER.findall(self.text()) if name not in (known or KNOWN)]
        return f"nobody knows what {{{strange[0]}}} stands for" if strange else ""

    def text(self) -> str:
        """As it was written."""
        if self.template is None:
            return self.own
        return self.template.published.markdown if self.template.published else ""

    def needs(self, name: str) -> bool:
        """Whether the placeholder stands in it."""
        return f"{{{name}}}" in self.text()


def words_of(part: Stage | StageReminder) -> Words:
    """The mail of a stage or a reminder."""
    return Words(part.template, part.words)


def last_words(version: FlowVersion) -> Words:
    """The mail after a case is done."""
    return Words(version.after_template, version.after_words)


def values_of(case: Case, mailbox: Mailbox | None = None) -> dict[str, str]:
    """What stands for each placeholder; "" where nothing is known."""
    ticket, order = case.ticket, case.order
    organisation = case.customer or ticket.organisation
    minutes = sum(line.minutes * line.quantity for line in order.lines.all()) if order else 0
    return {
        "customer_name": case.person.name,
        "customer_first_name": case.person.first_name,
        "customer_email": case.person.email if case.person.has_mail else "",
        "organisation": organisation.name if organisation else "",
        "ticket_number": str(ticket.pk),
        "ticket_subject": ticket.subject,
        "agent_name": case.owner.shown_name if case.owner else _name_of(mailbox),
        "order_number": order.number if order else "",
        "help_hours": f"{minutes / 60:g}" if minutes else "",
        "stage": case.stage.customer_label or case.stage.name,
        "date": f"{case.date_on:%-d %B %Y}" if case.date_on else "",
        "date_words": case.date_words,
        "company": settings.SITE_NAME,
        "site": settings.SITE_URL,
    }  # fmt: skip


def filled(words: Words, values: dict[str, str]) -> str:
    """The words as plain text with every placeholder filled literally, once. Raises CannotFill."""
    problem = words.problem()
    if problem:
        raise CannotFill(f"{problem[0].upper()}{problem[1:]}, so nothing was mailed.")
    return fill_text(plain(words.text()), values)


def fill_text(text: str, values: dict[str, str]) -> str:
    """`text` with its placeholders filled; what a value holds is never read again. Raises CannotFill."""

    def value(match: re.Match[str]) -> str:
        if not values.get(match[1]):
            meaning = KNOWN.get(match[1], match[1])
            raise CannotFill(f"“{meaning}” is not known for this case, so nothing was mailed.")
        return values[match[1]]

    return _PLACEHOLDER.sub(value, text)


def plain(markdown: str) -> str:
    """Markdown as people read it in a mail: links spelled out, no marks."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    text = _OURS.sub(lambda found: f"{found[2] or found[1]}: {settings.SITE_URL}/a/{found[1]}/", text)
    text = _LINK.sub(lambda found: f"{found[1]}: {found[2]}" if found[1] else found[2], text)
    text = _MARKS.sub(r"\2", text)
    return _HEADING.sub("", text).strip()


def _name_of(mailbox: Mailbox | None) -> str:
    return (mailbox.name or mailbox.address) if mailbox else settings.SITE_NAME
