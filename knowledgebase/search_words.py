"""Texts as the search sees them: lower case, without punctuation, and codes written together (A5).

The database then takes them apart into words and stems (`wiki_words`); both sides of a search go through here.
"""

import re
import unicodedata

# One vector may hold 1 MB. Whatever is longer is found by its first words.
MOST_BYTES = 200_000
MOST_TERMS = 30

_NO_SPACES = re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")
# Each begins where a word does and gives nothing back, so that a word of any length is looked at once.
_CODE = re.compile(r"(?<![^\W_])[^\W_]++(?:[-_./][^\W_]++)+")
_LETTERS_AND_FIGURES = re.compile(r"(?<![^\W\d_])[^\W\d_]++[-_./#]?\d++")
_SIGNS = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Lower case, one form of every letter; signs of scripts that write no spaces stand alone."""
    folded = unicodedata.normalize("NFKC", text.replace("\0", " ")).lower()
    return folded if folded.isascii() else _NO_SPACES.sub(r" \1 ", folded)


def tokens(text: str) -> list[str]:
    """The words of a text, punctuation gone: "W-8BEN-E, please" is w 8ben e please."""
    return _SIGNS.sub(" ", plain(text)).split()


def codes(text: str) -> list[str]:
    """Codes without their punctuation: w8bene and w8 for "W-8BEN-E", po2231 for "PO-2231", email for "e-mail"."""
    lower = plain(text)
    whole = [found for found in _CODE.findall(lower) if "-" in found or any(sign.isdigit() for sign in found)]
    return [_SIGNS.sub("", found) for found in whole + _LETTERS_AND_FIGURES.findall(lower)]


def indexable(text: str) -> str:
    """What the database keeps of a text: its words, then its codes."""
    words = " ".join(tokens(text) + codes(text[:50_000]))
    return words.encode()[:MOST_BYTES].decode(errors="ignore")


def terms(text: str) -> list[tuple[str, ...]]:
    """What somebody looks for, term by term, each once: a term is a word, or the words of one code and the code itself.

    "where is my W-8" gives ("where",), ("is",), ("my",), ("w", "8", "w8").
    """
    found: list[tuple[str, ...]] = []
    for part in plain(text).split():
        words = _SIGNS.sub(" ", part).split()
        if not words:
            continue
        joined = "".join(words)
        is_code = len(words) > 1 and joined in codes(part)
        found += [(*words, joined)] if is_code else [(word,) for word in words]
    return list(dict.fromkeys(_letter_and_figure(found)))[:MOST_TERMS]


def _letter_and_figure(found: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """ "w 8ben" is what people write for W-8BEN."""
    joined: list[tuple[str, ...]] = []
    for term in found:
        before = joined[-1] if joined else ()
        if len(before) == 1 and len(before[0]) <= 2 and before[0].isalpha() and term[0][0].isdigit():
            joined[-1] = (before[0], *term[:1], before[0] + term[-1])
        else:
            joined.append(term)
    return joined


def asked(text: str) -> str:
    """How reports add searches up: the same words in another case or with other signs are the same search."""
    return " ".join(tokens(text))[:200]
