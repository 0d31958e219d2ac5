"""A page of a folder of Markdown: what stands at its head, and where its links lead. Pure."""

import re
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from django.utils.text import slugify

from knowledgebase.dokuwiki import Converted, FileOf, PageOf

_LINK = re.compile(
    r"(!?)\[((?:[^\[\]\\\n]|\\.){0,500})\]\(\s{0,3}<?([^()<>\s]{1,1000})>?(?:\s+\"[^\"\n]{0,200}\")?\s{0,3}\)"
)
_NAMED = re.compile(r"^( {0,3}\[[^\]\n]{1,200}\]:\s{0,3})<?([^\s<>]{1,1000})>?", re.MULTILINE)
_INLINE_CODE = re.compile(r"(`+[^`\n]{1,2000}`+)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|/", re.IGNORECASE)
_HEAD = re.compile(r"([A-Za-z_-]{1,40}):[ \t]*(.*)$")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)$")


def front_matter(text: str) -> tuple[dict[str, str | list[str]], str]:
    """What stands between two lines of --- at the head, and the rest. Simple values and lists; more is left alone."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].strip() != "---":
        return {}, "\n".join(lines)
    end = next((number for number, line in enumerate(lines[1:200], 1) if line.strip() in ("---", "...")), 0)
    if not end:
        return {}, "\n".join(lines)
    head: dict[str, str | list[str]] = {}
    key = ""
    for line in lines[1:end]:
        item = _ITEM.match(line)
        if item and key:
            known = head.get(key)
            head[key] = [*(known if isinstance(known, list) else []), _unquoted(item[1])]
        elif found := _HEAD.match(line):
            key, value = found[1].lower(), found[2].strip()
            is_list = value.startswith("[") and value.endswith("]")
            head[key] = (
                [_unquoted(one) for one in value[1:-1].split(",") if one.strip()] if is_list else _unquoted(value)
            )
    return head, "\n".join(lines[end + 1 :])


def convert(text: str, *, page_id: str, page_of: PageOf, file_of: FileOf) -> Converted:
    """The text without its head; links to other pages of the folder lead to their articles, files to ours.

    `page_id` is the path below the folder. The title is the head's, the first heading or the name of the file.
    """
    head, body = front_matter(text.replace("\0", ""))
    first = re.match(r"\s*#[ \t]+(.{1,300})\n", f"{body}\n")
    title = head.get("title") if isinstance(head.get("title"), str) else ""
    if first and (not title or title == first[1].strip(" #")):
        title, body = first[1].strip(" #"), f"{body}\n"[first.end() :]
    problems: list[str] = []

    def led(address: str) -> str | None:
        return _led(address, page_id, page_of, file_of, problems)

    markdown = "".join(part if is_code else _with_links(part, led) for part, is_code in _parts(body))
    name = page_id.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("-", " ").replace("_", " ").strip().capitalize()
    return Converted(str(title or name or "Page")[:200], markdown.strip("\n"), list(dict.fromkeys(problems)))


def _led(address: str, page_id: str, page_of: PageOf, file_of: FileOf, problems: list[str]) -> str | None:
    """Where that address leads now; None: it stays as it is."""
    if _ELSEWHERE.match(address) or address.startswith("#"):
        return None
    path, _, section = address.partition("#")
    target = normpath(join(dirname(page_id), unquote(path)))
    if target.lower().endswith((".md", ".markdown")):
        slug = page_of(target)
        anchor = f"#s-{slugify(unquote(section))[:60]}" if section else ""
        if slug:
            return f"/a/{slug}/{anchor}"
    elif found := file_of(target):
        return found.address
    problems.append(f"A link leads to “{target[:80]}”, which is not in the folder.")
    return None


def _with_links(text: str, led) -> str:
    def inline(found: re.Match) -> str:
        address = led(found[3])
        return found[0] if address is None else f"{found[1]}[{found[2]}]({address})"

    def named(found: re.Match) -> str:
        address = led(found[2])
        return found[0] if address is None else f"{found[1]}{address}"

    return _NAMED.sub(named, _LINK.sub(inline, text))


def _parts(text: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is code."""
    found: list[tuple[str, bool]] = []
    words: list[str] = []
    block: list[str] = []
    fence = ""

    def flush() -> None:
        for number, part in enumerate(_INLINE_CODE.split("".join(words))):
            found.append((part, number % 2 == 1))
        words.clear()

    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if fence:
            block.append(line)
            if mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence):
                found.append(("".join(block), True))
                block, fence = [], ""
        elif mark:
            flush()
            block, fence = [line], mark[1]
        else:
            words.append(line)
    flush()
    return [*found, ("".join(block), True)] if block else found


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
