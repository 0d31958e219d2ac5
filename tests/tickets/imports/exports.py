"""Exports as their makers document them, and what it takes to bring one here."""

import csv
import io
import json
from datetime import UTC, datetime

from accounts.choices import Role
from tests.factories.accounts import make_staff
from tickets.actions.imports import begin, work
from tickets.models import Team, TicketImport

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)

# The secret words stand in what is private there; no customer may ever read them.
SECRET = "canary-for-us-alone"

ZENDESK_PEOPLE = [
    {"id": 20, "name": "Delta School", "domain_names": ["delta.example"], "shared_tickets": False},
    {"id": 7, "name": "Dana Delta", "email": "Dana@Delta.example", "role": "end-user", "organization_id": 20,
     "created_at": "2024-01-02T10:00:00Z"},
    {"id": 8, "name": "Ali Agent", "email": "ali@desk.example", "role": "agent"},
    {"id": 9, "name": "Bob Former", "email": "bob@gone.example", "role": "admin"},
]  # fmt: skip
ZENDESK_TICKETS = [
    {
        "id": 101, "subject": "Where is my refund?", "status": "closed", "priority": "high", "type": "problem",
        "requester_id": 7, "assignee_id": 8, "tags": ["Billing", "refund"], "via": {"channel": "email"},
        "created_at": "2025-02-01T09:00:00Z", "updated_at": "2025-02-03T09:00:00Z",
        "metric_set": {"solved_at": "2025-02-02T12:00:00Z"},
        "comments": [
            {"id": 1, "author_id": 7, "plain_body": "Where is my refund of 40 dollars?", "public": True,
             "created_at": "2025-02-01T09:00:00Z",
             "attachments": [{"file_name": "invoice.pdf", "content_url": "https://z.example/1"}]},
            {"id": 2, "author_id": 9, "body": f"{SECRET}: fraud?", "public": False,
             "created_at": "2025-02-01T10:00:00Z"},
            {"id": 3, "author_id": 8, "body": "It is on its way.", "public": True,
             "created_at": "2025-02-02T11:00:00Z"},
        ],
    },
    {
        "id": 102, "subject": "The robot stands still", "status": "pending", "requester_id": 7, "assignee_id": 9,
        "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z",
        "comments": [
            {"id": 4, "author_id": 7, "body": "It stands still.", "public": True, "created_at": "2026-03-01T09:00:00Z"},
            {"id": 5, "author_id": 9, "body": "Since when?", "public": True, "created_at": "2026-03-02T09:00:00Z"},
        ],
    },
    {
        "id": 103, "subject": "A new question", "status": "new", "requester_id": 7, "is_public": True,
        "description": "How do I charge it?", "created_at": "2026-03-03T09:00:00Z",
        "updated_at": "2026-03-03T09:00:00Z",
    },
]  # fmt: skip
INTERCOM = [
    {"type": "company", "id": "c1", "company_id": "ext-1", "name": "Delta School", "website": "https://delta.example/x"},
    {"type": "contact", "id": "u7", "role": "user", "email": "dana@delta.example", "name": "Dana Delta",
     "companies": {"type": "list", "data": [{"type": "company", "id": "c1"}]}, "created_at": 1704189600},
    {"type": "admin", "id": "8", "name": "Ali Agent", "email": "ali@desk.example"},
    {
        "type": "conversation", "id": "201", "title": None, "created_at": 1738400400, "updated_at": 1738580400,
        "state": "closed", "open": False, "priority": "priority", "admin_assignee_id": 8,
        "source": {"type": "conversation", "id": "s1", "subject": "", "body": "<p>Hello,<br>where is <b>it</b>?</p>",
                   "author": {"type": "user", "id": "u7", "name": "Dana Delta", "email": "dana@delta.example"}},
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "u7"}]},
        "tags": {"type": "tag.list", "tags": [{"type": "tag", "id": "1", "name": "Refund"}]},
        "statistics": {"last_close_at": 1738500400},
        "conversation_parts": {"type": "conversation_part.list", "conversation_parts": [
            {"type": "conversation_part", "id": "p1", "part_type": "note", "body": f"<p>{SECRET}</p>",
             "created_at": 1738400500, "author": {"type": "admin", "id": "9", "name": "Bob Former"}},
            {"type": "conversation_part", "id": "p2", "part_type": "comment", "body": "<p>On its way &amp; soon.</p>",
             "created_at": 1738400600, "author": {"type": "admin", "id": "8", "name": "Ali Agent"}},
            {"type": "conversation_part", "id": "p3", "part_type": "assignment", "body": None,
             "created_at": 1738400700, "author": {"type": "bot", "id": "1", "name": "Operator"}},
            {"type": "conversation_part", "id": "p4", "part_type": "assignment", "body": f"<p>{SECRET} too</p>",
             "created_at": 1738400800, "author": {"type": "admin", "id": "8", "name": "Ali Agent"}},
        ]},
    },
]  # fmt: skip


def lines(records) -> bytes:
    """A record a line, as accounts are exported."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in records)


def table(head, rows, delimiter=",") -> bytes:
    """A CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([head, *rows])
    return out.getvalue().encode()


def make_admin():
    """Who brings it here."""
    return make_staff(Role.ADMIN, name="Ada Admin")


def prepare(by, kind: str, *files: bytes, source: str = "", now=NOW) -> TicketImport:
    """An import that was not begun."""
    sent = [begin.Sent(f"file{no}", len(one), io.BytesIO(one)) for no, one in enumerate(files)]
    team = Team.objects.earliest("pk")
    return begin.prepare(kind=kind, source=source or kind, team=team, by=by, now=now, sent=sent)


def bring(by, kind: str, *files: bytes, source: str = "", now=NOW, **options) -> TicketImport:
    """One that is done."""
    run = prepare(by, kind, *files, source=source, now=now)
    begin.begin(run=run, by=by, now=now, **options)
    assert work.work(run_id=run.pk, now=lambda: now, seconds=600)
    run.refresh_from_db()
    assert (run.state, run.said) == ("done", "")
    return run


def counts(run: TicketImport) -> tuple[int, int, int, int]:
    """(new, changed, the same, not taken)"""
    return run.made, run.changed, run.same, run.bad


def whys(run: TicketImport) -> list[str]:
    """What is said of the rows that were not taken."""
    return list(run.refusals.order_by("pk").values_list("why", flat=True))
