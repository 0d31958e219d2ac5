"""For an admin who lost their phone and has no colleague to ask."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.actions import people
from accounts.models import Person
from mail.addresses import BadAddress


class Command(BaseCommand):
    """Whoever can run this already holds the database."""

    help = "Remove the second factor of somebody who lost it. They are told by mail, and the journal keeps it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *, address: str, **options) -> None:
        try:
            person = Person.objects.by_address(address).first()
        except BadAddress as error:
            raise CommandError(str(error)) from None
        if person is None:
            raise CommandError(f"Nobody has the address {address}.")
        people.reset_second_factor_at_the_server(person=person, now=timezone.now())
        self.stdout.write(f"{person.email} signs in without a second factor now.")
