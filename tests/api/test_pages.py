"""Lists: pages by key, what may be asked of them, and what they cost."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection

from tests.factories.accounts import make_member, make_organisation, make_person
from tests.factories.mail import make_file
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import assign, details, snooze, state
from tickets.actions.attach import Upload
from tickets.actions.intake import add_customer_message
from tickets.actions.note import add_note
from tickets.models import Macro, Rule, Team, Ticket

pytestmark = pytest.mark.django_db


def numbers(answer) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def following(who, answer):
    """The page that `next` names."""
    return who.get(answer.json()["next"].partition("/api/")[2])


def test_pages_follow_each_other_without_gap_or_repetition_while_rows_come(program, agent):
    who = program(agent)
    tickets = [make_ticket().pk for _ in range(7)]

    first = who.get("tickets/?limit=3")
    newer = make_ticket().pk
    second = following(who, first)
    Ticket.objects.filter(pk=tickets[3]).delete()
    third = following(who, second)

    assert numbers(first) == tickets[:3:-1]
    assert numbers(second) == tickets[3:0:-1]
    assert numbers(third) == tickets[:1]
    assert third.json()["next"] is None
    assert newer not in numbers(first) + numbers(second) + numbers(third)


def test_a_page_that_is_exactly_full_is_the_last_one(program, agent):
    who = program(agent)
    for _ in range(2):
        make_ticket()

    assert who.get("tickets/?limit=2").json()["next"] is None
    assert who.get("tickets/").json()["next"] is None


def test_next_keeps_the_filters_and_the_sort(program, agent):
    who = program(agent)
    wanted = [make_ticket(priority="high").pk for _ in range(3)]
    make_ticket(priority="low")

    first = who.get("tickets/?priority=high&sort=id&limit=2")

    assert numbers(first) + numbers(following(who, first)) == wanted


def test_rows_with_the_same_time_are_each_listed_once(program, agent):
    """Sorted by something that is not unique, the number decides."""
    who = program(agent)
    due = {make_ticket(now=WEDNESDAY + timedelta(minutes=n % 2)).pk for n in range(6)}
    for sort in ("next_action_at", "-next_action_at", "updated_at", "-updated_at"):
        answer, found = who.get(f"tickets/?sort={sort}&limit=1"), []
        found += numbers(answer)
        while answer.json()["next"]:
            answer = following(who, answer)
            found += numbers(answer)
        rows = Ticket.objects.order_by(sort, "-id" if sort[0] == "-" else "id")
        assert found == list(rows.values_list("pk", flat=True))
        assert set(found) == due


def test_sorting_by_the_next_date_leaves_out_closed_tickets(program, agent):
    open_, closed = make_ticket(), make_ticket()
    state.close_ticket(ticket=closed, by=agent, now=WEDNESDAY, unanswered=True)

    assert numbers(program(agent).get("tickets/?sort=next_action_at")) == [open_.pk]


def test_a_cursor_belongs_to_its_sort_and_to_nobodys_imagination(program, agent):
    who = program(agent)
    for _ in range(2):
        make_ticket()
    cursor = who.get("tickets/?limit=1").json()["next"].partition("cursor=")[2].partition("&")[0]

    assert who.get(f"tickets/?cursor={cursor}").status_code == 200
    for wrong in (
        f"cursor={cursor}&sort=id",
        f"cursor={cursor[:-1]}",
        f"cursor=x{cursor}",
        "cursor=%3A",
        "cursor=WzFd:x",
    ):
        assert who.get(f"tickets/?cursor={wrong}").status_code == 400, wrong


@pytest.fixture
def one_of_each(agent, lead) -> dict[str, Ticket]:
    """Tickets that each differ from the plain one in a single thing."""
    organisation = make_organisation()
    made = {
        "plain": make_ticket(),
        "high": make_ticket(priority="high"),
        "problem": make_ticket(type="problem"),
        "by link": make_ticket(channel="link"),
        "closed": make_ticket(),
        "of a team": make_ticket(team=Team.objects.create(name="Second")),
        "mine": make_ticket(),
        "theirs": make_ticket(),
        "tagged": make_ticket(),
        "of a company": make_ticket(requester=make_member(organisation=organisation)),
        "later": make_ticket(now=WEDNESDAY + timedelta(days=1)),
    }
    state.close_ticket(ticket=made["closed"], by=agent, now=WEDNESDAY, unanswered=True)
    assign.assign(ticket=made["mine"], to=agent, by=agent, now=WEDNESDAY)
    assign.assign(ticket=made["theirs"], to=lead, by=agent, now=WEDNESDAY)
    details.change(ticket=made["tagged"], tags=["Kits"], by=agent, now=WEDNESDAY)
    return made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("priority=high", {"high"}),
        ("priority=high,urgent", {"high"}),
        ("type=problem", {"problem"}),
        ("channel=link,web", {"by link"}),
        ("category=closed", {"closed"}),
        ("category=new&priority=high", {"high"}),
        ("assignee=me", {"mine"}),
        ("assignee={lead}", {"theirs"}),
        ("team={team}", {"of a team"}),
        ("tag=kits", {"tagged"}),
        ("tag=KITS", {"tagged"}),
        ("tag=kit", set()),
        ("organisation={organisation}", {"of a company"}),
        ("requester={requester}", {"plain"}),
        ("created_after=2026-03-05T00:00:00Z", {"later"}),
        ("created_after=2026-03-05T10:30:00%2B01:00", {"later"}),
        ("created_after=2026-03-05T09:30:01Z", set()),
        ("created_before=2026-03-05T09:30:00Z&assignee=me", {"mine"}),
        ("status={closed}", {"closed"}),
        ("updated_after=2026-03-05T00:00:00Z", {"later"}),
        ("updated_before=2026-03-05T00:00:00Z&tag=kits", {"tagged"}),
        ("assignee=999999999", set()),
    ],
)
def test_a_filter_finds_what_it_says(program, agent, lead, one_of_each, query, expected):
    query = query.format(
        lead=lead.pk,
        team=one_of_each["of a team"].team_id,
        organisation=one_of_each["of a company"].organisation_id,
        requester=one_of_each["plain"].requester_id,
        closed=Ticket.objects.get(category="closed").status_id,
    )

    found = numbers(program(agent).get(f"tickets/?{query}"))

    assert {name for name, ticket in one_of_each.items() if ticket.pk in found} == expected
    assert len(found) == len(expected)


def test_nobodys_tickets_are_those_without_a_person(program, agent, one_of_each):
    found = numbers(program(agent).get("tickets/?assignee=none"))

    assert set(found) == {t.pk for name, t in one_of_each.items() if name not in ("mine", "theirs")}


# Queries beside those of the rows themselves: the token, the count of requests, the person's roles.
WAYS = {
    "tickets/": 4,
    "tickets/{ticket}/": 4,
    "tickets/{ticket}/messages/": 6,
    "tickets/{ticket}/notes/": 6,
    "people/": 17,  # twelve of them count the customers as opened, in one go; once a day
    "organisations/": 4,
    "organisations/{organisation}/members/": 5,
    "teams/": 4,
    "macros/": 4,
    "rules/": 4,
    "statuses/": 4,
    "contact-reasons/": 4,
    "me/": 5,
}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("path", "queries"), WAYS.items(), ids=list(WAYS))
def test_a_list_costs_the_same_with_one_row_and_with_three(
    program, agent, django_assert_num_queries, path, queries, rows
):
    organisation = make_organisation()
    ticket, *_ = [make_ticket(requester=make_member(organisation=organisation)) for _ in range(rows)]
    for number in range(rows):
        make_organisation()
        make_person()
        Team.objects.create(name=f"Team {number}")
        Macro.objects.create(name=f"Macro {number}", text="Thanks")
        Rule.objects.create(name=f"Rule {number}", position=number, events=["created"], steps=[])
        files = [Upload(file=make_file(), name=f"{n}.txt", content_type="text/plain", size=7) for n in range(rows)]
        add_note(ticket=ticket, by=agent, text="Note", now=WEDNESDAY, attachments=files)
        add_customer_message(
            ticket=ticket, person=ticket.requester, text="More", channel="web", now=WEDNESDAY, attachments=files
        )
        snooze.snooze(ticket=ticket, until=WEDNESDAY + timedelta(days=1), by=agent, now=WEDNESDAY)
    who = program(agent)
    who.get("me/")  # The first use of a token is written down.

    with django_assert_num_queries(queries):
        assert who.get(path.format(ticket=ticket.pk, organisation=organisation.pk)).status_code == 200


@pytest.mark.parametrize(
    ("sort", "index"),
    [("-id", "ticket_pkey"), ("-updated_at", "ticket_updated"), ("next_action_at", "ticket_due")],
)
def test_a_page_deep_in_a_list_enters_by_an_index_and_sorts_nothing(
    program, agent, django_assert_num_queries, sort, index
):
    """What makes the millionth page as quick as the first."""
    for number in range(3):
        make_ticket(now=WEDNESDAY + timedelta(minutes=number))
    who = program(agent)
    first = who.get(f"tickets/?sort={sort}&limit=1")

    with django_assert_num_queries(4) as caught:
        following(who, first)

    with connection.cursor() as cursor:
        for off in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "incremental_sort", "sort"):
            cursor.execute(f"SET LOCAL enable_{off} = off")
        cursor.execute(f"EXPLAIN {caught[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan, plan
    entered = plan[plan.index(index) :]
    assert "Index Cond" in entered.partition("->")[0], plan
    assert "Sort" not in plan, plan


def test_a_search_finds_what_the_search_box_finds(program, agent):
    who = program(agent)
    kits, other = make_ticket(subject="Robot kits", text="Thirty."), make_ticket(text="About kits and robots")
    add_note(ticket=make_ticket(), by=agent, text="They want kites", now=WEDNESDAY)
    make_ticket()

    assert numbers(who.get("tickets/?q=kits")) == [other.pk, kits.pk]
    assert numbers(who.get("tickets/?q=kits+thirty")) == [kits.pk]
    assert numbers(who.get(f"tickets/?q=%23{kits.pk}")) == [kits.pk]
    first = who.get("tickets/?q=kits&limit=1")
    assert numbers(first) + numbers(following(who, first)) == [other.pk, kits.pk]
    assert len(numbers(who.get("tickets/?q=kites"))) == 1


def test_a_search_is_no_way_to_guess_notes_s24_s29(program, agent):
    """Found or not, the answer is the same to a token that may not read notes."""
    add_note(ticket=make_ticket(), by=agent, text="kestrel", now=WEDNESDAY)
    who = program(agent, "tickets:read")

    answers = [who.get(f"tickets/?q={word}") for word in ("kestrel", "sparrow")]

    assert [a.status_code for a in answers] == [403, 403]
    assert answers[0].content == answers[1].content
    assert numbers(program(agent, "tickets:read", "notes:read").get("tickets/?q=kestrel"))


@pytest.mark.parametrize(
    "words", ["'", '"', "a:b & | !", "(((", "%", "_", "\\", "*", "a b c d e f g h i j", "<->", "ｱ", "😀", "is:open or"]
)
def test_whatever_is_looked_for_gets_an_answer_s53(program, agent, words):
    make_ticket()

    assert program(agent).get(f"tickets/?{urlencode({'q': words})}").status_code in (200, 400)
