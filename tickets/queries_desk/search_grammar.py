"""The search box as a tree of conditions. Whatever is typed can be read; what means nothing is named (S25, S53).

    (refund OR chargeback) AND NOT training from:dana after:7d "purchase order" refun* #4127

From the tightest to the loosest: NOT and a minus, AND, OR, words side by side. So `a OR b c` wants one of a and b, and
also c.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

LONGEST = 400
MOST_LEAVES = 24
DEEPEST = 12
SHORTEST_OPEN = 2

SOURCES = ("subject", "text", "note", "file")

TOKEN = re.compile(
    r"""(?P<open>-?\()|(?P<close>\))
    |-?(?P<bare>[a-z]{2,12}:)(?=[\s()]|$)
    |(?P<minus>-?)(?:(?P<name>[a-z]{2,12}):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s()"]+))""",
    re.IGNORECASE | re.VERBOSE,
)
NUMBER = re.compile(r"#?(\d{1,18})")

# Left out beside other words, unless quoted: each stands in nearly every text. Alone they are looked for like any word.
STOP_WORDS = frozenset(
    """
    a an the and or of to in on at by for from with about as into is are was were be been being am do does did has have
    had having i me my we us our you your he him his she her it its they them their this that these those there here
    what which who whom when where why how can could will would shall should may might must not no so if then than too
    very just but because while until again
    """.split()  # noqa: SIM905 - eighty quoted words say less
)


@dataclass(frozen=True)
class Words:
    """A word, a phrase or the beginning of a word. `source` is one of SOURCES, "" for anywhere in the ticket."""

    text: str
    is_phrase: bool = False
    is_open: bool = False
    source: str = ""
    typed: str = field(default="", compare=False)


@dataclass(frozen=True)
class Field:
    """`name:value`, as it was typed."""

    name: str
    value: str

    @property
    def typed(self) -> str:
        return f'{self.name}:"{self.value}"' if re.search(r"[\s()]", self.value) else f"{self.name}:{self.value}"


@dataclass(frozen=True)
class Number:
    """A ticket by its number."""

    value: int
    typed: str = field(default="", compare=False)


@dataclass(frozen=True)
class Not:
    """Everything but."""

    part: "Tree"

    @property
    def typed(self) -> str:
        inner = self.part.typed
        return f"-({inner})" if isinstance(self.part, And | Or) else f"-{inner}"


@dataclass(frozen=True)
class And:
    """All of them."""

    parts: tuple["Tree", ...]

    @property
    def typed(self) -> str:
        return " ".join(f"({part.typed})" if isinstance(part, Or) else part.typed for part in self.parts)


@dataclass(frozen=True)
class Or:
    """At least one of them."""

    parts: tuple["Tree", ...]

    @property
    def typed(self) -> str:
        return " OR ".join(f"({part.typed})" if isinstance(part, And) else part.typed for part in self.parts)


Leaf = Words | Field | Number
Tree = Words | Field | Number | Not | And | Or


def clean(text: str) -> str:
    """What is read of what was typed: no signs that cannot be seen, at most LONGEST of the others."""
    return "".join(sign for sign in text if sign.isprintable() or sign in " \t\n").strip()[:LONGEST].strip()


def tree_of(text: str, fields: Iterable[str]) -> tuple[Tree | None, list[str]]:
    """The tree of a cleaned text, None when nothing is asked, and what could not be understood. `fields` are known."""
    reader = _Reader(list(_tokens(text)), frozenset(fields))
    tree = reader.side_by_side(0)
    while reader.has_more:  # a bracket that closes nothing
        reader.at += 1
        tree = _joined(And, [tree, reader.side_by_side(0)])
    return _without_stop_words(tree), reader.ignored


def leaves(tree: Tree | None) -> Iterator[Leaf]:
    """Every leaf, from left to right."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case None:
            return
        case _:
            yield tree


def wanted_words(tree: Tree | None) -> Iterator[Words]:
    """The words that a match may have, without those that it must not have."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from wanted_words(part)
        case Words():
            yield tree


def conjuncts(tree: Tree | None) -> tuple[Tree, ...]:
    """What all has to hold."""
    match tree:
        case None:
            return ()
        case And(parts):
            return parts
        case _:
            return (tree,)


def all_of(parts: Iterable[Tree | None]) -> Tree | None:
    """A tree of what is left."""
    return _joined(And, list(parts))


def _tokens(text: str) -> Iterator[re.Match]:
    yield from TOKEN.finditer(text)


def _joined(kind: type[And] | type[Or], found: list[Tree | None]) -> Tree | None:
    parts: list[Tree] = []
    for part in found:
        if isinstance(part, kind):
            parts += part.parts
        elif part is not None:
            parts.append(part)
    if not parts:
        return None
    unique = tuple(dict.fromkeys(parts))
    return unique[0] if len(unique) == 1 else kind(unique)


class _Reader:
    """Recursive descent over tokens; brackets beyond DEEPEST are overlooked, leaves beyond MOST_LEAVES are named."""

    def __init__(self, tokens: list[re.Match], fields: frozenset[str]) -> None:
        self.tokens, self.fields = tokens, fields
        self.at = self.count = 0
        self.ignored: list[str] = []

    @property
    def has_more(self) -> bool:
        return self.at < len(self.tokens)

    def _operator(self) -> str:
        """AND, OR, NOT, ")" or "" for the token that comes next."""
        if not self.has_more:
            return ""
        token = self.tokens[self.at]
        if token["close"]:
            return ")"
        plain = token["plain"]
        if plain is None or token["minus"] or token["name"]:
            return ""
        if plain in ("AND", "&&"):
            return "AND"
        if plain.upper() == "OR" or plain in ("|", "||"):
            return "OR"
        return "NOT" if plain == "NOT" else ""

    def side_by_side(self, depth: int) -> Tree | None:
        found = []
        while self.has_more and self._operator() != ")":
            found.append(self._either(depth))
        return _joined(And, found)

    def _either(self, depth: int) -> Tree | None:
        found = [self._both(depth)]
        while self._operator() == "OR":
            self.at += 1
            found.append(self._both(depth))
        return _joined(Or, found)

    def _both(self, depth: int) -> Tree | None:
        found = [self._negated(depth)]
        while self._operator() == "AND":
            self.at += 1
            found.append(self._negated(depth))
        return _joined(And, found)

    def _negated(self, depth: int) -> Tree | None:
        turns = 0
        while self._operator() == "NOT":
            self.at += 1
            turns += 1
        part = self._one(depth)
        return Not(part) if part is not None and turns % 2 else part

    def _one(self, depth: int) -> Tree | None:
        if not self.has_more or self._operator() in (")", "AND", "OR"):
            return None
        token = self.tokens[self.at]
        self.at += 1
        if not token["open"]:
            leaf = self._leaf(token)
            return Not(leaf) if leaf is not None and token["minus"] else leaf
        if depth >= DEEPEST:
            return None
        inner = self.side_by_side(depth + 1)
        self.at += self._operator() == ")"
        return Not(inner) if inner is not None and token["open"].startswith("-") else inner

    def _leaf(self, token: re.Match) -> Tree | None:
        if token["bare"]:
            self.ignored.append(token["bare"])
            return None
        name, quoted = (token["name"] or "").lower(), token["quoted"]
        value = (token["plain"] if quoted is None else quoted).strip()
        typed = token[0].removeprefix("-").strip()
        if not any(sign.isalnum() for sign in value):
            if value or name:
                self.ignored.append(typed)
            return None
        self.count += 1
        if self.count > MOST_LEAVES:
            self.ignored.append(typed)
            return None
        if name in SOURCES:
            return _words(value, typed, is_phrase=quoted is not None, source=name)
        if name in self.fields:
            return Field(name, value)
        if name and quoted is None:
            return _words(f"{name}:{value}", typed, is_phrase=False)
        return self._plain(value, typed, is_phrase=quoted is not None)

    def _plain(self, value: str, typed: str, *, is_phrase: bool) -> Tree:
        number = NUMBER.fullmatch(value)
        if not number or is_phrase:
            return _words(value, typed, is_phrase=is_phrase)
        if value.startswith("#"):
            return Number(int(number[1]), typed)
        return Or((_words(value, typed, is_phrase=False), Number(int(number[1]), typed)))


def _words(value: str, typed: str, *, is_phrase: bool, source: str = "") -> Words:
    stem = value.rstrip("*")
    is_open = stem != value and len([sign for sign in stem if sign.isalnum()]) >= SHORTEST_OPEN
    return Words(stem if is_open else value.replace("*", " "), is_phrase, is_open, source, typed)


def _is_stop_word(part: Tree) -> bool:
    plain = isinstance(part, Words) and not (part.is_phrase or part.is_open or part.source)
    return plain and part.text.lower() in STOP_WORDS  # type: ignore[union-attr]


def _without_stop_words(tree: Tree | None) -> Tree | None:
    """The tree without words that say nothing beside others that do."""
    if not isinstance(tree, And):
        return tree
    telling = [part for part in tree.parts if not _is_stop_word(part)]
    return _joined(And, list(telling)) if any(not isinstance(part, Not) for part in telling) else tree
