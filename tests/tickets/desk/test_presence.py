"""Who else looks at a ticket (U6)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.choices import Role
from tests.factories.accounts import make_staff
from tests.factories.tickets import make_ticket
from tickets.actions import presence
from tickets.models import Presence, Ticket
from tickets.queries_desk.presence import others_at

ADDRESS = "/desk/presence/"


@pytest.fixture
def colleague(db):
    """Somebody else at the desk, and their browser."""
    person = make_staff(Role.AGENT, name="Priya <b>Raman</b>")
    browser = Client()
    browser.force_login(person)
    browser.person = person
    return browser


def say(browser: Client, ticket: int, *, screen: int = 7, doing: str = "viewing", rows: str = ""):
    return browser.post(ADDRESS, {"screen": screen, "ticket": ticket, "doing": doing, "rows": rows})


def test_a_colleague_is_seen_at_the_open_ticket_and_in_the_list_and_gone_when_they_leave(desk, colleague, ticket):
    """U6. A name is text, whatever it holds."""
    other = make_ticket()
    say(colleague, ticket.pk)

    seen = say(desk, ticket.pk, rows=f"{ticket.pk},{other.pk}").json()

    assert "Priya &lt;b&gt;Raman&lt;/b&gt; is viewing." in seen["banner"]
    assert list(seen["rows"]) == [str(ticket.pk)]
    assert "is viewing" in seen["rows"][str(ticket.pk)]
    assert 0 < seen["left"] <= 18_000

    say(colleague, ticket.pk, doing="replying")
    assert "is replying." in say(desk, ticket.pk).json()["banner"]

    say(colleague, other.pk)
    moved = say(desk, ticket.pk, rows=f"{ticket.pk},{other.pk}").json()
    assert (moved["banner"], list(moved["rows"])) == ("", [str(other.pk)])

    say(colleague, 0)
    assert say(desk, ticket.pk, rows=str(other.pk)).json() == {"rows": {}, "banner": "", "left": None}


def test_a_lease_ends_by_itself_and_one_person_on_two_screens_is_one_person(agent, colleague, ticket):
    """A browser that is killed says nothing more; nobody has to clean up after it."""
    now = timezone.now()
    presence.be_at(ticket_id=ticket.pk, by=colleague.person, screen=1, doing="replying", now=now)
    presence.be_at(ticket_id=ticket.pk, by=colleague.person, screen=2, doing="viewing", now=now + timedelta(seconds=10))

    (both,) = others_at([ticket.pk], reader=agent, now=now + timedelta(seconds=11))
    (one,) = others_at([ticket.pk], reader=agent, now=now + timedelta(seconds=19))

    assert (both.is_replying, one.is_replying) == (True, False)
    assert others_at([ticket.pk], reader=agent, now=now + timedelta(seconds=29)) == []
    assert others_at([ticket.pk], reader=colleague.person, now=now) == []


def test_rows_that_ran_out_go_and_nobody_fills_the_table(colleague, ticket):
    now = timezone.now()
    for screen in range(1, presence.MOST_SCREENS + 30):
        presence.be_at(ticket_id=ticket.pk, by=colleague.person, screen=screen, doing="viewing", now=now)
    assert Presence.objects.count() == presence.MOST_SCREENS

    presence.be_at(ticket_id=ticket.pk, by=colleague.person, screen=99, doing="viewing", now=now + timedelta(minutes=1))

    assert list(Presence.objects.values_list("screen", flat=True)) == [99]


def test_looking_writes_nothing_to_tickets_and_survives_no_crash(desk, ticket):
    """The table is unlogged, and no foreign key locks the ticket's row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, xmax::text, ctid::text FROM tickets_ticket WHERE id = %s", [ticket.pk])
        before = cursor.fetchone()
        say(desk, ticket.pk)
        cursor.execute("SELECT xmin::text, xmax::text, ctid::text FROM tickets_ticket WHERE id = %s", [ticket.pk])
        after = cursor.fetchone()
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'tickets_presence'")
        (kind,) = cursor.fetchone()

    assert Presence.objects.count() == 1
    assert after == before
    assert kind == "u"


@pytest.mark.parametrize(("beats", "heard"), [(["viewing"] * 3, 1), (["viewing", "replying", "viewing"], 3)])
def test_open_screens_hear_of_a_change_and_not_of_every_beat(desk, ticket, monkeypatch, beats, heard):
    told = []
    monkeypatch.setattr(presence, "announce", told.append)

    for doing in beats:
        say(desk, ticket.pk, doing=doing)

    assert told == [f"presence:{ticket.pk}"] * heard


@pytest.mark.parametrize(
    "said",
    [
        {"screen": "", "ticket": "1"},
        {"screen": "0", "ticket": "1"},
        {"screen": "1", "ticket": "x"},
        {"screen": "9" * 30, "ticket": "1"},
        {"screen": "1", "ticket": "9" * 30},
        {"screen": "1", "ticket": "1", "doing": "dancing"},
    ],
)
def test_nonsense_is_refused_and_leaves_nothing(desk, said):
    assert desk.post(ADDRESS, said).status_code == 422
    assert not Presence.objects.exists()


def test_who_may_not_see_tickets_sees_nobody_at_them_and_an_observer_only_looks_on(desk, colleague, ticket, client):
    """S22, S24."""
    say(colleague, ticket.pk)
    editor, observer = Client(), Client()
    editor.force_login(make_staff(Role.EDITOR))
    observer.force_login(make_staff(Role.OBSERVER))

    asks = re.compile(r'<main [^>]*data-presence="([^"]*)"')
    assert not asks.search(editor.get("/inbox/all/").content.decode())
    assert observer.get(asks.search(observer.get("/inbox/all/").content.decode())[1]).status_code == 200
    assert editor.get("/desk/views/counts/").status_code == 200
    assert editor.get(ADDRESS, {"rows": ticket.pk}).status_code == 404
    assert say(editor, ticket.pk).status_code == 404
    assert say(observer, ticket.pk).status_code == 403
    assert (
        "is viewing" in observer.get(ADDRESS, {"rows": f"{ticket.pk},x,\x00,{'9' * 40}"}).json()["rows"][str(ticket.pk)]
    )
    assert say(desk, ticket.pk + 999).status_code == 404
    assert Presence.objects.count() == 1


def test_a_beat_costs_few_queries_however_many_look(desk, colleague, ticket, django_assert_num_queries):
    """Session, person, roles, the ticket, the lease before and after in a transaction of two, and who is there."""
    say(desk, ticket.pk)
    for number in range(3):
        person = make_staff(Role.AGENT, name=f"Agent {number}")
        presence.be_at(ticket_id=ticket.pk, by=person, screen=1, doing="viewing", now=timezone.now())

    with django_assert_num_queries(9):
        answer = say(desk, ticket.pk, rows=",".join(map(str, Ticket.objects.values_list("pk", flat=True))))

    assert "and" not in answer.json()["banner"].split("Should")[0]
