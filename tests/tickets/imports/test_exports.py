"""Zendesk and Intercom: everything comes once, private words stay private, and nothing is set off."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Membership, Organisation, Person
from insights.actions.gather import gather
from insights.models import Survey, SurveyRules, Turn
from insights.models.facts import Answer
from mail.models import OutgoingMail
from supportdesk.faults.invariants import CHECKS
from tests.factories.accounts import make_staff
from tests.tickets.imports.exports import (
    INTERCOM,
    NOW,
    SECRET,
    ZENDESK_PEOPLE,
    ZENDESK_TICKETS,
    bring,
    counts,
    lines,
    make_admin,
    whys,
)
from tickets import customer_queries
from tickets.actions.automation import nudges
from tickets.actions.imports import begin, work
from tickets.actions.note import add_note
from tickets.choices import Author, Category, Channel, RuleMoment
from tickets.idle import idle_tickets
from tickets.models import (
    Closing,
    Happening,
    Imported,
    Message,
    Note,
    NudgePlan,
    Rule,
    Tag,
    Team,
    Ticket,
    TicketEvent,
    TicketImport,
)
from tickets.queries_desk import search
from tickets.rule_conditions import Asked
from tickets.rule_matching import fitting
from timers.models import Timer

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_admin()


@pytest.fixture
def ali():
    return make_staff(email="ali@desk.example", name="Ali Agent")


def ticket_of(source: str, number: object) -> Ticket:
    return Ticket.objects.get(pk=Imported.objects.get(source=source, sort="ticket", external_id=number).object_id)


def test_zendesk_comes_whole_people_before_their_tickets_whatever_the_order_of_files(admin, ali):
    run = bring(admin, "zendesk", lines(ZENDESK_TICKETS), lines(ZENDESK_PEOPLE))

    assert counts(run) == (7, 0, 0, 0) and run.files_left == 1
    dana = Person.objects.get(email="dana@delta.example")
    assert (dana.email_verified_at, dana.created_at.year) == (None, 2024), "S10: an export proves no address"
    assert Membership.objects.get(person=dana).organisation == Organisation.objects.get(domain="delta.example")
    assert not Person.objects.filter(email="bob@gone.example").exists(), "a colleague who left is a name"
    closed, waiting, new = (ticket_of("zendesk", no) for no in (101, 102, 103))
    assert (closed.category, closed.closed_at) == (Category.CLOSED, datetime(2025, 2, 2, 12, tzinfo=UTC))
    assert (closed.created_at, closed.assignee, closed.closed_by) == (datetime(2025, 2, 1, 9, tzinfo=UTC), ali, ali)
    assert (closed.priority, closed.type, closed.tags) == ("high", "problem", ["billing", "refund"])
    assert closed.organisation.name == "Delta School" and closed.next_action_at is None
    first, answer = closed.messages.order_by("pk")
    assert (
        first.text == "Where is my refund of 40 dollars?\n\nFiles at the other desk:\ninvoice.pdf https://z.example/1"
    )
    assert (first.author, first.person, first.channel) == (Author.CUSTOMER, dana, Channel.MAIL)
    assert (answer.author, answer.person, answer.created_at.day) == (Author.AGENT, ali, 2)
    assert (waiting.category, waiting.assignee) == (Category.WAITING, None)
    assert waiting.messages.order_by("-pk")[0].from_name == "Bob Former"
    assert (new.category, new.waiting_since) == (Category.NEW, datetime(2026, 3, 3, 9, tzinfo=UTC))
    assert all(one.next_action_at > NOW for one in (waiting, new)), "nothing waits without a date"
    assert set(Tag.objects.values_list("name", flat=True)) >= {"billing", "refund"}
    assert Closing.objects.get().at == closed.closed_at
    assert "number 101" in TicketEvent.objects.get(ticket=closed).text


def test_files_that_lie_beside_an_export_come_along_and_links_do_not(admin, settings, tmp_path):
    settings.IMPORT_DIR = tmp_path
    (tmp_path / "z/attachments/71").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "z/attachments/71/kit.pdf").write_bytes(b"%PDF-1.4 kit")
    (tmp_path / "z/attachments/link.txt").symlink_to(tmp_path / "secret")
    files = [
        {"id": 71, "file_name": "../../71/kit.pdf", "content_url": "https://z.example/71"},
        {"file_name": "link.txt", "content_url": "javascript:alert(1)"},
        {"id": "../..", "file_name": "secret", "content_url": "https://z.example/ x"},
    ]
    comments = [{**ZENDESK_TICKETS[0]["comments"][no], "attachments": files[:1] if no else files} for no in (0, 1)]
    (tmp_path / "z/all.json").write_bytes(lines([*ZENDESK_PEOPLE, {**ZENDESK_TICKETS[0], "comments": comments}]))
    run = begin.prepare(
        kind="zendesk", source="zendesk", team=Team.objects.first(), by=admin, now=NOW, folder="z"
    )  # fmt: skip
    begin.begin(run=run, by=admin, now=NOW)
    assert work.work(run_id=run.pk, now=lambda: NOW)
    message, note = Message.objects.get(), Note.objects.get()
    assert message.text.endswith("Files at the other desk:\nlink.txt\nsecret"), "only what opens as a link is one"
    assert [one.attachments.get().file.read() for one in (message, note)] == [b"%PDF-1.4 kit"] * 2
    assert TicketImport.objects.get().files_left == 2


def test_intercom_comes_whole_with_words_that_lost_their_markup(admin, ali):
    run = bring(admin, "intercom", lines(INTERCOM))

    assert counts(run) == (4, 0, 0, 0)
    ticket = ticket_of("intercom", "201")
    assert (ticket.category, ticket.closed_at) == (Category.CLOSED, datetime.fromtimestamp(1738500400, UTC))
    assert (ticket.priority, ticket.channel, ticket.tags, ticket.assignee) == ("high", "chat", ["refund"], ali)
    assert ticket.subject == "Hello, where is it?"
    assert list(ticket.messages.order_by("pk").values_list("text", flat=True)) == [
        "Hello,\nwhere is it?", "On its way & soon.",
    ]  # fmt: skip
    assert ticket.organisation.name == "Delta School"


@pytest.mark.parametrize("kind", ["zendesk", "intercom"])
def test_S29_private_words_stay_notes_that_no_customer_reads(admin, ali, kind):
    """A4. What does not say that it is public is not."""
    quiet = {"id": 9, "author_id": 8, "body": f"{SECRET} without a word on it", "created_at": "2025-02-02T11:00:00Z"}
    tickets = [{**one, "comments": [*one.get("comments", ()), quiet]} for one in ZENDESK_TICKETS[:1]]
    bring(admin, kind, lines([*ZENDESK_PEOPLE, *tickets] if kind == "zendesk" else INTERCOM))

    dana = Person.objects.get(email="dana@delta.example")
    ticket = Ticket.objects.get(requester=dana)
    assert not Message.objects.filter(text__contains=SECRET).exists()
    assert Note.objects.filter(ticket=ticket, text__contains=SECRET).count() == 2
    assert Note.objects.order_by("pk")[0].text.startswith("Bob Former:\n\n"), "whoever is nobody here keeps a name"
    read = customer_queries.thread(ticket, dana) if hasattr(customer_queries, "thread") else ticket.messages.all()
    assert all(SECRET not in str(getattr(one, "text", "")) for one in read)


def test_a_second_run_changes_nothing_and_a_changed_record_changes_what_is_its_own(admin, ali):
    export = lines([*ZENDESK_PEOPLE, *ZENDESK_TICKETS])
    bring(admin, "zendesk", export)
    before = [list(model.objects.order_by("pk").values()) for model in (Ticket, Message, Note, Person, Closing)]

    assert counts(bring(admin, "zendesk", export, now=NOW + timedelta(days=2))) == (0, 0, 7, 0)
    assert [list(m.objects.order_by("pk").values()) for m in (Ticket, Message, Note, Person, Closing)] == before

    answered = {**ZENDESK_TICKETS[1], "status": "solved", "subject": "It moves", "updated_at": "2026-03-05T09:00:00Z"}
    answered["comments"] = [
        {**answered["comments"][0], "body": "It stands still, sorry."}, answered["comments"][1],
        {"id": 6, "author_id": 7, "body": "Thank you.", "public": True, "created_at": "2026-03-05T08:00:00Z"},
    ]  # fmt: skip
    hidden = {**ZENDESK_TICKETS[2], "is_public": False}
    later = NOW + timedelta(days=3)
    run = bring(admin, "zendesk", lines([*ZENDESK_PEOPLE, ZENDESK_TICKETS[0], answered, hidden]), now=later)
    assert counts(run) == (0, 2, 5, 0)
    ticket = ticket_of("zendesk", 102)
    assert (ticket.category, ticket.subject, ticket.closed_at.day) == (Category.CLOSED, "It moves", 5)
    assert [one.text for one in ticket.messages.order_by("pk")][::2] == ["It stands still, sorry.", "Thank you."]
    assert ticket.closings.get().at == ticket.closed_at
    assert not Timer.objects.filter(kind="tickets.look", subject=ticket.pk, done_at=None).exists()
    private = ticket_of("zendesk", 103)
    said = list(private.notes.order_by("pk").values_list("text", flat=True))
    subject = ZENDESK_TICKETS[2]["subject"]
    assert said == ["Dana Delta:\n\nHow do I charge it?", f"Subject there: {subject}"], (
        "S29: the customer reads neither"
    )
    assert not private.messages.exists() and private.snippet == "" and subject not in private.subject


def test_what_was_changed_here_stays_and_only_new_words_come(admin, ali):
    bring(admin, "zendesk", lines([*ZENDESK_PEOPLE, *ZENDESK_TICKETS]))
    ticket = ticket_of("zendesk", 102)
    Ticket.objects.filter(pk=ticket.pk).update(subject="Ours", assignee=ali, visit=ticket.visit + 1)
    there = {**ZENDESK_TICKETS[1], "subject": "Theirs", "priority": "urgent"}
    there["comments"] = [
        *there["comments"],
        {"id": 66, "author_id": 7, "body": "Since Monday.", "public": True, "created_at": "2026-03-04T08:00:00Z"},
    ]
    other = Ticket.objects.get(pk=ticket_of("zendesk", 103).pk)
    Ticket.objects.filter(pk=other.pk).update(category=Category.CLOSED, closed_at=NOW, merged_into=ticket)

    run = bring(admin, "zendesk", lines([there, {**ZENDESK_TICKETS[2], "subject": "Merged"}]))

    ticket.refresh_from_db()
    assert (ticket.subject, ticket.assignee, ticket.priority) == ("Ours", ali, "urgent")
    assert ticket.messages.latest("pk").text == "Since Monday."
    assert counts(run) == (0, 1, 0, 1) and "merged into ticket" in whys(run)[0]


def test_history_sets_nothing_off(admin, ali):
    """No mail, no rule, no reminder, no survey, no clock: each of them looks a month later and finds nothing."""
    recent = [{**ZENDESK_TICKETS[0], "metric_set": {"solved_at": "2026-03-03T12:00:00Z"}}, *ZENDESK_TICKETS[1:]]
    team = Team.objects.earliest("pk")
    NudgePlan.objects.update_or_create(team=team, defaults={"is_enabled": True, "first_after": 1, "second_after": 2,
                                       "close_after": 3, "first_text": "Hello?", "second_text": "Hello?",
                                       "close_text": "Bye."})  # fmt: skip
    long_ago = NOW - timedelta(days=90)
    SurveyRules.objects.update_or_create(pk=1, defaults={"is_enabled": True, "enabled_at": long_ago})
    bring(admin, "zendesk", lines([*ZENDESK_PEOPLE, *recent]))
    for moment in (RuleMoment.CLOSED, RuleMoment.CREATED, RuleMoment.AGENT_WROTE, RuleMoment.CUSTOMER_WAITS):
        rule = Rule(moment=moment, minutes=60, all_of=[], any_of=[])
        assert not fitting(rule, Asked(NOW + timedelta(days=30))).exists(), moment
    Ticket.objects.filter(category=Category.NEW).update(assignee=ali)
    assert not idle_tickets(NOW - timedelta(seconds=1)).exists()
    gather(now=NOW + timedelta(minutes=1), is_thorough=True)
    plan = NudgePlan.objects.get(team=team)
    nudges.look(plan_id=plan.pk, version=plan.version, now=NOW + timedelta(days=30))

    assert not OutgoingMail.objects.exists() and not Happening.objects.exists() and not Survey.objects.exists()
    kinds = set(Timer.objects.filter(done_at=None).values_list("kind", flat=True))
    assert kinds & {"tickets.nudge", "insights.survey_due", "tickets.hand_out", "tickets.publish_message"} == set()
    unsolved = Ticket.objects.unsolved()
    assert set(Timer.objects.filter(kind="tickets.look", done_at=None).values_list("subject", flat=True)) == {
        one.pk for one in unsolved
    }
    assert all(one.first_response_due_at is one.resolution_due_at is one.sla_due_at is None for one in unsolved)
    assert (Turn.objects.filter(kind="closed").count(), Answer.objects.count()) == (1, 2), "reports count it"
    answered_by = Answer.objects.order_by("ticket").values_list("person_id", flat=True)
    assert list(answered_by) == [ali.pk, None], "whoever is a name alone answered, too"


def test_invariants_hold_of_what_came(admin, ali):
    bring(admin, "zendesk", lines([*ZENDESK_PEOPLE, *ZENDESK_TICKETS]))
    for _, says, sql in CHECKS:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"now": timezone.now(), "late": NOW - timedelta(minutes=10)})
            assert cursor.fetchall() == [], says


def test_it_can_be_found_worked_on_and_answered(admin, ali, client):
    bring(admin, "zendesk", lines([*ZENDESK_PEOPLE, *ZENDESK_TICKETS]))
    client.force_login(ali)
    found = client.get("/inbox/search/?q=dollars").content.decode()
    assert "Where is my refund?" in found
    for old in ("101", "%23101", "old:101"):
        assert "Where is my refund?" in client.get(f"/inbox/search/?q={old}").content.decode(), old
    assert "Where is my refund?" not in client.get("/inbox/search/?q=old:10").content.decode()
    found = search.look(Ticket.objects.all(), search.read("refund 101"), person=ali, now=NOW, seconds=30)
    assert found.tickets == [ticket_of("zendesk", 101).pk]
    page = client.get(f"/inbox/search/{ticket_of('zendesk', 101).pk}/?q=dollars")
    assert page.status_code == 200 and "Came from zendesk" in page.content.decode()
    add_note(ticket=ticket_of("zendesk", 101), text="Looked at it.", by=ali, now=NOW)
