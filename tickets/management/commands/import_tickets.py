"""Bring tickets and people of another desk here from the command line.

manage.py import_tickets --kind zendesk --by ada@desk.example export/tickets.json export/users.json
manage.py import_tickets --kind table --source kayako --by ada@desk.example tickets.csv
"""

import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.text import slugify
from tqdm import tqdm

from accounts.access import NotAllowed
from accounts.models import Person
from tickets.actions.imports import begin as imports
from tickets.actions.imports.work import work
from tickets.import_choices import ExportKind
from tickets.models import Team, TicketImport


class Command(BaseCommand):
    """Exit code 0 when every row was taken, 1 when some were not; they are listed."""

    help = "Bring tickets and people of another desk here. Safe to stop and to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)
        parser.add_argument("--kind", choices=ExportKind.values, help="What the files are.")
        parser.add_argument("--by", help="The address of the admin in whose name tickets are brought.")
        parser.add_argument("--source", default="", help="The name of the other desk; its numbers are kept under it.")
        parser.add_argument("--team", default="", help="Where tickets go that name no team; else the first team.")
        parser.add_argument("--reasons-from-tags", action="store_true", help="Tags become contact reasons.")
        parser.add_argument("--go-on", type=int, metavar="NUMBER", help="Go on with an import that was begun.")

    def handle(self, *, files: list[Path], go_on: int | None, **options) -> None:
        run = TicketImport.objects.filter(pk=go_on).first() if go_on else self._begin(files, options)
        if run is None:
            raise CommandError("There is no such import.")
        done, whole = imports.size_of(run)
        with tqdm(total=whole, initial=done, unit="B", unit_scale=True) as bar:
            while not work(run_id=run.pk, now=timezone.now, seconds=3600, step=bar.update):
                time.sleep(0.5)  # a worker of the desk has it just now
        self._tell(run)

    def _begin(self, files: list[Path], options: dict) -> TicketImport:
        if not files or not options["kind"] or not options["by"]:
            raise CommandError("Name the files, --kind and --by.")
        person = Person.objects.filter(email=options["by"].lower()).first()
        team = Team.objects.filter(name=options["team"]).first() if options["team"] else Team.objects.earliest("pk")
        if person is None or team is None:
            raise CommandError(f"There is no {'person ' + options['by'] if person is None else options['team']}.")
        try:
            opened = [path.open("rb") for path in files]
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from None
        now, source = timezone.now(), slugify(options["source"])[:40] or options["kind"]
        try:
            sent = [
                imports.Sent(path.name, path.stat().st_size, file) for path, file in zip(files, opened, strict=True)
            ]
            run = imports.prepare(kind=options["kind"], source=source, team=team, by=person, now=now, sent=sent)
            return imports.begin(run=run, by=person, now=now, reasons_from_tags=options["reasons_from_tags"])
        except (imports.CannotImport, NotAllowed) as refusal:
            raise CommandError(str(refusal)) from None
        finally:
            for file in opened:
                file.close()

    def _tell(self, run: TicketImport) -> None:
        run.refresh_from_db()
        self.stdout.write(f"New: {run.made}\nChanged: {run.changed}\nUnchanged: {run.same}\nNot taken: {run.bad}")
        for one in run.refusals.order_by("pk")[:1000]:
            self.stderr.write(f"{one.file}, row {one.row}: {one.why}")
        if run.bad or run.said:
            raise CommandError(run.said or f"{run.bad} rows were not taken.")
