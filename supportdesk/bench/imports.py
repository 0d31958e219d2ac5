"""History of other desks: how many rows a second become tickets, and how many are known again."""

import csv
import io
import json
import time
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from accounts.choices import Role
from accounts.models import Grant, Person
from supportdesk.load.words import Words
from tickets.actions.imports import begin, work
from tickets.import_choices import ExportKind
from tickets.models import Team, TicketImport

USUAL_ROWS = 20_000
FEWEST = 200
CUSTOMERS = 2_000


def measure(*, rows: int, now: datetime) -> dict[str, dict]:
    """A table of `rows` tickets, the same again, and an export of Zendesk: people, tickets, their comments."""
    admin = Person.objects.create_user("importer@desk.load.example", name="Ida Import", created_at=now)
    Grant.objects.create(person=admin, role=Role.ADMIN, granted_at=now)
    table, export = _table(rows, now), _export(rows // 4, now)
    return {
        "a table": _brought(admin, ExportKind.TABLE, table, rows, now),
        "the same table again": _brought(admin, ExportKind.TABLE, table, rows, now),
        "Zendesk, four comments a ticket": _brought(admin, ExportKind.ZENDESK, export, _records(rows // 4), now),
    }


def _brought(admin: Person, kind: str, content: bytes, rows: int, now: datetime) -> dict:
    sent = [begin.Sent("export", len(content), io.BytesIO(content))]
    team = Team.objects.earliest("pk")
    run = begin.prepare(kind=kind, source=f"bench-{kind}", team=team, by=admin, now=now, sent=sent)
    begin.begin(run=run, by=admin, now=now)
    began, used = time.perf_counter(), time.process_time()
    while not work.work(run_id=run.pk, now=timezone.now, seconds=3600):
        time.sleep(0.05)  # a worker has it just now
    seconds = time.perf_counter() - began
    run = TicketImport.objects.get(pk=run.pk)
    if run.bad:
        raise RuntimeError(f"{run.bad} rows were not taken.")
    return {
        "rows": rows, "made": run.made, "same": run.same, "seconds": round(seconds, 2),
        "rows_a_second": round(rows / seconds), "cpu_seconds": round(time.process_time() - used, 2),
    }  # fmt: skip


def _records(tickets: int) -> int:
    """Of the export: people, tickets, and four comments of each."""
    return min(CUSTOMERS, max(tickets, 1)) + 5 * tickets


def _table(rows: int, now: datetime) -> bytes:
    out, words, random = io.StringIO(), Words(3), Random(3)  # noqa: S311 - the same rows each time
    writer = csv.writer(out)
    head = "Ticket ID,Subject,Description,Email,Name,Status,Priority,Created,Closed,Tags"
    writer.writerow(head.split(","))
    for number in range(rows):
        told, customer = words.ticket(), random.randrange(CUSTOMERS)
        at = now - timedelta(minutes=(rows - number) * 7 + 60)
        writer.writerow((
            number, told.subject, told.turns[0].replace("\\n", "\n"), f"c{customer}@import.load.example",
            f"Customer {customer}",
            "Open" if number % 20 == 0 else "Closed", "High" if number % 9 == 0 else "Normal", at.isoformat(),
            (at + timedelta(minutes=40)).isoformat(), "kit,order" if number % 3 else "",
        ))  # fmt: skip
    return out.getvalue().encode()


def _export(tickets: int, now: datetime) -> bytes:
    words, random, lines = Words(4), Random(4), []  # noqa: S311 - the same rows each time
    people = min(CUSTOMERS, max(tickets, 1))
    for no in range(people):
        lines.append({"id": no, "email": f"z{no}@import.load.example", "name": f"Zoe {no}", "role": "end-user"})
    for number in range(tickets):
        told, who = words.ticket(), random.randrange(people)
        at = now - timedelta(minutes=(tickets - number) * 9 + 90)
        lines.append({
            "id": number, "subject": told.subject, "status": "closed", "requester_id": who,
            "created_at": at.isoformat(), "updated_at": (at + timedelta(minutes=50)).isoformat(), "tags": ["order"],
            "comments": [
                {"id": number * 10 + no, "author_id": who, "body": turn.replace("\\n", "\n"), "public": no != 2,
                 "created_at": (at + timedelta(minutes=no * 10)).isoformat()}
                for no, turn in enumerate((*told.turns, told.turns[0])[:4])
            ],
        })  # fmt: skip
    return b"\n".join(json.dumps(line).encode() for line in lines) + b"\n"
