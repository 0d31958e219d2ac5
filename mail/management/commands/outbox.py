"""Look at what waits to be sent, hold all of it, or let it go."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mail.actions import outbox


class Command(BaseCommand):
    """`status`, `pause`, `resume`. After a restore mail is paused by itself; see docs/deploy.md."""

    help = "Whether mail leaves, and what waits; after a restore, let it go or leave out what may have been sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["status", "pause", "resume"])
        parser.add_argument("--leave-out", action="store_true", help="Resume without what was written before.")

    def handle(self, *, verb: str, leave_out: bool, **options) -> None:
        now = timezone.now()
        if verb == "pause":
            outbox.pause(now=now)
        if verb == "resume":
            self._resume(leave_out)
            return
        waits = outbox.look(now=now)
        self.stdout.write(_words(waits) if waits else "Mail leaves.")

    def _resume(self, leave_out: bool) -> None:
        try:
            waited = outbox.resume(now=timezone.now(), leave_out=leave_out)
        except outbox.NotPaused as refusal:
            raise CommandError(str(refusal)) from None
        leaves = waited.new if leave_out else waited.old + waited.new
        left_out = f", {waited.old} left out" if leave_out else ""
        self.stdout.write(f"Mail leaves again: {leaves} to send{left_out}.")


def _words(waits: outbox.Outbox) -> str:
    since = f"{waits.since:%Y-%m-%d %H:%M} UTC"
    return f"Mail is paused since {since}: {waits.old} written before wait, {waits.new} written since."
