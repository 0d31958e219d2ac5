"""A ticket of an export while a slice is read: put together from its rows, held against what is known of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from mail.parsing.types import ParsedMail
from tickets.actions.imports.directory import Directory, Who
from tickets.actions.imports.files import Beside
from tickets.actions.imports.taken import Taken
from tickets.choices import LIVE, Author, Category
from tickets.import_formats.records import Case, Reply, Said, Unreadable, Writer, line
from tickets.models import Imported

SNIPPET = 200
MOST_WORDS = 5_000
AHEAD = timedelta(days=1)


class Became(StrEnum):
    """What a row did to its ticket."""

    MADE = "made"
    CHANGED = "changed"
    SAME = "same"


@dataclass
class Draft:
    """One ticket: `case` is set when its fields are new or changed, `said` holds new and changed words by number.

    `latest` is its record in any case: whose words are whose follows from it.
    """

    external_id: str
    row: Imported | None
    case: Case | None = None
    latest: Case | None = None
    said: dict[str, Said] = field(default_factory=dict)
    taken: list[tuple[Taken, Became]] = field(default_factory=list)

    def add(self, one: Taken) -> None:
        """One row of it. Raises Unreadable where it speaks of a ticket that nobody knows."""
        record = one.record
        if isinstance(record, Reply) and self.row is None and self.case is None:
            raise Unreadable(f"Its ticket, number {record.case}, stands in none of the files.")
        is_new = self.row is None and self.case is None
        news = False
        if isinstance(record, Case):
            self.latest = record
            digest = self.case.digest if self.case else self.row.digest if self.row else ""
            if record.digest != digest:
                self.case, news = record, True
        words = record.said if isinstance(record, Case) else (record.said,) if isinstance(record, Reply) else ()
        for said in words:
            if self._is_news(said):
                self.said[said.key], news = said, True
        if len(self.said) > MOST_WORDS:
            raise Unreadable(f"It has more than {MOST_WORDS:,} messages.")
        self.taken.append((one, Became.MADE if is_new else Became.CHANGED if news else Became.SAME))

    @property
    def has_news(self) -> bool:
        """Whether anything has to be written."""
        return self.case is not None or bool(self.said)

    def _is_news(self, said: Said) -> bool:
        if not said.text and not said.files:
            return False
        kept = self.row.data.get("said", {}) if self.row else {}
        if said.key in self.said:
            return self.said[said.key].digest != said.digest
        if said.key in kept:
            return kept[said.key][1] != said.digest
        # The first comment stands as the description of a ticket, too.
        first = self.said.get("description")
        digest = first.digest if first else kept.get("description", ["", ""])[1]
        return digest != said.digest or said.key == "description"


def writers_of(drafts: Iterable[Draft]) -> tuple[list[Writer], list[Writer]]:
    """Everybody whom these speak of, and the customers among them who are made if need be."""
    everybody: list[Writer] = []
    customers: list[Writer] = []
    for draft in drafts:
        everybody += [said.writer for said in draft.said.values() if said.writer]
        customers += [one.writer for one in draft.said.values() if one.mail and one.writer.is_colleague is None]
        if draft.latest is not None:
            customers.append(draft.latest.requester)
            everybody.append(draft.latest.assignee)
    return [one for one in everybody if one], [one for one in customers if one]


@dataclass(frozen=True)
class Words:
    """A message or a note as it is kept."""

    key: str
    digest: str
    at: datetime
    text: str
    author: Author
    who: Who
    is_public: bool
    files_left: int
    mail: ParsedMail | None = None
    files: tuple[tuple[str, Path], ...] = ()


def words_of(
    case: Case | None, said: Iterable[Said], people: Directory, beside: Beside, began: datetime, now: datetime
) -> list[Words]:
    """What was said, oldest first, with whose it is and the files that came along."""
    requester = case.requester if case else None
    found = [_words(one, requester, people, beside, min(one.at or began, now)) for one in said]
    return sorted(found, key=lambda words: words.at)


def _words(said: Said, requester: Writer | None, people: Directory, beside: Beside, at: datetime) -> Words:
    is_requester = requester is not None and _is_one(said.writer, requester)
    who = people.find(requester if requester is not None and is_requester else said.writer)
    is_theirs = is_requester or (not who.is_colleague and (who.person is not None or said.writer.is_colleague is False))
    text = said.text
    found = tuple((file.name, path) for file in said.files if (path := beside.find(file)))
    left = [file.where for file in said.files if file.name not in dict(found)]
    if left:
        text = "\n".join([f"{text}\n\nFiles at the other desk:", *left]).strip()
    if not said.is_public and who.colleague is None and who.name:
        text = f"{who.name}:\n\n{text}"
    author = Author.CUSTOMER if is_theirs else Author.AGENT
    return Words(said.key, said.digest, at, text, author, who, said.is_public, len(left), said.mail, found)


def _is_one(one: Writer, other: Writer) -> bool:
    if one.external_id and other.external_id:
        return one.external_id == other.external_id
    if one.email or one.external_id:
        return one.email.casefold() == other.email.casefold() != ""
    return one.name.casefold() == other.name.casefold() != ""


@dataclass(frozen=True)
class Dates:
    """When a ticket was opened, changed and closed. None lies ahead."""

    created: datetime
    updated: datetime
    closed: datetime | None


def dates_of(case: Case, now: datetime) -> Dates:
    """Its dates, filled where they are missing. Raises Unreadable for a ticket of tomorrow."""
    spoken = [said.at for said in case.said if said.at]
    created = case.created_at or min(spoken, default=None) or case.updated_at or case.closed_at or now
    known = [at for at in (created, case.updated_at, case.closed_at) if at]
    if max(known) > now + AHEAD:
        raise Unreadable(f"Its date lies ahead: {max(known):%-d %B %Y}.")
    created = min([created, now])
    updated = min(max([created, *known, *spoken]), now)
    closed = max(created, min(case.closed_at or updated, now)) if case.category == Category.CLOSED else None
    return Dates(created, updated, closed)


def category_of(case: Case, words: Iterable[Words]) -> Category:
    """Its category here: what an agent answered is new no longer."""
    if case.category == Category.NEW and any(one.is_public and one.author == Author.AGENT for one in words):
        return Category.OPEN
    return case.category


def waits_since(category: str, spoken: Iterable[tuple[str, datetime]]) -> datetime | None:
    """Since when the customer waits for an answer, if they do; `spoken` is who spoke when, oldest first."""
    since = None
    for author, at in spoken:
        since = None if author == Author.AGENT else since or at
    return since if category in LIVE else None


def snippet_of(text: str) -> str:
    """The first words, for lists."""
    return line(text[: SNIPPET * 4], SNIPPET)
