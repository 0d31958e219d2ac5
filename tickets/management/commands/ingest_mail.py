"""Mail from files, folders or standard input, one JSON line each. Postfix and Exim can pipe to it.

manage.py ingest_mail mails/ one.eml archive.mbox
manage.py ingest_mail < one.eml
manage.py ingest_mail --dry-run --parsed one.eml       what would become of it, and what was understood
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from mail.actions import reply_address
from mail.actions.store import mailbox_of, store_raw, which_mailbox
from mail.choices import Door
from mail.mail_files import mails_in, recipients_in, without_from_line
from mail.models import Mailbox
from mail.parsing import to_json
from mail.parsing.types import ParsedMail, Unparsable
from tickets.actions.rehearse import rehearse
from tickets.actions.take_in import Outcome, parse_bytes, take_in

# sysexits.h: the mail server keeps the mail and tries again.
EX_TEMPFAIL = 75
WAIT_SECONDS = 60


class Command(BaseCommand):
    """See the module's text."""

    help = "Take in mail from files, folders, mbox archives or standard input; prints one JSON line a mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", help="Files, folders or - for standard input, the default.")
        parser.add_argument("--mailbox", help="The address whose mailbox gets the mail; else its recipients say.")
        parser.add_argument("--sender", default="", help="The envelope sender, as the mail server knows it.")
        parser.add_argument("--recipient", default="", help="The envelope recipient, as the mail server knows it.")
        parser.add_argument("--dry-run", action="store_true", help="Store nothing; say what would happen.")
        parser.add_argument("--parsed", action="store_true", help="Add what was understood of each mail.")

    def handle(self, *, paths: list[str], **options) -> None:
        """Exit 75 when the database is away, so that the mail server tries again; 1 when a file cannot be read."""
        self.options = options
        unreadable = False
        for name, content in _all_mails(paths or ["-"]):
            if isinstance(content, OSError):
                unreadable = True
                self._say(name, Outcome("unreadable", reason=content.strerror or "It cannot be read."), None)
                continue
            try:
                self._one(name, content)
            except (DatabaseError, OSError) as error:
                self.stderr.write(f"{name}: not taken over, try again later ({type(error).__name__}).")
                sys.exit(EX_TEMPFAIL)
        if unreadable:
            sys.exit(1)

    def _one(self, name: str, content: bytes) -> None:
        mailbox = self._mailbox(content)
        parsed, problem = self._understand(content, mailbox)
        if self.options["dry_run"]:
            if parsed is None:
                outcome = Outcome("quarantined", reason=problem.sentence if problem else "")
            else:
                outcome = self._rehearse(content, parsed, mailbox)
        else:
            outcome = self._store(content, mailbox)
        self._say(name, outcome, parsed)

    def _rehearse(self, content: bytes, parsed: ParsedMail, mailbox: Mailbox | None) -> Outcome:
        try:
            return rehearse(content=content, parsed=parsed, mailbox=mailbox, now=timezone.now())
        except (DatabaseError, OSError):
            raise
        except Exception as error:  # what would happen is what was asked, and it has happened just now
            return Outcome("pending", reason=f"{type(error).__name__} while it was taken in. It would be tried again.")

    def _understand(self, content: bytes, mailbox: Mailbox | None) -> tuple[ParsedMail | None, Unparsable | None]:
        if not (self.options["dry_run"] or self.options["parsed"]):
            return None, None
        try:
            return parse_bytes(content, mailbox), None
        except Unparsable as problem:
            return None, problem

    def _store(self, content: bytes, mailbox: Mailbox | None) -> Outcome:
        row, is_new = store_raw(
            raw=content,
            mailbox=mailbox,
            door=Door.COMMAND,
            envelope_from=self.options["sender"],
            envelope_to=self.options["recipient"],
            now=timezone.now(),
        )
        try:
            outcome = _finished(row.pk)
        except (DatabaseError, OSError):
            raise
        except Exception as error:  # it is written down and kept, and the mails behind it are not its business
            outcome = Outcome("pending", reason=f"{type(error).__name__} while it was taken in. It is tried again.")
        if is_new or outcome.outcome in ("pending", "quarantined"):
            return outcome
        return Outcome("duplicate", outcome.ticket, outcome.message, "This very mail was stored before.")

    def _mailbox(self, content: bytes) -> Mailbox | None:
        wanted = self.options["mailbox"]
        if wanted:
            mailbox = mailbox_of(wanted)
            if mailbox is None:
                raise CommandError(f"There is no mailbox {wanted}.")
            return mailbox
        recipients = [self.options["recipient"], *recipients_in(content)]
        signed = (reply_address.read(address) for address in recipients if "+" in address)
        target = next((found for found in signed if found), None)
        return target.mailbox if target else which_mailbox(recipients)

    def _say(self, name: str, outcome: Outcome, parsed: ParsedMail | None) -> None:
        line = {"file": name, **asdict(outcome)}
        if self.options["parsed"]:
            # The same keys in every line, so that a program that reads them never stumbles over a bomb.
            line |= to_json(parsed) if parsed else dict.fromkeys(to_json(ParsedMail()))
        self.stdout.write(json.dumps(line, ensure_ascii=False))


def _all_mails(paths: list[str]) -> Iterator[tuple[str, bytes | OSError]]:
    for path in paths:
        if path == "-":
            yield "-", without_from_line(sys.stdin.buffer.read())
            continue
        try:
            yield from mails_in(Path(path))
        except OSError as error:
            yield path, error


def _finished(raw_id: int) -> Outcome:
    """Take the mail in, or wait for the worker that has it just now."""
    for _ in range(WAIT_SECONDS * 20):
        outcome = take_in(raw_id=raw_id, now=timezone.now())
        if outcome.outcome != "pending":
            return outcome
        time.sleep(0.05)
    return outcome
