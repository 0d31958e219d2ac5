"""New people: what they answer is read first, their runs are passed (R93)."""

from datetime import timedelta

import pytest

from accounts.access import NotAllowed
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import make_process
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import accompanied, held_replies, processes
from tickets.actions.accompanied import CannotAccompany, NeedsReviewer
from tickets.actions.processes.running import current_steps
from tickets.actions.reply import reply
from tickets.choices import Category, HeldState
from tickets.models import Apprentice, Draft, HeldReply, Message, RunPass

HOUR = timedelta(hours=1)


@pytest.fixture
def novice(agent, lead):
    """Somebody new, accompanied by Rosa."""
    person = make_staff("agent", name="Noa New")
    reviewer = make_staff("agent", name="Rosa Reviewer", email="rosa@desk.example")
    accompanied.accompany(person=person, reviewer=reviewer, runs_needed=2, by=lead, now=WEDNESDAY)
    person.reviewer = reviewer
    return person


def write(client, ticket, text="We send a new one.", **more):
    page = client.get(f"/inbox/all/{ticket.pk}/").content.decode()
    key = page.partition('name="key" value="')[2].partition('"')[0]
    return client.post(
        f"/inbox/all/{ticket.pk}/write/",
        {
            "kind": "reply",
            "text": text,
            "last_seen": ticket.last_message_id,
            "seen_note": 0,
            "key": key,
            "then": "closed",
            **more,
        },
    )


def mails_to(ticket):
    return OutgoingMail.objects.filter(to_address=ticket.requester.email).count()


def test_R93_a_novices_reply_waits_for_its_reviewer_who_lets_it_go_or_gives_it_back(client, novice, agent):
    ticket = make_ticket()
    before = mails_to(ticket)
    client.force_login(novice)
    assert write(client, ticket).status_code == 303
    assert (mails_to(ticket), Message.objects.filter(author="agent").count()) == (before, 0)
    held = HeldReply.objects.get()
    assert OutgoingMail.objects.filter(to_address="rosa@desk.example", subject__contains="waits for you").count() == 1
    panel = client.get(f"/desk/tickets/{ticket.pk}/process/").content.decode()
    assert "Your reply waits for Rosa Reviewer." in panel
    way = f"/desk/held-replies/{held.pk}/"
    assert client.post(way, {"do": "send", "text": "x"}).status_code == 403, "nobody lets their own go"
    client.force_login(agent)
    assert client.get(way).status_code == 404, "another colleague reads no draft"

    client.force_login(novice.reviewer)
    assert "We send a new one." in client.get(way).content.decode()
    assert client.post(way, {"do": "back", "words": " "}).status_code == 422
    client.post(way, {"do": "back", "words": "Say when it arrives"})
    assert Draft.objects.get(ticket=ticket, person=novice).came_back == "Rosa Reviewer: Say when it arrives"
    assert client.post(way, {"do": "send", "text": "x"}).status_code == 422, "decided once"

    client.force_login(novice)
    draft = Draft.objects.get(ticket=ticket, person=novice)
    write(client, ticket, "We send a new one on Monday.", draft=f"{draft.pk}.{draft.version}")
    again = HeldReply.objects.get(state=HeldState.WAITING)
    client.force_login(novice.reviewer)
    answer = client.post(f"/desk/held-replies/{again.pk}/", {"do": "send", "text": "We send one on Monday."})
    assert answer.status_code == 303
    message = Message.objects.get(author="agent")
    assert (message.text, message.person) == ("We send one on Monday.", novice)
    assert mails_to(ticket) == before + 1
    ticket.refresh_from_db()
    assert ticket.category == Category.CLOSED
    assert not Draft.objects.filter(ticket=ticket, person=novice).exists()
    assert HeldReply.objects.get(pk=again.pk).message == message


def test_R93_no_other_door_sends_a_novices_words_and_words_that_came_since_stop_it(novice, lead):
    ticket = make_ticket()
    with pytest.raises(NeedsReviewer, match="Rosa Reviewer reads your replies"):
        reply(ticket=ticket, by=novice, text="Hello", last_seen=ticket.last_message_id, now=WEDNESDAY)
    form = {
        "to": None,
        "cc": None,
        "then": "waiting",
        "reason": None,
        "seen_note": 0,
        "form": held_replies.Form(),
        "now": WEDNESDAY,
    }
    row = Apprentice.objects.get(person=novice)
    held = held_replies.hand_in(
        ticket=ticket, by=novice, apprentice=row, text="Hello", last_seen=ticket.last_message_id, **form
    )
    with pytest.raises(NotAllowed):
        held_replies.send(held=held, by=make_staff("agent"), now=WEDNESDAY)

    reply(ticket=ticket, by=lead, text="I do it.", last_seen=ticket.last_message_id, now=WEDNESDAY + HOUR)
    with pytest.raises(Exception, match="Somebody wrote"):
        held_replies.send(held=held, by=lead, now=WEDNESDAY + HOUR)
    held.refresh_from_db()
    assert held.state == HeldState.WAITING
    held_replies.withdraw(held=held, by=novice, now=WEDNESDAY + HOUR)
    accompanied.release(apprentice=row, by=lead, now=WEDNESDAY + HOUR)
    reply(ticket=ticket, by=novice, text="Alone", last_seen=10**9, now=WEDNESDAY + HOUR)


def test_R93_runs_are_passed_by_the_reviewer_and_the_last_one_ends_it(client, novice, agent, lead):
    process = make_process(markdown="## Steps\n### Do it\n")
    runs = []
    for _ in range(3):
        run = processes.start_run(ticket=make_ticket(), article=process, by=novice, now=WEDNESDAY + HOUR)
        processes.finish(step=current_steps(run)[0], by=novice, now=WEDNESDAY + HOUR)
        run.refresh_from_db()
        runs.append(run)
    for by in (novice, agent):
        with pytest.raises((NotAllowed, CannotAccompany)):
            accompanied.judge(run=runs[0], person=novice, is_passed=True, words="", by=by, now=WEDNESDAY)
    client.force_login(novice.reviewer)
    page = client.get("/steps/accompanied/").content.decode()
    assert page.count("/judge/") == 3
    client.post(f"/desk/runs/{runs[0].pk}/judge/{novice.pk}/", {"passed": "no", "words": ""})
    assert not RunPass.objects.exists(), "not yet has a reason"
    client.post(f"/desk/runs/{runs[0].pk}/judge/{novice.pk}/", {"passed": "no", "words": "Greet them"})
    client.post(f"/desk/runs/{runs[0].pk}/judge/{novice.pk}/", {"passed": "yes"})
    assert RunPass.objects.get().is_passed is False, "judged once"
    for run in runs[1:]:
        assert Apprentice.objects.filter(person=novice, ended_at__isnull=True).exists()
        client.post(f"/desk/runs/{run.pk}/judge/{novice.pk}/", {"passed": "yes"})
    assert not Apprentice.objects.filter(person=novice, ended_at__isnull=True).exists()
    assert client.post(f"/desk/runs/{runs[1].pk}/judge/99999999999999999999/", {"passed": "yes"}).status_code == 404


def test_a_lead_says_who_is_accompanied(client, lead, agent, novice):
    client.force_login(lead)
    new = make_staff("agent", name="Nils")
    for wrong in (
        {},
        {"person": new.pk, "reviewer": new.pk, "runs_needed": 5},
        {"person": new.pk, "reviewer": novice.pk, "runs_needed": 5},
        {"person": "x", "reviewer": agent.pk, "runs_needed": "9" * 40},
    ):
        assert client.post("/steps/accompanied/new/", wrong).status_code == 422
    client.post("/steps/accompanied/new/", {"person": new.pk, "reviewer": agent.pk, "runs_needed": 5})
    row = Apprentice.objects.get(person=new)
    assert "0 of 5" in client.get("/steps/accompanied/").content.decode()
    client.force_login(agent)
    assert client.post(f"/steps/accompanied/{row.pk}/release/").status_code == 403


def test_R93_a_time_at_which_a_reply_should_leave_is_refused_and_not_forgotten(client, novice):
    ticket = make_ticket()
    client.force_login(novice)

    page = write(client, ticket, later="tomorrow")

    assert page.status_code == 422
    assert "Rosa Reviewer reads your reply first" in page.content.decode()
    assert "We send a new one." in page.content.decode()
    assert not HeldReply.objects.exists()
