"""Check what must hold after any fault."""

import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from supportdesk.faults.invariants import violations


class Command(BaseCommand):
    """Exit code 0 when everything holds, 1 otherwise."""

    help = "Check what must hold after any fault: one line of JSON for each row that breaks one, then a count."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--most", type=int, default=200, help="Print at most this many rows; all are counted.")

    def handle(self, *, most: int, **options) -> None:
        count = 0
        for count, violation in enumerate(violations(now=timezone.now()), start=1):
            if count <= most:
                self.stdout.write(json.dumps(asdict(violation)))
        self.stdout.write(json.dumps({"violations": count}))
        if count:
            sys.exit(1)
