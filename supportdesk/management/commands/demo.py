"""Make a company to look at."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from supportdesk.demo import run
from supportdesk.demo.trade import COMPANY, PASSWORD


class Command(BaseCommand):
    """Prints the address and the sign-ins, however often it is called."""

    help = (
        "Fill an empty database with a made-up company: staff of every role, customers, eight weeks of tickets. "
        "Called again, it only prints the sign-ins. Refuses where other data is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anyway", action="store_true", help="Add the company beside the data that is here.")

    def handle(self, *, anyway: bool, **options) -> None:
        try:
            with tqdm(desc="Eight weeks", unit=" steps", file=self.stderr._out, leave=False, disable=None) as bar:
                made = run.lay(now=timezone.now(), anyway=anyway, progress=bar.update)
        except run.NotEmpty as error:
            raise CommandError(f"{error} Use an empty VAR_DIR or database, or add --anyway.") from None
        how_long = f", made in {made.seconds:.0f} s" if made.seconds else ""
        lines = [f"{COMPANY}: {made.tickets} tickets{how_long}. A DEMO: nothing in it is real."]
        if not run.is_whole():
            lines.append("Making it was interrupted, so some weeks are missing. An empty VAR_DIR starts afresh.")
        lines.append(f"Sign in at {settings.SITE_URL}/sign-in/ with the demo password   {PASSWORD}")
        lines += [f"  {address:<44} {shows}" for address, shows in run.sign_ins(made.customers)]
        self.stdout.write("\n".join(lines))
