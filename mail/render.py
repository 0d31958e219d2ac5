"""Words as HTML that any mail program shows: paragraphs, lines, links. Nothing is fetched, nothing is counted (S5)."""

import re

from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from mail.models import OutgoingMail

_LINK = re.compile(r"https?://[^\s<>\"'`]{1,2000}", re.IGNORECASE)
_SHUT = ".,;:!?)]}»”’*"


def html_of(*, mail: OutgoingMail, stop_url: str = "") -> str:
    """The HTML side of `mail`, made from its text when it brings none of its own."""
    return mail.html or render_to_string("mail/layout.html", {"words": words_as_html(mail.text), "stop_url": stop_url})


def words_as_html(text: str) -> SafeString:
    """Plain text as paragraphs. Every character of it is text: no markup in it survives as markup (S1)."""
    blocks = [block for block in re.split(r"\n[ \t]*\n", re.sub(r"\r\n?", "\n", text).strip("\n")) if block.strip()]
    return mark_safe("\n".join(f"<p>{_lines(block)}</p>" for block in blocks))  # noqa: S308 - _lines escaped all of it


def _lines(block: str) -> str:
    # Spaces that line something up stay: a mail program would fold them.
    lines = [re.sub(r"^ +| {2,}", lambda run: "\xa0" * len(run[0]), line) for line in block.split("\n")]
    return "<br>\n".join(_linked(line) for line in lines)


def _linked(line: str) -> str:
    out, end = [], 0
    for found in _LINK.finditer(line):
        url = found[0].rstrip(_SHUT)
        out.append(escape(line[end : found.start()]))
        out.append(format_html('<a href="{}">{}</a>', url, url))
        end = found.start() + len(url)
    return "".join([*out, escape(line[end:])])
