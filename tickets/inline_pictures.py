"""Pictures that stand in the words: `[image: name.png]` in the text, the picture itself in the HTML side of a mail."""

import re
from collections.abc import Iterable, Mapping

from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from mail.render import words_as_html

TOKEN = re.compile(r"\[image: ([^\[\]\n]{1,255})\]")


def token(name: str) -> str:
    """How a picture stands in the words."""
    return f"[image: {name}]"


def named_in(text: str) -> set[str]:
    """The names of the pictures that `text` speaks of."""
    return set(TOKEN.findall(text))


def mail_html(text: str, pictures: Iterable[tuple[str, str]]) -> str:
    """The HTML side of a mail with pictures, given as (name, content id). Everything else in `text` stays text (S1)."""
    html = str(words_as_html(text))
    for name, content_id in pictures:
        picture = format_html('<img src="cid:{}" alt="{}" style="max-width:100%">', content_id, name)
        html = html.replace(escape(token(name)), picture)
    safe = mark_safe(html)  # noqa: S308 - words_as_html and format_html escaped all of it
    return render_to_string("mail/layout.html", {"words": safe, "stop_url": ""})


def shown_in(html: SafeString, addresses: Mapping[str, str]) -> SafeString:
    """Escaped words in which each picture whose address is known is shown in its place, and opens in full."""
    for name, address in addresses.items():
        picture = format_html(
            '<a class="picture" href="{0}" target="_blank" rel="noopener"><img src="{0}" alt="{1}" loading="lazy"></a>',
            address,
            name,
        )
        html = mark_safe(html.replace(escape(token(name)), picture))  # noqa: S308 - both sides are escaped
    return html
