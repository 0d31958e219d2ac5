"""Fill the desk with any number of tickets."""

import json

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from supportdesk.load.run import load


class Command(BaseCommand):
    """Prints what was loaded, and how fast, as one line of JSON."""

    help = (
        "Add tickets of realistic text, 4 messages each, spread over two years, teams and states. "
        "One transaction: an interruption leaves the database as it was, indexes included."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tickets", type=int, required=True, help="How many to add.")
        parser.add_argument("--seed", type=int, default=1, help="Another seed draws other words and people.")

    def handle(self, *, tickets: int, seed: int, **options) -> None:
        if tickets < 1:
            raise CommandError("Ask for at least one ticket.")
        with tqdm(total=tickets, unit=" tickets", unit_scale=True, file=self.stderr._out, disable=None) as bar:
            loaded = load(tickets=tickets, now=timezone.now(), seed=seed, progress=bar.update)
        self.stdout.write(json.dumps(loaded.as_dict()))
