"""The start of the day twice, at once and killed in the middle: one ticket, one captain, one alert (B2, B4, R9)."""

from threading import Thread

import pytest
from django.db import connections, transaction

from accounts.choices import Role
from mail.models import OutgoingMail
from supportdesk.faults.invariants import violations
from tests.billing.money import killed_at
from tests.billing.test_lock_order import until_it_waits
from tests.crowds import Crowd
from tests.factories.accounts import make_staff
from tests.tickets.start_of_day.posts import shape
from tests.tickets.start_of_day.test_days import at, due
from tests.tickets.start_of_day.test_sources import SECRET, headers, rows
from tickets.actions.start_of_day import counting, days, events, runs
from tickets.models import (
    Breach,
    DailyCount,
    DayRun,
    DeskDay,
    InboundEvent,
    InboxSource,
    Message,
    SourceGap,
    SourceItem,
    Ticket,
)
from tickets.sources.facts import Facts
from tickets.sources.posts import read_post
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)
NOW = at(4, 9, 30)


def in_zendesk(name: str) -> list[Facts]:
    return read_post("zendesk", secret=SECRET, body=shape(name), headers=headers("zendesk", shape(name))).facts


def is_sound() -> bool:
    """No invariant of days and sources is broken."""
    return [one for one in violations(now=NOW) if one.invariant == "I1"] == []


def test_B4_the_same_post_many_times_at_once_and_two_first_events_of_one_conversation_are_one_ticket(source):
    zendesk = source()
    with Crowd(6) as crowd:
        for names in (["zendesk_created"] * 6, ["zendesk_created", "zendesk_comment", "zendesk_note"] * 2):
            crowd.act([lambda n=n: events.receive(source=zendesk, facts=in_zendesk(n), now=NOW) for n in names])
        keys = list(InboundEvent.objects.values_list("pk", flat=True))
        crowd.act([lambda k=k: events.take_in_event(event_id=k, now=NOW) for k in keys * 2])

    assert len(keys) == 3
    assert Ticket.objects.count() == SourceItem.objects.count() == 1
    told = [in_zendesk(name)[0].words for name in ("zendesk_created", "zendesk_comment")]
    texts = list(Message.objects.values_list("text", flat=True))
    opened_by_staff = (
        in_zendesk("zendesk_note")[0].subject or f"A conversation in {zendesk.name}. Its words stand there."
    )
    if opened_by_staff in texts:  # what staff did there came first: the ticket began without the customer's words
        texts.remove(opened_by_staff)
    assert sorted(texts) == sorted(told)
    assert is_sound()


def test_B4_an_event_that_arrives_while_it_is_counted_and_brought_in_is_here_and_not_missing(source, agent):
    zendesk = source()
    with Crowd(4) as crowd:
        for number in range(1, 7):
            began = at(3, 10).isoformat()
            fact = Facts(event=f"ticket:{number}", item=str(number), at=began, opened_at=began, subject="Q", words="W")
            counting.take_export(source=zendesk, content=rows(*range(1, number)), by=agent, now=NOW)
            events.keep_events(source=zendesk, facts=[fact], now=NOW)
            key = InboundEvent.objects.get(external_id=fact.event).pk
            export = rows(*range(1, number + 1))
            count = [lambda e=export: counting.take_export(source=zendesk, content=e, by=agent, now=NOW)] * 2
            answers = crowd.act([lambda k=key: events.take_in_event(event_id=k, now=NOW), *count])
            assert not [one for one in answers if isinstance(one, Exception)]

    assert Ticket.objects.count() == 6
    assert not SourceGap.objects.filter(state="missing").exists()
    assert DailyCount.objects.get().ours == 6
    assert is_sound()


def test_B4_something_missing_that_two_bring_in_while_its_post_comes_is_one_ticket(source, agent):
    zendesk = source()
    counting.take_export(source=zendesk, content=rows(1), by=agent, now=NOW)
    gap = SourceGap.objects.select_related("count__source").get()
    fact = Facts.of(gap.facts)

    def post() -> None:
        events.keep_events(source=zendesk, facts=[fact], now=NOW)
        events.take_in_event(event_id=InboundEvent.objects.get().pk, now=NOW)

    with Crowd(3) as crowd:
        crowd.act([lambda: counting.bring_in(gap=gap, by=agent, now=NOW)] * 2 + [post])

    assert Ticket.objects.count() == Message.objects.count() == 1
    assert SourceGap.objects.get().state == "imported"
    assert is_sound()


def test_B4_an_event_waits_for_its_source_with_empty_hands(source):
    """Whoever brings something in holds the source and then wants the event: no circle, no error page."""
    zendesk = source()
    began = at(3, 10).isoformat()
    fact = Facts(event="ticket:1", item="1", at=began, opened_at=began, subject="Q", words="W")
    events.keep_events(source=zendesk, facts=[fact], now=NOW)
    key, answers = InboundEvent.objects.get().pk, []

    def take_in() -> None:
        try:
            answers.append(events.take_in_event(event_id=key, now=NOW))
        except Exception as error:
            answers.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=take_in)
    with transaction.atomic():
        events.lock_source(zendesk.pk)
        thread.start()
        until_it_waits(lambda: not answers)
        ticket = events.take_in_event(event_id=key, now=NOW)
    thread.join()
    assert (answers, list(Ticket.objects.all())) == ([None], [ticket])


def test_a_day_that_begins_at_once_everywhere_has_one_captain_and_says_once_who_is_late(agent, lead):
    for number in range(4):
        make_staff(Role.AGENT, email=f"n{number}@desk.example")
    with Crowd(6) as crowd:
        begun = crowd.act([lambda: days.keep(now=at(4, 9))] * 6)
        assert not [one for one in begun if isinstance(one, Exception)]
        assert len({DeskDay.objects.get().captain_id}) == 1
        assert DayRun.objects.count() == 6
        done = [lambda: runs.finish(by=agent, handover="", now=at(4, 10, 29))]
        called = crowd.act([lambda: days.keep(now=at(4, 10, 30))] * 5 + done)
        assert not [one for one in called if isinstance(one, Exception)]

    told = list(
        OutgoingMail.objects.filter(subject__startswith="Start of the day").values_list("to_address", flat=True)
    )
    assert lead.email in told and len(told) == len(set(told))
    assert is_sound()


@pytest.mark.parametrize(
    "point",
    ["tickets.source.received", "tickets.source.taken_in", "tickets.source.counted", "tickets.day.begun",
     "tickets.day.alerted", "tickets.day.finished"],
)  # fmt: skip
def test_B2_whatever_is_killed_goes_on_where_it_was_and_nothing_is_lost_or_done_twice(point, source, agent, lead):
    zendesk = source()
    ticket = due(at(4, 16), by=agent)

    def work() -> None:
        row = InboxSource.objects.get(pk=zendesk.pk)
        events.receive(source=row, facts=in_zendesk("zendesk_created"), now=NOW)
        for event in InboundEvent.objects.filter(state="waiting"):
            events.take_in_event(event_id=event.pk, now=NOW)
        counting.take_export(source=row, content=shape("zendesk_export"), by=agent, now=NOW)
        for gap in SourceGap.objects.filter(state="missing").select_related("count__source"):
            counting.bring_in(gap=gap, by=agent, now=NOW)
        days.keep_day(now=at(4, 9, 31))
        runs.finish(by=agent, handover="Done", now=at(4, 9, 32))
        days.keep_day(now=at(4, 10, 31))

    assert killed_at(point, work)
    work()
    work()

    assert sorted(SourceItem.objects.values_list("external_id", flat=True)) == ["5158", "5159"]
    assert Message.objects.filter(ticket__source_items__isnull=False).count() == 2
    run = DayRun.objects.get(person=agent)
    assert (run.state, run.checks.filter(source=zendesk).count(), run.checks.count()) == ("done", 1, 2)
    alerts = OutgoingMail.objects.filter(subject__startswith="Start of the day").values_list("to_address", flat=True)
    assert sorted(alerts) == sorted({*alerts, lead.email})
    assert Ticket.objects.get(pk=ticket.pk).next_action_at == at(4, 16)
    assert is_sound()


def test_B2_two_sweeps_after_a_standstill_breach_each_date_once(agent):
    tickets = [due(at(3, 9, number), by=agent) for number in range(12)]
    with Crowd(3) as crowd:
        crowd.act([lambda: sweep(now=at(9, 7)), lambda: sweep(now=at(9, 7)), lambda: days.keep(now=at(9, 7))])
    sweep(now=at(9, 7, 1))
    assert sorted(Breach.objects.values_list("ticket", flat=True)) == sorted(ticket.pk for ticket in tickets)
