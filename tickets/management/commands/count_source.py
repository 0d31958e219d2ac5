"""`manage.py count_source "Old Zendesk" day.json`: compare a source's export of a day with what the desk holds."""

import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tickets.actions.start_of_day import counting
from tickets.models import InboxSource
from tickets.sources.exports import LARGEST


class Command(BaseCommand):
    """For a nightly job beside the desk. Says what is missing, and ends with 1 when something is."""

    help = "Compare a source's own export with what the desk holds, id by id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="The name of the source, as in its settings.")
        parser.add_argument("file", help="Its export: JSON, JSON lines or CSV. “-” reads standard input.")
        parser.add_argument("--on", default="", help="The last day that it holds, like 2026-11-22. Default: yesterday.")

    def handle(self, *args: Any, **options: Any) -> None:
        source = InboxSource.objects.filter(name=options["source"].replace("\x00", "")).first()
        if source is None:
            raise CommandError(f"There is no source “{options['source']}”.")
        try:
            on = date.fromisoformat(options["on"]) if options["on"] else None
            content = _content(options["file"])
            counted, read = counting.take_export(source=source, content=content, by=None, on=on, now=timezone.now())
        except (OSError, ValueError, counting.CannotCount) as problem:
            raise CommandError(str(problem)) from problem
        for words in read.bad:
            self.stderr.write(words)
        missing = list(counted.gaps.filter(state="missing").order_by("pk").values_list("external_id", flat=True))
        self.stdout.write(f"{source.name}: {counted.theirs} there, {counted.ours} here, {len(missing)} missing")
        for number in missing:
            self.stdout.write(f"missing: {number}")
        if missing:
            sys.exit(1)


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    with Path(name).open("rb") as file:
        return file.read(LARGEST + 1)
