"""A little Markdown, for texts that staff write and everybody reads: headings, lists, bold, emphasis, links.

Everything is escaped first and only our own tags are put around it, so that no text can bring markup of its own.
"""

import re
from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\((https?://[^\s()<>]{1,500}|/[^\s()<>]{0,500})\)")
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,500})(?<=\S)\*\*")
_EMPHASIS = re.compile(r"\*(?=\S)([^*\n]{1,500})(?<=\S)\*")
_HEADING = re.compile(r"(#{1,4}) +(.+)")
_ITEM = re.compile(r"[-*] +(.+)")
_STEP = re.compile(r"\d{1,3}[.)] +(.+)")


def marked(text: str) -> SafeString:
    """HTML of a text; a blank line ends a paragraph. Headings start at h2, since the page has its h1."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip())
    return mark_safe("\n".join(part for block in blocks for part in _block(block)))  # noqa: S308 - escaped in _inline


def _block(block: str) -> Iterator[str]:
    """Runs of lines of one sort, each as an element."""
    kind, held = "", list[str]()
    for line in block.split("\n"):
        sort, words = _sort(line.strip())
        if held and (sort != kind or sort.startswith("h")):
            yield _element(kind, held)
            held = []
        kind = sort
        held.append(words)
    if held:
        yield _element(kind, held)


def _sort(line: str) -> tuple[str, str]:
    if found := _HEADING.fullmatch(line):
        return f"h{min(len(found[1]) + 1, 5)}", found[2]
    if found := _ITEM.fullmatch(line):
        return "ul", found[1]
    if found := _STEP.fullmatch(line):
        return "ol", found[1]
    return "p", line


def _element(kind: str, lines: list[str]) -> str:
    if kind in ("ul", "ol"):
        return f"<{kind}>{''.join(f'<li>{_inline(line)}</li>' for line in lines)}</{kind}>"
    words = "<br>".join(_inline(line) for line in lines if line)
    return f"<{kind}>{words}</{kind}>" if words else ""


def _inline(line: str) -> str:
    words = str(escape(line))
    words = _LINK.sub(r'<a href="\2">\1</a>', words)
    words = _BOLD.sub(r"<b>\1</b>", words)
    return _EMPHASIS.sub(r"<em>\1</em>", words)
