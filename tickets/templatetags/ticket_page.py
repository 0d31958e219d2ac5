"""What stands on a ticket's page many times, each written as one string. `{% load ticket_page %}`

A conversation shows 150 messages and two dozen forms, and a template asks some microseconds for every tag.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from supportdesk.lib.ui import avatar, icon
from tickets.choices import Author, Channel
from tickets.models import Message
from tickets.queries_desk.reasons import Reason
from tickets.templatetags.desk import addresses, marks, moment, writer

register = template.Library()

A_NUMBER = 9_182_736_455


@register.simple_tag(takes_context=True)
def place_fields(context) -> SafeString:
    """What a form carries without being asked: its token and the `place` it stands in."""
    place = context.get("place")
    fields = [("csrfmiddlewaretoken", context["csrf_token"]), *(place.as_fields if place else ())]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', fields)


@register.simple_tag
def way(name: str, pk: int) -> str:
    """`{% way 'desk:close' ticket.pk %}`: as `url`, for an address with one number in it, and many times as quick."""
    before, after = _around_number(name)
    return f"{before}{pk:d}{after}"


@cache
def _around_number(name: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[A_NUMBER]).partition(str(A_NUMBER))
    return before, after


@register.simple_tag
def reason_options(reasons: Sequence[Reason], chosen: str) -> SafeString:
    """The contact reasons for a `<select>`. A desk may have a hundred."""
    return SafeString("".join(
        f'<option value="{reason.pk:d}"{" selected" if reason.key == chosen else ""}>{_escaped(reason.name)}</option>'
        for reason in reasons
    ))  # fmt: skip


@lru_cache(maxsize=2048)
def _escaped(name: str) -> str:
    return escape(name)


@register.simple_tag
def message_head(message: Message, now: datetime) -> SafeString:
    """Who wrote to whom, when, and what an agent should know about how it came."""
    known = [(mark.style, mark.detail, icon(mark.icon), mark.text) for mark in marks(message)]
    chips = format_html_join("", '<span class="chip {}" title="{}">{}{}</span>', known)
    return format_html(
        "<header>{}<b><bdi>{}</bdi></b><span>{}</span>{}</header>{}",
        avatar(message.person),
        writer(message),
        _course(message),
        moment(message.created_at, now, exactly=True),
        format_html('<p class="row g1 marks">{}</p>', chips) if known else "",
    )


def _course(message: Message) -> SafeString | str:
    """From where or to whom."""
    if message.channel == Channel.PHONE:
        return "after a call"
    copied = f", copy to {escape(addresses(message.cc_line))}" if message.cc_line else ""
    if message.author == Author.AGENT:
        return SafeString(f"to {escape(addresses(message.to_line))}{copied}")
    named = message.from_address and message.from_name
    sender = f"<bdi>{escape(message.from_address)}</bdi>, " if named else ""
    return SafeString(f"{sender}via {escape(message.get_channel_display())}{copied}")


@register.simple_tag(takes_context=True)
def message_ways(context, message: Message) -> SafeString:
    """What can be done with a message: split it off, unless it waits for something; read it as it came."""
    is_free = not message.is_held and message.delivery not in ("pending", "cancelled")
    split = ""
    if context["may_work"] and is_free:
        split = format_html(
            '<a class="xs" href="{}?{}&amp;message={}" data-dialog hx-boost="false"'
            ' aria-label="Split off the message from {}">Split off</a>',
            way("desk:split", message.ticket_id),
            context["place"].as_parameters,
            message.pk,
            writer(message),
        )
    source = ""
    if message.raw_id:
        source = format_html(
            '<a class="xs" href="{}" hx-boost="false" download>Original mail</a>',
            way("desk:source", message.pk),
        )
    return SafeString(f"{split}{source}")
