"""Gather the facts that reports count, now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from insights.actions.gather import gather, start_again


class Command(BaseCommand):
    """`manage.py gather_facts` brings the reports up to date; the workers do so every 20 seconds by themselves."""

    help = "Bring the facts of the reports up to date with the desk."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="Gather every ticket afresh, not only what changed.")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["again"]:
            start_again()
        with tqdm(unit=" tickets", disable=None) as bar:
            done = gather(now=timezone.now(), limit=10**9, is_thorough=True, progress=bar.update)
        self.stdout.write(f"{done} tickets gathered.")
