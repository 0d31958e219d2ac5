"""Tags to offer and to look after."""

from dataclasses import dataclass

from supportdesk.lib.compiled import compiled_count, one_row
from tickets.models import Tag, Ticket
from tickets.queries_desk.inbox import COUNT_CAP, shown_count

MOST_OFFERED = 12
PAGE_SIZE = 50


def offered(text: str) -> list[str]:
    """Tags that begin with what is typed, then those that hold it. Two queries at most."""
    text = "".join(sign for sign in text if sign.isprintable()).strip().lower().lstrip("#")[:60]
    known = Tag.objects.filter(becomes="").order_by("name").values_list("name", flat=True)
    found = list(known.filter(name__startswith=text)[:MOST_OFFERED])
    if text and len(found) < MOST_OFFERED:
        found += known.filter(name__contains=text).exclude(name__in=found)[: MOST_OFFERED - len(found)]
    return found


@dataclass(frozen=True)
class Used:
    """A tag with how many tickets carry it, "1,000+" beyond what is counted."""

    tag: Tag
    tickets: str


def used_page(after: str, words: str) -> tuple[list[Used], str]:
    """A page of tags by name, and the name after which the next one starts ("" at the end). Two queries."""
    rows = Tag.objects.order_by("name")
    words = words.replace("\x00", "").strip().lower()[:60]
    if words:
        rows = rows.filter(name__contains=words)
    if after:
        rows = rows.filter(name__gt=after.replace("\x00", ""))
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    carrying = [Ticket.objects.filter(tags__contains=[tag.name]) for tag in shown]
    counts = one_row([(compiled_count(rows, COUNT_CAP + 1), {}) for rows in carrying]) if shown else []
    used = [Used(tag, shown_count(number)) for tag, number in zip(shown, counts, strict=True)]
    return used, shown[-1].name if len(found) > PAGE_SIZE else ""
