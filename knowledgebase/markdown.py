"""Markdown of articles as safe HTML (S3). Raw HTML stays text, and what comes out is sanitised once more.

An article is named by `[[its-slug]]` or `[[its-slug|words]]`; a file of the wiki by its address `/a/files/<number>/`. A
picture from elsewhere becomes a link: no page of ours tells others who reads it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import nh3
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

ARTICLE = "/a/"
FILES = "/a/files/"
DEEPEST = 40
MOST_BRACKETS = 5_000  # in one text; each may begin a link, and is tried as one
_OURS = re.compile(r"\[\[([a-z0-9_-]{1,120})(?:#([\w-]{1,80}))?(?:\|([^\[\]\n]{1,200}))?\]\]")
_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto"}


@dataclass(frozen=True)
class Heading:
    """A heading as it stands on the page; `id` is its anchor."""

    level: int
    id: str
    words: str


@dataclass(frozen=True)
class Rendered:
    """Safe HTML, its headings, and every address that it leads to, each once, in order. `words` counts them."""

    html: str
    headings: list[Heading] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    words: int = 0


def render(text: str) -> Rendered:
    """HTML of a Markdown text. Headings begin at h2, since the page's title is its h1. Never raises for any text."""
    parser = _parser_of(text)
    env: EnvType = {}
    tokens = parser.parse(text.replace("\0", "�"), env)
    headings = _headings(tokens)
    links = list(dict.fromkeys(_addresses(tokens)))
    html = nh3.clean(
        parser.renderer.render(tokens, parser.options, env),
        tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow",
    )  # fmt: skip
    return Rendered(
        html, headings, links, sum(len(_words(token).split()) for token in tokens if token.type == "inline")
    )


def plain(text: str) -> str:
    """The words of a Markdown text, without its marks: for search, summaries and diffs by reading."""
    lines = (_words(token) for token in _parser_of(text).parse(text.replace("\0", "�")) if _is_text(token))
    return "\n".join(line for line in lines if line)


def _parser_of(text: str) -> MarkdownIt:
    """How to read that text: one with more brackets than people write has no links, so that reading it has an end."""
    return _parser(has_links=text.count("[") <= MOST_BRACKETS)


@cache
def _parser(*, has_links: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("link", "article", _article)
    usual = parser.validateLink
    # markdown-it is told so; an address without a scheme leads elsewhere as soon as it begins with two slashes
    parser.validateLink = lambda url: usual(url) and not url.startswith("//")  # type: ignore[method-assign]
    parser.add_render_rule("image", _image)
    return parser if has_links else parser.disable(["article", "image", "link", "reference"])


def _article(state: StateInline, silent: bool) -> bool:
    """`[[slug|words]]` as a link."""
    if state.src[state.pos : state.pos + 2] != "[[":
        return False
    found = _OURS.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        slug, anchor, words = found.groups()
        state.push("link_open", "a", 1).attrs = {"href": f"{ARTICLE}{slug}/" + (f"#{anchor}" if anchor else "")}
        state.push("text", "", 0).content = (words or slug.replace("-", " ")).strip()
        state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    source = str(token.attrs.get("src", ""))
    if source.startswith(FILES):
        return renderer.image(tokens, index, options, env)
    link, words, end = (
        Token("link_open", "a", 1, attrs={"href": source}),
        Token("text", "", 0),
        Token("link_close", "a", -1),
    )
    words.content = _words(token) or source
    return renderer.renderInline([link, words, end], options, env)


def _headings(tokens: list[Token]) -> list[Heading]:
    """Give each heading its anchor, and move it one level down."""
    found: list[Heading] = []
    taken: dict[str, int] = {}
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type != "heading_open":
            continue
        level = min(int(opening.tag[1]) + 1, 6) if opening.tag == "h1" else int(opening.tag[1])
        words = _words(inline)
        base = f"s-{slugify(words)[:60] or 'part'}"
        taken[base] = taken.get(base, 0) + 1
        anchor = base if taken[base] == 1 else f"{base}-{taken[base]}"
        opening.tag = closing.tag = f"h{level}"
        opening.attrs["id"] = anchor
        found.append(Heading(level, anchor, words))
    return found


def _addresses(tokens: Sequence[Token]) -> list[str]:
    found = []
    for token in tokens:
        if token.type in ("link_open", "image"):
            found.append(str(token.attrs.get("href") or token.attrs.get("src") or ""))
        found += _addresses(token.children or ())
    return [address for address in found if address]


def _words(token: Token) -> str:
    """What a reader sees of an inline token."""
    if not token.children:
        return token.content
    parts = ("\n" if child.type in ("softbreak", "hardbreak") else _words(child) for child in token.children)
    return "".join(parts).strip()


def _is_text(token: Token) -> bool:
    return token.type in ("inline", "code_block", "fence")
