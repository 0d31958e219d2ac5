"""Messages, replies and notes over the API, and that notes stay where they are (S29)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import JournalEntry
from mail.choices import MailState
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.mail import make_raw
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions.intake import add_customer_message
from tickets.actions.note import add_note
from tickets.models import ContactReason, Message, Note, Team, Ticket, TicketEvent

pytestmark = pytest.mark.django_db


def first_of(ticket) -> Message:
    return ticket.messages.order_by("pk").first()


def test_a_message_says_all_that_the_desk_understood(program, agent):
    ticket = make_ticket(subject="Licences", text="Thirty pupils.")
    Message.objects.filter(ticket=ticket).update(
        raw=make_raw(), to_line=[{"name": "Help", "email": "help@desk.example"}], cc_line=[{"email": "c@d.example"}],
        quoted_text="> older", html='<p onclick="x()">Thirty <script>alert(1)</script><b>pupils</b>.</p>',
        authentication={"verdict": "pass", "spf": "pass", "dkim": "none", "dmarc": "pass", "aligned": True},
        auto_reply="ooo",
    )  # fmt: skip
    row = first_of(ticket)
    row.raw.subject_line = "Re: our licences"
    row.raw.save()

    [said] = program(agent).get(f"tickets/{ticket.pk}/messages/").json()["results"]

    assert said == {
        "id": row.pk,
        "url": f"http://127.0.0.1:8000/api/messages/{row.pk}/",
        "ticket": ticket.pk,
        "author": "customer",
        "person": {"id": ticket.requester_id, "name": ticket.requester.name, "email": ticket.requester.email},
        "from": {"name": ticket.requester.name, "email": ticket.requester.email, "handle": ""},
        "channel": "mail",
        "to": [{"name": "Help", "email": "help@desk.example"}],
        "cc": [{"name": "", "email": "c@d.example"}],
        "subject": "Re: our licences",
        "text": "Thirty pupils.",
        "quoted_text": "> older",
        "html": "<p>Thirty <b>pupils</b>.</p>",
        "created_at": "2026-03-04T09:30:00Z",
        "attachments": [],
        "authentication": {"verdict": "pass", "spf": "pass", "dkim": "none", "dmarc": "pass", "aligned": True},
        "auto_reply": "ooo",
        "is_held": False,
        "held_reason": "",
        "delivery": {"state": "none", "error": "", "leaves_at": None},
    }


@pytest.mark.parametrize("line", [[{}], [{"name": None, "email": None}], [{"email": "a@b.example", "name": ["x"]}]])
def test_a_message_with_odd_rows_is_still_readable(program, agent, line):
    ticket = make_ticket()
    Message.objects.filter(ticket=ticket).update(to_line=line, authentication={"aligned": None}, person=None)

    answer = program(agent).get(f"messages/{first_of(ticket).pk}/")

    assert answer.status_code == 200
    assert set(answer.json()["to"][0]) == {"name", "email"}
    assert answer.json()["authentication"]["verdict"] == "none"


def test_the_writer_of_a_reply_is_shown_with_the_address_that_the_customer_sees(program, agent):
    ticket = make_ticket()

    said = program(agent).post(f"tickets/{ticket.pk}/reply/", {"text": "Two.", "last_seen": ticket.last_message_id})

    assert said.status_code == 201
    assert said.json()["from"] == {"name": "Alma Agent", "email": "help@desk.example", "handle": ""}
    assert said.json()["to"] == [{"name": ticket.requester.name, "email": ticket.requester.email}]
    assert said.headers["Location"] == said.json()["url"]


def test_a_reply_goes_out_once_with_its_copies_and_closes_with_its_reason(program, agent):
    ticket = make_ticket()
    reason = ContactReason.objects.create(name="Licences")
    body = {"text": "Two.", "last_seen": ticket.last_message_id, "cc": ["Head@School.example"], "then": "closed",
            "reason": reason.pk}  # fmt: skip

    answer = program(agent).post(f"tickets/{ticket.pk}/reply/", body)

    assert answer.json()["cc"] == [{"name": "", "email": "head@school.example"}]
    mails = OutgoingMail.objects.filter(subject_key=f"ticket:{ticket.pk}")
    assert set(mails.values_list("to_address", flat=True)) == {ticket.requester.email, "head@school.example"}
    assert mails.count() == 2
    ticket.refresh_from_db()
    assert (ticket.category, ticket.contact_reason, ticket.closed_by) == ("closed", reason, agent)


def test_a_reply_that_is_too_late_says_what_was_written_meanwhile(program, agent):
    ticket = make_ticket()
    seen = ticket.last_message_id
    newer = add_customer_message(ticket=ticket, person=ticket.requester, text="Wait!", channel="web", now=WEDNESDAY)

    answer = program(agent).post(f"tickets/{ticket.pk}/reply/", {"text": "Two.", "last_seen": seen})

    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "stale"
    assert [(m["id"], m["text"]) for m in error["newer"]] == [(newer.pk, "Wait!")]
    assert not OutgoingMail.objects.exists()
    again = {"text": "Two.", "last_seen": seen, "anyway": True}
    assert program(agent).post(f"tickets/{ticket.pk}/reply/", again).status_code == 201


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"last_seen": None}, 400, "last_seen"),
        ({"last_seen": -1}, 400, "last_seen"),
        ({"last_seen": "1"}, 400, "last_seen"),
        ({"anyway": "yes"}, 400, "anyway"),
        ({"anyway": 1}, 400, "anyway"),
        ({"then": "deleted"}, 400, "then"),
        ({"reason": 10**6}, 400, "reason"),
        ({"cc": "a@b.example"}, 400, "cc"),
        ({"cc": ["a@b.example"] * 21}, 400, "cc"),
        ({"cc": ["nobody"]}, 422, None),
        ({"cc": ["a@b.example\nBcc: c@d.example"]}, 422, None),
        ({"text": ""}, 400, "text"),
        ({"text": " \n "}, 422, None),
    ],
)
def test_a_reply_that_cannot_be_is_refused_and_nothing_is_sent_s14(program, agent, change, status, field):
    ticket = make_ticket()
    body = {"text": "Two.", "last_seen": ticket.last_message_id, **change}

    answer = program(agent).post(f"tickets/{ticket.pk}/reply/", body)

    assert answer.status_code == status, answer.content
    assert list(answer.json()["error"]["fields"]) == ([field] if field else [])
    assert not OutgoingMail.objects.exists()
    assert ticket.messages.count() == 1


def test_a_reply_is_taken_back_by_its_writer_only_and_once(program, agent, lead):
    ticket = make_ticket()
    who = program(agent)
    pk = who.post(f"tickets/{ticket.pk}/reply/", {"text": "Two.", "last_seen": ticket.last_message_id}).json()["id"]

    assert program(lead).post(f"messages/{pk}/take-back/").status_code == 409
    taken = who.post(f"messages/{pk}/take-back/")
    assert (taken.status_code, taken.json()["delivery"]["state"]) == (200, "cancelled")
    assert who.post(f"messages/{pk}/take-back/").status_code == 409
    assert OutgoingMail.objects.get().state == MailState.CANCELLED
    assert [m["author"] for m in who.get(f"tickets/{ticket.pk}/messages/").json()["results"]] == ["customer"]


def test_a_reply_that_failed_is_sent_again(program, agent):
    ticket = make_ticket()
    who = program(agent)
    pk = who.post(f"tickets/{ticket.pk}/reply/", {"text": "Two.", "last_seen": ticket.last_message_id}).json()["id"]
    OutgoingMail.objects.update(state=MailState.FAILED, error_kind="permanent", last_error="No such address")
    Message.objects.filter(pk=pk).update(delivery="failed", delivery_error="No such address")

    assert who.get(f"messages/{pk}/").json()["delivery"]["error"] == "No such address"
    assert who.post(f"messages/{pk}/retry/").json()["delivery"] == {
        **who.get(f"messages/{pk}/").json()["delivery"], "state": "pending", "error": ""
    }  # fmt: skip
    assert OutgoingMail.objects.get().state == MailState.QUEUED
    assert who.post(f"messages/{pk}/retry/").status_code == 409


CANARY = "kestrel-canary"


def test_a_private_note_is_nowhere_but_with_notes_s29(program, agent):
    """The word is looked for in every answer that a token without notes:read can get."""
    ticket = make_ticket()
    everything = program(agent)
    everything.post(f"tickets/{ticket.pk}/notes/", {"text": CANARY})
    who = program(agent, "tickets:write", "people:write", "organisations:write")
    last = ticket.last_message_id
    person = ticket.requester_id
    answers = [
        who.get("tickets/"), who.get(f"tickets/{ticket.pk}/"), who.get(f"tickets/{ticket.pk}/messages/"),
        who.get(f"messages/{last}/"), who.get("people/"), who.get(f"people/{person}/"), who.get("me/"),
        who.post(f"tickets/{ticket.pk}/reply/", {"text": "Hi", "last_seen": 0}),
        who.post(f"tickets/{ticket.pk}/reply/", {"text": "Hi", "last_seen": last}),
        who.post(f"tickets/{ticket.pk}/close/", {"unanswered": True}),
        who.patch(f"tickets/{ticket.pk}/", {"priority": "high"}),
    ]  # fmt: skip

    assert [a.status_code for a in answers] == [200] * 7 + [409, 201, 200, 200]
    assert not any(CANARY.encode() in a.content for a in answers)
    assert who.get(f"tickets/{ticket.pk}/notes/").status_code == 403
    assert [note["text"] for note in everything.get(f"tickets/{ticket.pk}/notes/").json()["results"]] == [CANARY]
    assert not OutgoingMail.objects.filter(text__contains=CANARY).exists()


def test_a_note_is_of_its_writer_and_mails_nobody(program, agent):
    ticket = make_ticket()

    answer = program(agent, "notes:write").post(f"tickets/{ticket.pk}/notes/", {"text": "Call them."})

    assert answer.status_code == 201
    assert answer.json()["person"]["id"] == agent.pk
    assert "Location" not in answer.headers
    assert Note.objects.get().text == "Call them."
    assert not OutgoingMail.objects.exists()


def test_notes_of_one_ticket_are_not_those_of_another(program, agent):
    mine, other = make_ticket(), make_ticket()
    add_note(ticket=other, by=agent, text="Other", now=WEDNESDAY)

    assert program(agent).get(f"tickets/{mine.pk}/notes/").json()["results"] == []


def test_a_ticket_is_opened_in_its_requesters_words_with_their_address_unproven(program, agent):
    """S10: a row made for an address gives it no rights."""
    team = Team.objects.create(name="Second")
    body = {"requester": {"email": "Cara@School.Example", "name": "Cara"}, "subject": " Kits \n please", "text": "Ten.",
            "team": team.pk, "priority": "urgent", "type": "request", "tags": ["Kits", "#kits", "x"]}  # fmt: skip

    said = program(agent).post("tickets/", body).json()

    assert said["subject"] == "Kits please"
    assert said["requester"]["email"] == "cara@school.example"
    assert (said["priority"], said["type"], said["channel"]) == ("urgent", "request", "api")
    assert said["tags"] == ["kits", "x"]
    assert said["team"] == {"id": team.pk, "name": "Second"}
    person = program(agent).get(f"people/{said['requester']['id']}/").json()
    assert (person["email_verified_at"], person["roles"]) == (None, [])
    assert TicketEvent.objects.get(kind="opened").by == agent
    assert not OutgoingMail.objects.exists()


def test_our_own_address_does_not_ask(program, agent):
    """Answers to it would come back to us for ever (S13)."""
    make_ticket()
    body = {"requester": {"email": "help@desk.example"}, "subject": "Loop", "text": "Loop"}

    answer = program(agent).post("tickets/", body)

    assert list(answer.json()["error"]["fields"]) == ["requester.email"]


def test_the_verbs_do_what_they_say(program, agent, lead):
    ticket = make_ticket()
    who, day = program(agent), timezone.now() + timedelta(days=1)
    moment = day.strftime("%Y-%m-%dT%H:%M:%SZ")

    def do(verb: str, body: dict | None = None) -> dict:
        answer = who.post(f"tickets/{ticket.pk}/{verb}/", body)
        assert answer.status_code == 200, answer.content
        return answer.json()

    assert do("assign", {"person": lead.pk})["assignee"]["id"] == lead.pk
    assert do("assign", {"person": None})["assignee"] is None
    assert do("wait")["category"] == "waiting"
    assert do("hold", {"until": moment})["follow_up_at"] == moment
    assert do("reopen")["category"] == "open"
    assert do("snooze", {"until": moment})["snoozed_until"] == moment
    assert do("wake", {})["snoozed_until"] is None
    assert do("follow-up", {"at": moment})["follow_up_at"] == moment
    assert do("follow-up", {"at": None})["follow_up_at"] is None
    assert do("close", {"reason": None, "unanswered": True})["category"] == "closed"
    assert JournalEntry.objects.filter(by=agent, action="tickets.close").count() == 1


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("snooze", {"until": "2020-01-01T00:00:00Z"}, 422),
        ("snooze", {"until": "2099-01-01T00:00:00Z"}, 422),
        ("hold", {"until": "2020-01-01T00:00:00Z"}, 422),
        ("follow-up", {"at": "2020-01-01T00:00:00Z"}, 422),
        ("assign", {}, 400),
        ("assign", {"person": "{requester}"}, 422),
        ("close", {"reason": "{inactive}"}, 400),
        ("wait", {"until": None}, 400),
    ],
)
def test_a_verb_that_cannot_be_done_changes_nothing(program, agent, verb, body, status):
    ticket = make_ticket()
    inactive = ContactReason.objects.create(name="Old", is_active=False)
    numbers = {"{requester}": ticket.requester_id, "{inactive}": inactive.pk}
    body = {name: numbers.get(value, value) for name, value in body.items()}
    before = (ticket.visit, ticket.updated_at)

    answer = program(agent).post(f"tickets/{ticket.pk}/{verb}/", body)

    assert answer.status_code == status, answer.content
    ticket.refresh_from_db()
    assert (ticket.visit, ticket.updated_at) == before


def test_a_token_of_a_person_who_went_assigns_nothing_to_them(program, agent, admin):
    ticket, gone = make_ticket(), make_staff()
    gone.is_active, gone.deactivated_at = False, timezone.now()
    gone.save()

    answer = program(agent).post(f"tickets/{ticket.pk}/assign/", {"person": gone.pk})

    assert answer.json()["error"]["fields"] == {"person": ["There is no person with this number."]}


def test_b6_a_program_closes_over_a_customer_who_waits_only_with_a_reason_or_a_word(program, agent):
    """One rule in every door, counted as closed unanswered."""
    reason = ContactReason.objects.create(name="Held")
    first, second = make_ticket(), make_ticket()
    who = program(agent)

    refused = who.post(f"tickets/{first.pk}/close/", {"reason": None})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "refused")
    assert "waits for an answer" in refused.json()["error"]["message"]
    assert who.post(f"tickets/{first.pk}/close/", {"unanswered": "yes"}).status_code == 400
    assert who.post(f"tickets/{first.pk}/close/", {"unanswered": True}).status_code == 200
    assert who.post(f"tickets/{second.pk}/close/", {"reason": reason.pk}).status_code == 200
    assert Ticket.objects.filter(closed_unanswered=True).count() == 2
