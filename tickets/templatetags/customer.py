"""Words and times as customers read them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.template.defaultfilters import urlize
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from tickets import customer_queries, flow_tracker, process_tracker
from tickets.choices import Author, Category, Channel
from tickets.customer_lists import Row
from tickets.models import Attachment, Message, Ticket

register = template.Library()

# Looking for addresses in a text takes time that grows faster than the text.
LONGEST_LINKED = 20_000
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
LARGEST_PREVIEW = 10 * 1024 * 1024


@register.filter
def standing(category: str) -> str:
    """Whose turn it is."""
    return customer_queries.standing_of(category)


@register.filter
def standing_tone(category: str) -> str:
    """The chip's class: waiting for the customer stands out."""
    return {Category.WAITING: "wait", Category.CLOSED: "ok", Category.HOLD: ""}.get(Category(category), "info")


@register.filter
def writer(message: Message) -> str:
    """Who wrote a message."""
    return customer_queries.author_of(message)


@register.filter
def is_ours(message: Message) -> bool:
    """Written by this desk, not by a customer."""
    return message.author != Author.CUSTOMER


WAYS = {
    Channel.LINK: "via link",
    Channel.SMS: "by SMS",
    Channel.CHAT: "by chat",
    Channel.PHONE: "after a call",
}


@register.filter
def way(message: Message) -> str:
    """How words came, where that is worth saying: nobody signed in behind a link (S37)."""
    return WAYS.get(Channel(message.channel), "")


@register.filter
def by_road(channel: str) -> str:
    """How an answer to a ticket of this channel goes out."""
    return {Channel.SMS: "by SMS", Channel.CHAT: "in the chat"}.get(Channel(channel), "by email")


@register.filter
def may_be_picture(attached: Attachment) -> bool:
    """Worth trying as a picture. The bytes decide, when the browser asks for them."""
    return attached.content_type.partition(";")[0].strip().lower() in PICTURES and attached.size <= LARGEST_PREVIEW


@register.filter
def next_words(row: Row) -> str:
    """What happens next with a ticket of the list, and by when."""
    category, step = row.ticket.category, row.next_step
    if row.ticket.merged_into_id:
        return "Looked after together with another request"
    if step is not None:
        if step.is_late:
            return "We are late and have been told"
        return f"We answer by {short_time(step.by)}" if step.by else "A person answers next"
    if category == Category.CLOSED:
        return f"Closed {day(row.ticket.closed_at)}" if row.ticket.closed_at else "Closed"
    return "Your turn: answer or close" if category == Category.WAITING else "We come back to you"


@register.filter
def day(at: datetime) -> str:
    """ "24 November 2026" in the zone that the page speaks in."""
    local = timezone.localtime(at)
    return f"{local.day} {local:%B %Y}"


@register.filter
def day_and_time(at: datetime) -> str:
    """ "Tuesday 24 November 2026, 14:00 (Calgary time)"; nothing here can be read as another day."""
    local = timezone.localtime(at)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({_zone_words(local)})"


@register.filter
def short_time(at: datetime) -> str:
    """ "24 November 2026, 14:00" in the zone that the page speaks in."""
    local = timezone.localtime(at)
    return f"{local.day} {local:%B %Y, %H:%M}"


@register.filter
def words(text: str) -> SafeString:
    """Somebody's words, escaped, with their web addresses made into links. The style sheet keeps their line ends."""
    if len(text) > LONGEST_LINKED:
        return conditional_escape(text)
    return urlize(text, autoescape=True)


def _zone_words(local: datetime) -> str:
    zone = local.tzinfo
    if isinstance(zone, ZoneInfo) and "/" in zone.key:
        return f"{zone.key.rpartition('/')[2].replace('_', ' ')} time"
    return "UTC"


@register.simple_tag
def trackers_on(ticket: Ticket) -> list[flow_tracker.Tracker]:
    """How far things are that go on in this conversation."""
    return [*flow_tracker.of_ticket(ticket), *process_tracker.of_ticket(ticket)]


@register.simple_tag
def trackers_of(person) -> list[flow_tracker.Tracker]:
    """What is on its way for a customer."""
    return flow_tracker.of_person(person)
