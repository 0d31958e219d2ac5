"""A text as its page lays it out: a process in columns, steps and cards, everything else as it is written."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from knowledgebase.choices import ArticleKind, DueFrom, Evidence
from knowledgebase.markdown import Heading, render
from knowledgebase.models import Revision
from knowledgebase.process_text import HOURS_A_DAY, StepText, read

_CARD = re.compile(r'(?=<h2 id=")')
_CARD_HEAD = re.compile(r'<h2 id="([^"]*)">(.*?)</h2>', re.DOTALL)
COLUMNS = ("how", "when", "who")
STEPS = "steps"


@dataclass(frozen=True)
class ShownStep:
    """A step with its words as HTML. `when` is empty for a step without a date of its own."""

    title: str
    how: str
    say: str
    who: str
    when: str
    proof: str
    customer_label: str


@dataclass(frozen=True)
class Card:
    """A part of a text under a heading of the second level."""

    id: str
    heading: str
    html: str


@dataclass(frozen=True)
class Page:
    """`html` for an ordinary text; columns, steps and cards for a process. `contents` leads to the parts."""

    html: str = ""
    columns: list[tuple[str, str]] = field(default_factory=list)
    steps: list[ShownStep] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    contents: list[Heading] = field(default_factory=list)


def page_of(revision: Revision, kind: str) -> Page:
    """How to lay out that text. Raises nothing: a process without steps is shown as it is written."""
    if kind == ArticleKind.PROCESS:
        process = _process(revision.markdown)
        if process.steps:
            return process
    headings = [Heading(**one) for one in revision.headings if one["level"] <= 3]
    return Page(html=revision.html, contents=headings)


@lru_cache(maxsize=64)
def _process(markdown: str) -> Page:
    """Texts do not change, so a process that is read often is understood once a worker."""
    text = read(markdown)
    items = {"how": text.how, "when": text.when, "who": text.who}
    columns = [(name, render("\n".join(f"- {line}" for line in items[name])).html) for name in COLUMNS if items[name]]
    rest = render(text.after)
    contents = [Heading(2, STEPS, "Steps"), *(one for one in rest.headings if one.level == 2)]
    return Page(
        html=render(text.intro).html if text.intro else "",
        columns=columns,
        steps=[_step(step) for step in text.steps],
        cards=_cards(rest.html),
        contents=contents,
    )


def _step(step: StepText) -> ShownStep:
    proof = Evidence(step.evidence).label if step.evidence else ""
    return ShownStep(
        title=step.title, how=render(step.how).html if step.how else "", say=render(step.say).html if step.say else "",
        who=step.who, when=due_words(step.due_minutes, step.due_from, step.due_step),
        proof=f"{proof}: {step.evidence_label}" if proof and step.evidence_label else proof,
        customer_label=step.customer_label,
    )  # fmt: skip


def due_words(minutes: int | None, due_from: str, due_step: int | None) -> str:
    """within 2 working days of step 1"""
    if minutes is None:
        return ""
    a_day = HOURS_A_DAY * 60
    size, unit = next((size, unit) for size, unit in ((a_day, "working day"), (60, "open hour"), (1, "open minute"))
                      if minutes % size == 0)  # fmt: skip
    since = f"step {due_step}" if due_from == DueFrom.STEP else "the start"
    return f"within {minutes // size} {unit}{'' if minutes == size else 's'} of {since}"


def _cards(html: str) -> list[Card]:
    found = []
    for part in _CARD.split(html):
        head = _CARD_HEAD.match(part)
        if head:
            found.append(Card(head[1], head[2], part[head.end() :]))
        elif part.strip():
            found.append(Card("", "", part))
    return found
