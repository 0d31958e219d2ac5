"""`manage.py load`: realistic tickets, consistent with everything that the desk promises."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, F

from supportdesk.faults.invariants import violations
from supportdesk.load.run import load
from supportdesk.load.words import Words, rare_term
from tickets.models import Message, Participant, Ticket
from timers.models import Timer

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)  # a Wednesday afternoon

SCHEMA = """
select tablename || ' ' || regexp_replace(indexdef, ' WHERE .*', ' WHERE') from pg_indexes where schemaname = 'public'
union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) || convalidated from pg_constraint
where connamespace = 'public'::regnamespace
order by 1
"""


def schema() -> list:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_loaded_tickets_are_consistent_and_spread():
    before = schema()

    loaded = load(tickets=600, now=NOW)

    assert schema() == before
    assert (Ticket.objects.count(), Message.objects.count()) == (600, 2400)
    assert not Ticket.objects.annotate(n=Count("messages")).exclude(n=4).exists()
    assert Participant.objects.filter(role="requester", person=F("ticket__requester")).count() == 600
    unsolved = Ticket.objects.unsolved()
    assert loaded.unsolved == unsolved.count()
    assert 10 <= unsolved.count() <= 60
    assert not unsolved.filter(next_action_at=None).exists()
    assert Timer.objects.waiting().filter(kind="tickets.look", due_at__gt=NOW).count() >= unsolved.count() * 0.8
    assert Ticket.objects.values("team").distinct().count() == 3
    assert Ticket.objects.order_by("created_at").first().created_at < NOW - timedelta(days=720)
    assert list(violations(now=NOW)) == []


@pytest.mark.django_db(transaction=True)
def test_messages_stand_in_order_and_the_ticket_names_the_last():
    load(tickets=80, now=NOW)

    for ticket in Ticket.objects.order_by("pk"):
        messages = list(ticket.messages.order_by("pk"))
        assert [m.created_at for m in messages] == sorted(m.created_at for m in messages)
        assert ticket.last_message_id == messages[-1].pk
        assert ticket.last_message_at == messages[-1].created_at <= NOW
        assert all(m.person_id == ticket.requester_id for m in messages if m.author == "customer")


@pytest.mark.django_db(transaction=True)
def test_a_rare_term_stands_once_and_a_common_one_in_many():
    load(tickets=200, now=NOW, seed=7)

    assert Message.objects.filter(text__contains=rare_term(400, seed=7)).count() == 1
    assert Message.objects.filter(text__icontains="kit").count() > 50
    assert Message.objects.values("text").distinct().count() == 800


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_load_leaves_everything_as_it_was():
    before = schema()

    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(tickets=60, now=NOW, progress=interrupt)

    assert schema() == before
    assert (Ticket.objects.count(), Message.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_loading_twice_adds_and_the_desk_goes_on_numbering():
    load(tickets=40, now=NOW)
    load(tickets=40, now=NOW)

    newest = Ticket.objects.order_by("-pk").first()
    last = Ticket.objects.create(**{
        name: getattr(newest, name)
        for name in ("subject", "requester", "team", "status", "created_at", "updated_at", "last_message_at")
    }, next_action_at=NOW)  # fmt: skip

    assert Ticket.objects.count() == 81
    assert last.pk > newest.pk


@pytest.mark.django_db(transaction=True)
def test_the_command_prints_rates_as_json():
    out = StringIO()

    call_command("load", tickets=30, stdout=out, stderr=StringIO())

    printed = json.loads(out.getvalue())
    assert printed["tickets"] == 30
    assert printed["messages"] == 120
    assert printed["tickets_a_second"] > 0


def test_no_tickets_is_refused():
    with pytest.raises(CommandError, match="at least one"):
        call_command("load", tickets=0)


def test_words_are_spread_as_words_are():
    words = Words(seed=3)
    texts = [words.spiced(turn) for _ in range(2_000) for turn in words.ticket().turns]

    counted: dict[str, int] = {}
    for text in texts:
        for word in set(text.replace("\\n", " ").split()):
            counted[word] = counted.get(word, 0) + 1

    assert max(counted.values()) > len(texts) // 3
    assert sum(count == 1 for count in counted.values()) > len(counted) // 2
