"""`manage.py demo`: a believable company, made by the desk's own verbs, once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from accounts.choices import Role
from accounts.models import Grant, Organisation, Person
from billing.models import Decline, Invoice
from billing.queries_customer import customers_of_requester
from insights.queries_overview import review
from mail.models import MailboxAlias, OutgoingMail, RawMail
from supportdesk.demo import run
from supportdesk.demo.conversations import SPEAKERS, all_conversations, fill
from supportdesk.demo.trade import DOMAIN, PASSWORD, PLACES, slots_for
from supportdesk.faults.invariants import violations
from tests.factories.accounts import make_person
from tickets.models import BusinessCalendar, ContactReason, Message, ReplyTemplate, Team, Ticket

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.django_db(transaction=True)
def test_the_demo_is_a_whole_desk_and_its_invariants_hold():
    made = run.lay(now=NOW, share=0.15)

    assert list(violations(now=NOW)) == []
    assert made.tickets == Ticket.objects.count() > 40
    assert {"new", "open", "waiting", "hold", "closed"} == set(Ticket.objects.values_list("category", flat=True))
    assert Ticket.objects.snoozed().exists()
    assert Ticket.objects.overdue(NOW).exists()
    assert Ticket.objects.undelivered().count() >= 2
    assert Message.objects.filter(is_held=True).exists()
    assert set(RawMail.objects.values_list("outcome", flat=True)) >= {
        "ticket", "reply", "auto_reply", "held", "bounce", "quarantined",
    }  # fmt: skip
    assert Message.objects.exclude(quoted_text="").exclude(html="").exists()
    assert Ticket.objects.filter(category="closed", contact_reason__isnull=False).exists()
    assert not OutgoingMail.objects.filter(state__in=["queued", "sending"]).exists()
    assert not Message.objects.filter(created_at__gt=NOW).exists()
    assert Ticket.objects.filter(created_at__lt=NOW - timedelta(days=30)).exists()
    _look_at_the_books()


def _look_at_the_books():
    """A year of invoices in the order of their numbers, some paid, and a refused card of whoever writes about it."""
    issued = Invoice.objects.filter(number__isnull=False)
    assert issued.filter(issued_at__lt=NOW - timedelta(days=360)).exists()
    assert {"open", "paid"} <= set(issued.values_list("state", flat=True))
    months = {at.strftime("%Y-%m") for at in issued.values_list("issued_at", flat=True)}
    assert len(months) >= 10
    ticket = Ticket.objects.filter(subject__icontains="declined").latest("created_at")
    refused = Decline.objects.filter(payment__by=ticket.requester, at__lt=ticket.created_at)
    assert refused.filter(at__gt=ticket.created_at - timedelta(hours=1)).exists()
    buyers = customers_of_requester(ticket.requester)
    assert refused.filter(payment__invoice__customer__in=buyers).exists()
    reviewed = review(NOW, ZoneInfo("America/Toronto"))
    assert (reviewed.days, 14 <= reviewed.minutes <= 26) == (5, True), "insights say what the daily review takes"


@pytest.mark.django_db(transaction=True)
def test_the_demo_has_staff_of_every_role_who_sign_in_and_is_laid_once():
    made = run.lay(now=NOW, share=0.02)

    assert set(Grant.objects.values_list("role", flat=True)) == set(Role.values)
    assert Grant.objects.filter(role=Role.AGENT).count() == 5
    for address, _ in run.sign_ins(made.customers):
        assert Person.objects.get(email=address).check_password(PASSWORD), address
    assert len(made.customers) == 3
    assert (Team.objects.count(), ReplyTemplate.objects.count(), Organisation.objects.count()) == (3, 9, len(PLACES))
    assert MailboxAlias.objects.filter(address=f"help@{DOMAIN}").exists()
    assert ContactReason.objects.filter(parent__parent__isnull=False).count() > 40
    office = BusinessCalendar.objects.get(name="Toronto office")
    assert office.intervals.count() == 10  # closed over lunch
    assert office.holidays.filter(name__icontains="Canada Day").exists()

    # Laid a second time, it only says how to sign in.
    before = (Ticket.objects.count(), Person.objects.count(), Message.objects.count())
    out = StringIO()
    call_command("demo", stdout=out, stderr=StringIO())
    assert (Ticket.objects.count(), Person.objects.count(), Message.objects.count()) == before
    assert all(words in out.getvalue() for words in ("DEMO", PASSWORD, f"adaeze@{DOMAIN}"))


@pytest.mark.django_db(transaction=True)
def test_a_database_with_other_people_in_it_is_refused():
    make_person(email="somebody@school.example")

    with pytest.raises(CommandError, match="not the demo's"):
        call_command("demo", stdout=StringIO(), stderr=StringIO())

    assert Person.objects.count() == 1
    assert Ticket.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_demo_may_be_added_to_other_data():
    make_person(email="somebody@school.example")

    run.lay(now=NOW, share=0.02, anyway=True)

    assert Person.objects.filter(email="somebody@school.example").exists()
    assert list(violations(now=NOW)) == []


def test_every_conversation_can_be_told_and_no_two_begin_alike():
    random = Random(1)  # noqa: S311
    openings = Counter()
    for conversation in all_conversations():
        slots = slots_for(random.choice(PLACES), "Maria", random)
        texts = [fill(turn.text, slots, random) for turn in conversation.turns]
        openings[fill(conversation.subject, slots, random)] += 1
        assert not any("{" in text or "[" in text for text in texts), conversation.subject
        assert {turn.speaker for turn in conversation.turns} <= set(SPEAKERS)
        assert conversation.turns[0].speaker == "customer"
        assert len(conversation.reason) == 3

    assert len(openings) == len(all_conversations()) >= 80
