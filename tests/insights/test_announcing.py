"""Telling the customers of linked tickets that it is fixed (B12): once each, whatever happens."""

from datetime import timedelta
from functools import partial

import pytest

from insights.actions import announcing
from insights.actions import problems as acting
from insights.models import Announcement, Told
from insights.problem_choices import Telling
from insights.queries_problem_page import waiting_to_hear, who_would_hear
from mail.models import OutgoingMail
from tests.billing.money import killed_at
from tests.crowds import Crowd
from tests.factories.accounts import make_person, sign_in
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.insights.conftest import say
from tickets.actions import merge, state
from tickets.choices import Author, Category
from tickets.models import ContactReason, Message, Ticket

KEY = "0123456789abcdef" * 2
LATER = WEDNESDAY + timedelta(days=2)


@pytest.fixture
def fixed(db, lead):
    """A problem that was fixed, without any ticket."""
    reason = ContactReason.objects.create(name="Cannot open invoice")
    made = acting.plan_fix(
        driver=reason, title="A login", owner=lead, fix="A link", planned_for=None, by=lead, now=WEDNESDAY
    )
    today = WEDNESDAY.date()
    acting.fixed(problem=made, fix="A link", fixed_on=today, today=today, by=lead, now=WEDNESDAY)
    made.refresh_from_db()
    return made


def linked(problem, lead, count, reopened=0):
    """Tickets about it: the first ones closed and opened again, of the others every second closed."""
    tickets = []
    for number in range(count):
        ticket = make_ticket(requester=make_person(email=f"c{number}@school.example"), subject=f"Invoice {number}")
        if number < reopened or number % 2:
            say(ticket, lead)
            ticket.refresh_from_db()
            state.close_ticket(ticket=ticket, by=lead, reason=problem.driver, now=WEDNESDAY + timedelta(hours=1))
        if number < reopened:
            state.reopen_ticket(ticket=ticket, by=lead, now=WEDNESDAY + timedelta(hours=2))
        elif not number % 2:
            say(ticket, lead)  # it waits for the customer
        acting.link(problem=problem, ticket=ticket, by=lead, now=WEDNESDAY)
        tickets.append(ticket)
    return tickets


def announce(problem, lead, **more):
    given = {"text": "The link opens without a login now.", "closes": True, "form_key": KEY, **more}
    return announcing.announce(problem=problem, by=lead, now=LATER, **given)


def news():
    """How many messages of the announcement stand on each ticket that has any."""
    rows = Message.objects.filter(author=Author.AGENT, text__startswith="The link opens")
    counts: dict[int, int] = {}
    for key in rows.values_list("ticket", flat=True):
        counts[key] = counts.get(key, 0) + 1
    return counts


def as_it_stands(ticket):
    fields = (
        "category",
        "status_id",
        "assignee_id",
        "waiting_since",
        "closed_at",
        "snoozed_until",
        "contact_reason_id",
    )
    return {name: getattr(Ticket.objects.get(pk=ticket.pk), name) for name in fields}


def test_B12_forty_linked_tickets_get_one_message_each_and_reopened_ones_stay_as_they_are(fixed, lead):
    """B12: 40 messages, once each under retry; three that were opened again are listed, and not overwritten."""
    tickets = linked(fixed, lead, 40, reopened=3)
    before = [as_it_stands(ticket) for ticket in tickets[:3]]
    assert [one.pk for one in who_would_hear(fixed).for_a_person] == [ticket.pk for ticket in tickets[:3]]

    made = announce(fixed, lead)
    assert announce(fixed, lead) == made  # the form was sent twice
    assert [announcing.tell_of_fixes(now=LATER) for _ in range(3)] == [40, 0, 0]
    Told.objects.update(state=Telling.WAITING)  # a retry after an answer that was lost
    announcing.tell_of_fixes(now=LATER)

    assert news() == {ticket.pk: 1 for ticket in tickets}
    mails = OutgoingMail.objects.filter(text__contains="The link opens")
    assert (mails.count(), mails.values("to_address").distinct().count()) == (40, 40)
    assert [as_it_stands(ticket) for ticket in tickets[:3]] == before
    assert list(made.told.filter(was_reopened=True).order_by("ticket").values_list("ticket", flat=True)) == [
        ticket.pk for ticket in tickets[:3]
    ]
    assert set(Ticket.objects.filter(pk__in=[t.pk for t in tickets[3:]]).values_list("category", flat=True)) == {
        Category.CLOSED
    }
    with pytest.raises(announcing.CannotAnnounce, match="No linked ticket"):
        announce(fixed, lead, form_key="f" * 32)


def test_B12_killed_and_at_once_every_ticket_hears_once(transactional_db, lead):
    reason = ContactReason.objects.create(name="Cannot open invoice")
    today = WEDNESDAY.date()
    problem = acting.plan_fix(
        driver=reason, title="A login", owner=lead, fix="A link", planned_for=None, by=lead, now=WEDNESDAY
    )
    acting.fixed(problem=problem, fix="A link", fixed_on=today, today=today, by=lead, now=WEDNESDAY)
    tickets = linked(problem, lead, 8, reopened=1)
    announce(problem, lead)

    assert killed_at("insights.announce.sent", lambda: announcing.tell_of_fixes(now=LATER))
    assert killed_at("tickets.reply.mailed", lambda: announcing.tell_of_fixes(now=LATER))
    assert news() == {}
    with Crowd(4) as crowd:
        done = crowd.act([lambda: announcing.tell_of_fixes(now=LATER)] * 4)

    assert [one for one in done if isinstance(one, Exception)] == []
    announcing.tell_of_fixes(now=LATER)
    assert news() == {ticket.pk: 1 for ticket in tickets}
    assert Told.objects.filter(state=Telling.SENT).count() == 8


def test_two_forms_at_once_make_one_announcement(transactional_db, lead):
    reason = ContactReason.objects.create(name="Cannot open invoice")
    today = WEDNESDAY.date()
    problem = acting.plan_fix(
        driver=reason, title="A login", owner=lead, fix="A link", planned_for=None, by=lead, now=WEDNESDAY
    )
    acting.fixed(problem=problem, fix="A link", fixed_on=today, today=today, by=lead, now=WEDNESDAY)
    linked(problem, lead, 3)

    with Crowd(4) as crowd:
        done = crowd.act([lambda: announce(problem, lead)] * 4)

    assert {one.pk for one in done} == {Announcement.objects.get().pk}
    assert Told.objects.count() == 3


def test_merged_tickets_hear_where_they_went_and_what_cannot_be_sent_is_listed(fixed, lead):
    one, two, three = linked(fixed, lead, 3)
    merge.merge(ticket=two, into=one, by=lead, now=WEDNESDAY + timedelta(hours=3))
    assert waiting_to_hear(fixed) == [one.pk, three.pk]
    made = announce(fixed, lead, text="The link opens. Dear [customer_first_name?], look.")

    announcing.tell_of_fixes(now=LATER)

    assert set(made.told.values_list("state", flat=True)) == {Telling.FAILED}
    assert "has no value" in made.told.first().words
    assert announce(fixed, lead, form_key="e" * 32).told.count() == 2  # those that failed may be tried again
    announcing.tell_of_fixes(now=LATER)
    assert news() == {one.pk: 1, three.pk: 1}


def test_B12_merged_between_the_announcement_and_its_message_a_ticket_hears_once(transactional_db, lead):
    """B12: whether the other one was told before, or two workers tell both at once."""
    reason = ContactReason.objects.create(name="Cannot open invoice")
    today = WEDNESDAY.date()
    problem = acting.plan_fix(
        driver=reason, title="A login", owner=lead, fix="A link", planned_for=None, by=lead, now=WEDNESDAY
    )
    acting.fixed(problem=problem, fix="A link", fixed_on=today, today=today, by=lead, now=WEDNESDAY)
    one, two, three, four = linked(problem, lead, 4)
    made = announce(problem, lead)
    merge.merge(ticket=two, into=one, by=lead, now=LATER)
    with Crowd(4) as crowd:
        done = crowd.act([partial(announcing.tell, told_id=told.pk, now=LATER)
                          for told in made.told.filter(ticket__in=[one, two]) for _ in range(2)])  # fmt: skip
    assert [said for said in done if isinstance(said, Exception)] == []
    announcing.tell(told_id=made.told.get(ticket=three).pk, now=LATER)
    merge.merge(ticket=three, into=four, by=lead, now=LATER)
    announcing.tell_of_fixes(now=LATER)
    assert news() == {one.pk: 1, four.pk: 1}
    assert set(made.told.values_list("state", flat=True)) == {Telling.SENT}
    assert waiting_to_hear(problem) == []


def test_announcing_asks_for_a_fix_and_words_and_agents_link_from_the_ticket(client, lead, agent, observer, fixed):
    """The page shows whom it reaches; the panel beside the ticket links and takes apart; observers change nothing."""
    ticket = make_ticket(requester=make_person(email="c@school.example"), subject="Invoice")
    Ticket.objects.filter(pk=ticket.pk).update(contact_reason=fixed.driver)
    panel = f"/reports/tickets/{ticket.pk}/problem/"
    sign_in(client, agent)
    assert "A login" in client.get(panel).content.decode()  # its reason has a problem
    assert client.post(panel + "link/", {"problem": "nonsense"}).status_code == 422
    for _ in range(2):
        assert client.post(panel + "link/", {"problem": fixed.pk}).status_code == 302
    assert fixed.tickets.get().ticket_id == ticket.pk
    assert client.post(f"{panel}{fixed.pk}/unlink/").status_code == 302
    assert client.post(f"{panel}999/unlink/").status_code == 404
    assert not fixed.tickets.exists()
    sign_in(client, observer)
    assert client.get(panel).status_code == 200
    assert client.post(panel + "link/", {"problem": fixed.pk}).status_code in (403, 404)
    page = f"/insights/problems/{fixed.pk}/announce/"
    assert client.post(page, {"text": "x", "key": KEY}).status_code == 403
    sign_in(client, lead)
    assert client.post(page, {"text": "Hello", "key": KEY}).status_code == 422  # nobody is linked
    acting.link(problem=fixed, ticket=ticket, by=lead, now=WEDNESDAY)
    assert "1 linked ticket gets one message" in client.get(page).content.decode()
    assert client.post(page, {"text": " ", "key": "x"}).status_code == 422
    assert client.post(page, {"text": "The link opens.", "closes": "on", "key": KEY}).status_code == 302
    announcing.tell_of_fixes(now=LATER)
    shown = client.get(f"/insights/problems/{fixed.pk}/").content.decode()
    assert "1 of 1 sent" in shown
    assert "waited for an answer, and is as it was" in shown
    acting.open_again(problem=fixed, words="No", by=lead, now=LATER)
    refused = client.post(page, {"text": "The link opens.", "key": "d" * 32})
    assert "Nothing is fixed yet" in refused.content.decode()
