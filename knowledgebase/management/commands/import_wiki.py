"""Take pages from a DokuWiki or a folder of Markdown."""

import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.access import NotAllowed
from accounts.models import Person
from knowledgebase.actions import importing
from knowledgebase.choices import ImportKind, ImportOutcome
from knowledgebase.models import ImportLine, ImportRun, Space


class Command(BaseCommand):
    """Exit code 0 when every page was taken, 1 when some were not; they are listed."""

    help = "Take pages from a folder into a space. Safe to stop and to run again: what is unchanged stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--kind", choices=ImportKind.values, required=True)
        parser.add_argument("--space", required=True, help="The key of the space, such as help.")
        parser.add_argument("--by", required=True, help="The address of the admin in whose name pages are saved.")

    def handle(self, *, folder: Path, kind: str, space: str, by: str, **options) -> None:
        person = Person.objects.filter(email=by.lower()).first()
        into = Space.objects.filter(key=space).first()
        if person is None or into is None:
            raise CommandError(f"There is no {'person ' + by if person is None else 'space ' + space}.")
        run = ImportRun.objects.filter(space=into, folder=str(folder.resolve()), ended_at=None).first()
        try:
            run = run or importing.begin(kind=kind, folder=folder.resolve(), space=into, by=person, now=timezone.now())
        except (importing.CannotImport, NotAllowed) as refusal:
            raise CommandError(str(refusal)) from None
        with tqdm(total=run.total, initial=run.lines.count(), unit=" pages") as bar:
            while not importing.work(run_id=run.pk, now=timezone.now, seconds=3600, step=bar.update):
                time.sleep(0.5)  # a worker of the desk has it just now
                bar.n = run.lines.count()
                bar.refresh()
        self._tell(run)

    def _tell(self, run: ImportRun) -> None:
        lines = ImportLine.objects.filter(run=run)
        for outcome in ImportOutcome:
            self.stdout.write(f"{outcome.label}: {lines.filter(outcome=outcome).count()}")
        bad = list(lines.filter(outcome=ImportOutcome.BAD).order_by("source"))
        for line in bad:
            self.stderr.write(f"{line.source}: {line.says}")
        if bad:
            raise CommandError(f"{len(bad)} of {run.total} pages were not taken.")
