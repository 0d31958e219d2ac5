"""Hurt a running desk and see that it loses nothing."""

import argparse
import json
import sys

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supportdesk.bench.apart import BrokeOff, run_apart
from supportdesk.faults import run
from supportdesk.faults.scenes import SCENES


class Command(BaseCommand):
    """Starts a desk of its own in a temporary folder, with its own PostgreSQL and ports, and removes it at the end."""

    help = (
        "Kill -9 workers, pages and the database, cut connections, break the mail server, poison the queue; then let "
        "everything finish, check the invariants and compare what was promised with what arrived. Exit code 1 if "
        "anything was lost or doubled."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="Another seed draws other moments.")
        parser.add_argument("--seconds", type=float, default=180, help="How long the faults last, all together.")
        parser.add_argument("--only", metavar="IDS", default="", help="Some of them, as in F1,F6.")
        parser.add_argument("--json", action="store_true", help="Print JSON instead of a table.")
        parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)

    def handle(self, *, seed: int, seconds: float, only: str, here: bool, **options) -> None:
        wanted = [name.strip().upper() for name in only.split(",") if name.strip()] or list(SCENES)
        unknown = [name for name in wanted if name not in SCENES]
        if unknown:
            raise CommandError(f"There is no {', '.join(unknown)}, but {', '.join(SCENES)}. F21 is always played.")
        if here:
            self.stdout.write(json.dumps(run.run(seed=seed, seconds=seconds, only=wanted)))
            return
        try:
            results = json.loads(run_apart(
                "faults", "--here", "--seed", str(seed), "--seconds", str(seconds), "--only", ",".join(wanted)
            ))  # fmt: skip
        except BrokeOff as error:
            raise CommandError(f"The run broke off. {error}") from None
        self.stdout.write(json.dumps(results, indent=2) if options["json"] else table(results))
        if not results["passed"]:
            sys.exit(1)


def table(results: dict) -> str:
    """The run for people."""
    lines = [f"{'passed' if one['passed'] else 'FAILED'}  {one['id']:<4} {one['what']} {one['seen']}."
             for one in results["faults"]]  # fmt: skip
    account = results["account"]
    lines += [
        "",
        f"Mails in:  {account['promised']} promised, {len(account['lost_in'])} lost, "
        f"{len(account['doubled_in'])} doubled.",
        f"Mails out: {account['sent']} sent, {len(account['lost_out'])} lost, {account['sent_again']} sent again under "
        f"the same Message-ID ({account['may_be_sent_again']} could not be known).",
        f"Unfinished: {account['unfinished']}. Invariants broken: {len(account['violations'])}.",
        *(f"  {one['invariant']} {one['row']}: {one['says']} ({one['detail']})" for one in account["violations"][:20]),
        "Everything held." if results["passed"] else "NOT everything held.",
    ]
    return "\n".join(lines)
