"""The first admin."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.actions import people, roles
from mail.addresses import BadAddress


class Command(BaseCommand):
    """Whoever can run this already holds the database, so the address counts as proven."""

    help = "Make somebody the first admin of this desk. They sign in with a code mailed to the address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--name", default="")

    def handle(self, *, address: str, name: str, **options) -> None:
        now = timezone.now()
        try:
            person = people.prove_address(email=address, name=name, now=now)
            roles.appoint_first_admin(person=person, now=now)
        except (BadAddress, roles.CannotChangeRole) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{person.email} is an admin now and signs in at /sign-in/.")
