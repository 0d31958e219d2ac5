"""Fetch mail from every mailbox that has an IMAP server."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mail.actions.fetch import fetch_mail, mailboxes_to_fetch


class Command(BaseCommand):
    """Prints a line a mailbox; ends with an error when one of them could not be read."""

    help = "Fetch new mail by IMAP, from every mailbox or from the ones that are named."

    def add_arguments(self, parser):
        parser.add_argument("addresses", nargs="*", metavar="ADDRESS", help="Only these mailboxes.")
        parser.add_argument("--limit", type=int, help="At most this many messages of each mailbox.")

    def handle(self, *, addresses, limit, **options):
        mailboxes = mailboxes_to_fetch()
        known = {mailbox.address for mailbox in mailboxes}
        wanted = {address.lower() for address in addresses}
        if wanted - known:
            raise CommandError(f"No active mailbox with an IMAP server: {', '.join(sorted(wanted - known))}")
        failed = False
        for mailbox in mailboxes:
            if wanted and mailbox.address not in wanted:
                continue
            done = fetch_mail(mailbox=mailbox, clock=timezone.now, limit=limit)
            failed = failed or bool(done.error)
            said = (
                "another process is fetching it"
                if done.is_busy
                else done.error or (f"{done.new} new, {done.known} known, {done.aside} set aside")
            )
            self.stdout.write(f"{mailbox.address}: {said}")
        if failed:
            raise CommandError("At least one mailbox could not be read.")
