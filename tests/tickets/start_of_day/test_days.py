"""A day of the desk: what is due for whom, who is late, what was left lying (B1, B2, B5, B6, R8, R10, R85, F21)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.choices import Role
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.tickets import make_mailbox, make_ticket
from tickets import open_days
from tickets.actions import assign, follow_up, state
from tickets.actions.automation import away
from tickets.actions.many import Promises, keep_many, locked_many
from tickets.actions.start_of_day import days, runs
from tickets.models import (
    Absence,
    Breach,
    BusinessCalendar,
    CalendarHoliday,
    ClockNotice,
    ContactReason,
    DayRun,
    DeskDay,
    Ticket,
    TicketEvent,
)
from tickets.queries_desk import start_of_day as shown
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """In March 2026, whose first is a Sunday. The desk's clock is UTC."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


def due(on: datetime, *, by, subject: str = "Which licence?", mine: bool = True) -> Ticket:
    """A ticket that was answered and comes up again at `on`."""
    ticket = make_ticket(subject=subject, now=at(2, 9))
    if mine:
        assign.assign(ticket=ticket, to=by, by=by, now=at(2, 9, 1))
    state.put_on_hold(ticket=ticket, by=by, until=on, now=at(2, 9, 2))
    return Ticket.objects.get(pk=ticket.pk)


def listed(person, day: DeskDay) -> set[int]:
    return set(shown.due_for(day, person).values_list("pk", flat=True))


def test_B1_a_ticket_due_on_tuesday_is_on_both_runs_the_captain_hears_at_20_hours_and_a_day_later_it_is_one_breach(
    agent,
):
    """R10, R85: nothing is more than a day past its date without a row that says so."""
    ticket = due(at(3, 10), by=agent)
    tuesday = days.keep_day(now=at(3, 7))
    assert ticket.pk in listed(agent, tuesday)
    wednesday = days.keep_day(now=at(4, 5))
    assert ticket.pk in listed(agent, wednesday)

    told = {}
    for now in (at(4, 5, 59, 59), at(4, 6), at(4, 6), at(4, 9, 59, 59), at(4, 10, 0, 1), at(4, 10, 0, 1), at(5, 12)):
        sweep(now=now)
        told[now] = (OutgoingMail.objects.count(), Breach.objects.filter(ticket=ticket).count())

    assert [told[now] for now in (at(4, 5, 59, 59), at(4, 6), at(4, 9, 59, 59))] == [(0, 0), (1, 0), (1, 0)]
    assert OutgoingMail.objects.order_by("pk").first().to_address == wednesday.captain.email
    assert told[at(4, 10, 0, 1)][1] == told[at(5, 12)][1] == 1
    breach = Breach.objects.get(ticket=ticket)
    assert (breach.due_at, breach.breached_at, breach.person_id) == (at(3, 10), at(4, 10), agent.pk)
    assert [row.pk for row in shown.breaches(at(1))] == [breach.pk]
    assert shown.oldest_waiting(at(4, 12)).pk == ticket.pk


def test_B2_a_date_that_was_breached_while_no_worker_ran_is_a_breach_though_its_ticket_moved_on_first(agent, lead):
    """R85: written by whoever leaves the date, one by one or many at once, and once with the timer; a day's edge is."""
    early, late, many, noticed = (due(at(3, 10), by=agent, subject=f"Number {number}") for number in range(4))
    state.put_on_hold(ticket=early, by=lead, until=at(9, 10), now=at(4, 9, 59, 59))
    assign.assign(ticket=late, to=lead, by=lead, now=at(4, 10, 0, 1))
    assert not Breach.objects.exists(), "another hand, the same date"
    sweep(now=at(4, 10, 0, 1))
    assert Breach.objects.filter(ticket=noticed).count() == 1
    Breach.objects.exclude(ticket=noticed).delete()  # as if the worker had only come to that one
    state.put_on_hold(ticket=late, by=lead, until=at(9, 10), now=at(4, 10, 0, 2))
    state.put_on_hold(ticket=noticed, by=lead, until=at(9, 10), now=at(6, 10))
    keep_later(many, at(6, 10))
    sweep(now=at(6, 10, 1))
    rows = dict(Breach.objects.filter(due_at=at(3, 10)).values_list("ticket", "person"))
    assert rows == {late.pk: lead.pk, many.pk: agent.pk, noticed.pk: agent.pk}
    assert set(Breach.objects.values_list("breached_at", flat=True)) == {at(4, 10)}


def keep_later(ticket: Ticket, now: datetime) -> None:
    """As deeds on many tickets keep them."""
    with transaction.atomic():
        rows = locked_many([ticket.pk])
        for row in rows:
            row.follow_up_at = at(9, 10)
        keep_many(rows, promises=Promises(), now=now)


def test_the_day_of_a_breach_is_counted_on_open_days_only(agent):
    """Friday 16:00 and a day is Monday 16:00; a holiday counts for nothing, nor does a weekend (choice 1)."""
    friday = due(at(6, 16), by=agent)
    CalendarHoliday.objects.create(calendar=BusinessCalendar.objects.get(), day_on=at(10).date(), name="Closed")
    monday = due(at(9, 12), by=agent)

    for now in (at(7, 17), at(8, 17), at(9, 15, 59, 59)):
        sweep(now=now)
    assert not Breach.objects.exists()
    sweep(now=at(9, 16, 0, 1))
    assert list(Breach.objects.values_list("ticket", flat=True)) == [friday.pk]
    sweep(now=at(11, 11, 59, 59))
    assert Breach.objects.count() == 1
    sweep(now=at(11, 12, 0, 1))
    assert Breach.objects.get(ticket=monday).breached_at == at(11, 12)


def test_F21_the_wall_clock_of_a_day_holds_when_it_has_23_or_25_hours(agent):
    BusinessCalendar.objects.update(time_zone="America/Toronto")
    BusinessCalendar.objects.get().intervals.create(weekday=6, opens=540, closes=1020)
    clock = open_days.desk_clock()
    spring, autumn = datetime(2026, 3, 8).date(), datetime(2026, 11, 1).date()
    lengths = [(clock.ends(on) - clock.at(on)) / timedelta(hours=1) for on in (spring, autumn)]
    assert lengths == [23, 25]
    assert [clock.at(on, 630).hour for on in (spring, autumn)] == [14, 15]
    day = days.keep_day(now=clock.at(spring, 600))
    assert day.late_at == datetime(2026, 3, 8, 14, 30, tzinfo=UTC)

    saturday = datetime(2026, 3, 6, 21, tzinfo=UTC)  # Friday 16:00 there
    ends = open_days.after(clock.calendar, saturday, open_days.LEFT)
    assert ends == datetime(2026, 3, 8, 21, tzinfo=UTC)  # 8 hours of Friday and 16 of a Sunday that has 23


def test_F21_a_clock_that_jumps_tells_of_each_date_once(agent, lead):
    ticket = due(at(3, 10), by=agent)
    for now in (at(3, 11), at(30, 11), at(3, 12), at(30, 11), at(4, 11), at(30, 12)):
        days.keep(now=now)
        sweep(now=now)
        sweep(now=now)

    assert Breach.objects.filter(ticket=ticket, due_at=at(3, 10)).count() == 1
    assert TicketEvent.objects.filter(ticket=ticket, kind="left").count() == 1
    alerts = OutgoingMail.objects.filter(subject__startswith="Start of the day not done")
    assert sorted(alerts.values_list("subject", "to_address").distinct()) == sorted(
        alerts.values_list("subject", "to_address")
    )


def test_B2_after_four_days_without_workers_everything_is_listed_and_each_timer_acts_once(agent):
    tickets = [due(at(3, 9, number), by=agent, subject=f"Question {number}") for number in range(50)]

    restarted = at(9, 7)  # Monday: since Tuesday nothing ran
    days.keep(now=restarted)
    for _ in range(3):
        sweep(now=restarted)

    day = DeskDay.objects.get(on=restarted.date())
    run = DayRun.objects.get(day=day, person=agent)
    assert listed(agent, day) == {ticket.pk for ticket in tickets}
    items = shown.items_of(day, run, restarted)
    assert (items.total, items.open) == ("50", 50)
    assert Breach.objects.count() == Breach.objects.values("ticket").distinct().count() == 50
    assert TicketEvent.objects.filter(kind="left").count() == 50
    assert ClockNotice.objects.filter(kind="nearly").count() == 0  # told as a breach, not twice
    with pytest.raises(runs.CannotFinish, match="and 45 more"):
        runs.finish(by=agent, handover="", now=restarted)


def test_a_ticket_whose_timer_was_lost_is_found_without_it(agent):
    """R10: loss-proof even against a row that somebody deleted."""
    ticket = due(at(3, 10), by=agent)
    Timer.objects.filter(kind="tickets.look", subject=ticket.pk).delete()
    sweep(now=at(5, 9))
    assert not Breach.objects.exists()

    days.keep(now=at(5, 9, 1))
    sweep(now=at(5, 9, 1))

    assert Breach.objects.get().ticket_id == ticket.pk
    assert days.look_again(now=at(5, 9, 2)) == 0


def test_B5_who_is_away_is_excused_her_tickets_are_the_captains_and_whoever_is_late_is_called(agent, admin):
    """R43: the business runs without her. R8: one process for all."""
    make_mailbox()
    ben, carla = (make_staff(Role.AGENT, name=name, email=f"{name.lower()}@desk.example") for name in ("Ben", "Carla"))
    hers = {due(at(5, 9, number), by=carla, subject=f"Hers {number}").pk for number in range(7)}
    away.leave(person=carla, until=at(20), by=carla, now=at(4, 17))
    day = days.keep_day(now=at(5, 6))
    captain, other = (agent, ben) if day.captain_id == agent.pk else (ben, agent)

    assert day.captain_id in (agent.pk, ben.pk)
    assert listed(captain, day) == hers
    assert listed(other, day) == set()
    for person in (captain, other):
        runs.finish(by=person, handover="", now=at(5, 8))
    assert shown.standing_of(shown.runs_of(day)).words == "2 of 2 done, 1 excused"
    days.keep(now=at(5, 10, 31))
    assert not OutgoingMail.objects.filter(subject__startswith="Start of the day").exists()

    for ticket in Ticket.objects.filter(pk__in=hers):
        state.close_ticket(ticket=ticket, by=captain, now=at(5, 17), unanswered=True)

    # The next day one of them is not done in time. Everybody is told once, however often anybody looks.
    runs_of_friday = days.keep_day(now=at(6, 6))
    assert runs_of_friday.captain_id == other.pk  # it goes around
    runs.finish(by=captain, handover="", now=at(6, 8))
    for now in (at(6, 10, 29), at(6, 10, 30), at(6, 10, 31), at(6, 12)):
        days.keep(now=now)
    assert shown.standing_of(shown.runs_of(runs_of_friday)).words == "1 of 2 done, 1 late, 1 excused"
    alerts = OutgoingMail.objects.filter(subject__startswith="Start of the day not done")
    assert sorted(alerts.values_list("to_address", flat=True)) == sorted([admin.email, other.email])
    run = runs.finish(by=other, handover="Ring the printer.", now=at(6, 12))
    assert (run.state, run.done_at) == ("late", at(6, 12))
    monday = days.keep_day(now=at(9, 6))
    assert [one.handover for one in shown.handed_over(monday)] == ["Ring the printer."]


def test_B5_everything_due_is_on_exactly_one_start_of_the_day(agent, lead, admin):
    """Nobody's tickets, those of whoever has no start of the day, of whoever left: somebody goes through each."""
    ben = make_staff(Role.AGENT, name="Ben", email="ben@desk.example")
    gone = make_staff(Role.AGENT, name="Gone", email="gone@desk.example")
    tickets = {
        due(at(4, 9), by=who, mine=mine).pk
        for who, mine in ((agent, True), (agent, False), (ben, True), (gone, True), (admin, True))
    }
    gone.is_active, gone.deactivated_at = False, at(3)
    gone.save()
    Absence.objects.create(person=ben, since=at(1))
    day = days.keep_day(now=at(4, 6))

    everybody = [run.person for run in shown.runs_of(day) if run.state != "excused"]
    seen = [pk for person in everybody for pk in listed(person, day)]
    assert sorted(seen) == sorted(tickets)


def test_a_captain_is_there_may_be_chosen_and_goes_away(agent, lead):
    ben = make_staff(Role.AGENT, name="Ben", email="ben@desk.example")
    day = days.keep_day(now=at(4, 6))
    runs.choose_captain(captain=ben, by=lead, now=at(4, 7))
    assert days.keep_day(now=at(4, 7, 1)).captain_id == ben.pk
    away.leave(person=ben, until=None, by=ben, now=at(4, 7, 2))
    assert days.keep_day(now=at(4, 7, 3)).captain_id not in (ben.pk, None)
    with pytest.raises(runs.CannotLead):
        runs.choose_captain(captain=ben, by=lead, now=at(4, 7, 4))
    away.come_back(person=ben, by=ben, now=at(4, 8))
    days.keep_day(now=at(4, 8))
    assert DayRun.objects.get(day=day, person=ben).state == "open"


def test_what_is_left_from_before_needs_a_word_and_what_is_due_today_does_not(agent):
    make_mailbox()
    old, new = due(at(4, 10), by=agent), due(at(5, 16), by=agent)
    with pytest.raises(runs.CannotFinish, match=f"#{old.pk}"):
        runs.finish(by=agent, handover="", now=at(5, 8))
    with pytest.raises(runs.CannotPutOff):
        runs.put_off(ticket=new, words="Later", by=agent, now=at(5, 8))
    with pytest.raises(runs.CannotPutOff):
        runs.put_off(ticket=old, words=" \x00 ", by=agent, now=at(5, 8))
    runs.put_off(ticket=old, words="I ring them at two", by=agent, now=at(5, 8))

    run = runs.finish(by=agent, handover="", now=at(5, 8, 20))

    assert (run.state, run.items) == ("done", 2)
    # Putting off moves no date: tomorrow it stands there again, and by then it is a breach.
    with pytest.raises(runs.CannotFinish):
        runs.finish(by=agent, handover="", now=at(6, 8))
    follow_up.set_follow_up(ticket=old, at=at(9, 9), by=agent, now=at(6, 8, 1))
    with pytest.raises(runs.CannotFinish, match=f"#{new.pk}"):
        runs.finish(by=agent, handover="", now=at(6, 8, 2))


def test_a_closed_day_has_no_starts_and_minutes_are_those_of_half_of_us(agent):
    make_mailbox()
    assert days.keep_day(now=at(7, 9)) is None
    assert not DeskDay.objects.exists()
    with pytest.raises(runs.NoDay):
        runs.finish(by=agent, handover="", now=at(7, 9))
    runs.begin(by=agent, now=at(9, 8))
    runs.finish(by=agent, handover="", now=at(9, 8, 12))
    assert shown.minutes_of_day(30) == [(at(9).date(), 12)]


def test_B6_the_database_refuses_an_open_ticket_without_a_date_and_two_breaches_of_one_date(agent):
    ticket = due(at(3, 10), by=agent)
    sweep(now=at(4, 12))
    for sql in (
        "UPDATE tickets_ticket SET next_action_at = NULL WHERE id = %s",
        "INSERT INTO tickets_breach (ticket_id, due_at, breached_at, noticed_at)"
        " SELECT ticket_id, due_at, breached_at, noticed_at FROM tickets_breach WHERE ticket_id = %s",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [ticket.pk])
    with pytest.raises(IntegrityError, match="an unsolved ticket has a next action"), transaction.atomic():
        Ticket.objects.bulk_create([Ticket(**{**bare(ticket), "next_action_at": None})])


def test_B6_closing_while_the_customer_waits_demands_a_reason_and_is_counted(client, agent):
    """As the page's own form sends it, with a reason or with the word that there is none."""
    client.force_login(agent)
    first, second = make_ticket(now=at(2, 9)), make_ticket(now=at(2, 9))
    reason = ContactReason.objects.create(name="Order status")
    asked = client.post(f"/desk/tickets/{first.pk}/close/", {"in_dialog": "yes", "reason": ""})
    assert asked.status_code == 422 and "waits for an answer. Choose a reason" in asked.content.decode()
    assert Ticket.objects.get(pk=first.pk).category == "new"
    client.post(f"/desk/tickets/{first.pk}/close/", {"in_dialog": "yes", "reason": reason.pk})
    client.post(f"/desk/tickets/{second.pk}/close/", {"in_dialog": "yes", "reason": "", "unanswered": "on"})
    closed = Ticket.objects.filter(category="closed", closed_unanswered=True).order_by("pk")
    assert list(closed.values_list("pk", "contact_reason")) == [(first.pk, reason.pk), (second.pk, None)]


def bare(ticket: Ticket) -> dict:
    """Its columns without its key, for an INSERT that passes by every action."""
    return {
        field.attname: getattr(ticket, field.attname) for field in Ticket._meta.concrete_fields if not field.primary_key
    }
