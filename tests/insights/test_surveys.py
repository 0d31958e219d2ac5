"""B11: asked once a ticket, eight open hours after closing, unless opened again; answered once, without a login."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.models import JournalEntry
from insights.actions import rate as rating
from insights.choices import Skipped, SurveyState
from insights.models import Survey, SurveyRules
from insights.queries_satisfaction import by_key, summary
from insights.tokens import digest, new_token
from insights.words import share
from mail.actions import reach
from mail.choices import MailState
from mail.models import OutgoingMail
from supportdesk.lib.logging import hide_secrets
from tests.factories.accounts import make_person, sign_in
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.insights.conftest import gathered, say, scope
from tickets.actions import reply, state
from tickets.actions.intake import add_customer_message
from tickets.choices import Category, Channel
from tickets.models import TicketEvent
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Closed on Wednesday at 9:30; eight open hours later it is Thursday, 9:30.
DUE = WEDNESDAY + DAY


def closed(agent, customer, *, now=WEDNESDAY, **fields):
    """A ticket that was answered and closed, and is gathered."""
    ticket = make_ticket(requester=customer, now=now - HOUR, **fields)
    say(ticket, agent, now=now, then="closed")
    gathered(now + timedelta(minutes=1))
    return ticket


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(source_key__startswith="survey:").order_by("pk"))


def token_in(mail) -> str:
    return re.search(r"/rate/([\w-]{43})/", mail.text)[1]


@pytest.fixture
def asked(agent, customer):
    """A survey that was mailed, and its token."""
    closed(agent, customer)
    sweep(now=DUE)
    return Survey.objects.get(), token_in(mails()[0])


def test_a_customer_is_asked_eight_open_hours_after_closing_and_once(agent, customer):
    ticket = closed(agent, customer)

    sweep(now=DUE - timedelta(seconds=1))
    assert mails() == []
    for late in (DUE, DUE + HOUR, DUE + 3 * DAY):
        sweep(now=late)
        gathered(late)
    assert len(mails()) == 1
    mail, survey = mails()[0], Survey.objects.get()
    assert (mail.to_address, mail.opt_out_scope) == ("cara@robotics.example", "surveys")
    assert [f"?csat={mark}" in mail.text for mark in range(1, 6)] == [True] * 5
    assert survey.token_sha256 == digest(token_in(mail)) and token_in(mail) not in str(vars(survey))
    assert (survey.ticket, survey.answered_by, survey.state) == (ticket, agent, SurveyState.SENT)


def test_opening_again_cancels_and_closing_again_asks_about_the_new_closing(agent, customer):
    ticket = closed(agent, customer)
    add_customer_message(ticket=ticket, person=customer, text="And?", channel=Channel.WEB, now=WEDNESDAY + 2 * HOUR)
    sweep(now=DUE)
    assert (mails(), Survey.objects.count()) == ([], 0)

    ticket.refresh_from_db()
    state.close_ticket(ticket=ticket, by=agent, now=DUE + HOUR, unanswered=True)
    gathered(DUE + HOUR)
    sweep(now=DUE + HOUR + DAY)

    assert (len(mails()), Survey.objects.get().closed_at) == (1, DUE + HOUR)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("cara@robotics.example", {"auto_reply": "out_of_office"}),
        ("cara@robotics.example", {"auto_reply": "bounce"}),
        ("cara@robotics.example", {"authentication": {"verdict": "fail"}}),
        ("no-reply@robotics.example", {}),
    ],
)
def test_nobody_is_asked_where_only_machines_wrote_and_one_person_among_them_is_enough(agent, address, words):
    """A survey to a machine is a loop, and its silence a lie in the rate of answers."""
    machine = make_person(email=address)
    ticket = closed(agent, machine)
    ticket.messages.filter(author="customer").update(**words)

    sweep(now=DUE)

    assert (mails(), Survey.objects.get().why_skipped) == ([], Skipped.MACHINE)

    if "no-reply" not in address:
        add_customer_message(ticket=ticket, person=machine, text="It is me.", channel=Channel.WEB, now=DUE)
        state.close_ticket(ticket=ticket, by=agent, now=DUE + HOUR, unanswered=True)
        gathered(DUE + HOUR)
        sweep(now=DUE + HOUR + DAY)
        assert len(mails()) == 1


def test_a_close_that_was_taken_back_asks_nothing(agent, customer):
    ticket = make_ticket(requester=customer)
    message = say(ticket, agent, then="closed")
    gathered(WEDNESDAY + timedelta(seconds=1))
    reply.take_back(message=message, by=agent, now=WEDNESDAY + timedelta(seconds=4))
    gathered(WEDNESDAY + timedelta(minutes=1))
    sweep(now=DUE + DAY)

    assert (mails(), Survey.objects.count()) == ([], 0)


def test_a_customer_is_asked_once_in_fourteen_days(agent, customer):
    closed(agent, customer)
    closed(agent, customer, subject="Another", now=WEDNESDAY + HOUR)
    sweep(now=DUE + HOUR)

    states = Survey.objects.order_by("ticket").values_list("state", "why_skipped")
    assert list(states) == [(SurveyState.SENT, ""), (SurveyState.SKIPPED, Skipped.LATELY)]
    third = closed(agent, customer, subject="Third", now=WEDNESDAY + 15 * DAY)
    sweep(now=WEDNESDAY + 17 * DAY)
    assert Survey.objects.get(ticket=third).state == SurveyState.SENT


def test_who_is_not_asked_and_why(agent, ben, customer, stranger):
    """Opted out, unanswered, on the staff, switched off, closed long before it was known."""
    reach.opt_out(address=customer.email, scope="surveys", now=WEDNESDAY)
    closed(agent, customer)
    unanswered = make_ticket(requester=stranger)
    state.close_ticket(ticket=unanswered, by=agent, now=WEDNESDAY, unanswered=True)
    closed(agent, ben)
    gathered(WEDNESDAY + HOUR)
    sweep(now=DUE)

    whys = Survey.objects.order_by("why_skipped").values_list("why_skipped", flat=True)
    assert list(whys) == [Skipped.OPTED_OUT, Skipped.STAFF, Skipped.UNANSWERED]
    assert not [mail for mail in mails() if mail.state == MailState.QUEUED]
    SurveyRules.objects.update(is_enabled=False)
    closed(agent, stranger, subject="Off")
    sweep(now=DUE + DAY)
    SurveyRules.objects.update(is_enabled=True, enabled_at=DUE + 30 * DAY)
    closed(agent, stranger, subject="Before")
    sweep(now=DUE + 40 * DAY)
    assert Survey.objects.count() == 3
    assert not Timer.objects.filter(kind="insights.survey_due", done_at=None).exists()


@time_machine.travel(DUE + HOUR, tick=False)
def test_S38_opening_the_link_records_nothing_and_ticks_the_choice(client, asked):
    survey, token = asked

    for query in ("", "?csat=4", "?csat=4&ces=7", "?csat=x"):
        for method in (client.get, client.head):
            response = method(f"/rate/{token}/{query}")
            assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
            assert response["Referrer-Policy"] == "no-referrer" and "noindex" in response["X-Robots-Tag"]
    page = client.get(f"/rate/{token}/?csat=4").content.decode()

    assert re.search(r'name="csat" value="4"[^>]*checked', page)
    survey.refresh_from_db()
    assert (survey.state, survey.csat, TicketEvent.objects.filter(kind="rated").count()) == (SurveyState.SENT, None, 0)
    assert "sessionid" not in client.cookies and "session" not in client.cookies


@time_machine.travel(DUE + HOUR, tick=False)
def test_an_answer_is_recorded_once_and_can_be_changed_for_seven_days(client, asked, agent):
    survey, token = asked
    address = f"/rate/{token}/"

    first = client.post(address, {"csat": "4", "ces": "6", "is_solved": "yes", "comment": "Quick!  <b>Thanks</b>\r\n"})
    again = client.post(address, {"csat": "4", "ces": "6", "is_solved": "yes", "comment": "Quick!  <b>Thanks</b>"})
    page = client.get(address).content.decode()

    survey.refresh_from_db()
    assert (first.status_code, again.status_code, first["Location"]) == (302, 302, address)
    assert (survey.csat, survey.ces, survey.is_solved, survey.comment) == (4, 6, True, "Quick!  <b>Thanks</b>")
    assert TicketEvent.objects.filter(kind="rated", is_public=False).count() == 1
    assert "You rated ticket" in page and "&lt;b&gt;Thanks" in page
    with time_machine.travel(DUE + 7 * DAY, tick=False):
        client.post(address, {"csat": "2"})
    survey.refresh_from_db()
    assert (survey.csat, survey.answered_at, survey.changed_at) == (2, DUE + HOUR, DUE + 7 * DAY)
    with time_machine.travel(DUE + 8 * DAY + HOUR, tick=False):
        over = client.post(address, {"csat": "5"})
        shown = client.get(address)
    survey.refresh_from_db()
    assert (over.status_code, shown.status_code, survey.csat) == (410, 410, 2)


@time_machine.travel(DUE + HOUR, tick=False)
@pytest.mark.parametrize(
    "typed",
    [{}, {"csat": ""}, {"csat": "0"}, {"csat": "6"}, {"csat": "-1"}, {"csat": "4.5"}, {"csat": "٤"},
     {"csat": "9" * 400}, {"csat": "4", "ces": "8"}, {"csat": "4", "is_solved": "maybe"},
     {"csat": "4", "comment": "x" * 2001}, {"csat": "4", "comment": "a\x00b"}],
)  # fmt: skip
def test_a_wrong_answer_is_refused_in_words_and_stays(client, asked, typed):
    survey, token = asked

    response = client.post(f"/rate/{token}/", typed)

    page = response.content.decode()
    assert response.status_code == 422
    assert "There is a problem" in page and "<title>Error: " in page
    assert typed.get("comment", "") in page
    survey.refresh_from_db()
    assert survey.state == SurveyState.SENT


def test_S36_the_token_is_in_no_log(asked):
    _, token = asked

    assert token not in hide_secrets(f"POST /rate/{token}/?csat=4 422")


def test_S39_other_tokens_find_nothing(client, asked):
    survey, token = asked
    Survey.objects.filter(pk=survey.pk).update(token_sha256="")

    for other in (token, new_token(), "x", token[:-1], "%00" * 43, "ä" * 43):
        assert client.get(f"/rate/{other}/").status_code == 404
        assert client.post(f"/rate/{other}/", {"csat": "5"}).status_code == 404
    assert client.get(f"/t/{token}/").status_code == 404


@time_machine.travel(DUE + HOUR, tick=False)
def test_S37_a_rating_gives_no_session_and_S49_needs_its_form(django_client, asked):
    """Also complained about: a rating that needs a login (zammad#834)."""
    _, token = asked
    client = django_client(enforce_csrf_checks=True)

    assert client.post(f"/rate/{token}/", {"csat": "5"}).status_code == 403
    assert client.get("/tickets/").status_code == 302
    assert Survey.objects.get().csat is None


def test_a_low_rating_tells_the_lead_once_and_opens_the_ticket_if_wished(asked, lead):
    survey, _ = asked
    survey.ticket.team.lead = lead
    survey.ticket.team.save()
    SurveyRules.objects.update(low_reopens=True)
    said = {"ces": None, "is_solved": False, "comment": "Nobody said why."}

    rating.rate(survey=survey, csat=1, **said, now=DUE + HOUR)
    rating.rate(survey=survey, csat=2, **said, now=DUE + 2 * HOUR)

    told = OutgoingMail.objects.filter(to_address=lead.email)
    assert [mail.subject for mail in told] == [f"Ticket {survey.ticket_id}: Cara Customer rated it 1 of 5"]
    assert "Nobody said why" not in told[0].text
    survey.ticket.refresh_from_db()
    assert survey.ticket.category == Category.OPEN
    assert JournalEntry.objects.filter(action="insights.rate").count() == 2


def test_B11_the_share_stands_with_n_and_the_response_rate(client, lead, agent, customer):
    """R66: 200 closed, 150 asked, 30 answered, 24 of them 4 or 5: “80 %, n=30, 20 % response”. Confirmed solved is
    of all who answered (R65), and fewer than ten are shown grey.
    """
    day = datetime(2026, 3, 5, 12, tzinfo=UTC)
    for number in range(150):
        ticket = make_ticket(requester=customer)
        answered = number < 30
        Survey.objects.create(
            ticket=ticket, person=customer, team_id=ticket.team_id, answered_by=agent, closed_at=day, asked_at=day,
            asked_on=day.date(), token_sha256=digest(str(number)), csat=(5 if number < 24 else 2) if answered else None,
            state=SurveyState.ANSWERED if answered else SurveyState.SENT, answered_at=day if answered else None,
            is_solved={True: number < 18, False: None}[number < 20] if answered else None,
        )  # fmt: skip

    rated = summary(scope(since=day))
    person = by_key(scope(since=day), "person")[str(agent.pk)]

    assert (rated.happy_share, rated.response_share, rated.is_few) == ((24, 30), (30, 150), False)
    assert person.happy_share == (24, 30)
    assert (rated.solved_share, rated.solved_said) == ((18, 30), 20)
    assert summary(scope(since=day - DAY)).is_few
    sign_in(client, lead)
    with time_machine.travel(day + DAY, tick=False):
        page = client.get("/reports/satisfaction/?period=7").content.decode()
        happy, response, solved = share((24, 30)), share((30, 150)), share((18, 30))
        assert f"{happy} <small>n = 30</small>" in page and f"{response} response" in page
        assert f"{solved} <small>n = 30</small>" in page
        assert 'class="cols tiles few"' not in page
        Survey.objects.filter(state=SurveyState.ANSWERED).exclude(csat=2).delete()
        assert 'class="cols tiles few"' in client.get("/reports/satisfaction/?period=7").content.decode()
