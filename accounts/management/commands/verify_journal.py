"""Check the journal."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.journal import JournalBroken, verify
from accounts.models import JournalEntry


class Command(BaseCommand):
    """Exit code 0 when every row is as it was written, 1 otherwise."""

    help = "Check that no row of the journal was changed, removed or moved. Prints its head, to be kept elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", metavar="NUMBER:HASH", help="A head printed earlier; shows a cut-off end.")

    def handle(self, *, head: str | None = None, **options) -> None:
        try:
            number, last = verify(
                JournalEntry.objects.order_by("number").iterator(chunk_size=2000), head=self._read_head(head)
            )
        except JournalBroken as broken:
            raise CommandError(f"The journal is broken. {broken}") from None
        self.stdout.write(f"The journal is whole. Head: {number}:{last}")

    def _read_head(self, text: str | None) -> tuple[int, str] | None:
        if text is None:
            return None
        number, _, last = text.partition(":")
        if not number.isdigit() or len(last) != 64:
            raise CommandError("Write the head as NUMBER:HASH, as this command printed it.")
        return int(number), last
