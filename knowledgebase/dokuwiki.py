"""DokuWiki's text as Markdown. Pure: it is told where links and files lead.

What has no counterpart keeps its words; nothing of a page is left out silently. The time grows with the length of the
text and not faster, whatever the text is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.text import slugify

DEEPEST = 8
LONGEST_TARGET = 2_000
_TOKEN = re.compile(r"%%|''|\[\[|\{\{|\(\(|\*\*|//|__|\\\\(?=\s|$)|<[a-zA-Z]|https?://|ftp://")
_URL = re.compile(r"(?:https?|ftp)://[^\s<>\"|\[\]{}^`]{1,2000}")
_MAIL = re.compile(r"<([\w.+-]{1,64}@[\w.-]{1,190})>")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,20}://", re.IGNORECASE)
_HEADING = re.compile(r"[ \t]*(={2,6})([^=\n](?:.*[^=\s])?|[^=\n])[ \t]*={2,}[ \t]*$")
_LIST = re.compile(r"((?: {2})+| ?\t+)([*-])(?!\2)[ \t]?(.*)$")
_BLOCK = re.compile(r"<(code|file|html|HTML|php|PHP|nowiki)\b([^>\n]{0,200})>")
_MACRO = re.compile(r"~~[A-Z][A-Z0-9_:,. =-]{0,80}~~")
_AT_START = re.compile(r"(?:[-+#=~]|\d{1,9}[.)])")
_PAIRED = {"**": "**", "//": "*", "__": "*"}
_WIKIS = {"wp": "https://en.wikipedia.org/wiki/{}", "doku": "https://www.dokuwiki.org/{}"}


@dataclass(frozen=True)
class Converted:
    """A page. `problems` are sentences about what could not be kept as it was."""

    title: str
    markdown: str
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FileLink:
    """Where a file of the folder is now, and whether it is a picture to be shown."""

    address: str
    is_picture: bool


PageOf = Callable[[str], str | None]  # the slug of a page by its DokuWiki id
FileOf = Callable[[str], FileLink | None]


def convert(text: str, *, page_id: str, page_of: PageOf, file_of: FileOf) -> Converted:
    """The Markdown of one page. `page_id` is "namespace:page", from which its links are read."""
    return _Page(page_id, page_of, file_of).convert(text)


def clean_id(name: str) -> str:
    """A page's id as DokuWiki writes it: lower case, words joined by _, namespaces by :"""
    parts = (re.sub(r"[^\w.-]+", "_", part.strip().lower()).strip("_.-") for part in re.split(r"[:/;]", name))
    return ":".join(part for part in parts if part)


def resolve(target: str, page_id: str) -> str:
    """The id to which a link of that page leads, without its section."""
    above = page_id.split(":")[:-1]
    name = target.strip().replace("/", ":")
    if name.startswith("."):
        while name.startswith(".."):
            above, name = above[:-1], name[2:].removeprefix(":")
        name = ":".join([*above, name.removeprefix(".").removeprefix(":")])
    elif ":" not in name:
        name = ":".join([*above, name])
    is_space = name.endswith(":")
    found = clean_id(name)
    return (f"{found}:start" if found else "start") if is_space else found


class _Page:
    def __init__(self, page_id: str, page_of: PageOf, file_of: FileOf) -> None:
        self.id, self.page_of, self.file_of = page_id, page_of, file_of
        self.title = ""
        self.problems: list[str] = []
        self.out: list[str] = []

    def convert(self, text: str) -> Converted:
        lines = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        at = 0
        while at < len(lines):
            at = self._block(lines, at)
        title = self.title or self.id.split(":")[-1].replace("_", " ").strip().capitalize() or "Page"
        markdown = re.sub(r"\n{3,}", "\n\n", "\n".join(self.out)).strip("\n")
        return Converted(title[:200], markdown, list(dict.fromkeys(self.problems)))

    def _block(self, lines: list[str], at: int) -> int:
        line = lines[at]
        if not line.strip():
            self.out.append("")
            return at + 1
        if opened := _BLOCK.match(line.lstrip()):
            return self._code(lines, at, opened)
        if heading := _HEADING.match(line):
            self._heading(7 - len(heading[1]), heading[2].strip())
            return at + 1
        if re.fullmatch(r"[ \t]*-{4,}[ \t]*", line):
            self.out += ["", "---", ""]
            return at + 1
        if line[0] in "^|":
            return self._table(lines, at)
        if _LIST.match(line):
            return self._list(lines, at)
        if line.startswith(("  ", "\t")):
            return self._indented(lines, at)
        self._line(line)
        return at + 1

    def _heading(self, level: int, words: str) -> None:
        if not self.title and not any(self.out):
            self.title = plain(words)
            return
        self.out += ["", f"{'#' * level} {self._inline(words)}", ""]

    def _line(self, line: str) -> None:
        line = _MACRO.sub("", line.lstrip(" "))
        if not line.strip():
            return
        quote = re.match(r">+ ?", line)
        if quote:
            self.out.append(f"{quote[0].strip()} {self._inline(line[quote.end() :])}")
            return
        words = self._inline(line)
        if found := _AT_START.match(line):
            end = found.end()
            words = f"{words[: end - 1]}\\{words[end - 1 :]}" if not words.startswith("\\") else words
        self.out.append(words)

    def _code(self, lines: list[str], at: int, opened: re.Match) -> int:
        name, rest = opened[1], lines[at].lstrip()[opened.end() :]
        closing = f"</{name}>"
        body: list[str] = []
        after = ""
        while True:
            end = rest.find(closing)
            if end >= 0:
                body.append(rest[:end])
                after = rest[end + len(closing) :]
                break
            body.append(rest)
            at += 1
            if at >= len(lines):
                break
            rest = lines[at]
        language = opened[2].split()[0] if name in ("code", "file") and opened[2].split() else ""
        text = "\n".join(body).strip("\n")
        self._fence(text, re.sub(r"[^\w+#.-]", "", language) if language != "-" else "")
        if after.strip():
            self._line(after)
        return at + 1

    def _fence(self, text: str, language: str = "") -> None:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
        self.out += ["", f"{fence}{language}", text, fence, ""]

    def _indented(self, lines: list[str], at: int) -> int:
        body = []
        while at < len(lines) and lines[at].startswith(("  ", "\t")) and not _LIST.match(lines[at]):
            body.append(lines[at][1:] if lines[at].startswith("\t") else lines[at][2:])
            at += 1
        self._fence("\n".join(body))
        return at

    def _list(self, lines: list[str], at: int) -> int:
        self.out.append("")
        while at < len(lines) and (found := _LIST.match(lines[at])):
            depth = min(found[1].count("\t") or len(found[1]) // 2, DEEPEST) - 1
            mark = "-" if found[2] == "*" else "1."
            self.out.append(f"{'    ' * depth}{mark} {self._inline(found[3]) or ' '}")
            at += 1
        self.out.append("")
        return at

    def _table(self, lines: list[str], at: int) -> int:
        rows: list[list[str]] = []
        heads: list[bool] = []
        while at < len(lines) and lines[at][:1] in ("^", "|"):
            cells = _cells(lines[at].rstrip())
            rows.append(["" if cell == ":::" else self._inline(cell, in_table=True) for cell in cells])
            heads.append(lines[at].startswith("^") and "|" not in _without_links(lines[at]))
            at += 1
        width = max(len(row) for row in rows)
        head = rows.pop(0) if heads[0] else [""] * width
        self.out.append("")
        for row in [head, ["---"] * width, *rows]:
            self.out.append(f"| {' | '.join([*row, *[''] * (width - len(row))])} |")
        self.out.append("")
        return at

    def _inline(self, text: str, *, depth: int = 0, in_table: bool = False) -> str:
        parts: list[str] = []
        at = 0
        last = {mark: text.rfind(mark) for mark in ("%%", "''", "]]", "}}", "))", "**", "//", "__")}
        while found := _TOKEN.search(text, at):
            parts.append(escaped(text[at : found.start()], in_table))
            made = self._marked(text, found.start(), found[0], last, depth, in_table)
            if made is None:
                parts.append(escaped(found[0], in_table))
                at = found.end()
            else:
                words, at = made
                parts.append(words)
        parts.append(escaped(text[at:], in_table))
        return "".join(parts).strip() if not depth else "".join(parts)

    def _marked(
        self, text: str, at: int, mark: str, last: dict[str, int], depth: int, in_table: bool
    ) -> tuple[str, int] | None:
        """What stands at `at`, and where it ends; None where it is nothing but these signs."""
        if mark.startswith("\\\\"):
            return (" " if in_table else "\\\n"), at + 2
        if mark.endswith("://"):
            found = _URL.match(text, at)
            address = found[0].rstrip(".,;:!?'") if found else ""
            if address.endswith(")") and address.count("(") < address.count(")"):
                address = address.rstrip(".,;:!?')")
            return (f"<{address}>", at + len(address)) if address else None
        if mark.startswith("<"):
            return self._tag(text, at, last, depth, in_table)
        end_mark = {"[[": "]]", "{{": "}}", "((": "))"}.get(mark, mark)
        end = text.find(end_mark, at + 2) if last[end_mark] >= at + 2 else -1
        if end < 0 or end == at + 2:
            return None
        inner, after = text[at + 2 : end], end + 2
        if mark == "%%":
            return escaped(inner, in_table), after
        if mark == "''":
            return code(plain(inner), in_table), after
        if depth >= DEEPEST:
            return None
        if mark == "[[":
            return self._link(inner, in_table), after
        if mark == "{{":
            return self._media(inner, in_table), after
        if mark == "((":
            return f" ({self._inline(inner, depth=depth + 1, in_table=in_table).strip()})", after
        words = self._inline(inner, depth=depth + 1, in_table=in_table).strip()
        return (f"{_PAIRED[mark]}{words}{_PAIRED[mark]}", after) if words else None

    def _tag(self, text: str, at: int, last: dict[str, int], depth: int, in_table: bool) -> tuple[str, int] | None:
        if found := _MAIL.match(text, at):
            return f"[{escaped(found[1], in_table)}](mailto:{found[1]})", found.end()
        for name, around in (("del", "~~"), ("sub", ""), ("sup", ""), ("nowiki", ""), ("code", "`"), ("file", "`")):
            opening, closing = f"<{name}>", f"</{name}>"
            if not text.startswith(opening, at):
                continue
            if closing not in last:
                last[closing] = text.rfind(closing)
            end = text.find(closing, at) if last[closing] > at else -1
            if end < 0 or depth >= DEEPEST:
                return None
            inner, after = text[at + len(opening) : end], end + len(closing)
            if name == "nowiki":
                return escaped(inner, in_table), after
            if around == "`":
                return code(inner, in_table), after
            return f"{around}{self._inline(inner, depth=depth + 1, in_table=in_table).strip()}{around}", after
        return None

    def _link(self, inner: str, in_table: bool) -> str:
        target, bar, label = inner.partition("|")
        target, label = target.strip(), plain(label.strip()) if bar else ""
        if "{{" in label:
            label = ""
        if len(target) > LONGEST_TARGET or not target:
            return escaped(label or target, in_table)
        if _SCHEME.match(target):
            return _away(label or target, target, in_table)
        if "@" in target and re.fullmatch(r"[\w.+-]{1,64}@[\w.-]{1,190}", target):
            return _away(label or target, f"mailto:{target}", in_table)
        if ">" in target:
            wiki, _, name = target.partition(">")
            if wiki.lower() in _WIKIS:
                return _away(label or name, _WIKIS[wiki.lower()].format(name.strip().replace(" ", "_")), in_table)
            return escaped(label or name, in_table)
        if target.startswith("\\\\"):
            return f"{escaped(label, in_table)} {code(target, in_table)}".strip()
        return self._page_link(target, label, in_table)

    def _page_link(self, target: str, label: str, in_table: bool) -> str:
        name, _, section = target.partition("#")
        anchor = f"#s-{slugify(section)[:60]}" if slugify(section) else ""
        if not name.strip():
            return f"[{escaped(label or section, in_table)}]({anchor})" if anchor else escaped(label, in_table)
        page_id = resolve(name.partition("?")[0], self.id)
        slug = self.page_of(page_id) or self.page_of(f"{page_id}:start")
        words = label or page_id.split(":")[-1].replace("_", " ")
        if slug is None:
            self.problems.append(f"A link leads to “{page_id[:80]}”, which is not in the folder.")
            return escaped(words, in_table)
        return f"[{escaped(words, in_table)}](/a/{slug}/{anchor})"

    def _media(self, inner: str, in_table: bool) -> str:
        target, _, label = inner.partition("|")
        name, words = target.strip().partition("?")[0], label.strip()
        if _SCHEME.match(name):
            return _away(words or name, name, in_table)
        if ">" in name or not name:
            self.problems.append(f"“{{{{{inner[:60]}}}}}” needs an extension of DokuWiki; its words were kept.")
            return code(f"{{{{{inner}}}}}", in_table)
        file_id = resolve(name, self.id)
        shown = plain(words) or file_id.split(":")[-1]
        found = self.file_of(file_id)
        if found is None:
            self.problems.append(f"The file “{file_id[:80]}” is not in the folder, or cannot be taken.")
            return escaped(shown, in_table)
        return f"{'!' if found.is_picture else ''}[{escaped(shown, in_table)}]({found.address})"


def escaped(text: str, in_table: bool = False) -> str:
    """Words that mean nothing to Markdown."""
    if not text:
        return ""
    text = re.sub(r"([\\`*\[\]<>~])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    text = re.sub(r"&(?=#?\w{1,32};)", r"\\&", text)
    return text.replace("|", "\\|") if in_table else text


def plain(text: str) -> str:
    """Words without DokuWiki's signs, for a title or a label."""
    text = re.sub(r"\*\*|//|__|''|%%|</?(?:del|sub|sup|nowiki)>", "", text)
    return " ".join(text.replace("[[", "").replace("]]", "").split())


def code(text: str, in_table: bool = False) -> str:
    """Words in a typewriter's letters."""
    words = " ".join(text.split())
    if in_table:
        words = words.replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", words)), default=0))
    edge = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{edge}{words}{edge}{fence}" if words else ""


def _away(words: str, address: str, in_table: bool) -> str:
    safe = re.sub(r"[\s<>\\]", lambda sign: f"%{ord(sign[0]):02X}", address)
    return f"[{escaped(words, in_table)}](<{safe}>)"


def _without_links(line: str) -> str:
    return re.sub(r"\[\[[^\]]*\]\]|\{\{[^}]*\}\}|%%.*?%%", "", line)


def _cells(line: str) -> list[str]:
    """The cells of a row; a bar inside a link or a file is no border."""
    parts = re.split(r"(\[\[[^\]]*\]\]|\{\{[^}]*\}\}|%%[^%]*%%)", line)
    cells, cell = [], ""
    for number, part in enumerate(parts):
        if number % 2:
            cell += part
            continue
        pieces = re.split(r"[|^]", part)
        cell += pieces[0]
        for piece in pieces[1:]:
            cells.append(cell.strip())
            cell = piece
    return cells[1:] + ([cell.strip()] if cell.strip() else [])
