"""What somebody typed, as a question to the index: terms with all the forms in which each of them may stand."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import connection

from knowledgebase import search_words
from knowledgebase.models import Synonyms

MOST_SYNONYMS = 500
MOST_TELLING = 12
_ONE = re.compile(r"'(?:[^']|'')+'")
_LEXEMES = """
SELECT plainto_tsquery('wiki', word)::text, plainto_tsquery('wiki_exact', word)::text
FROM unnest(%s::text[]) WITH ORDINALITY AS asked (word, place) ORDER BY place
"""


@dataclass(frozen=True)
class Term:
    """One thing that is looked for. `query` is a tsquery with all its forms; `is_filler` that it says little (how, to).

    `word` is what may be misspelt, "" for a code or a synonym of several words.
    """

    words: tuple[str, ...]
    query: str
    is_filler: bool
    word: str = ""


@dataclass(frozen=True)
class Question:
    """All that somebody looks for."""

    terms: tuple[Term, ...]

    @property
    def telling(self) -> tuple[Term, ...]:
        """The first terms that say something; of all terms where none does."""
        return (tuple(term for term in self.terms if not term.is_filler) or self.terms)[:MOST_TELLING]

    @property
    def has_only_fillers(self) -> bool:
        return all(term.is_filler for term in self.terms)

    @property
    def all_of(self) -> str:
        """A tsquery for texts with every telling term."""
        return " & ".join(f"({term.query})" for term in self.telling)

    def respelt(self, term: Term, words: Iterable[str]) -> "Question":
        """The same with other words in place of a misspelt one, any of which will do."""
        other = replace(term, query=" | ".join(f"'{word}'" for word in words))
        return Question(tuple(other if one == term else one for one in self.terms))


def read(text: str) -> Question:
    """A question, empty where nothing in the text can be looked for. Two queries at most."""
    found = search_words.terms(text)
    if not found:
        return Question(())
    spans = _with_synonyms(found)
    every = list(dict.fromkeys(word for span in spans for phrase in span for word in phrase))
    lexemes = _lexemes(every)
    is_open = not text[-1:].isspace()
    terms = (
        _term(span, lexemes, is_open=is_open and place == len(spans) - 1, is_alone=len(spans) == 1)
        for place, span in enumerate(spans)
    )
    return Question(tuple(term for term in terms if term))


Phrase = tuple[str, ...]


def _with_synonyms(found: list[Phrase]) -> list[list[Phrase]]:
    """Each term with what means the same. Words that make up a known phrase become one term."""
    meanings: dict[Phrase, list[Phrase]] = {}
    for row in Synonyms.objects.values_list("words", flat=True).order_by("pk")[:MOST_SYNONYMS]:
        phrases = [tuple(_flat(search_words.terms(words))) for words in row]
        for phrase in phrases:
            meanings.setdefault(phrase, []).extend(other for other in phrases if other != phrase)
    spans: list[list[Phrase]] = []
    at = 0
    longest = max((len(phrase) for phrase in meanings), default=1)
    while at < len(found):
        for size in range(min(longest, len(found) - at), 0, -1):
            phrase = tuple(_flat(found[at : at + size]))
            if phrase in meanings or size == 1:
                first = found[at] if size == 1 else phrase
                spans.append([first, *meanings.get(phrase, [])])
                at += size
                break
    return spans


def _flat(terms: list[Phrase]) -> list[str]:
    """One word for each term: a code written together."""
    return [term[-1] for term in terms]


def _lexemes(words: list[str]) -> dict[str, tuple[str, str]]:
    """By word: its stem, "" for one that is no help alone, and the word itself, as the database writes them."""
    with connection.cursor() as cursor:
        cursor.execute(_LEXEMES, [words])
        return dict(zip(words, cursor.fetchall(), strict=True))


def _term(span: list[Phrase], lexemes: dict[str, tuple[str, str]], *, is_open: bool, is_alone: bool) -> Term | None:
    first, *others = span
    forms = (
        [_code(first, lexemes)]
        if len(first) > 1 and _is_code(first)
        else [_all(first, lexemes, is_open=is_open and (is_alone or len(first[-1]) > 1))]
    )
    forms += [_all(phrase, lexemes, is_open=any(sign.isdigit() for sign in phrase[-1])) for phrase in others]
    query = " | ".join(f"({form})" for form in forms if form)
    if not query:
        return None
    is_word = len(first) == 1 and first[0].isalpha() and len(first[0]) > 2 and not others
    is_filler = len(first) == 1 and not lexemes[first[0]][0] and not others
    return Term(first, query, is_filler, first[0] if is_word and not is_filler else "")


def _is_code(words: Phrase) -> bool:
    return words[-1] == "".join(words[:-1])


def _code(words: Phrase, lexemes: dict[str, tuple[str, str]]) -> str:
    """A code as it is written together, and its parts one after the other."""
    together, parts = lexemes[words[-1]][1], [lexemes[word][1] for word in words[:-1]]
    sign = " <-> " if any(letter.isdigit() for letter in words[-1]) else " & "
    apart = sign.join(part for part in parts if part)
    return " | ".join(form for form in (_open(together), f"({apart})" if apart else "") if form)


def _all(words: Phrase, lexemes: dict[str, tuple[str, str]], *, is_open: bool) -> str:
    """Every word, as it is or by its stem. With a figure in it, or at the end of what is being typed, it may go on."""
    forms = []
    for place, word in enumerate(words):
        stem, exact = lexemes[word]
        may_go_on = any(sign.isdigit() for sign in word) or (is_open and place == len(words) - 1)
        either = dict.fromkeys([stem, _open(exact) if may_go_on else exact])
        form = " | ".join(part for part in either if part)
        if form:
            forms.append(f"({form})")
    return " & ".join(forms)


def _open(lexeme: str) -> str:
    """The same, or anything that begins with it."""
    return f"{lexeme}:*" if _ONE.fullmatch(lexeme) else lexeme
