"""B7, B8: Customer Day by the calendar, for a new hire, and what is noticed on it."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.access import NotAllowed
from accounts.models import Grant
from insights.actions import customer_day as acting
from insights.actions import observations, programme
from insights.actions.programme_rules import CHOSEN, change_customer_day
from insights.models import CustomerDay, CustomerDayRules, Observation, ReasonCover
from insights.programme_choices import DayState, ObservationState
from insights.queries_cards import cards_of, covered_reasons, fitting, suitable
from insights.queries_customer_day import free_days, left_over, rules
from knowledgebase.choices import Visibility
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff, sign_in
from tests.factories.knowledgebase import make_article, make_space
from tests.factories.tickets import make_ticket
from tests.insights.conftest import say
from tickets.actions.accompanied import accompany, release
from tickets.actions.automation.away import leave
from tickets.actions.learn import learn_missed
from tickets.models import Apprentice, ContactReason, HeldReply, Message
from tickets.queries_desk.reasons import Reason

pytestmark = pytest.mark.django_db

JULY = date(2026, 7, 1)
DAY = timedelta(days=1)


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def programme_on(db):
    """Customer Day is held, and the people of these tests were here before."""
    CustomerDayRules.objects.update_or_create(pk=1, defaults={"is_enabled": True, "enabled_at": at(6, 1)})


def mails_to(person) -> list[str]:
    rows = OutgoingMail.objects.filter(to_address=person.email).order_by("pk")
    return list(rows.values_list("subject", flat=True))


INVITED, REMINDED = "Your Customer Day this quarter", "Choose your Customer Day"
PROPOSED, LAPSED = "A date for your Customer Day", "Your Customer Day went by"


@pytest.mark.usefixtures("programme_on")
def test_the_quarter_of_somebody_who_never_books_B7(agent):
    """R1: Quarter opens 1 Jul: invitation; unbooked 15 Jul: reminder; unbooked 1 Sep: a date; past 30 Sep: missed."""
    heard = []
    for month, day, hour in ((7, 1, 0), (7, 14, 23), (7, 15, 0), (8, 31, 23), (9, 1, 0), (10, 1, 0)):
        for _ in range(2):  # run twice, each thing happens once
            programme.look_after(now=at(month, day, hour))
        heard.append(mails_to(agent))

    reminded = [INVITED, REMINDED]
    proposed = [*reminded, PROPOSED]
    assert heard == [[INVITED], [INVITED], reminded, reminded, proposed, [*proposed, INVITED]]
    day = CustomerDay.objects.get(person=agent, quarter=JULY)
    assert (day.state, day.missed_at) == (DayState.MISSED, at(10, 1, 0))
    assert day.proposed_for and date(2026, 9, 1) < day.proposed_for <= date(2026, 9, 30)
    shown = left_over(at(10, 1, 0))
    assert [(one.person, one.quarter) for one in shown.missed] == [(agent.shown_name, "July to September 2026")]
    assert left_over(at(9, 30, 23)).missed == (), "not before the quarter is over"


@pytest.mark.usefixtures("programme_on")
def test_workers_that_slept_through_the_quarter_still_show_it_as_missed_and_mail_once(agent):
    programme.look_after(now=at(7, 1))
    assert [one.person for one in left_over(at(10, 2)).missed] == [agent.shown_name], "also while nothing runs"
    programme.look_after(now=at(9, 12))
    assert mails_to(agent) == [INVITED, PROPOSED], "no reminder besides the date"


@pytest.mark.usefixtures("programme_on")
def test_who_is_invited_and_who_is_not(agent, lead, observer, stranger):
    late, left, gone = make_staff(name="Late"), make_staff(name="Left out"), make_staff(name="Gone")
    late.grants.update(granted_at=at(9, 3))
    gone.is_active, gone.deactivated_at = False, at(6, 1)
    gone.save()
    CustomerDayRules.objects.get(pk=1).left_out.add(left)

    programme.look_after(now=at(9, 4))
    assert set(CustomerDay.objects.values_list("person", flat=True)) == {agent.pk, lead.pk}
    CustomerDayRules.objects.get(pk=1).left_out.add(lead)
    agent.grants.update(revoked_at=at(9, 20))
    assert left_over(at(10, 1)).missed == (), "who left or is left out has nothing to miss"
    programme.look_after(now=at(10, 1))
    assert not CustomerDay.objects.filter(person__in=(agent, lead)).exists()
    assert CustomerDay.objects.filter(person=late, quarter=date(2026, 10, 1)).exists(), "begins with the next quarter"


@pytest.mark.usefixtures("programme_on")
def test_a_day_is_had_once_by_so_many_on_open_days_of_the_quarter(agent, lead, ben):
    programme.look_after(now=at(7, 1))
    mine, theirs, third = (CustomerDay.objects.get(person=one) for one in (agent, lead, ben))
    now, monday = at(7, 2), date(2026, 7, 6)
    leave(person=ben, until=at(7, 20), by=ben, now=now)
    for day, on, words in (
        (mine, date(2026, 7, 4), "closed"), (mine, date(2026, 7, 1), "from today"),
        (mine, date(2026, 10, 1), "from today"), (third, monday, "away"),
    ):  # fmt: skip
        with pytest.raises(acting.CannotDoThat, match=words):
            acting.book(day=day, on=on, by=day.person, now=now)
    acting.book(day=mine, on=monday, by=agent, now=now)
    acting.book(day=theirs, on=monday, by=lead, now=now)
    assert monday not in free_days(third, now=now)
    with pytest.raises(acting.CannotDoThat, match="Others"):
        acting.book(day=third, on=monday, by=lead, now=now)
    with pytest.raises(NotAllowed):
        acting.book(day=mine, on=monday + DAY, by=ben, now=now)

    mine.refresh_from_db()
    assert (mine.state, mine.buddy) == (DayState.PLANNED, lead), "whoever is here on that day"
    programme.look_after(now=at(7, 7))
    mine.refresh_from_db()
    assert (mine.state, mine.date, mails_to(agent)[-1]) == (DayState.INVITED, None, LAPSED)
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerDay.objects.create(person=agent, quarter=JULY, invited_at=now)


@pytest.fixture
def reasons(db):
    """Licences are answered by a public page; refunds and what stands below them are money; the rest is uncovered."""
    made = {name: ContactReason.objects.create(name=name) for name in ("Licences", "Money", "Hardware")}
    made["Refund"] = ContactReason.objects.create(name="Refund", parent=made["Money"])
    made["Renewal"] = ContactReason.objects.create(name="Renewal", parent=made["Licences"])
    return made


def closed_with(reason, words, agent, now):
    ticket = make_ticket(subject=words, text=words, now=now)
    say(ticket, agent, now=now + timedelta(minutes=5), then="closed", reason=reason)


@pytest.fixture
def cards(reasons, agent):
    """Twelve open tickets about licences, five about refunds, five about hardware."""
    words = {
        "Licences": "licence seats pupils classroom",
        "Refund": "refund money back card",
        "Hardware": "robot wheel",
    }
    for name, said in words.items():
        for number in range(8):
            closed_with(reasons[name], f"{said} {number}", agent, at(6, 1) + number * timedelta(hours=1))
    learn_missed()
    for name, said in words.items():
        for number in range(12 if name == "Licences" else 5):
            make_ticket(subject=said, text=f"{said} please", now=at(7, 5) + number * timedelta(minutes=1))
    public = make_article(make_space(Visibility.PUBLIC), "Which licence do I need?")
    for name in ("Licences", "Money"):
        ReasonCover.objects.create(reason=reasons[name], article=public, is_money=name == "Money")
    return public


def test_cards_are_of_reasons_that_a_public_article_answers_and_never_about_money_R2(reasons, cards, ben):
    covered = covered_reasons()
    assert covered.articles == {reasons["Licences"].pk: cards.pk, reasons["Renewal"].pk: cards.pk}
    assert covered.money == {reasons["Money"].pk, reasons["Refund"].pk}
    found = suitable(ben, now=at(7, 6))
    assert len(found) >= 10 and {one.reason_id for one in found} == {reasons["Licences"].pk}
    assert {one.article_id for one in found} == {cards.pk}
    taken = found[0].ticket
    taken.assignee = make_staff()
    taken.save()
    assert taken.pk not in {one.ticket.pk for one in suitable(ben, now=at(7, 6))}, "somebody else is at it"
    cards.space.visibility = "staff"
    cards.space.save()
    assert suitable(ben, now=at(7, 6)) == [], "customers cannot read it any more"


def test_a_card_about_money_is_none_whatever_its_reason_is_guessed_to_be_B7(reasons, cards, ben):
    """A W-8 reads like a question about licences; and a fair chance of a reason about money is chance enough."""
    said = "licence seats pupils classroom"
    now = at(7, 5)
    for words in (
        "our W-8BEN-E, please",
        "Invoice 12",
        "it was $1,200.50",
        "vendor forms, W9",
        "Rückfrage zur Rechnung",
    ):
        wrong = make_ticket(subject=f"{said} {words}", text=said, now=now - DAY)
        inside = make_ticket(subject=said, text=f"{said}. {words}", now=now - DAY)
        assert {wrong.pk, inside.pk}.isdisjoint(one.ticket.pk for one in suitable(ben, now=now, wanted=50)), words
    plain = make_ticket(subject=said, text=f"{said}: the robot does not charge, at any price of effort", now=now - DAY)
    assert plain.pk in {one.ticket.pk for one in suitable(ben, now=now, wanted=50)}

    licences, refund, covered = reasons["Licences"].pk, reasons["Refund"].pk, covered_reasons()
    for share, chosen in ((0.19, licences), (0.21, None)):
        likely = [Reason(licences, "Licences", True, (), 0.7), Reason(refund, "Refund", share=share)]
        assert fitting(likely, covered) == chosen, share


def test_customer_day_is_held_from_a_desks_second_quarter_on_unless_switched_off_R41(agent, admin):
    """R41: it never has to be begun. A new desk is left alone in its first quarter, unless an admin says otherwise."""
    programme.look_after(now=at(7, 1))
    assert mails_to(agent) == [INVITED]
    CustomerDay.objects.all().delete()
    OutgoingMail.objects.all().delete()
    Grant.objects.update(granted_at=at(7, 2))
    for month, day in ((7, 2), (8, 31), (9, 30)):
        programme.look_after(now=at(month, day))
    assert not CustomerDay.objects.exists() and mails_to(agent) == []
    programme.look_after(now=at(10, 1))
    assert mails_to(agent) == [INVITED]
    CustomerDay.objects.all().delete()
    chosen = {name: getattr(rules(), name) for name in CHOSEN}
    change_customer_day(left_out=[], by=admin, now=at(8, 3), **(chosen | {"is_enabled": False}))
    programme.look_after(now=at(10, 2))
    assert not CustomerDay.objects.exists()
    Grant.objects.update(granted_at=at(10, 1))
    change_customer_day(left_out=[], by=admin, now=at(10, 3), **chosen)
    programme.look_after(now=at(10, 3))
    assert CustomerDay.objects.filter(person=agent, quarter=date(2026, 10, 1)).exists(), "an admin began it"


@pytest.mark.usefixtures("programme_on", "cards")
def test_a_new_hire_sees_briefing_checklist_buddy_and_ten_cards_and_answers_with_review_only_B7(
    django_client, agent, lead
):
    """R7: somebody new can follow it. Each page works as a plain form."""
    hire = make_staff(name="Nina New")
    programme.look_after(now=at(7, 1))
    day = CustomerDay.objects.get(person=hire)
    client, place = django_client(), f"/insights/customer-day/{day.pk}/"
    with time_machine.travel(at(7, 6, 9), tick=False):
        sign_in(client, hire)
        assert client.post(f"{place}book/", {"date": "nonsense"}).status_code == 422
        assert client.post(f"{place}book/", {"date": "2026-07-04"}).status_code == 409
        assert client.post(f"{place}begin/").status_code == 302
        day.refresh_from_db()
        assert day.state == DayState.INVITED
        client.post(f"{place}book/", {"date": "2026-07-06"})
        page = client.get(place).content.decode()
        day.refresh_from_db()
        assert day.buddy and day.buddy.shown_name in page
        assert "Take one card at a time" in page and all(line in page for line in day.checklist[:1])
        assert "reads what you answer before it leaves" in page
        client.post(f"{place}checklist/", {"line": ["0", "1"]})
        client.post(f"{place}begin/")
        day.refresh_from_db()
        assert day.state == DayState.PLANNED, "not before every line is ticked"
        client.post(f"{place}checklist/", {"line": [str(number) for number in range(len(day.checklist))]})
        client.post(f"{place}begin/")
        day.refresh_from_db()
        assert day.state == DayState.WORKING
        page = client.get(place)
        assert len(page.context["cards"]) >= 10 and {card.pick.reason.name for card in page.context["cards"]} == {
            "Licences"
        }
        ticket = page.context["cards"][0].pick.ticket
        form = {
            "kind": "reply",
            "text": "Thirty seats.",
            "last_seen": ticket.last_message_id,
            "seen_note": 0,
            "key": "",
        }
        client.post(f"/inbox/all/{ticket.pk}/write/", {**form, "then": "closed"})
        assert not Message.objects.filter(ticket=ticket, person=hire).exists(), "nothing left without review"
        assert HeldReply.objects.get(ticket=ticket).reviewer == day.buddy
        assert client.post(f"{place}debrief/", {"learned": ""}).status_code == 422
        client.post(f"{place}debrief/", {"learned": "Nobody finds the licence page."})
    day.refresh_from_db()
    assert (day.state, day.learned) == (DayState.DEBRIEFED, "Nobody finds the licence page.")
    assert Apprentice.objects.get(person=hire).ended_at == at(7, 6, 9)
    assert acting.needs_review(hire), "new still, until somebody says that they answer alone"


@pytest.mark.usefixtures("programme_on")
def test_what_a_lead_began_is_not_ended_by_the_day_and_the_experienced_answer_alone(agent, lead):
    CustomerDayRules.objects.update(alone_after=1)
    programme.look_after(now=at(7, 1))
    hire = make_staff(name="Nina New")
    accompany(person=hire, reviewer=agent, runs_needed=3, by=lead, now=at(7, 1))
    programme.look_after(now=at(7, 1))
    done = begun(hire, at(7, 6))
    acting.debrief(day=done, learned="Much.", by=hire, now=at(7, 6, 17))
    apprentice = Apprentice.objects.get(person=hire)
    assert apprentice.ended_at is None
    release(apprentice=apprentice, by=lead, now=at(7, 7))
    assert not acting.needs_review(hire)
    say(make_ticket(now=at(7, 2)), agent, now=at(7, 2, 10))
    begun(agent, at(7, 8))
    assert not Apprentice.objects.filter(person=agent).exists()
    assert not acting.needs_review(lead), "who looks after others answers alone"


def begun(person, now) -> CustomerDay:
    """Booked, briefed and begun."""
    day = CustomerDay.objects.get(person=person, quarter=JULY)
    acting.book(day=day, on=now.date(), by=person, now=now)
    acting.tick(day=day, lines=set(range(len(day.checklist))), by=person, now=now)
    return acting.begin(day=day, by=person, now=now)


@pytest.fixture
def working(programme_on, agent, lead):
    """An agent at their Customer Day of 6 July."""
    programme.look_after(now=at(7, 1))
    return begun(agent, at(7, 6))


def test_a_fourth_observation_and_one_without_an_owner_are_refused_B8(client, agent, lead, working, ben):
    """R6. By the action, by the page, and by the database itself."""
    given = {"day": working, "owner": ben, "due": date(2026, 8, 1), "by": agent, "now": at(7, 6)}
    first, *_ = [observations.observe(words=f"Nobody finds page {number}", **given) for number in range(3)]
    with pytest.raises(observations.CannotObserve, match="Three"):
        observations.observe(words="And this", **given)
    assert mails_to(ben).count("An observation of a Customer Day is yours") == 3
    rows = {"day": working, "words": "x", "due": date(2026, 8, 1), "made_at": at(7, 6), "moved_at": at(7, 6)}
    for wrong in ({"n": 4, "owner": ben}, {"n": 0, "owner": ben}, {"n": 3, "owner": ben}, {"n": 2, "owner": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Observation.objects.create(**rows, **wrong)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update insights_observation set n = 4 where id = %s", [first.pk])

    Observation.objects.filter(n=3).delete()
    with time_machine.travel(at(7, 6), tick=False):
        sign_in(client, agent)
        place = f"/insights/customer-day/{working.pk}/observations/"
        for wrong in ({"owner": ""}, {"owner": "0"}, {"due": "31.13.2026"}, {"words": "\x00"}, {"words": "x" * 501}):
            sent = {"words": "The page has no title", "owner": ben.pk, "due": "2026-08-01", **wrong}
            response = client.post(place, sent)
            assert response.status_code in (409, 422) and "Error: " in response.content.decode(), wrong
        assert client.post(place, {"words": "Third", "owner": ben.pk, "due": "2026-08-01"}).status_code == 302
        refused = client.post(place, {"words": "Fourth", "owner": ben.pk, "due": "2026-08-01"})
        assert refused.status_code == 409 and "Three observations are the most" in refused.content.decode()
    assert working.observations.count() == 3


def test_an_observation_unmoved_for_30_days_stands_on_the_founders_page_B8(working, agent, ben, lead):
    """R41: open → accepted → shipped → effect verified, or declined with a reason."""
    now = at(7, 6)
    given = {"day": working, "owner": ben, "due": date(2026, 8, 1), "by": agent, "now": now}
    one, other = (observations.observe(words=words, **given) for words in ("No title", "No search"))
    steps = ObservationState
    for wrong in (steps.SHIPPED, steps.VERIFIED, steps.OPEN, "nonsense"):
        with pytest.raises(observations.CannotObserve):
            observations.move(observation=one, to=wrong, words="why", by=ben, now=now)
    with pytest.raises(observations.CannotObserve, match="declined"):
        observations.move(observation=other, to=steps.DECLINED, words=" ", by=ben, now=now)
    with pytest.raises(NotAllowed):
        observations.move(observation=one, to=steps.ACCEPTED, words="", by=make_staff(), now=now)

    assert [row.observation for row in left_over(now + 30 * DAY).unmoved] == []
    late = now + 30 * DAY + timedelta(seconds=1)
    assert [(row.observation, row.owner, row.days) for row in left_over(late).unmoved] == [
        (one.pk, ben.shown_name, 30), (other.pk, ben.shown_name, 30),
    ]  # fmt: skip
    observations.move(observation=one, to=steps.ACCEPTED, words="", by=ben, now=late)
    observations.move(observation=other, to=steps.DECLINED, words="Search comes in May", by=ben, now=late)
    assert left_over(late).unmoved == () and left_over(late + 29 * DAY).unmoved == ()
    assert [row.observation for row in left_over(late + 31 * DAY).unmoved] == [one.pk], "declined is over"
    observations.move(observation=one, to=steps.SHIPPED, words="", by=ben, now=late)
    with pytest.raises(observations.CannotObserve, match="how you know"):
        observations.move(observation=one, to=steps.VERIFIED, words="", by=ben, now=late)
    observations.move(observation=one, to=steps.VERIFIED, words="No more questions", by=agent, now=late)
    one.refresh_from_db()
    assert (one.state, one.answer, one.moves.count()) == ("verified", "No more questions", 3)
    assert left_over(late + 90 * DAY).unmoved == ()


def test_pages_answer_strangers_with_404_and_hostile_addresses_never_with_500(
    django_client, working, agent, stranger, observer, lead
):
    one = observations.observe(day=working, words="No title", owner=lead, due=date(2026, 8, 1), by=agent, now=at(7, 6))
    places = ["/insights/customer-day/", f"/insights/customer-day/{working.pk}/", f"/insights/observations/{one.pk}/"]
    with time_machine.travel(at(7, 6), tick=False):
        for person, status in ((agent, 200), (observer, 200), (lead, 200), (stranger, 404)):
            client = django_client()
            sign_in(client, person) if person.is_staff_member else client.force_login(person)
            assert {client.get(place).status_code for place in places} == {status}, person
            if person == observer:
                assert client.post(f"{places[1]}begin/").status_code == 403
                assert client.post(f"{places[2]}move/", {"to": "accepted"}).status_code == 403
        client = django_client()
        sign_in(client, agent)
        for number in (0, 2**63, 10**30):
            assert client.get(f"/insights/customer-day/{number}/").status_code == 404
            assert client.post(f"/insights/observations/{number}/move/", {"to": "x"}).status_code == 404
        for line in ("-1", "999", "x\x00", "９"):
            assert client.post(f"{places[1]}checklist/", {"line": line}).status_code == 302
        assert client.post(f"{places[2]}move/", {"to": "verified\x00"}).status_code == 422
    assert cards_of(working) == []


def test_pages_cost_the_same_with_two_people_and_with_nine(client, working, agent, ben):
    places = ("/insights/customer-day/", f"/insights/customer-day/{working.pk}/")
    given = {"day": working, "due": date(2026, 8, 1), "by": agent, "now": at(7, 6)}
    observations.observe(words="One", owner=ben, **given)
    sign_in(client, agent)

    def costs() -> list[int]:
        found = []
        for place in places:
            with time_machine.travel(at(7, 6), tick=False), CaptureQueriesContext(connection) as queries:
                assert client.get(place).status_code == 200
            found.append(len(queries))
        return found

    costs()
    before = costs()
    for number in range(7):
        make_staff(name=f"Colleague {number}")
    programme.look_after(now=at(7, 6))
    observations.observe(words="Two", owner=agent, **given)
    after = costs()
    assert after == before and max(after) < 40, (before, after)
