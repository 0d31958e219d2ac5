"""What the model sees of a text: its words, pairs of neighbouring words, and the parts of each word.

A part belongs to exactly one word, so that what it says can be shown as that word's (`scoring.because`). What a known
word and its parts weigh is added up when the model is trained; the parts of unknown words are looked up one by one.
"""

import re
from functools import lru_cache
from itertools import pairwise

# The subject says most; a long mail's end says little about why it was written.
READ_CHARACTERS = 2000
MOST_WORDS = 40
WORD_LENGTH = 24
PART_LENGTHS = (3, 4)
APOSTROPHES = str.maketrans("", "", "'’`\x00")
_WORD = re.compile(r"[^\W_]+")
# Before a part and between the words of a pair: no word has these signs in it.
PART, NEXT, BUT_ONE = "#", " ", "  "


def words_in(text: str) -> list[str]:
    """The words of a text in order, as many as the model reads."""
    found = _WORD.findall(text[:READ_CHARACTERS].casefold().translate(APOSTROPHES))
    return [word[:WORD_LENGTH] for word in found[:MOST_WORDS]]


def pairs_in(words: list[str]) -> list[str]:
    """Neighbours, and words with one word between them."""
    next_ones = [a + NEXT + b for a, b in pairwise(words)]
    return list(dict.fromkeys(next_ones + [a + BUT_ONE + b for a, b in zip(words, words[2:], strict=False)]))


@lru_cache(maxsize=20_000)
def parts_of(word: str) -> tuple[str, ...]:
    """Three and four signs in a row, the word's beginning and end among them: endings and typing errors matter less."""
    whole = f"^{word}$"
    return tuple(
        PART + whole[start : start + length] for length in PART_LENGTHS for start in range(len(whole) - length + 1)
    )


def asked_text(subject: str, asked: str) -> str:
    """What is read of a ticket: its subject, then what the customer wrote first."""
    return f"{subject}\n{asked[:READ_CHARACTERS]}"
