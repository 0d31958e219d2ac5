"""The pages of the start of the day, as plain forms: in order, in sentences, for whoever may (R8, R9, U27, U53)."""

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.choices import Role
from tests.factories.accounts import make_person, make_staff, sign_in
from tests.factories.tickets import make_mailbox, make_ticket
from tests.tickets.start_of_day.mornings import make_it_morning
from tickets.actions import assign
from tickets.actions.start_of_day import days, events
from tickets.models import BusinessCalendar, DayCheck, DayRun, DeskDay, InboxSource, SourceGap, Ticket
from tickets.sources.facts import Facts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(db) -> datetime:
    """Early on a day of the desk."""
    now = timezone.now()
    make_it_morning(now)
    return now


@pytest.fixture
def desk(client, agent):
    client.force_login(agent)
    return client


@pytest.fixture
def zendesk(now) -> InboxSource:
    began = (now - timedelta(days=2)).date()
    return InboxSource.objects.create(
        name="Zendesk", kind="zendesk", secret="s", key="k", began_on=began, created_at=now, last_ok_at=now
    )


def left_over(agent, now) -> Ticket:
    """A ticket of the agent's that was due two days ago."""
    ticket = make_ticket(subject="Where is my order?", now=now - timedelta(days=9))
    assign.assign(ticket=ticket, to=agent, by=agent, now=now - timedelta(days=9))
    Ticket.objects.filter(pk=ticket.pk).update(next_action_at=now - timedelta(days=2))
    return ticket


def test_an_agent_goes_through_the_day_in_order_and_is_done(desk, agent, zendesk, now):
    make_mailbox()
    ticket = left_over(agent, now)
    assert "The day has not begun yet" in desk.get("/today/").content.decode()
    assert not DeskDay.objects.exists()  # looking changes nothing

    desk.post("/today/begin/")
    page = desk.get("/today/").content.decode()
    for words in (
        "Did everything arrive?",
        "has not said how many came",
        "Where is my order?",
        "1 left over",
        "Unknown",
    ):
        assert words in page
    stopped = desk.post("/today/finish/", {"handover": "Ring the <b>printer</b>."})
    assert stopped.status_code == 422
    page = stopped.content.decode()
    assert page.count("Ring the &lt;b&gt;printer&lt;/b&gt;.") == 1 and "<title>Error: " in page
    assert "Zendesk: it has not said how many came" in page and f"Left from before today: #{ticket.pk}." in page

    again = desk.post(f"/today/tickets/{ticket.pk}/later/", {"words": " "})
    assert again.status_code == 422 and "Write what you do about it today" in again.content.decode()
    assert desk.post(f"/today/tickets/{ticket.pk}/later/", {"words": "I ring them"}).status_code == 302
    wrong = desk.post(f"/today/sources/{zendesk.pk}/count/", {"number": "many", "name": ""})
    assert wrong.status_code == 422
    for words in ("Enter a whole number", "Enter the name of whoever counted", 'value="many"'):
        assert words in wrong.content.decode()
    assert desk.post(f"/today/sources/{zendesk.pk}/count/", {"number": "0", "name": "Alma"}).status_code == 302
    assert desk.post("/today/finish/", {"handover": "Ring the <b>printer</b>."}).status_code == 302

    run = DayRun.objects.get(person=agent)
    assert run.done_at is not None
    page = desk.get("/today/").content.decode()
    assert "1 of 1 done" in page
    report = desk.get(f"/today/{run.day.on.isoformat()}/").content.decode()
    for words in ("Ring the &lt;b&gt;printer", "Alma", "I ring them", "Zendesk"):
        assert words in report
    other = DayRun.objects.create(day=run.day, person=make_person(name="Bert"), state="done", done_at=now, began_at=now)
    DayCheck.objects.bulk_create(
        DayCheck(run=other, source=one.source, state=one.state, expected=one.expected, seen=one.seen,
                 attested_name=one.attested_name)
        for one in run.checks.select_related("source")
    )  # fmt: skip
    report = desk.get(f"/today/{run.day.on.isoformat()}/").content.decode()
    assert (report.count('<th scope="row" class="anywhere">Zendesk</th>'), "Bert" in report) == (1, True)
    assert "<b>printer" not in report + page


def test_an_export_is_compared_and_what_is_missing_brought_in_or_explained(desk, agent, zendesk, now):
    desk.post("/today/begin/")
    before = (now - timedelta(days=1)).isoformat()
    rows = [f"1,{before},=1+1,a@b.example", f"2,{before},Two,", ",,", "3,soon,,"]
    lines = "\n".join(["id,created at,subject,email", *rows])
    file = SimpleUploadedFile("day.csv", lines.encode())
    page = desk.post(f"/today/sources/{zendesk.pk}/export/", {"file": file}).content.decode()
    assert "Row 3: it does not say when it began" in page and "2 missing here: 1, 2" in page
    first, second = SourceGap.objects.order_by("external_id")
    assert desk.post(f"/today/missing/{first.pk}/bring-in/").status_code == 302
    stopped = desk.post(f"/today/missing/{second.pk}/explain/", {"words": "no"})
    assert stopped.status_code == 422 and 'value="no"' in stopped.content.decode()
    desk.post(f"/today/missing/{second.pk}/explain/", {"words": "Sent to our sales"})
    page = desk.get(f"/today/sources/{zendesk.pk}/").content.decode()
    assert "Sent to our sales" in page and "Nothing missing" in page
    assert Ticket.objects.get().subject == "=1+1"
    for content in (b"", b"{", b"\x00" * 10):
        file = SimpleUploadedFile("day.csv", content)
        assert desk.post(f"/today/sources/{zendesk.pk}/export/", {"file": file}).status_code == 422
    assert desk.post(f"/today/sources/{zendesk.pk}/export/", {"on": "x"}).status_code == 422


def test_the_captain_is_changed_by_hand_and_only_among_those_who_are_there(desk, agent):
    ben = make_staff(Role.AGENT, name="Ben", email="ben@desk.example")
    desk.post("/today/begin/")
    assert desk.post("/today/captain/", {"captain": ben.pk}).status_code == 302
    assert DeskDay.objects.get().captain_id == ben.pk
    for odd in ("", "0", "-1", "9" * 30, "x", "\x00"):
        assert desk.post("/today/captain/", {"captain": odd}).status_code == 422
    assert DeskDay.objects.get().captain_id == ben.pk


def test_who_may_look_may_not_always_count_and_strangers_find_nothing(client, customer, agent, zendesk, now):
    days.keep_day(now=now)
    on = DeskDay.objects.get().on.isoformat()
    reads = ["/today/", f"/today/{on}/", f"/today/sources/{zendesk.pk}/"]
    writes = ["/today/begin/", "/today/finish/", "/today/captain/", f"/today/sources/{zendesk.pk}/count/"]
    for role in (Role.OBSERVER, Role.REVIEWER, Role.LEAD, Role.ADMIN):
        sign_in(client, make_staff(role, email=f"{role}@desk.example"))
        assert [client.get(address).status_code for address in reads] == [200, 200, 200], role
        if role in (Role.OBSERVER, Role.REVIEWER):
            assert [client.post(address).status_code for address in writes] == [403] * 4, role
    client.force_login(customer)
    assert {client.get(address).status_code for address in reads} == {404}
    client.force_login(agent)
    looked_for = ["2026-13-45", "x", "1999-01-01", f"sources/{2**70}", "sources/0"]
    acted_on = [f"missing/{2**63}/explain", "missing/7/bring-in", f"tickets/{2**70}/later"]
    assert {client.get(f"/today/{odd}/").status_code for odd in looked_for} == {404}
    assert {client.post(f"/today/{odd}/").status_code for odd in acted_on} == {404}


def test_the_page_asks_as_much_for_many_as_for_few(desk, agent, zendesk, now, django_assert_num_queries):
    days.keep_day(now=now)
    left_over(agent, now)
    desk.get("/today/")
    with django_assert_num_queries(QUERIES):
        desk.get("/today/")
    for number in range(5):
        left_over(agent, now)
        make_staff(Role.AGENT, name=f"N{number}", email=f"n{number}@desk.example")
        InboxSource.objects.create(
            name=f"S{number}", kind="other", key=f"k{number}", began_on=now.date(), created_at=now
        )
    days.keep_day(now=now)
    with django_assert_num_queries(QUERIES):
        desk.get("/today/")


QUERIES = 20


def test_a_sources_ticket_names_no_link_that_runs(desk, zendesk, now):
    facts = Facts(event="ticket:1", item="<script>", at="", subject="<b>x", words="w", address="javascript:alert(1)")
    events.keep_events(source=zendesk, facts=[facts], now=now)
    events.take_in_event(event_id=zendesk.events.get().pk, now=now)
    assert zendesk.items.get().address == ""
    assert "<script>," not in desk.get(f"/desk/tickets/{Ticket.objects.get().pk}/", follow=True).content.decode()


def test_a_closed_day_says_what_the_next_one_begins_with_and_how_the_last_one_was(desk, agent, zendesk, now):
    left_over(agent, now)
    day = days.keep_day(now=now - timedelta(days=1))
    weekday = (day.on + timedelta(days=1)).weekday()
    BusinessCalendar.objects.get().intervals.filter(weekday=weekday).delete()

    page = desk.get("/today/").content.decode()

    for words in ("The desk is closed today", "What may be said of each source now", "<b>1</b> of your tickets is due"):
        assert words in page
    assert f"/today/{day.on.isoformat()}/" in page
    stopped = desk.post("/today/finish/", {"handover": "x"}, follow=True)
    assert "The desk is closed today. Nothing has to be done." in stopped.content.decode()
