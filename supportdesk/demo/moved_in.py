"""What the company brought along from the desk that it had before: two years old, closed, by a table of Kayako's."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import Person
from supportdesk.demo.customers import Customer
from tickets.actions.imports import begin, work
from tickets.import_choices import ExportKind
from tickets.models import Team

HEAD = (
    "Ticket ID", "Subject", "Contents", "Email", "Full Name", "Status", "Created At", "Resolved At", "Tags",
    "Message ID", "Message Date", "Author", "Is Public",
)  # fmt: skip
TALKS = (
    ("Which kit for thirty pupils?", "We have thirty pupils in two groups. Which kit do we need?",
     "One class kit for each group; two pupils share a robot.", "kit"),
    ("Robot turns in circles", "One robot only turns to the left since this morning.",
     "Please calibrate both motors: hold A and B while you switch it on.", "robots"),
    ("Charging station is dead", "None of the lamps of the charging station is on.",
     "Its fuse is below the plug. A spare one is in the lid.", "robots"),
    ("Licence for a second classroom", "May we use the software in a second room?",
     "Yes, a licence is for the school.", "licence"),
    ("Invoice to another address", "Could the invoice go to our district office instead?",
     "We changed the address; the new invoice is attached.", "invoice"),
)  # fmt: skip
TICKETS = 40
LONG_AGO = timedelta(days=760)
NOTE = "Rang them as well. The head of the school asked to be written to next time."


def lay_moved_in(*, admin: Person, customers: Sequence[Customer], now: datetime) -> None:
    """Bring the table here, as an admin does. Three of its rows are bad, and stand in the list of the import."""
    content = _table([customer.person for customer in customers], now)
    sent = [begin.Sent("kayako-tickets.csv", len(content), io.BytesIO(content))]
    team = Team.objects.earliest("pk")
    run = begin.prepare(kind=ExportKind.TABLE, source="kayako", team=team, by=admin, now=now, sent=sent)
    begin.begin(run=run, by=admin, now=now)
    while not work.work(run_id=run.pk, now=lambda: now, seconds=60):
        continue


def _table(people: Sequence[Person], now: datetime) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for number in range(TICKETS):
        subject, asked, answered, tag = TALKS[number % len(TALKS)]
        person, at = people[number * 7 % len(people)], now - LONG_AGO + timedelta(days=number * 4, minutes=number * 37)
        said = [(asked, person.name, "yes"), (answered, "Ruth Keller", "yes")]
        said += [(NOTE, "Ruth Keller", "no")] if number % 8 == 0 else []
        closed = at + timedelta(hours=5)
        for place, (words, author, is_public) in enumerate(said):
            writer.writerow((
                f"KY-{1000 + number}", subject, words, person.email, person.name, "Resolved", f"{at:%Y-%m-%d %H:%M}",
                f"{closed:%Y-%m-%d %H:%M}", tag, f"{number}-{place}", f"{at + timedelta(hours=place):%Y-%m-%d %H:%M}",
                author, is_public,
            ))  # fmt: skip
    writer.writerow(("KY-2001", "Test", "Test", "nobody", "", "Resolved", "2020-01-01 10:00"))
    writer.writerow(("KY-2002", "Test", "Test", "", "", "Resolved", "2020-01-01 10:00"))
    writer.writerow(("KY-2003", "Test", "Test", "test@school.example", "", "Resolved", "last week"))
    return out.getvalue().encode()
