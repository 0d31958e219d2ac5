"""HTML to plain text: words, order, tables, and quotes as `> ` lines, as mail programs write their own plain part."""

import html as entities
import re

from inscriptis import get_text
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.model.config import ParserConfig

from mail.parsing.html import QUOTE_BEGINS, QUOTE_BELOW, QUOTE_ENDS
from mail.parsing.text import clean_text

_DEEPEST = 150  # inscriptis and libxml2 recurse
_MOST_CHARACTERS = 400_000
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)(?: [a-z-]+="[^"]*")*>')
_CELL = re.compile(r"<t[dh][ >]")
_SPACES = re.compile(r"[ \t\n]+")
_MOST_CELLS, _WIDEST_CELL = 1_000, 500
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "pre", "hr"}
_BLOCKS = {
    "p", "div", "br", "tr", "li", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "hr",
    "pre", "dl", "dt", "dd", "section", "article", "header", "footer", "center", "address", "figure",
}  # fmt: skip
_QUOTE_TAG = re.compile(r"<(/?)blockquote(?: [a-z-]+=\"[^\"]*\")*>" + f"({QUOTE_BEGINS}?)")
_BLANK_LINES = re.compile(r"\n{3,}")
_CONFIG = ParserConfig(css=STRICT_CSS_PROFILE, display_links=False, display_images=False)


def to_text(marked: str) -> tuple[str, list[int]]:
    """The text of HTML from `clean_html(...).marked`, and the numbers of the lines below which the mail is quoted."""
    bracketed = _bracket_quotes(marked)
    simple = len(bracketed) <= _MOST_CHARACTERS and _depth(bracketed) <= _DEEPEST and _cells_are_small(bracketed)
    text = _rendered(bracketed) if simple else _flattened(bracketed)
    return _with_quote_signs(clean_text(text))


def flatten_tags(html: str) -> str:
    """The words of any HTML, however broken, by leaving its tags out: for what the real reader cannot take."""
    html = re.sub(r"<(script|style|title)\b[^>]{0,500}>.*?(?:</\1\s*>|\Z)", " ", html, flags=re.IGNORECASE | re.DOTALL)
    html = re.sub(r"<(?:/?(?:p|div|tr|li|h[1-6]|table|blockquote)\b|br)[^<>]{0,2000}>", "\n", html, flags=re.IGNORECASE)
    html = re.sub(r"<!--.*?(?:-->|\Z)", " ", html, flags=re.DOTALL)
    text = entities.unescape(re.sub(r"</?[a-zA-Z!][^<>]{0,5000}>", " ", html))
    lines = (" ".join(line.split()) for line in clean_text(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _bracket_quotes(marked: str) -> str:
    """Put the private marks for the begin and end of each quote on lines of their own."""
    if QUOTE_BEGINS not in marked and QUOTE_BELOW not in marked:
        return marked
    opened: list[bool] = []

    def mark(match: re.Match[str]) -> str:
        if not match[1]:
            opened.append(bool(match[2]))
            return f"<div>{QUOTE_BEGINS}</div><div>" if match[2] else "<blockquote>"
        was_quote = opened.pop() if opened else False
        return f"</div><div>{QUOTE_ENDS}</div>" if was_quote else "</blockquote>"

    return _QUOTE_TAG.sub(mark, marked).replace(QUOTE_BELOW, f"<div>{QUOTE_BELOW}</div>")


def _depth(html: str) -> int:
    depth = deepest = 0
    for closing, name in _TAG.findall(html):
        if name not in ("br", "img", "hr", "col", "wbr"):
            depth += -1 if closing else 1
            deepest = max(deepest, depth)
    return deepest


def _cells_are_small(html: str) -> bool:
    """False for tables that lay out a page: in columns, one long cell would make every row of the text as wide."""
    cells = [match.start() for match in _CELL.finditer(html)]
    ends = [*cells[1:], cells[-1]] if cells else []
    return len(cells) <= _MOST_CELLS and all(
        end - start <= _WIDEST_CELL for start, end in zip(cells, ends, strict=True)
    )


def _rendered(html: str) -> str:
    try:
        return str(get_text(f"<html><body>{html}</body></html>", _CONFIG))
    except (ValueError, RecursionError, AttributeError, IndexError, TypeError):
        return _flattened(html)


def _flattened(html: str) -> str:
    """The same by one linear scan over nh3's regular output: no recursion, no columns."""
    pieces: list[str] = []
    position = preformatted = breaks = 0  # breaks: line ends that are due before the next words
    for match in _TAG.finditer(html):
        if position < match.start():
            breaks = _add_words(pieces, html[position : match.start()], breaks, preformatted=preformatted > 0)
        position = match.end()
        closing, name = match[1], match[2]
        if name == "pre":
            preformatted = max(0, preformatted + (-1 if closing else 1))
        if name == "br":
            breaks += 1
        elif name == "li" and not closing:
            pieces.append("\n" * max(breaks, 1) + "* ")
            breaks = 0
        elif name in ("td", "th"):
            pieces.append(" ")
        elif name in _PARAGRAPHS or name in _BLOCKS:
            breaks = max(breaks, 2 if name in _PARAGRAPHS else 1)
    _add_words(pieces, html[position:], breaks, preformatted=False)
    return "".join(pieces).strip("\n")


def _add_words(pieces: list[str], source: str, breaks: int, *, preformatted: bool) -> int:
    """Add the words of a stretch without tags; answers the line ends that are still due."""
    text = entities.unescape(source)
    if not preformatted:
        text = _SPACES.sub(" ", text)
        if not text.strip():
            if not breaks:
                pieces.append(" ")
            return breaks
    pieces.append("\n" * min(breaks, 3) + (text if preformatted or not breaks else text.lstrip(" ")))
    return 0


def _with_quote_signs(text: str) -> tuple[str, list[int]]:
    lines: list[str] = []
    below: list[int] = []
    depth = 0
    for line in text.replace("\u00a0", " ").split("\n"):
        marks = line.strip()
        if marks and not marks.strip(QUOTE_BEGINS + QUOTE_ENDS + QUOTE_BELOW + " "):
            depth = max(0, depth + marks.count(QUOTE_BEGINS) - marks.count(QUOTE_ENDS))
            if QUOTE_BELOW in marks:
                below.append(len(lines))
            continue
        line = line.replace(QUOTE_BEGINS, "").replace(QUOTE_ENDS, "").replace(QUOTE_BELOW, "").rstrip()
        if depth:
            line = ">" * min(depth, 20) + (f" {line.strip()}" if line.strip() else "")
        if line or (lines and lines[-1]):
            lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines), [min(number, len(lines)) for number in below]
