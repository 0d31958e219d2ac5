"""Complaint 25: the numbers about agents and tickets are right, by every definition of the reports."""

from datetime import timedelta

import pytest

from insights import queries_reports as queries
from insights.actions.gather import gather, start_again
from insights.choices import Dimension, TurnKind
from insights.figures import COUNTED, FIGURES
from insights.models import Answer, DirtyDay, Gathered, Turn
from insights.models import Figure as DayFigure
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.insights.conftest import gathered, say, scope
from tickets.actions import assign, details, merge, note, reply, state
from tickets.actions.intake import add_customer_message
from tickets.choices import Channel
from tickets.models import BusinessCalendar, Message, Ticket

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = WEDNESDAY + 60 * DAY


def counts(**where) -> dict:
    wanted = scope(**where)
    return {key: value for key, value in queries.totals(wanted).now.items() if value}


def by_person(**where) -> dict:
    found = queries.broken_down(scope(**where), Dimension.PERSON)
    names = queries.names_of(Dimension.PERSON, list(found))
    return {names[key]: {name: value for name, value in one.items() if value} for key, one in found.items()}


def write(ticket, customer, now):
    return add_customer_message(ticket=ticket, person=customer, text="And?", channel=Channel.WEB, now=now)


def test_who_answered_counts_and_not_who_closed(agent, ben, customer):
    ticket = make_ticket(requester=customer)
    say(ticket, agent, now=WEDNESDAY + HOUR)
    note.add_note(ticket=ticket, by=ben, text="I would have said forty.", now=WEDNESDAY + HOUR)
    write(ticket, customer, WEDNESDAY + 2 * HOUR)
    say(ticket, agent, now=WEDNESDAY + 3 * HOUR)
    state.close_ticket(ticket=ticket, by=ben, now=WEDNESDAY + 4 * HOUR, unanswered=True)
    assign.assign(ticket=ticket, to=ben, by=ben, now=WEDNESDAY + 4 * HOUR)
    gathered(WEDNESDAY + 5 * HOUR)

    assert by_person() == {
        "Alma Agent": {
            "answers": 2, "first_answers": 1, "first_promised": 1, "first_kept": 1, "next_promised": 1, "next_kept": 1,
            "closed": 1, "solved": 1, "solved_promised": 1, "solved_kept": 1,
        }
    }  # fmt: skip


def test_what_was_taken_back_what_a_machine_wrote_and_what_is_held_are_no_answers(agent, customer):
    ticket = make_ticket(requester=customer)
    taken = say(ticket, agent)
    reply.take_back(message=taken, by=agent, now=WEDNESDAY + timedelta(seconds=5))
    say(ticket, agent, now=WEDNESDAY + HOUR)
    Message.objects.filter(author="agent", delivery="pending").update(auto_reply="vacation")
    Ticket.objects.update(updated_at=WEDNESDAY + HOUR + timedelta(seconds=1))
    gathered(WEDNESDAY + 2 * HOUR)

    assert not Answer.objects.exists()
    assert counts() == {"opened": 1, "contacts": 1}


def test_merged_tickets_and_spam_are_counted_nowhere(agent):
    gone, kept, spam = make_ticket(), make_ticket(subject="Another"), make_ticket(subject="Win a prize")
    gathered(WEDNESDAY)
    assert counts()["opened"] == 3

    merge.merge(ticket=gone, into=kept, by=agent, now=WEDNESDAY + HOUR)
    details.change(ticket=spam, by=agent, tags=["spam"], now=WEDNESDAY + HOUR)
    gathered(WEDNESDAY + 2 * HOUR)

    assert counts() == {"opened": 1, "contacts": 1}


def test_opened_again_within_seven_days_is_the_same_contact_and_later_a_new_one(agent, customer):
    ticket = make_ticket(requester=customer)
    say(ticket, agent, now=WEDNESDAY + HOUR, then="closed")
    write(ticket, customer, WEDNESDAY + 3 * DAY)
    say(ticket, agent, now=WEDNESDAY + 3 * DAY + HOUR, then="closed")
    write(ticket, customer, WEDNESDAY + 20 * DAY)
    say(ticket, agent, now=WEDNESDAY + 20 * DAY + 2 * HOUR, then="closed")
    gathered(LATER)

    assert counts(days=60) == {
        "opened": 1, "contacts": 2, "closed": 3, "reopened": 2, "closed_soon": 1, "solved": 2, "solved_promised": 2,
        "solved_kept": 2, "answers": 3, "first_answers": 2, "first_promised": 1, "first_kept": 1, "next_promised": 1,
        "next_kept": 1,
    }  # fmt: skip
    firsts = Answer.objects.filter(is_first=True).order_by("at").values_list("waited", flat=True)
    assert list(firsts) == [3600, 7200]
    solved = Turn.objects.filter(solved_in__isnull=False).order_by("at").values_list("solved_in", flat=True)
    assert list(solved) == [(3 * DAY + HOUR).total_seconds(), 7200]


def test_times_are_given_elapsed_and_in_open_hours(agent):
    """The default calendar opens at nine and closes at five: from Wednesday 16:30 to Thursday 9:30 is one open hour."""
    ticket = make_ticket(now=WEDNESDAY + 7 * HOUR)
    say(ticket, agent, now=WEDNESDAY + 24 * HOUR)
    gathered(WEDNESDAY + 25 * HOUR)

    answer = Answer.objects.get()
    assert (answer.waited, answer.waited_open) == (17 * 3600, 3600)


def test_a_late_first_reply_is_late_and_says_so_in_its_rows(agent):
    on_time, late = make_ticket(), make_ticket(subject="Forgotten")
    say(on_time, agent, now=WEDNESDAY + timedelta(minutes=10))
    say(late, agent, now=WEDNESDAY + 9 * DAY)
    gathered(LATER)

    made = counts(days=30)
    assert (made["first_promised"], made["first_kept"]) == (2, 1)
    rows = queries.rows_of(FIGURES["first_late"], scope(days=30))
    assert [row.ticket_id for row in rows] == [late.pk]


def test_median_and_ninetieth_are_exact_and_those_of_each_key(agent, ben):
    for minutes in (10, 20, 30, 40, 100):
        ticket = make_ticket()
        say(ticket, agent if minutes < 35 else ben, now=WEDNESDAY + timedelta(minutes=minutes))
    gathered(WEDNESDAY + 5 * HOUR)

    times = queries.first_reply_times(scope(), Dimension.PERSON, of=5)
    assert (times[""].n, times[""].median, times[""].ninetieth) == (5, 1800, 76 * 60)
    assert (times[f"={agent.pk}"].median, times[f"={ben.pk}"].median) == (1200, 70 * 60)
    assert not times[""].is_sample


def test_past_ten_thousand_the_median_is_that_of_a_fair_sample(agent):
    ticket = make_ticket()
    gathered(WEDNESDAY)
    day = WEDNESDAY.date()
    Answer.objects.bulk_create(
        Answer(
            ticket=ticket, at=WEDNESDAY, on=day, team_id=ticket.team_id, channel="mail", person_id=agent.pk, tags=[],
            draw=number % 1000, message_id=number, is_first=True, waited=number, waited_open=number,
        )
        for number in range(40_000)
    )  # fmt: skip

    times = queries.first_reply_times(scope(), Dimension.TEAM, of=40_000)[""]

    assert (times.n, times.is_sample) == (10_000, True)
    assert abs(times.median - 20_000) < 400


def test_every_number_is_as_many_rows_as_it_says_in_every_breakdown(agent, ben, customer):
    """B "each number opens its rows": counts and filters come from one definition and agree everywhere."""
    for number in range(6):
        ticket = make_ticket(requester=customer, now=WEDNESDAY + number * DAY)
        details.change(ticket=ticket, by=agent, tags=["vip", "po"][: number % 3], now=ticket.created_at)
        if number % 2:
            say(ticket, agent if number % 3 else ben, now=ticket.created_at + HOUR, then="closed")
        if number == 3:
            write(ticket, customer, ticket.created_at + 2 * DAY)
        if number == 4:
            state.close_ticket(ticket=ticket, by=ben, now=ticket.created_at + HOUR, unanswered=True)
    gathered(LATER)
    wanted = scope(days=20)
    figures = [figure for key, figure in FIGURES.items() if key in COUNTED]

    total = queries.totals(wanted).now
    assert {figure.key: queries.rows_of(figure, wanted).count() for figure in figures} == {
        figure.key: total[figure.key] for figure in figures
    }
    for dimension in (one for one in Dimension if one != Dimension.ALL):
        for key, found in queries.broken_down(wanted, dimension).items():
            rows = {
                figure.key: queries.rows_of(figure, wanted, dimension=dimension, key=key).count() for figure in figures
            }
            assert rows == {figure.key: found[figure.key] for figure in figures}, (dimension, key)


def test_unsolved_at_the_end_of_every_day_is_what_its_rows_list(agent, customer):
    first, second = make_ticket(requester=customer), make_ticket(now=WEDNESDAY + DAY)
    state.close_ticket(ticket=first, by=agent, now=WEDNESDAY + DAY, unanswered=True)
    write(first, customer, WEDNESDAY + 3 * DAY)
    state.close_ticket(ticket=second, by=agent, now=WEDNESDAY + 4 * DAY, unanswered=True)
    gathered(LATER)

    backlog = 0
    for number, expected in enumerate([{first.pk}, {second.pk}, {second.pk}, {first.pk, second.pk}, {first.pk}]):
        day = scope(since=WEDNESDAY + number * DAY)
        made = queries.totals(day).now
        backlog += made["opened"] + made["reopened"] - made["closed"]
        rows = queries.rows_of(FIGURES["backlog"], day)
        assert ({row.ticket_id for row in rows}, backlog) == (expected, len(expected)), number


def test_gathering_again_changes_nothing_and_only_what_moved_is_gathered(agent):
    tickets = [make_ticket() for _ in range(3)]
    say(tickets[0], agent, then="closed")
    assert gathered(WEDNESDAY + HOUR) == 3

    before = everything()
    assert gathered(WEDNESDAY + 2 * HOUR) == 0
    start_again()
    assert gathered(WEDNESDAY + 3 * HOUR) == 3
    assert everything() == before
    state.close_ticket(ticket=tickets[1], by=agent, now=WEDNESDAY + 4 * HOUR, unanswered=True)
    assert gathered(WEDNESDAY + 5 * HOUR) == 1
    assert not DirtyDay.objects.exists()


def test_a_change_that_commits_late_with_an_old_time_is_gathered_too(agent):
    ticket = make_ticket()
    gathered(WEDNESDAY + HOUR)

    details.change(ticket=ticket, by=agent, priority="high", now=WEDNESDAY + timedelta(minutes=20))

    assert gathered(WEDNESDAY + HOUR + timedelta(minutes=1)) == 1


def test_tickets_that_came_in_with_times_of_long_ago_are_gathered_by_the_thorough_look(agent):
    make_ticket()
    gathered(WEDNESDAY + HOUR)

    make_ticket(now=WEDNESDAY - 400 * DAY)

    assert gathered(WEDNESDAY + 2 * HOUR) == 0
    assert gather(now=WEDNESDAY + 2 * HOUR, is_thorough=True) == 1
    assert gather(now=WEDNESDAY + 2 * HOUR, is_thorough=True) == 0
    assert counts(since=WEDNESDAY - 400 * DAY) == {"opened": 1, "contacts": 1}


def test_a_removed_ticket_leaves_the_figures_with_the_next_count(agent):
    ticket = make_ticket()
    gathered(WEDNESDAY)
    assert Turn.objects.get().kind == TurnKind.OPENED

    start_again()
    Ticket.objects.filter(pk=ticket.pk).delete()
    make_ticket()
    gathered(WEDNESDAY + HOUR)

    assert counts() == {"opened": 1, "contacts": 1}


def test_another_time_zone_cuts_the_days_anew(agent):
    make_ticket(now=WEDNESDAY.replace(hour=23, minute=30))
    gathered(LATER)
    assert counts() == {"opened": 1, "contacts": 1}

    BusinessCalendar.objects.update(time_zone="Asia/Tokyo")
    gather(now=LATER)

    assert [turn.on.isoformat() for turn in Turn.objects.all()] == ["2026-03-05"]


def everything() -> tuple:
    skipped = {"id", "_state"}
    rows = []
    for model in (Turn, Answer, DayFigure, Gathered):
        rows.append(sorted(
            str(sorted((key, str(value)) for key, value in vars(row).items() if key not in skipped))
            for row in model._default_manager.all()
        ))  # fmt: skip
    return tuple(rows)
