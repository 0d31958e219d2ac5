"""Pieces of the desk's screens. `{% load desk %}`"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from html import escape as quoted

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from accounts.access import can
from supportdesk.lib.ui import avatar, icon
from tickets.choices import Author, Channel, Priority
from tickets.inline_pictures import named_in, shown_in
from tickets.models import Attachment, Message, Ticket
from tickets.queries_desk.inbox import rail_numbers, shown_count
from tickets.queries_desk.strip import strips_of
from tickets.support_choices import Support, Verdict, Wish
from tickets.views.desk import words
from tickets.views.desk.pages import kept_for_rail, list_path

register = template.Library()
register.filter("list_path", list_path)

LINK = re.compile(r"https?://[^\s<>\"'`]{1,2000}")
LINK_OR_TICKET = re.compile(r"https?://[^\s<>\"'`]{1,2000}|(?<![\w#&/])#(\d{1,12})\b")
CALL = re.compile(r"(?<![\w@.+/&;=-])@[^\W\d_][\w.-]*(?: [^\W\d_a-z][\w.-]*)?")
SHOWN_CHARACTERS = 20_000
SUPPORT_CHIPS: dict[str, tuple[str, str, str]] = {
    Support.PRIORITY: ("chip ok", "check", "Priority"),
    Support.CLAIMED: ("chip", "info", "Claimed"),
    Support.ENDED: ("chip", "clock", "Support ended"),
}
SCOPE_CHIPS: dict[str, tuple[str, str, str]] = {
    Verdict.BEST_EFFORT: ("chip wait", "clock", "Best effort"),
    Verdict.NONE: ("chip bad", "x", "Not supported"),
}
WISHES: dict[str, str] = {Wish.CALL: "a call", Wish.REMOTE: "a look at their screen"}
CURRENT = ' aria-current="true"'
TRAILING = ".,;:!?)]}'\"»”…"


@register.simple_tag
def promise(sla: words.Sla, *, briefly: bool = False) -> SafeString:
    """The promise as an icon or a draining ring, and words; `briefly` shows why it is paused to ears alone."""
    picture = icon(sla.icon) if sla.icon else _ring(sla.percent)
    title = f' title="{words.in_full(sla.at)}"' if sla.at else ""
    said, comma, why = sla.text.partition(",") if briefly else (sla.text, "", "")
    rest = f'<span class="vh">{comma}{escape(why)}</span>' if comma else ""
    return SafeString(f'<span class="sla {sla.style}"{title}>{picture}{escape(said)}{rest}</span>')


@cache
def _ring(percent: int) -> SafeString:
    return SafeString(
        '<svg class="ring" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9"/>'
        f'<circle cx="12" cy="12" r="9" pathLength="100" stroke-dasharray="{percent:d} 100"/></svg>'
    )


@register.simple_tag
def moment(at: datetime, now: datetime, *, exactly: bool = False) -> SafeString:
    """`{% moment message.created_at now %}`: short words, the whole truth on hover."""
    said = words.when_exactly(at, now) if exactly else words.when(at, now)
    return SafeString(f'<time datetime="{words.utc_iso(at)}" title="{words.in_full(at)}">{said}</time>')


@register.simple_tag
def ticket_row(row, now: datetime, reader) -> SafeString:
    """A line of the list. Written as one string: thirty of them stand beside every ticket."""
    ticket, number = row.ticket, f"{row.ticket.pk:d}"
    unread, words_unread = (" unread", '<span class="vh">, unread</span>') if ticket.is_unread else ("", "")
    return SafeString(
        f'<li class="tk{unread}">{_row_box(number) if can(reader, "tickets.work") else ""}'
        f'<a id="tk-{number}" href="{_plain(row.address)}" data-ticket="{number}"'
        f"{CURRENT if row.is_current else ''}>"
        f'<span class="row g2 nowrap"><span class="who clip">{_plain(ticket.requester.shown_name)}{words_unread}</span>'
        f"{moment(ticket.last_message_at, now)}</span>"
        f'<span class="subj clip">{_plain(row.subject or ticket.subject)}</span>'
        f'<span class="snip clip">{_plain(row.excerpt or ticket.snippet)}</span>'
        f'<span class="row g1"><span class="row g1 chips">{promise(row.sla, briefly=True)}{_row_chips(ticket)}</span>'
        f'<span class="push row g1 nowrap"><span class="row g1 nowrap" data-here="{number}"></span>'
        f"{_row_assignee(ticket, reader)}</span></span></a></li>"
    )


def _plain(text: str) -> str:
    """As Django's `conditional_escape` of a plain text, without its look for words that wait for a language."""
    return text if hasattr(text, "__html__") else quoted(text)


def _row_box(number: str) -> str:
    return (
        f'<input type="checkbox" name="ticket" value="{number}" form="bulk" aria-label="Select ticket {number}"'
        ' autocomplete="off">'
    )


def _row_chips(ticket: Ticket) -> SafeString:
    chips: list[tuple[str, str, str]] = []
    if getattr(ticket, "has_draft", False):
        chips.append(("chip draft", icon("pen"), "Draft"))
    if ticket.support:
        style, picture, said = SUPPORT_CHIPS[ticket.support]
        chips.append((style, icon(picture), said))
    if ticket.has_failed_delivery:
        chips.append(("chip bad", icon("alert"), "Not delivered"))
    elif ticket.came_back:
        chips.append(("chip info", icon("undo"), ticket.came_back))
    if ticket.priority in (Priority.HIGH, Priority.URGENT):
        chips.append(("chip wait", icon("flag"), Priority(ticket.priority).label))
    chips += [("tag", "", tag) for tag in ticket.tags[:2]]
    return SafeString(
        "".join(f'<span class="{style}">{picture}{escape(said)}</span>' for style, picture, said in chips)
    )


def _row_assignee(ticket: Ticket, reader) -> SafeString | str:
    if ticket.assignee is None or ticket.assignee_id == reader.pk:
        return ""
    name, picture = ticket.assignee.shown_name, avatar(ticket.assignee, "mini")
    return format_html('<span class="row" title="{}">{}<span class="vh">{}</span></span>', name, picture, name)


@register.filter
def linked(text: str) -> SafeString:
    """Escaped text in which web addresses are links. Linear in its length."""
    return _linked(text, LINK)


@register.filter
def linked_for_staff(text: str) -> SafeString:
    """As `linked`, and `#4127` leads to that ticket. For words that only staff write."""
    return _linked(text, LINK_OR_TICKET)


def _linked(text: str, pattern: re.Pattern) -> SafeString:
    parts, position = [], 0
    for found in pattern.finditer(text):
        parts.append(escape(text[position : found.start()]))
        address = found[0].rstrip(TRAILING)
        if address.startswith("#"):
            parts.append(format_html('<a href="{}">{}</a>', reverse("desk:short_address", args=[address[1:]]), address))
        else:
            parts.append(
                format_html('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>', address, address)
            )
        position = found.start() + len(address)
    parts.append(escape(text[position:]))
    return SafeString("".join(parts))


@register.filter
def with_pictures(html: SafeString, files: list[Attachment]) -> SafeString:
    """Words in which the pictures that their writer put there are shown in their places."""
    known = {file.name: reverse("desk:picture", args=[file.pk]) for file in files if file.is_inline}
    return shown_in(html, known) if known else html


@register.filter
def beside(files: list[Attachment], text: str) -> list[Attachment]:
    """The files that are not shown in the words already."""
    shown = named_in(text)
    return [file for file in files if not (file.is_inline and file.name in shown)]


@register.filter
def with_calls(html: SafeString) -> SafeString:
    """Words of a note in which names after an @ stand out."""
    return mark_safe(CALL.sub(r'<span class="mention">\g<0></span>', html))  # noqa: S308 - escaped, and only wrapped


@register.filter
def bytes_in_words(number: int) -> str:
    """14 kB"""
    return words.size(number)


@register.filter
def iso(at: datetime) -> str:
    """2026-11-22T08:44:00Z"""
    return words.utc_iso(at)


@register.simple_tag(takes_context=True)
def rail_counts(context) -> dict[str, str]:
    """What the rail shows beside Inbox and Mail: "8", "1,000+", "" for none. One query, none in the inbox."""
    request = context["request"]
    numbers = kept_for_rail(request) or rail_numbers(request.user, timezone.now())
    mine, mail = numbers.views["mine"], numbers.mail
    return {"mine": shown_count(mine) if mine else "", "mail": shown_count(mail) if mail else ""}


@register.simple_tag(takes_context=True)
def may(context, action: str) -> bool:
    """`{% may "tickets.work" as works %}`"""
    return can(context["request"].user, action)


@register.inclusion_tag("components/outbox.html", takes_context=True)
def outbox(context, *, floats: bool = False) -> dict:
    """What the reader can still take back. One query."""
    request = context["request"]
    now = context.get("now") or timezone.now()
    return {
        "strips": strips_of(request.user, now),
        "place": context.get("place") or getattr(context.get("shelf"), "place", None),
        "floats": floats,
        "csrf_token": context.get("csrf_token"),
        "now": now,
    }


@register.simple_tag
def icons() -> str:
    """The address of the icon sprite."""
    return static("icons.svg")


EVENT_ICONS = {
    "assigned": "person-plus", "moved": "arrow", "closed": "check", "reopened": "undo", "waiting": "clock",
    "held": "clock", "snoozed": "moon", "woke": "moon", "thanks": "check", "undone": "undo", "came_back": "undo",
    "taken_back": "undo",
    "undelivered": "alert", "overdue": "alert", "step_overdue": "alert", "warned": "alert", "retried": "send",
    "changed": "pen", "gave": "refund",
    "call": "phone", "joined": "people", "left": "people", "follow_up": "calendar",
}  # fmt: skip


@register.simple_tag
def event_icon(kind: str) -> SafeString:
    """What stands before an event."""
    return icon(EVENT_ICONS.get(kind, "info"))


@register.filter
def pluralize_shown(shown: str) -> str:
    """The plural's s for a count that may read "1,000+"."""
    return "" if shown == "1" else "s"


@register.filter
def writer(message: Message) -> str:
    """Whose words these are, by the best name we have."""
    known = message.person.shown_name if message.person else ""
    return message.from_name or known or message.from_address or "Somebody"


@register.filter
def addresses(line: list) -> str:
    """Recipients as people read them."""
    return ", ".join(str(one.get("email") or one.get("name") or "") for one in line if isinstance(one, dict))


@register.filter
def address_of(place, pk: int) -> str:
    """A ticket beside the list that is shown."""
    return place.ticket_address(pk)


@register.filter
def opening(text: str) -> str:
    """The part of a message that is shown at once: all of it, unless it is as long as a book."""
    return text[:SHOWN_CHARACTERS]


@register.filter
def rest(text: str) -> str:
    """What `opening` left out."""
    return text[SHOWN_CHARACTERS:]


@dataclass(frozen=True)
class Mark:
    """A chip on a message."""

    text: str
    icon: str
    style: str = ""
    detail: str = ""


VERDICTS = {
    "pass": Mark("Sender proven", "check", "ok"),
    "fail": Mark("Sender may be forged", "alert", "bad"),
}
UNPROVEN = Mark("Sender not proven", "info")
ROADS = {
    Channel.SMS: Mark("SMS", "phone", detail="Passed on by the telephone provider"),
    Channel.CHAT: Mark("Chat", "chat", detail="Passed on by the chat"),
    Channel.PHONE: Mark("Telephone", "phone", detail="Written down after a call, mailed to nobody"),
}


@register.filter
def marks(message: Message) -> list[Mark]:
    """What an agent should know about how a message came."""
    found = []
    if message.author == Author.CUSTOMER and message.channel == Channel.MAIL:
        verdict = VERDICTS.get(message.authentication.get("verdict"), UNPROVEN)
        detail = ", ".join(f"{name} {message.authentication[name]}" for name in ("dmarc", "dkim", "spf")
                           if message.authentication.get(name))  # fmt: skip
        found.append(replace(verdict, detail=detail))
    if message.author == Author.CUSTOMER and message.channel == Channel.LINK:
        found.append(Mark("Written through a secure link", "link"))
    if message.channel in ROADS:
        found.append(ROADS[Channel(message.channel)])
    if message.auto_reply:
        found.append(Mark("Automatic reply", "clock", "wait", message.auto_reply))
    if message.answers_to:
        found.append(Mark(f"Wants answers at {message.answers_to}", "at", "wait"))
    if message.forwarded_by:
        found.append(Mark(f"Forwarded by {message.forwarded_by.shown_name}", "arrow", "info"))
    return found


@register.filter
def ticket_number(subject_key: str) -> int | None:
    """4127 for "ticket:4127", None for anything else."""
    kind, _, number = subject_key.partition(":")
    return int(number) if kind == "ticket" and number.isascii() and number.isdigit() else None


@register.simple_tag
def support_chips(ticket: Ticket) -> SafeString:
    """What a ticket was found entitled to, and how far we help with it, where that is less than in full."""
    chips = [SUPPORT_CHIPS[ticket.support]] if ticket.support else []
    if ticket.wish:
        picture = "phone" if ticket.wish == Wish.CALL else "eye"
        chips.append(("chip wait", picture, f"Asks for {WISHES[ticket.wish]}"))
    if ticket.scope in SCOPE_CHIPS:
        chips.append(SCOPE_CHIPS[ticket.scope])
    shown = [(style, icon(picture), said) for style, picture, said in chips]
    return format_html_join("", '<span class="{}">{}{}</span>', shown)
