"""Print what a flow would do, and when. Changes nothing and mails nobody."""

from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tickets import flow_plan, open_hours
from tickets.models import Flow


class Command(BaseCommand):
    help = "Print the dated plan of a flow: its mails, tasks and deadlines, for a case that begins at --at."

    def add_arguments(self, parser) -> None:
        parser.add_argument("flow", help="The flow's key, as in onboarding.")
        parser.add_argument("--at", default="", help="When it begins, as in 2026-03-06T16:00. Empty: now.")
        parser.add_argument("--draft", action="store_true", help="Of its draft rather than what is published.")

    def handle(self, *args, **options) -> None:
        flow = Flow.objects.filter(key=options["flow"]).select_related("published").first()
        if flow is None:
            known = ", ".join(Flow.objects.order_by("key").values_list("key", flat=True)) or "none"
            raise CommandError(f"There is no flow {options['flow']!r}. Known are: {known}.")
        draft = flow.versions.filter(published_at__isnull=True).first()
        version = draft if options["draft"] else flow.published
        if version is None:
            raise CommandError(f"{flow.name} has no {'draft' if options['draft'] else 'published version'}.")
        hours = open_hours.read()
        calendar = hours.calendars.get(hours.of_level.get(hours.default_level or 0, 0))
        zone = calendar.zone if calendar else UTC
        start = _moment(options["at"], zone)
        self.stdout.write(f"{flow.name}, version {version.number}. Times of {zone}.")
        for one in flow_plan.plan(version, start=start, hours=calendar):
            who = f" [{one.who}]" if one.who else ""
            self.stdout.write(f"{one.at.astimezone(zone):%a %-d %b %Y %H:%M}  {one.stage}: {one.what}{who}")


def _moment(text: str, zone) -> datetime:
    if not text:
        return timezone.now()
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=zone)
    except ValueError:
        raise CommandError("Write the time as 2026-03-06T16:00.") from None
