"""Finding articles. Whatever is asked, only what `readable_by` lets through is counted, ranked, shown or offered (A4).

Nothing here writes; `actions.searching` keeps what people look for. How it ranks: docs/decisions/wiki-search.md.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from knowledgebase.models import Article
from knowledgebase.search_questions import Question, Term, read
from knowledgebase.search_spelling import near
from supportdesk.lib.excerpts import Lexemes, Piece

SHOWN = 20
MOST_COUNTED = 1_000
MOST_RANKED = 200
COMMON = 300
FEW = 5
MOST_WEIGHED = 6
READ_CHARACTERS = 20_000
LONGEST = 400
WEIGHTS = "{0.25, 0.25, 0.5, 1.0}"  # of the text, nothing, headings and tags, the title: four times the text

# First by title, headings and tags, which are short; only the best of those are held against their whole text.
RANK = """
WITH near AS (
    SELECT found.article_id, count(*) OVER () AS matches
    FROM wiki_matches(%(words)s::tsquery, %(head)s::tsquery) AS found
    WHERE found.article_id IN ({gate})
    ORDER BY ts_rank(%(weights)s, found.head, %(any)s::tsquery) * (1 + 0.25 * ln(1 + found.popularity)) DESC,
             found.popularity DESC, found.article_id DESC
    LIMIT %(most)s)
SELECT article_id, matches, {score} * (1 + 0.25 * ln(1 + entry.popularity)) AS score, ({covered})::float AS covered
FROM near JOIN knowledgebase_searchentry AS entry USING (article_id)
ORDER BY score DESC, article_id DESC
"""
# A short title that holds the word is about it.
SCORE = (
    "(ts_rank(%(weights)s, entry.head, %({query})s::tsquery, 1) + ts_rank(%(weights)s, entry.words, "
    "%({query})s::tsquery, 1))"
)
COUNTS = """
SELECT (SELECT count(*) FROM (
    SELECT 1 FROM wiki_matches(asked.query::tsquery, '') AS found
    WHERE found.article_id IN ({gate}) LIMIT %(most)s) AS few)
FROM unnest(%(queries)s::text[]) WITH ORDINALITY AS asked (query, place) ORDER BY place
"""


@dataclass(frozen=True)
class Hit:
    """An article that was found. `title` and `snippet` are HTML: escaped first, then marked (A13). `plain` is text."""

    article: Article
    title: SafeString
    snippet: SafeString
    plain: str


@dataclass(frozen=True)
class Found:
    """Articles, the best first. `total` stops at MOST_COUNTED. `hits` are those that say all that was asked, for the
    reports. `did_you_mean` is the spelling that found these, if not the one that was typed.
    """

    rows: list[Hit] = field(default_factory=list)
    total: int = 0
    hits: int = 0
    did_you_mean: str = ""

    @property
    def is_part(self) -> bool:
        """Nothing says all that was asked, and what is here says a part of it."""
        return bool(self.rows) and not self.hits

    @property
    def total_words(self) -> str:
        """How many there are, as people read it."""
        if self.total >= MOST_COUNTED:
            return f"{MOST_COUNTED:,}+ articles"
        return "1 article" if self.total == 1 else f"{self.total} articles"


@dataclass(frozen=True)
class Ranked:
    """Numbers of articles in order, and how many match in all."""

    articles: list[int]
    total: int


NOTHING = Ranked([], 0)


def find(person, words: str, *, limit: int = SHOWN, gate=None, is_quick: bool = False) -> Found:
    """What `person`, who may be anonymous, finds for these words, at most `limit` of them.

    `gate`: only among these, which are articles that the person reads. `is_quick`: every word as it is, or nothing.
    """
    question = read(words[:LONGEST])
    if not question.terms:
        return Found()
    gate = (Article.objects.readable_by(person) if gate is None else gate).current()
    ranked, spelling = _all_words(gate, question), ""
    if is_quick:
        return Found(_hits(ranked.articles[:limit], question), ranked.total, ranked.total)
    if not ranked.total:
        question, ranked, spelling = _respelt(gate, question)
    if not ranked.total:
        ranked = _some_words(gate, question, least=0.5, counts_missing=True)
    if not ranked.total and question.has_only_fillers:
        ranked = _popular(gate)
    hits, articles = ranked.total, ranked.articles
    if hits < FEW and (len(question.telling) > 1 or not hits):
        more = _some_words(gate, question).articles
        articles = [*articles, *(one for one in more if one not in articles)]
    rows = _hits(articles[:limit], question)
    return Found(rows, max(hits, len(rows)), hits, spelling if rows else "")


def suggest(person, words: str, *, limit: int = 5, gate=None) -> list[Hit]:
    """What may answer a question that somebody is writing: whole sentences, of which a few words matter. Published
    texts alone. `gate` as for `find`."""
    question = read(words[:LONGEST] + " ")
    if not question.terms or question.has_only_fillers:
        return []
    gate = (Article.objects.readable_by(person) if gate is None else gate).published()
    articles = _all_words(gate, question).articles[:limit]
    if len(articles) < limit:
        articles += [one for one in _some_words(gate, question, near_best=0.5).articles if one not in articles]
    return _hits(articles[:limit], question)


def _all_words(gate, question: Question) -> Ranked:
    """Texts with every telling word."""
    values: dict[str, object] = {"words": question.all_of, "head": "", "any": _any(question.telling)}
    return _rank(gate, score=SCORE.format(query="any"), values=values)


def _some_words(
    gate, question: Question, *, least: float = 0.0, near_best: float = 0.0, counts_missing: bool = False
) -> Ranked:
    """Texts with some of the words. Rare ones weigh more; what has less than `least` of the weight is left out, and
    what has less than `near_best` of the best one's.

    `counts_missing`: words that stand nowhere weigh as the rarest of all.
    """
    counts = _counts(gate, question.telling)
    known = [(term, count) for term, count in zip(question.telling, counts, strict=True) if count]
    if not known:
        return NOTHING
    known = sorted(known, key=lambda pair: pair[1])[:MOST_WEIGHED]
    every = min(gate.count(), 2 * COMMON)
    weights = [math.log(1.1 + every / count) for _, count in known]
    missing = math.log(1.1 + every) * counts.count(0) if counts_missing else 0.0
    rare = [term for term, count in known if count < COMMON]
    any_of = _any(term for term, _ in known)
    values: dict[str, object] = {"any": any_of, "words": _any(rare), "head": any_of}
    ranks, covers = [], []
    for number, ((term, _), weight) in enumerate(zip(known, weights, strict=True)):
        values[f"term{number}"], values[f"weight{number}"] = term.query, weight
        ranks.append(f"%(weight{number})s * {SCORE.format(query=f'term{number}')}")
        covers.append(f"%(weight{number})s * (entry.words @@ %(term{number})s::tsquery)::int")
    wanted = least * (sum(weights) + missing)
    return _rank(gate, score=f"({' + '.join(ranks)})", covered=f"({' + '.join(covers)})", least=wanted, values=values)


def _respelt(gate, question: Question) -> tuple[Question, Ranked, str]:
    """The question with the nearest words in place of those that stand nowhere, what it finds, and how it is spelt."""
    spaces = list(gate.order_by().values_list("space", flat=True).distinct())
    other, spelling = question, []
    counts = dict(zip(question.telling, _counts(gate, question.telling), strict=True))
    for term in question.terms:
        words = near(term.word, spaces) if term.word and not counts.get(term, 1) else []
        words = _that_stand_somewhere(gate, words)
        if words:
            other = other.respelt(term, words)
        spelling.append(words[0] if words else " ".join(term.words[:1] if len(term.words) == 1 else term.words[-1:]))
    if other == question:
        return question, NOTHING, ""
    ranked = _all_words(gate, other)
    if not ranked.total:
        ranked = _some_words(gate, other, least=0.5, counts_missing=True)
    return other, ranked, " ".join(spelling)


def _that_stand_somewhere(gate, words: list[str]) -> list[str]:
    """Those that a reader may find: a word of an article that is not theirs is never offered."""
    counts = _counted(gate, [f"'{word}'" for word in words], most=1) if words else []
    return [word for word, count in zip(words, counts, strict=True) if count]


def _counts(gate, terms: tuple[Term, ...]) -> list[int]:
    return _counted(gate, [term.query for term in terms], most=COMMON)


def _counted(gate, queries: list[str], *, most: int) -> list[int]:
    """In how many articles each stands, as far as `most`."""
    sql, values = _gate(gate)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS.format(gate=sql), {**values, "queries": queries, "most": most})
        return [count for (count,) in cursor.fetchall()]


def _popular(gate) -> Ranked:
    rows = gate.filter(entry__isnull=False).order_by("-entry__popularity", "-pk").values_list("pk", flat=True)
    articles = list(rows[:SHOWN])
    return Ranked(articles, len(articles))


def _rank(gate, *, score: str, values: dict, covered: str = "0", least: float = 0.0, near_best: float = 0.0) -> Ranked:
    sql, gate_values = _gate(gate)
    statement = RANK.format(gate=sql, score=score, covered=covered)
    with connection.cursor() as cursor:
        cursor.execute(statement, {**gate_values, **values, "weights": WEIGHTS, "most": MOST_RANKED})
        rows = cursor.fetchall()
    wanted = max([least, *(near_best * row[3] for row in rows)])
    kept = [row for row in rows if row[3] >= wanted]
    total = rows[0][1] if rows and len(kept) == len(rows) else len(kept)
    return Ranked([row[0] for row in kept], min(total, MOST_COUNTED))


def _gate(gate) -> tuple[str, dict[str, Any]]:
    """The gate as SQL with named values, so that it stands inside a statement with names of its own."""
    sql, given = gate.order_by().values("pk").query.sql_with_params()
    names = {f"gate{number}": value for number, value in enumerate(given)}
    return sql % tuple(f"%({name})s" for name in names), names


def _any(terms) -> str:
    return " | ".join(f"({term.query})" for term in terms)


def _hits(articles: list[int], question: Question) -> list[Hit]:
    """The rows of a page with where the words stand. One query."""
    looked = Lexemes(term.query for term in question.telling)
    rows = Article.objects.select_related("space", "entry", "published").in_bulk(articles)
    found = [(rows[pk], looked.excerpt(rows[pk].entry.body[:READ_CHARACTERS])) for pk in articles if pk in rows]
    return [
        Hit(one, _marked(looked.marked(one.title)), _marked(pieces), "".join(piece.text for piece in pieces))
        for one, pieces in found
    ]


def _marked(pieces: list[Piece]) -> SafeString:
    parts = (
        (format_html("<mark>{}</mark>", piece.text) if piece.is_match else format_html("{}", piece.text),)
        for piece in pieces
    )
    return format_html_join("", "{}", parts)
