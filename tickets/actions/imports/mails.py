"""Mails of an archive become tickets: one a thread, by Message-ID and References, through the parser of all mail.

An archive says nothing of states: its threads come closed, at the time of their last mail.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from mail.actions.store import own_addresses
from mail.parsing.types import Address, ParsedMail, Unparsable
from tickets.actions.imports.cases import write_cases
from tickets.actions.imports.directory import Who, people_by_address
from tickets.actions.imports.taken import Outcome, Taken, known
from tickets.actions.intake import clean
from tickets.actions.take_in import parse_bytes
from tickets.choices import Category, Channel
from tickets.import_choices import Sort
from tickets.import_formats.records import Case, Reply, Said, Writer, line
from tickets.models import Imported, Message, TicketImport

NOBODY_OUTSIDE = "Nobody outside this desk takes part in it."


@dataclass
class _Mail:
    """A mail of the slice with the numbers under which it and its thread are known."""

    taken: Taken
    parsed: ParsedMail
    key: str
    above: list[str]
    thread: str = ""


@dataclass
class _Threads:
    """Which thread a mail belongs to. Names that mails refer to are noted too, for those that come later."""

    source: str
    rows: dict[str, Imported]
    new: dict[str, Imported] = field(default_factory=dict)
    seen: list[Imported] = field(default_factory=list)

    def has(self, key: str) -> bool:
        """Whether this very mail came before."""
        row = self.rows.get(key)
        return row is not None and bool(row.data.get("seen"))

    def place(self, mail: _Mail) -> str:
        """The thread of a mail."""
        names = [*mail.above, mail.key]
        thread = next((self.rows[name].data["thread"] for name in names if name in self.rows), names[0])
        for name in names:
            row = self.rows.get(name)
            if row is None:
                row = Imported(source=self.source, sort=Sort.MAIL, external_id=name, data={"thread": thread})
                self.rows[name] = self.new[name] = row
            if name == mail.key and not row.data.get("seen"):
                row.data = {**row.data, "seen": True}
                if name not in self.new:
                    self.seen.append(row)
        return thread

    def forget(self, key: str) -> None:
        """The mail with this number was refused after all: where it belongs stays known, and it may come again."""
        row = self.rows.get(key)
        if row is not None:
            row.data = {"thread": row.data["thread"]}

    def save(self) -> None:
        """Keep what was noted."""
        Imported.objects.bulk_create(self.new.values())
        Imported.objects.bulk_update(self.seen, ["data"])


def write_mails(run: TicketImport, taken: Sequence[Taken], now: datetime) -> Outcome:
    """A slice of an archive. What came before, by whatever way, comes no second time."""
    outcome = Outcome()
    mails = list(_parsed(run, taken, outcome))
    threads = _Threads(run.source, known(run.source, Sort.MAIL, {name for m in mails for name in (m.key, *m.above)}))
    people = people_by_address({address.email for mail in mails for address in _addresses(mail.parsed)})
    ours = own_addresses()
    here = _here_already(mails)
    known_threads = _known_threads(run, mails, threads)
    records: list[Taken] = []
    for mail in mails:
        if threads.has(mail.key) or mail.parsed.message_id in here:
            outcome.same += 1
            continue
        requester = _requester(mail.parsed, people, ours)
        thread = threads.place(mail)
        said = _said(mail, ours)
        if thread in known_threads:
            records.append(mail.taken._replace(record=Reply(thread, said)))
        elif requester is None:
            outcome.refuse(run, mail.taken, NOBODY_OUTSIDE)
        else:
            known_threads.add(thread)
            records.append(mail.taken._replace(record=_case(thread, mail.parsed, requester, said)))
    outcome.add(write_cases(run, records, now))
    refused = {(one.file, one.row) for one in outcome.refused}
    for mail in mails:
        if (mail.taken.file[:255], mail.taken.row) in refused:
            threads.forget(mail.key)
    threads.save()
    return outcome


def _parsed(run: TicketImport, taken: Sequence[Taken], outcome: Outcome) -> Iterable[_Mail]:
    for one in taken:
        content = one.record
        try:
            parsed = parse_bytes(content, None)
        except Unparsable as problem:
            outcome.refuse(run, one._replace(content=content[:2000]), problem.sentence)
            continue
        one = one._replace(content=content[:2000])
        if parsed.from_ is None:
            outcome.refuse(run, one, "It does not say who sent it, or names several senders.")
            continue
        above = list(dict.fromkeys(_name(name) for name in (*parsed.references, *parsed.in_reply_to)))[:50]
        key = _name(parsed.message_id) if parsed.message_id else _name(blake2b(content, digest_size=16).hexdigest())
        yield _Mail(one, parsed, key, [name for name in above if name != key])


def _known_threads(run: TicketImport, mails: Sequence[_Mail], threads: _Threads) -> set[str]:
    """Threads that have a ticket already."""
    wanted = {row.data["thread"] for row in threads.rows.values()} | {name for m in mails for name in (m.key, *m.above)}
    return set(known(run.source, Sort.TICKET, wanted))


def _here_already(mails: Sequence[_Mail]) -> set[str]:
    """Message-IDs of mails that one of our mailboxes took in."""
    wanted = {mail.parsed.message_id for mail in mails if mail.parsed.message_id}
    return set(Message.objects.filter(message_id__in=wanted, raw__isnull=False).values_list("message_id", flat=True))


def _requester(parsed: ParsedMail, people: dict[str, Who], ours: set[str]) -> Writer | None:
    """Who asked: the sender, or the first to whom one of us wrote."""
    for address in _addresses(parsed):
        who = people.get(address.email)
        if address.email not in ours and not (who and who.is_staff):
            return Writer(email=address.email, name=line(address.name), is_colleague=False)
    return None


def _addresses(parsed: ParsedMail) -> list[Address]:
    return [*([parsed.from_] if parsed.from_ else []), *parsed.to, *parsed.cc]


def _case(thread: str, parsed: ParsedMail, requester: Writer, said: Said) -> Case:
    return Case(
        external_id=thread, subject=line(parsed.subject, 998) or "(no subject)", requester=requester, said=(said,),
        category=Category.CLOSED, channel=Channel.MAIL, created_at=parsed.date, closed_at=parsed.date,
    )  # fmt: skip


def _said(mail: _Mail, ours: set[str]) -> Said:
    parsed = mail.parsed
    sender = parsed.from_ or Address("")
    writer = Writer(email=sender.email, name=line(sender.name), is_colleague=True if sender.email in ours else None)
    text = clean(parsed.reply_text) or clean(parsed.quoted_text) or "(no words)"
    return Said(mail.key, text, parsed.date, writer, is_public=True, mail=parsed)


def _name(message_id: str) -> str:
    """A Message-ID, short enough to keep."""
    return blake2b(message_id.strip().encode("utf-8", "replace"), digest_size=16).hexdigest()
