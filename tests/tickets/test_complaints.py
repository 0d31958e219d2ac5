"""What other desks' users complain about most and what their sources get wrong, where no other test says so.

docs/complaints.md lists every complaint, trap and promise with its test. Complaints about speed are tried here by the
work that the database does: rows that were touched, indexes that were entered, questions that were asked. No stopwatch.
"""

import json
from datetime import timedelta

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.choices import Role
from accounts.models import JournalEntry
from mail.models import OutgoingMail, RawMail
from tests.factories.accounts import make_staff
from tests.factories.mail import make_raw
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tests.tickets.automation.conftest import again, at, do, make_rule, when, work
from tests.tickets.desk.test_inbox import LIST_QUERIES, TICKET_QUERIES
from tickets import tasks
from tickets.actions import assign, clocks, details, follow_up, intake, note, presence, reply, snooze, state
from tickets.choices import Category, Channel, Clock, Happened, Notice, RuleMoment
from tickets.models import ClockNotice, Message, SavedView, ServiceTarget, Team, Ticket
from tickets.queries_desk import automation, inbox
from tickets.queries_desk import thread as threads
from timers.actions import sweep as sweeping
from timers.models import Timer

pytestmark = pytest.mark.django_db

MANY = 6000
# The rows that a page of 25 may touch, whatever the number of rows in the table.
FEW = 200


def multiply(model: type[models.Model], pk: int, count: int, **changes: str) -> None:
    """Add `count` rows like one that stands. `changes` are expressions of SQL, in which `n` is 1, 2, 3 …"""
    columns = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    values = [changes.get(column, f'"{column}"') for column in columns]
    if "id" in changes:
        columns, values = ["id", *columns], [changes["id"], *values]
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table}, generate_series(1, %s) n"  # noqa: S608
            f" WHERE {table}.id = %s",
            [count, pk],
        )
        cursor.execute(f"ANALYZE {table}")


def touched(sql: str, params=None) -> tuple[int, str]:
    """How many rows of tables and indexes a statement looks at, and its plan."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        [(plan,)] = cursor.fetchall()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return _scanned(plan[0]["Plan"]), json.dumps(plan, indent=1)


def _scanned(node: dict) -> int:
    below = sum(_scanned(child) for child in node.get("Plans", ()))
    if "Scan" not in node["Node Type"]:
        return below
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return below + round((node["Actual Rows"] + dropped) * node["Actual Loops"])


def as_with_a_million_rows(*, is_so: bool = True) -> None:
    """A table of a few thousand is as quickly read and sorted whole; without that, what is left is what many get."""
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = {'off' if is_so else 'on'}")


@pytest.fixture
def crowd(agent, customer, lead):
    """Thousands of tickets, most of them closed and a fifth open, as after a few years."""
    team = Team.objects.get()
    closed, open_one = make_ticket(requester=customer), make_ticket(requester=customer)
    state.close_ticket(ticket=closed, by=agent, now=WEDNESDAY, unanswered=True)
    moved = {"id": "10000000 + n", "created_at": "created_at + n * interval '1 minute'"}
    multiply(Ticket, closed.pk, MANY, **moved, closed_at="closed_at + n * interval '1 minute'")
    moved["id"] = "20000000 + n"
    multiply(
        Ticket, open_one.pk, MANY // 5, **moved,
        assignee_id=f"CASE WHEN n %% 3 = 0 THEN {agent.pk} WHEN n %% 3 = 1 THEN {lead.pk} END",
        next_action_at="next_action_at + n * interval '1 minute'",
        category="CASE n %% 5 WHEN 0 THEN 'waiting' WHEN 1 THEN 'hold' WHEN 2 THEN 'open' ELSE category END",
        sla_due_at="CASE WHEN n %% 5 > 1 THEN sla_due_at + n * interval '1 minute' END",
        snoozed_until="CASE WHEN n %% 7 = 0 THEN next_action_at + interval '3 days' END",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what earlier tests left behind is no guide to what stands here
    return team


def test_a_page_of_every_view_reads_a_few_rows_of_thousands(crowd, agent):
    """Complaints 5 and 8: lists that took 5 to 15 s. Each view has an index in its order, which any page enters."""
    now = WEDNESDAY + timedelta(days=2)
    for slug, view in inbox.views_for(agent, now, [(crowd.pk, crowd.name)]).items():
        # Few by their nature, and found by small indexes of their own: one's mentions and drafts, and held words.
        is_few = slug in ("mentions", "drafts", "held")
        as_with_a_million_rows(is_so=not is_few)
        after = ""
        for _ in range(3):
            with CaptureQueriesContext(connection) as asked:
                page = inbox.page_of(view.narrow(Ticket.objects.all()), view, after)
            assert len(asked) == 1, slug
            rows, plan = touched(asked[0]["sql"])
            # Each row brings its requester, its assignee and its level along.
            assert rows <= FEW + 3 * inbox.PAGE_SIZE and (is_few or '"Sort"' not in plan), f"{slug}: {rows}\n{plan}"
            after = page.next_cursor
            if not after:
                break


def test_counting_stops_at_the_cap(crowd, agent, monkeypatch):
    """Complaints 5 and 8: nobody counts to a million to show “1,000+”. One question for all views."""
    monkeypatch.setattr(inbox, "COUNT_CAP", 100)
    now = WEDNESDAY + timedelta(days=2)
    shown = inbox.views_for(agent, now, [(crowd.pk, crowd.name)])

    as_with_a_million_rows()
    inbox.numbers_for(agent, shown, now)  # what a request knows already: the person's roles
    with CaptureQueriesContext(connection) as asked:
        numbers = inbox.numbers_for(agent, shown, now)

    assert len(asked) == 1
    assert numbers.views["all"] == numbers.views["mine"] == 101
    rows, plan = touched(asked[0]["sql"])
    assert rows <= 20 * 101, f"{rows}\n{plan}"


def test_a_thread_reads_the_words_of_its_ticket_only(agent, customer):
    """Complaint 2: an index over ticket and order was missing, and every open ticket scanned all messages."""
    ticket, other = make_ticket(requester=customer), make_ticket(requester=customer)
    for number in range(3):
        intake.add_customer_message(
            ticket=ticket, person=customer, text=f"Word {number}.", channel="web", now=WEDNESDAY + timedelta(hours=1)
        )
    multiply(Message, other.messages.get().pk, MANY)

    with CaptureQueriesContext(connection) as asked:
        found = threads.thread_of(ticket)

    assert [entry.it.text for entry in found.entries if entry.kind == "message"][1:] == [
        "Word 0.",
        "Word 1.",
        "Word 2.",
    ]
    assert len(asked) == 4
    for question in asked:
        rows, plan = touched(question["sql"])
        assert rows <= 20, plan
    # A thread of thousands reads its newest part, not all of it.
    with CaptureQueriesContext(connection) as asked:
        threads.thread_of(other)
    rows, plan = touched(asked[0]["sql"])
    assert rows <= 3 * (threads.SHOWN_AT_ONCE + 1), plan


def test_what_is_due_is_found_among_thousands_that_are_done(agent, customer):
    """Complaint 6: a queue that scanned its table went from 6,000 to 180 jobs a second. Timers and incoming mail."""
    ticket = make_ticket(requester=customer)
    timer = Timer.objects.get(kind="tickets.look", subject=ticket.pk)
    multiply(Timer, timer.pk, MANY, subject="10000000 + n", done_at="due_at", kind="'tickets.done'")
    raw = make_raw()
    multiply(RawMail, raw.pk, MANY, sha256="md5(n::text)", state="'done'", done_at="received_at")

    late = {"now": timer.due_at, "leased_from": timer.due_at, "size": sweeping.BATCH}
    for claim in (sweeping.CLAIM_FRESH, sweeping.CLAIM_TRIED):
        rows, plan = touched(claim, late)
        assert rows <= 10 and "timer_waiting_" in plan, plan
    with CaptureQueriesContext(connection) as asked:
        assert list(RawMail.objects.due(WEDNESDAY).order_by("pk").values_list("pk", flat=True)[:200]) == [raw.pk]
    rows, plan = touched(asked[0]["sql"])
    assert rows <= 10 and "raw_pending" in plan, plan


def test_fifty_agents_with_thirty_views_each_cost_a_page_and_the_sweep_nothing(desk_of, agent, customer):
    """Complaints 1 and 7: 50 agents made an answer take 200 s; 30 agents with 30 overviews starved the scheduler."""
    ticket = make_ticket(requester=customer)
    browser = desk_of(agent)
    now = timezone.now()
    browser.get("/inbox/all/")
    browser.get(f"/inbox/all/{ticket.pk}/")
    asked = []
    for crowded in (False, True):
        if crowded:
            people = [make_staff(Role.AGENT, email=f"a{number}@desk.example") for number in range(50)]
            for screen, person in enumerate(people):
                presence.be_at(ticket_id=ticket.pk, by=person, screen=screen, doing="viewing", now=now)
            SavedView.objects.bulk_create(
                SavedView(name=f"V{number}", q="is:open", owner=person, created_at=now, updated_at=now)
                for person in people for number in range(30)
            )  # fmt: skip
        counts = []
        for address in ("/inbox/all/", f"/inbox/all/{ticket.pk}/"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(address).status_code == 200
            counts.append(len(queries))
        Timer.objects.update(done_at=now)
        with CaptureQueriesContext(connection) as queries:
            sweeping.sweep(now=now)
        asked.append((*counts, len(queries)))

    # A sweep that finds nothing due is two claims.
    assert asked == [(LIST_QUERIES, TICKET_QUERIES, 2)] * 2
    assert SavedView.objects.count() == 1500


@pytest.fixture
def desk_of(client):
    """A function that signs somebody in and answers their browser."""

    def sign_in(person):
        client.force_login(person)
        return client

    return sign_in


def broken() -> list[str]:
    return list(ClockNotice.objects.filter(kind=Notice.BROKEN).order_by("pk").values_list("clock", flat=True))


def answer(ticket, agent, now, then="waiting"):
    last = again(ticket).last_message_id
    return reply.reply(ticket=ticket, by=agent, text="Thirty.", last_seen=last, now=now, then=then)


def test_no_clock_runs_after_the_close_and_a_removed_promise_breaks_nothing(agent, customer):
    """Complaints 11 and 13: the next-reply clock ran on after the solution; a deactivated policy went on escalating."""
    closed, unpromised = make_ticket(requester=customer), make_ticket(requester=customer)
    for ticket in (closed, unpromised):
        answer(ticket, agent, at(4, 10))
        intake.add_customer_message(ticket=ticket, person=customer, text="And?", channel="web", now=at(4, 11))
    assert {again(one).next_response_due_at for one in (closed, unpromised)} == {at(4, 15)}

    state.close_ticket(ticket=again(closed), by=agent, now=at(4, 12), unanswered=True)
    ServiceTarget.objects.all().delete()
    assert clocks.recompute_level(level_id=unpromised.service_level_id, now=at(4, 12)) == 1
    for day in (5, 6, 20):
        work(at(day, 12))

    assert broken() == [Clock.FOLLOW_UP]  # the open ticket came up by its date all the same; no promise was broken
    assert (again(unpromised).sla_due_at, again(closed).next_action_at) == (None, None)


def test_a_changed_policy_moves_open_promises_and_never_the_answered_one(agent, customer):
    """Complaints 11 and 13: a policy could not be changed, and a new one overruled a first reply that was given."""
    answered, waits = make_ticket(requester=customer), make_ticket(requester=customer)
    answer(answered, agent, at(4, 10), then="stay")
    ServiceTarget.objects.update(first_response_minutes=10, resolution_minutes=600)

    clocks.recompute_level(level_id=waits.service_level_id, now=at(4, 10, 30))
    work(at(4, 10, 31))

    assert ClockNotice.objects.get(kind=Notice.BROKEN).ticket_id == waits.pk
    assert again(answered).first_responded_at == at(4, 10)
    assert again(answered).sla_due_at == again(answered).resolution_due_at == at(5, 11, 30)


@pytest.mark.parametrize("channel", [Channel.WEB, Channel.LINK, Channel.API, Channel.MAIL])
def test_an_answer_counts_whatever_way_the_customer_came(agent, customer, channel):
    """Complaint 13: an answer in the portal counted for nothing. Theirs starts the clock, ours ends it."""
    ticket = intake.open_ticket(
        requester=customer, subject="Which?", text="Which licence?", channel=channel, by=None, now=WEDNESDAY,
        mailbox=make_mailbox(),
    )  # fmt: skip
    answer(ticket, agent, at(4, 10))
    assert again(ticket).first_responded_at == at(4, 10)

    intake.add_customer_message(ticket=ticket, person=customer, text="And?", channel=channel, now=at(4, 11))
    assert again(ticket).next_response_due_at == at(4, 15)
    answer(ticket, agent, at(4, 12))

    work(at(20, 9))
    assert set(broken()) <= {Clock.FOLLOW_UP}


def test_a_warning_reaches_whom_the_desk_chose_before_the_breach(agent, lead, customer):
    """The bar: warnings before the breach to chosen people, beside those who always hear of it."""
    chosen = make_staff(Role.AGENT, name="Wanda Watch", email="wanda@desk.example")
    make_rule(
        lead, do("tell", "Wanda Watch"), name="Soon", events=[Happened.AT_RISK],
        all_of=[when("subject", "contains", "outage")],
    )  # fmt: skip
    ticket, other = make_ticket(subject="An outage"), make_ticket(subject="A question")

    for now in (at(4, 12, 29), at(4, 12, 30), at(4, 12, 31)):
        work(now)

    told = OutgoingMail.objects.filter(to_address=chosen.email)
    assert [mail.subject.partition(":")[0] for mail in told] == [f"Ticket {ticket.pk}"]
    assert again(ticket).sla_due_at == again(other).sla_due_at == at(4, 13, 30)
    assert broken() == []


def test_a_warning_and_a_dry_run_change_nothing(agent, lead):
    """Trap of django-helpdesk: `escalate_tickets --notify-only` changed the priority all the same."""
    Team.objects.update(lead=lead)
    ticket = make_ticket()
    before = Ticket.objects.values("priority", "assignee", "team", "tags", "category", "status").get()
    for now in (at(4, 12, 30), at(4, 13, 30), at(5, 13, 30)):
        work(now)
    assert Ticket.objects.values(*before).get() == before
    assert ClockNotice.objects.filter(ticket=ticket).count() == 3  # warned, broken, left for a day

    rule = make_rule(lead, do("raise"), do("escalate"), moment=RuleMoment.CREATED, minutes=30)
    with CaptureQueriesContext(connection) as asked:
        shown = automation.preview(rule, now=at(5, 14), after=None)
    assert [found.pk for found, _ in shown.rows] == [ticket.pk]
    assert {question["sql"].split()[0] for question in asked} <= {"SELECT", "SAVEPOINT", "RELEASE"}
    assert Ticket.objects.values(*before).get() == before


def test_a_promise_holds_to_the_second_and_a_pause_adds_none(agent, customer):
    """Trap of Libredesk: its service levels drop the seconds and know no pause."""
    asked = WEDNESDAY + timedelta(seconds=17, microseconds=250_000)
    ticket = make_ticket(requester=customer, now=asked)
    due = asked + timedelta(hours=4)
    assert ticket.first_response_due_at == due

    work(due - timedelta(microseconds=1))
    assert broken() == []
    work(due)
    assert broken() == [Clock.FIRST_RESPONSE]

    paused = make_ticket(requester=customer, now=asked)
    state.put_on_hold(ticket=paused, by=agent, until=at(6, 9), now=asked + timedelta(minutes=1, seconds=3))
    state.reopen_ticket(ticket=again(paused), by=agent, now=at(5, 10, 0) + timedelta(seconds=41))
    # 62.75 seconds less than four hours were left: the pause took none of them.
    assert again(paused).first_response_due_at == at(5, 10) + timedelta(hours=4, seconds=41 - 63)


def test_mail_that_waited_through_an_outage_of_weeks_all_becomes_tickets():
    """Complaint 17: mail older than a day was lost after an outage, or only the last ten were read."""
    long_ago = timezone.now() - timedelta(days=40)
    mailbox = make_mailbox()
    for _ in range(12):
        make_raw(mailbox=mailbox, now=long_ago)

    assert tasks.take_in_pending() == 12

    assert Ticket.objects.count() == 12
    assert not RawMail.objects.pending().exists()


def test_one_customer_is_one_timeline_over_every_channel(desk_of, agent, customer):
    """R81: The bar: mail, web, secure link, telephone, chat, SMS and API stand beside each other, each by its name."""
    channels = [Channel.MAIL, Channel.WEB, Channel.LINK, Channel.PHONE, Channel.CHAT, Channel.SMS, Channel.API]
    tickets = [
        intake.open_ticket(
            requester=customer, subject=f"Asked by {channel}", text="Which?", channel=channel, by=None, now=WEDNESDAY,
            mailbox=make_mailbox(),
        )
        for channel in channels
    ]  # fmt: skip
    for channel in channels[1:]:
        intake.add_customer_message(ticket=tickets[0], person=customer, text="And?", channel=channel, now=at(4, 11))
    browser = desk_of(agent)

    html = browser.get(f"/inbox/all/{tickets[0].pk}/").content.decode()

    for channel, ticket in zip(channels[1:], tickets[1:], strict=True):
        assert f"/inbox/all/{ticket.pk}/" in html and f"Asked by {channel}" in html, channel
        said = "after a call" if channel == Channel.PHONE else f"via {channel.label}"
        assert said in html, channel
    found = browser.get("/inbox/search/", {"q": f"from:{customer.email}"}).context["shelf"]
    assert {row.ticket.pk for row in found.rows} == {ticket.pk for ticket in tickets}


def test_nothing_that_is_unsolved_is_invisible(agent, lead, customer):
    """Complaint 15: every unsolved ticket stands in a view, comes up by itself, and neglect is told to a person."""
    Team.objects.update(lead=lead)
    fresh, waiting, held = (make_ticket(requester=customer) for _ in range(3))
    state.set_waiting(ticket=waiting, by=agent, now=WEDNESDAY)
    state.put_on_hold(ticket=held, by=agent, until=None, now=WEDNESDAY)

    unsolved = Ticket.objects.exclude(category=Category.CLOSED)
    assert unsolved.count() == unsolved.filter(next_action_at__isnull=False).count() == 3
    for day in range(5, 13):
        work(at(day, 9, 30))
    neglected = ClockNotice.objects.filter(kind=Notice.LEFT).values_list("ticket", flat=True)
    assert set(neglected) == {fresh.pk, waiting.pk, held.pk}
    assert OutgoingMail.objects.filter(to_address=lead.email, subject__contains="Nobody acted").count() >= 3


def test_whatever_staff_do_to_a_ticket_is_in_the_journal(agent, lead, customer):
    """The bar: a journal of everything. Who, what and which ticket, once each, and none of the words."""
    opened = intake.open_ticket(
        requester=customer, subject="SECRET", text="SECRET", channel=Channel.AGENT, by=agent, now=WEDNESDAY,
        mailbox=make_mailbox(),
    )  # fmt: skip
    note.add_note(ticket=opened, by=agent, text="SECRET", now=WEDNESDAY)
    follow_up.set_follow_up(ticket=opened, at=at(6, 9), by=agent, now=WEDNESDAY)
    assign.assign(ticket=opened, to=lead, by=agent, now=WEDNESDAY)
    answer(opened, agent, at(4, 10))
    details.change(ticket=opened, by=agent, priority="high", tags=["a"], now=at(4, 11))
    snooze.snooze(ticket=opened, until=at(5, 9), by=agent, now=at(4, 11))
    state.put_on_hold(ticket=opened, by=agent, until=None, now=at(4, 12))
    state.close_ticket(ticket=opened, by=agent, now=at(4, 13), unanswered=True)
    state.reopen_ticket(ticket=opened, by=agent, now=at(4, 14))

    entries = JournalEntry.objects.filter(by=agent, subject=f"tickets.ticket:{opened.pk}").order_by("number")
    assert [entry.action.removeprefix("tickets.") for entry in entries] == [
        "open", "note", "follow_up", "assign", "reply", "change", "snooze", "hold", "close", "reopen",
    ]  # fmt: skip
    assert "SECRET" not in str(list(JournalEntry.objects.values_list("data", flat=True)))
