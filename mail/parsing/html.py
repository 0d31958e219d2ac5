"""Sanitised HTML. `sanitise_html` is the only way by which a mail's HTML reaches a page.

One pass of nh3 with explicit tags, attributes and schemes; then images from elsewhere lose their `src`. After nh3 every
attribute is `name="value"` with its quotes escaped, so the second pass can be a linear pattern.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import nh3

MOST_CHARACTERS = 2_000_000
_DEEPEST = 2_000  # levels; the HTML5 algorithm is quadratic in them
_MOST_TAGS = 150_000

_TAGS = {
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
    "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption",
    "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li",
    "main", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u",
    "ul", "var", "wbr",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "data-src", "alt", "width", "height"},
    "blockquote": {"type", "class", "id", "cite", "style"},  # these four only tell quotes apart; none leaves the module
    "div": {"class", "id", "style", "align", "name"},
    "span": {"class", "id"},
    "hr": {"id"},
    "p": {"align", "class"},
    "table": {"align", "width", "border", "cellpadding", "cellspacing", "class", "id"},
    "td": {"align", "valign", "width", "height", "colspan", "rowspan"},
    "th": {"align", "valign", "width", "height", "colspan", "rowspan"},
    "tr": {"align", "valign"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "ol": {"start"},
    "li": {"value"},
}
_WITHOUT_CONTENT = {
    "script",
    "style",
    "title",
    "template",
    "svg",
    "math",
    "xml",
    "applet",
    "object",
    "embed",
    "iframe",
    "frameset",
}
_SCHEMES = {"http", "https", "mailto", "cid", "data"}
_TELLTALES = {"class", "id", "style", "type", "cite", "name"}
_DATA_IMAGE = re.compile(r"data:(image/(?:png|jpeg|jpg|gif|webp|bmp));(?:[a-z0-9=-]{1,40};)?base64,", re.IGNORECASE)
_DIMENSION = re.compile(r"[0-9]{1,4}%?")

QUOTE_BEGINS, QUOTE_ENDS, QUOTE_BELOW = "\ue000", "\ue001", "\ue002"
_WITHOUT_MARKS = dict.fromkeys(map(ord, QUOTE_BEGINS + QUOTE_ENDS + QUOTE_BELOW))
_OPENING = re.compile(r'<([a-z][a-z0-9]*)((?: [a-z-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)")
_UNCOUNTED = {
    "br", "img", "hr", "meta", "link", "input", "col", "area", "base", "wbr", "p", "li", "td", "tr", "th", "dd",
    "dt", "option",
              "tbody", "thead", "tfoot", "source", "embed", "param", "html", "body", "head"}  # fmt: skip
_QUOTE_CLASS = re.compile(
    r"(?:^|\s)(?:gmail_quote|protonmail_quote|yahoo_quoted|moz-cite|tutanota_quote|skiff_quote)(?:\s|$)"
)
_BELOW_CLASS = re.compile(
    r"(?:^|\s)(?:gmail_quote|gmail_quote_container|yahoo_quoted|protonmail_quote|zmail_extra|zmail_extra_hr|moz-forward-container"
    r"|tutanota_quote|quotedMessage|acompli_signature_reply|WordSection1-reply|ms-outlook-mobile-reference-message"
    r"|x_gmail_quote|front-blockquote|intercom-quote|superhuman-quote|hey_reply|NutshellQuote)(?:\s|$)",
)
_BELOW_ID = {
    "appendonsend", "divrplyfwdmsg", "stopspelling", "isforwardcontent", "mail-editor-reference-message-container",
    "replysplit", "reply-intro", "orimsghtmlseperator", "orimsghtmlseparator", "qt", "spark_quote", "edo-original",
    "replymessage", "ms-outlook-mobile-body-separator-line", "x_divrplyfwdmsg", "x_appendonsend",
}  # fmt: skip
_OUTLOOK_LINE = re.compile(r"border:none;border-top:solid#(?:e1e1e1|b5c4df)1\.0pt;padding:3\.0pt0[a-z]*0[a-z]*0[a-z]*")


@dataclass
class CleanHtml:
    """`html` without anything that runs or loads; `marked` is the same with private marks of quotes for `markup`."""

    html: str
    marked: str
    remote_images: int
    data_images: list[tuple[str, bytes, str]] = field(default_factory=list)  # type, bytes, content id


class TooComplex(Exception):
    """The HTML is too large or too deep to be cleaned in linear time."""


def sanitise_html(html: str) -> tuple[str, int]:
    """(harmless HTML, how many remote images it asked for). "" for HTML too large or deep to be read."""
    try:
        clean = clean_html(html)
    except TooComplex:
        return "", 0
    return clean.html, clean.remote_images


def clean_html(html: str) -> CleanHtml:
    """The whole result. Raises TooComplex."""
    _refuse_bombs(html)
    images: list[tuple[str, bytes, str]] = []
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags=_WITHOUT_CONTENT,
        url_schemes=_SCHEMES,
        attribute_filter=_attribute_filter(images),
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    rewriter = _Rewriter()
    marked = _OPENING.sub(rewriter, cleaned.translate(_WITHOUT_MARKS))
    plain = marked.translate(_WITHOUT_MARKS)
    return CleanHtml(plain, marked, rewriter.remote, images)


def _refuse_bombs(html: str) -> None:
    if len(html) > MOST_CHARACTERS:
        raise TooComplex
    depth = 0
    for tags, (closing, name) in enumerate(_ANY_TAG.findall(html)):
        if name.lower() not in _UNCOUNTED:
            depth += -1 if closing else 1
            depth = max(depth, 0)
        if depth > _DEEPEST or tags > _MOST_TAGS:
            raise TooComplex


def _absolute(url: str) -> str:
    """`//host/path` as https; whatever else is relative leads nowhere from a mail and falls through the checks."""
    url = url.strip()
    return f"https:{url}" if url.startswith("//") else url


def _attribute_filter(images: list[tuple[str, bytes, str]]) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "src":
            return _image_source(value, images)
        if name == "data-src":
            return value if value.lower().startswith(("http://", "https://")) else None
        if name == "href":
            value = _absolute(value)
            return value if value.lower().startswith(("http://", "https://", "mailto:")) else None
        if name in (
            "width",
            "height",
            "border",
            "cellpadding",
            "cellspacing",
            "colspan",
            "rowspan",
            "span",
            "start",
            "value",
        ):
            return value if _DIMENSION.fullmatch(value.strip()) else None
        if name in ("align", "valign", "dir"):
            return value.lower() if value.isalpha() and len(value) < 12 else None
        return value[:300]

    return keep


def _image_source(value: str, images: list[tuple[str, bytes, str]]) -> str | None:
    value = _absolute(value)
    lowered = value[:8].lower()
    if lowered.startswith(("http://", "https://", "cid:")):
        return value
    match = _DATA_IMAGE.match(value)
    if not match or len(images) >= 100:
        return None
    try:
        data = base64.b64decode(value[match.end() :].replace("%2B", "+").replace("%2F", "/").replace("%3D", "="))
    except (binascii.Error, ValueError):
        return None
    content_id = f"embedded-{len(images) + 1}@mail.invalid"
    images.append((match[1].lower().replace("jpg", "jpeg"), data, content_id))
    return f"cid:{content_id}"


class _Rewriter:
    """Second pass: remote images lose their `src`, and what only tells quotes apart becomes a private mark."""

    def __init__(self) -> None:
        self.remote = 0

    def __call__(self, match: re.Match[str]) -> str:
        tag = match[1]
        attributes = _ATTRIBUTE.findall(match[2])
        if tag == "img":
            return self._image(attributes)
        mark = _quote_mark(tag, dict(attributes)) if tag in ("blockquote", "div", "span", "hr", "table", "p") else ""
        kept = "".join(
            f' {name}="{value}"' for name, value in attributes if name not in _TELLTALES or tag in ("a", "img")
        )
        if not mark:
            return f"<{tag}{kept}>"
        return f"<{tag}{kept}>{mark}" if mark == QUOTE_BEGINS else f"{mark}<{tag}{kept}>"

    def _image(self, attributes: list[tuple[str, str]]) -> str:
        named = dict(attributes)
        if not named.get("src", "cid:").lower().startswith("cid:"):
            named = {"data-src" if name == "src" else name: value for name, value in attributes if name != "data-src"}
        self.remote += "data-src" in named
        return "<img" + "".join(f' {name}="{value}"' for name, value in named.items()) + ">"


def _quote_mark(tag: str, attributes: dict[str, str]) -> str:
    classes = attributes.get("class", "")
    style = attributes.get("style", "").replace(" ", "").lower()
    if tag == "blockquote":
        is_quote = attributes.get("type") == "cite" or "cite" in attributes or _QUOTE_CLASS.search(classes)
        return (
            QUOTE_BEGINS if is_quote or "border-left" in style or attributes.get("id", "").lower() in _BELOW_ID else ""
        )
    if attributes.get("id", "").lower() in _BELOW_ID or _BELOW_CLASS.search(classes):
        return QUOTE_BELOW
    return QUOTE_BELOW if tag == "div" and _OUTLOOK_LINE.search(style) else ""
