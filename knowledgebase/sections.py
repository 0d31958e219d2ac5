"""A text in the parts in which somebody reads it: from one heading to the next."""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser

from django.utils.html import strip_tags

_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_WITHOUT_END = frozenset({"br", "hr", "img"})
_ONLY_A_HEADING = re.compile(r"(<h([2-6])[^>]*>((?!</h\2>).)*</h\2>\s*)*", re.DOTALL)
KEY = 20


@dataclass(frozen=True)
class Section:
    """One part. `key` stays the same as long as it says the same; `words` counts them."""

    key: str
    html: str
    words: int


def sections(title: str, html: str) -> list[Section]:
    """The parts of a revision's safe HTML, at least one. The title is read with the first one."""
    parts = _joined(_Cutter(html).parts())
    seen: Counter[str] = Counter()
    found = []
    for number, part in enumerate(parts):
        said = f"{title}\n{part}" if number == 0 else part
        digest = hashlib.sha256(said.encode()).hexdigest()[:KEY]
        seen[digest] += 1
        key = digest if seen[digest] == 1 else f"{digest[: KEY - 4]}-{seen[digest] % 1000:03d}"
        found.append(Section(key, part, len(strip_tags(said).split())))
    return found


def _joined(parts: list[str]) -> list[str]:
    """The same parts; a heading with nothing below it is read with what follows."""
    found: list[str] = []
    waiting: list[str] = []
    for part in parts:
        waiting.append(part)
        if not _ONLY_A_HEADING.fullmatch(part.strip()):
            found.append("".join(waiting))
            waiting = []
    rest = "".join(waiting)
    if rest.strip() or not found:
        found.append(rest)
    return found


class _Cutter(HTMLParser):
    """Where a heading begins that stands in nothing else."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.html = html
        self.lines = [0]
        for line in html.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.depth = 0
        self.cuts = [0]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag in _HEADINGS and self.depth == 0:
            self.cuts.append(self._place())
        if tag not in _WITHOUT_END:
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in _WITHOUT_END:
            self.depth = max(self.depth - 1, 0)

    def parts(self) -> list[str]:
        """The text between one cut and the next."""
        ends = [*self.cuts[1:], len(self.html)]
        return [self.html[begin:end] for begin, end in zip(self.cuts, ends, strict=True)]

    def _place(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column
