"""Where in a text the words of a search stand: a short piece of it with the matches in it, as plain pieces.

Nothing here is HTML. `Piece.text` is escaped by whoever shows it, and only then marked (S28, A13): the database's own
headlines let markup of a text through.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SHOWN_CHARACTERS = 150
LEAD = 36

LEXEME = re.compile(r"'((?:[^']|'')+)'(:\*)?")
COMPOUND = re.compile(r"\w+(?:[-_./]\w+)+|\w+")
ENDINGS = frozenset(
    ["", "s", "es", "d", "ed", "e", "y", "ies", "ied", "ing", "ings", "er", "ers", "ly", "al", "ion", "ions", "able",
     "ment", "ments", "ness", "n"]
)  # fmt: skip
NO_SPACES = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Piece:
    """Some text, and whether it was looked for."""

    text: str
    is_match: bool


class Lexemes:
    """What a search looks for, held against the words of a text."""

    def __init__(self, queries: Iterable[str]) -> None:
        found = [
            (lexeme.replace("''", "'"), bool(is_open)) for query in queries for lexeme, is_open in LEXEME.findall(query)
        ]
        self.whole = {lexeme for lexeme, is_open in found if not is_open}
        self.open = tuple(lexeme for lexeme, is_open in found if is_open)

    def has(self, word: str) -> bool:
        """Whether a word of a text is looked for, in any of its usual forms."""
        plain = folded(word)
        if plain in self.whole:
            return len(plain) > 1 or bool(NO_SPACES.match(plain))
        if self.open and plain.startswith(self.open):
            return True
        return any(len(stem) > 2 and _is_form(plain, stem) for stem in self.whole)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the matches begin and end."""
        for found in COMPOUND.finditer(text):
            word = found[0]
            if NO_SPACES.search(word):
                yield from (
                    (found.start() + at, found.start() + at + 1) for at, sign in enumerate(word) if self.has(sign)
                )
            elif self.has("".join(sign for sign in word if sign.isalnum())):
                yield found.start(), found.end()
            elif not word.isalnum():
                for part in re.finditer(r"[^\W_]+", word):
                    if self.has(part[0]):
                        yield found.start() + part.start(), found.start() + part.end()

    def excerpt(self, text: str) -> list[Piece]:
        """The part of `text` with its first matches, on one line, at most SHOWN_CHARACTERS and some."""
        line = " ".join(text.split())
        spans = list(self.spans(line))
        start = self._start(line, spans)
        end = start + SHOWN_CHARACTERS
        if end < len(line):
            end = line.rfind(" ", start + 1, end) if " " in line[start + 1 : end] else end
        pieces = self._pieces(line, start, min(end, len(line)), spans)
        before, after = "…" if start else "", "…" if end < len(line) else ""
        return [Piece(before, False)] * bool(before) + pieces + [Piece(after, False)] * bool(after)

    def marked(self, text: str) -> list[Piece]:
        """All of `text` with its matches."""
        return self._pieces(text, 0, len(text), list(self.spans(text)))

    def _start(self, line: str, spans: list[tuple[int, int]]) -> int:
        """Where the part with the most matches begins, a few words ahead of its first."""
        if not spans:
            return 0
        best = max(
            spans, key=lambda span: sum(span[0] <= other[0] < span[0] + SHOWN_CHARACTERS - LEAD for other in spans)
        )
        if best[0] <= LEAD:
            return 0
        space = line.find(" ", best[0] - LEAD, best[0])
        return space + 1 if space >= 0 else best[0]

    def _pieces(self, line: str, start: int, end: int, spans: list[tuple[int, int]]) -> list[Piece]:
        pieces, at = [], start
        for first, last in spans:
            if first < at or last > end:
                continue
            if first > at:
                pieces.append(Piece(line[at:first], False))
            pieces.append(Piece(line[first:last], True))
            at = last
        if at < end:
            pieces.append(Piece(line[at:end], False))
        return pieces


def folded(word: str) -> str:
    """Lower case, without accents, as the index has it."""
    plain = unicodedata.normalize("NFKD", word.lower())
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).replace("ł", "l").replace("ß", "ss")


def _is_form(word: str, stem: str) -> bool:
    if word.startswith(stem):
        rest = word[len(stem) :]
        return rest in ENDINGS or (rest[:1] == stem[-1:] and rest[1:] in ENDINGS)
    return stem.endswith("i") and word.startswith(stem[:-1]) and word[len(stem) - 1 :] in ("y", "ies", "ied", "ier")
