"""Measure the product beside a bare view in the same process."""

import argparse
import json

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supportdesk.bench.apart import BrokeOff, run_apart
from supportdesk.bench.report import growth, markdown
from supportdesk.bench.run import NotEmpty, measure


class Command(BaseCommand):
    """Loads a database of its own, serves it, measures, prints JSON and removes it. Nothing of yours is touched."""

    help = "Measure pages, actions, mail, timers and memory on a throw-away desk; print JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tickets", type=int, default=100_000, help="How many to load, 4 messages each.")
        parser.add_argument("--invoices", type=int, help="How many the shop has; else one for each ticket, to 100,000.")
        parser.add_argument("--compare", metavar="SIZES", help="Several sizes, as in 10000,100000: adds the growth.")
        parser.add_argument("--markdown", action="store_true", help="Print tables instead of JSON.")
        parser.add_argument("--database-url", help="An empty database on another server.")
        parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)

    def handle(
        self,
        *,
        tickets: int,
        invoices: int | None,
        compare: str | None,
        here: bool,
        database_url: str | None,
        **options,
    ) -> None:
        if here:
            return self._measure_here(tickets, invoices)
        try:
            sizes = [int(size) for size in compare.split(",")] if compare else [tickets]
        except ValueError:
            raise CommandError("Write the sizes as numbers with commas between, as in 10000,100000.") from None
        if min([*sizes, invoices or 200]) < 200:
            raise CommandError("There is nothing to measure below 200 tickets or invoices.")
        if database_url and len(sizes) > 1:
            raise CommandError("Each size needs an empty database; compare on our own server.")
        results = [self._measure_apart(size, invoices, database_url) for size in sizes]
        self._print(results, as_tables=options["markdown"])
        return None

    def _measure_here(self, tickets: int, invoices: int | None) -> None:
        try:
            self.stdout.write(json.dumps(measure(tickets=tickets, invoices=invoices)))
        except NotEmpty as error:
            raise CommandError(str(error)) from None

    def _measure_apart(self, tickets: int, invoices: int | None, database_url: str | None) -> dict:
        elsewhere = {"DATABASE_URL": database_url} if database_url else {}
        try:
            size = ["--tickets", str(tickets), *(["--invoices", str(invoices)] if invoices else [])]
            return json.loads(run_apart("bench", "--here", *size, BENCH="1", **elsewhere))
        except BrokeOff:
            raise CommandError(f"Measuring {tickets:,} tickets failed; the reason is above.") from None

    def _print(self, results: list[dict], *, as_tables: bool) -> None:
        if as_tables:
            self.stdout.write("\n\n".join(markdown(result) for result in results))
            return
        printed = results[0] if len(results) == 1 else {"sizes": results, "growth": growth(results)}
        self.stdout.write(json.dumps(printed, indent=2))
