"""Service levels on tickets: first reply, next reply, solution; pause, warning, breach, follow-up."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import JournalEntry
from mail.models import OutgoingMail
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import assign, details, intake, reply, snooze, state
from tickets.actions import clocks as clock_actions
from tickets.choices import Category, Clock, NextAction, Notice
from tickets.models import BusinessCalendar, CalendarHoliday, ClockNotice, ContactReason, ServiceLevel, Team, Ticket
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("team", "status").get(pk=ticket.pk)


def answer(ticket, agent, now, then="waiting"):
    return reply.reply(
        ticket=ticket, by=agent, text="Thirty seats.", last_seen=ticket.last_message_id, now=now, then=then
    )


def notices(ticket) -> list[tuple[str, str]]:
    rows = ClockNotice.objects.filter(ticket=ticket).order_by("noticed_at", "pk")
    return list(rows.values_list("clock", "kind"))


def test_a_new_ticket_has_all_clocks_running_in_open_hours():
    """Complaint 9: a promise that ignored business hours."""
    ticket = make_ticket(now=WEDNESDAY)

    # Office hours are 9 to 17; a normal ticket has 4 h to the first reply and 24 open hours to a solution.
    assert ticket.first_response_due_at == at(4, 13, 30)
    assert ticket.resolution_due_at == at(9, 9, 30)
    assert ticket.next_response_due_at is None
    assert (ticket.sla_due_at, ticket.next_action_at) == (at(4, 13, 30), at(4, 13, 30))
    assert ticket.next_action == NextAction.FIRST_RESPONSE


def test_a_holiday_moves_the_due_time():
    calendar = BusinessCalendar.objects.get()
    CalendarHoliday.objects.create(calendar=calendar, day_on=at(5, 0).date(), name="Founders' day")

    ticket = make_ticket(now=at(4, 15))

    assert ticket.first_response_due_at == at(6, 11)


def test_an_answer_ends_the_first_clock_and_the_pause_keeps_the_rest(agent):
    """Complaint 12: a pause that does not pause."""
    ticket = make_ticket(now=WEDNESDAY)

    answer(ticket, agent, at(4, 10, 30))

    ticket = again(ticket)
    assert ticket.category == Category.WAITING
    assert ticket.first_responded_at == at(4, 10, 30)
    assert (ticket.sla_due_at, ticket.waiting_since) == (None, None)
    assert ticket.next_action == NextAction.FOLLOW_UP
    # Three days on is Saturday; the desk looks at it on Monday morning.
    assert ticket.next_action_at == at(9, 9)


def test_the_customers_answer_starts_the_next_reply_and_what_was_left_of_the_solution(agent, customer):
    ticket = make_ticket(requester=customer, now=WEDNESDAY)
    answer(ticket, agent, at(4, 10, 30))

    intake.add_customer_message(ticket=ticket, person=customer, text="And for forty?", channel="web", now=at(6, 10))

    ticket = again(ticket)
    assert ticket.category == Category.OPEN
    assert ticket.next_response_due_at == at(6, 14)
    # One of 24 open hours was used before the pause: 23 are left from Friday 10:00.
    assert ticket.resolution_due_at == at(10, 17)
    assert ticket.came_back == "The customer wrote"


def test_a_second_message_does_not_start_the_clock_afresh(agent, customer):
    ticket = make_ticket(requester=customer, now=WEDNESDAY)

    intake.add_customer_message(ticket=ticket, person=customer, text="Hello?", channel="web", now=at(4, 12))

    assert again(ticket).first_response_due_at == at(4, 13, 30)


def test_priority_changes_the_promise_from_the_same_start(agent):
    ticket = make_ticket(now=WEDNESDAY)

    details.change(ticket=ticket, by=agent, priority="urgent", now=at(4, 10))

    ticket = again(ticket)
    assert ticket.first_response_due_at == at(4, 10, 30)
    assert ticket.resolution_due_at == at(5, 9, 30)


def test_a_changed_priority_never_revives_an_answered_first_clock(agent):
    ticket = make_ticket(now=WEDNESDAY)
    answer(ticket, agent, at(4, 10), then="stay")

    details.change(ticket=again(ticket), by=agent, priority="urgent", now=at(4, 10, 5))

    assert again(ticket).first_response_due_at == at(4, 13, 30)
    assert again(ticket).sla_due_at == at(5, 9, 30)


def test_a_warning_comes_once_then_the_breach_once_and_the_lead_is_told(agent, lead):
    Team.objects.update(lead=lead)
    ticket = make_ticket(now=WEDNESDAY)
    assign.assign(ticket=ticket, to=agent, by=agent, now=WEDNESDAY)

    for now in (at(4, 12, 29), at(4, 12, 30), at(4, 12, 31), at(4, 13, 31), at(4, 13, 31), at(4, 14)):
        sweep(now=now)

    assert notices(ticket) == [(Clock.FIRST_RESPONSE, Notice.WARNED), (Clock.FIRST_RESPONSE, Notice.BROKEN)]
    told = list(OutgoingMail.objects.order_by("pk").values_list("to_address", "kind"))
    assert told == [("alma@desk.example", "notification"), ("leo@desk.example", "notification")]
    assert again(ticket).came_back == "First reply is overdue"


def test_F21_a_clock_that_jumps_ahead_breaks_each_promise_once_and_nothing_refires():
    ticket = make_ticket(now=WEDNESDAY)

    for now in (at(4, 9, 31), WEDNESDAY + timedelta(days=30), at(4, 9, 32), WEDNESDAY + timedelta(days=30), at(4, 18)):
        sweep(now=now)
        sweep(now=now)

    broken = ClockNotice.objects.filter(ticket=ticket, kind=Notice.BROKEN).values_list("clock", flat=True)
    assert sorted(broken) == [Clock.FIRST_RESPONSE, Clock.RESOLUTION]


def test_a_paused_clock_never_breaks(agent):
    """Complaint 12."""
    ticket = make_ticket(now=WEDNESDAY)
    state.put_on_hold(ticket=ticket, by=agent, until=at(20, 9), now=at(4, 10))

    sweep(now=at(12, 9))

    assert notices(ticket) == []
    assert again(ticket).next_action_at == at(20, 9)


def test_a_hold_that_ends_comes_up_and_a_day_later_somebody_is_told(agent, lead):
    Team.objects.update(lead=lead)
    ticket = make_ticket(now=WEDNESDAY)
    state.put_on_hold(ticket=ticket, by=agent, until=at(10, 9), now=at(4, 10))

    for now in (at(10, 8, 59), at(10, 9), at(10, 9), at(11, 8, 59), at(11, 9), at(11, 9), at(12, 9)):
        sweep(now=now)

    assert notices(ticket) == [(Clock.FOLLOW_UP, kind) for kind in (Notice.BROKEN, Notice.NEARLY, Notice.LEFT)]
    assert [mail.to_address for mail in OutgoingMail.objects.all()] == ["leo@desk.example"] * 2


def test_a_snooze_ends_at_its_time_and_says_so(agent):
    ticket = make_ticket(now=WEDNESDAY)
    answer(ticket, agent, at(4, 10))
    snooze.snooze(ticket=ticket, until=at(6, 9), by=agent, now=at(4, 10, 1))
    assert again(ticket).next_action == NextAction.SNOOZE

    sweep(now=at(6, 9))

    ticket = again(ticket)
    assert (ticket.snoozed_until, ticket.came_back) == (None, "Its snooze ended")
    assert ticket.next_action_at == at(6, 9)


def test_a_promise_that_breaks_ends_the_snooze_early(agent):
    ticket = make_ticket(now=WEDNESDAY)
    snooze.snooze(ticket=ticket, until=at(6, 9), by=agent, now=at(4, 10))

    sweep(now=at(4, 13, 30))

    assert again(ticket).snoozed_until is None


@pytest.mark.parametrize("days", [-1, 0, 15])
def test_a_snooze_ends_in_the_future_within_14_days(agent, days):
    ticket = make_ticket(now=WEDNESDAY)

    with pytest.raises(snooze.CannotSnooze):
        snooze.snooze(ticket=ticket, until=WEDNESDAY + timedelta(days=days), by=agent, now=WEDNESDAY)

    assert again(ticket).snoozed_until is None


def test_a_closed_ticket_has_no_date_and_no_timer_and_reopening_starts_afresh(agent, customer):
    ticket = make_ticket(requester=customer, now=WEDNESDAY)
    state.close_ticket(ticket=ticket, by=agent, now=at(4, 10), unanswered=True)
    assert again(ticket).next_action_at is None
    assert not Timer.objects.filter(kind="tickets.look", subject=ticket.pk, done_at=None).exists()

    intake.add_customer_message(ticket=ticket, person=customer, text="Still broken.", channel="mail", now=at(11, 9))

    ticket = again(ticket)
    assert (ticket.category, ticket.closed_at) == (Category.OPEN, None)
    assert ticket.resolution_due_at == at(13, 17)


def test_a_ticket_whose_every_date_has_passed_is_looked_at_again_and_its_neglect_is_told_once(agent, lead):
    Team.objects.update(lead=lead)
    ticket = make_ticket(now=WEDNESDAY)
    snooze.snooze(ticket=ticket, until=at(14, 9), by=agent, now=at(4, 13, 31))

    for day in range(5, 25):
        sweep(now=at(day, 9))
        sweep(now=at(day, 9))

    assert Timer.objects.filter(kind="tickets.look", subject=ticket.pk, done_at=None).count() == 1
    left = ClockNotice.objects.filter(ticket=ticket, kind=Notice.LEFT)
    assert left.count() == left.values("due_at").distinct().count() >= 1


def test_every_unsolved_ticket_has_exactly_one_timer_waiting(agent):
    ticket = make_ticket(now=WEDNESDAY)
    for minute in range(5):
        details.change(ticket=ticket, by=agent, tags=[f"t{minute}"], now=WEDNESDAY + timedelta(minutes=minute))

    waiting = Timer.objects.filter(kind="tickets.look", subject=ticket.pk, done_at=None)
    assert [timer.visit for timer in waiting] == [again(ticket).visit]


def test_a_timer_of_an_older_visit_does_nothing():
    ticket = make_ticket(now=WEDNESDAY)

    assert clock_actions.look(ticket_id=ticket.pk, visit=ticket.visit - 1, now=at(30, 9)) is None

    assert notices(ticket) == []


def test_a_changed_level_recomputes_open_tickets_and_leaves_closed_ones(agent):
    open_one, closed = make_ticket(now=WEDNESDAY), make_ticket(now=WEDNESDAY)
    state.close_ticket(ticket=closed, by=agent, now=at(4, 10), unanswered=True)
    level = open_one.service_level
    level.targets.filter(priority="normal").update(first_response_minutes=60)

    assert clock_actions.recompute_level(level_id=level.pk, now=at(4, 10)) == 1

    assert again(open_one).first_response_due_at == at(4, 10, 30)


def test_without_any_promise_a_ticket_still_comes_up():
    ServiceLevel.objects.update(is_default=False)

    ticket = make_ticket(now=WEDNESDAY)

    assert (ticket.sla_due_at, ticket.next_action_at) == (None, WEDNESDAY + timedelta(days=1))


def test_R84_when_a_ticket_was_resolved_by_whom_and_why_stands_on_it_and_in_its_history(agent, lead, customer):
    """Each time, with the journal beside the thread: what a second closing says does not wipe out the first."""
    ticket = make_ticket(requester=customer)
    first, second = (ContactReason.objects.create(name=name) for name in ("Card declined", "Wrong invoice"))
    later, last = WEDNESDAY + timedelta(hours=1), WEDNESDAY + timedelta(hours=2)

    state.close_ticket(ticket=ticket, by=agent, reason=first, now=WEDNESDAY)
    ticket.refresh_from_db()
    assert (ticket.closed_at, ticket.closed_by, ticket.contact_reason) == (WEDNESDAY, agent, first)
    intake.add_customer_message(ticket=ticket, person=customer, text="It is not.", channel="web", now=later)
    ticket.refresh_from_db()
    assert ticket.closed_at is None
    state.close_ticket(ticket=ticket, by=lead, reason=second, now=last)
    ticket.refresh_from_db()

    assert (ticket.closed_at, ticket.closed_by, ticket.contact_reason) == (last, lead, second)
    told = ticket.events.filter(kind="closed").order_by("pk").values_list("created_at", "by", "text")
    assert list(told) == [
        (WEDNESDAY, agent.pk, "Closed by Alma Agent."), (last, lead.pk, "Closed by Leo Lead."),
    ]  # fmt: skip
    kept = (
        JournalEntry.objects.filter(action="tickets.close").order_by("number").values_list("at", "by", "data__reason")
    )
    assert list(kept) == [(WEDNESDAY, agent.pk, first.pk), (last, lead.pk, second.pk)]
