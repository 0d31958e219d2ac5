"""What tickets teach: a process of a ticket's timeline, and what a new client's first ticket changed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import WorkRole, WorkRoleMember
from billing.models import Customer, Invoice
from knowledgebase.choices import ArticleKind, Visibility
from knowledgebase.models import ArticleDraft, Space
from knowledgebase.process_text import read
from tests.factories.accounts import make_organisation, make_person, make_staff
from tests.factories.api import make_token
from tests.factories.knowledgebase import add_text, make_article, make_space
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.access import tickets_for
from tickets.actions.bulk import choose, run
from tickets.actions.learned import NothingToLearn, learn
from tickets.actions.note import add_note
from tickets.actions.reply import CannotReply, reply
from tickets.actions.state import close_ticket, reopen_ticket
from tickets.choices import Category, ItemState
from tickets.learned import LearnFirst
from tickets.models import ProcessRules, WikiDelta

HOUR = timedelta(hours=1)


def test_D11_a_ticket_becomes_a_draft_of_a_process_with_its_steps(client, agent):
    """R42: what was said and done, in order, with roles and without the customer."""
    role = WorkRole.objects.create(key="bench", name="Work bench")
    WorkRoleMember.objects.create(role=role, person=agent)
    dana = make_person(name="Dana Whitfield", email="dana@school.example")
    ticket = make_ticket(requester=dana, subject="Robot of Dana Whitfield is dead")
    add_note(ticket=ticket, by=agent, text="Dana’s battery is swollen.\n## Steps\nWHO: nobody", now=WEDNESDAY)
    reply(
        ticket=ticket,
        by=agent,
        text="Dear Dana,\n\nStop charging it. We send a new one.\n\nKind regards",
        last_seen=ticket.last_message_id,
        now=WEDNESDAY + HOUR,
    )
    space = make_space(Visibility.STAFF)
    public = Space.objects.filter(visibility=Visibility.PUBLIC).first() or make_space(Visibility.PUBLIC)
    client.force_login(agent)

    assert client.get(f"/desk/tickets/{ticket.pk}/process/write/").status_code == 200
    answer = client.post(f"/desk/tickets/{ticket.pk}/process/write/", {"space": space.pk})

    draft = ArticleDraft.objects.get()
    assert answer["Location"].endswith(f"/{draft.pk}/")
    assert (draft.kind, draft.ticket_id, draft.space) == (ArticleKind.PROCESS, ticket.pk, space)
    found = read(draft.markdown)
    assert found.problems == []
    assert [step.title for step in found.steps] == [
        "Read what the customer asks", "the customer’s battery is swollen", "Answer: Stop charging it",
    ]  # fmt: skip
    assert found.steps[2].say.startswith("Stop charging it. We send a new one.")
    assert found.steps[1].who == "Work bench"
    assert "Dana" not in draft.markdown
    client.post(f"/desk/tickets/{ticket.pk}/process/write/", {"space": public.pk})
    assert all(not one.space.is_public_side for one in ArticleDraft.objects.all()), "notes reach no public space"


@pytest.fixture
def asked(db):
    ProcessRules.objects.create(pk=1, asks_what_we_learned=True)


def new_client(name="Lakeview", *, paid_at=WEDNESDAY - HOUR):
    organisation = make_organisation(name=name)
    client = Customer.objects.create(organisation=organisation, name=name, created_at=paid_at)
    Invoice.objects.create(customer=client, key=f"test:{name}", paid_at=paid_at, created_at=paid_at)
    return client


def ticket_of(client, **more):
    return make_ticket(requester=make_person(), organisation=client.organisation, **more)


def test_A12_a_new_clients_first_ticket_is_not_closed_before_it_taught_something(asked, agent):
    """R52, R50: a revision since the ticket came, or a reason; once for a client; nobody else is asked."""
    client = new_client()
    ticket, second = ticket_of(client), ticket_of(client)
    page = make_article(title="Lakeview", now=WEDNESDAY - HOUR)
    with pytest.raises(LearnFirst, match="first ticket of Lakeview"):
        close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, unanswered=True)
    with pytest.raises(CannotReply, match="Say first what we learned"):
        reply(ticket=ticket, by=agent, text="Done.", last_seen=ticket.last_message_id, then="closed", now=WEDNESDAY)
    ticket.refresh_from_db()
    assert ticket.category == Category.NEW
    for given, words in [({}, "say why"), ({"reason": " a "}, "say why"), ({"article": page}, "was not changed since")]:
        with pytest.raises(NothingToLearn, match=words):
            learn(ticket=ticket, by=agent, now=WEDNESDAY, **given)

    add_text(page, "They use purchase orders.", now=WEDNESDAY + HOUR)
    delta = learn(ticket=ticket, by=agent, article=page, reason="and more", now=WEDNESDAY + HOUR)
    assert (delta.revision.no, delta.reason, delta.customer) == (2, "", client)
    with pytest.raises(NothingToLearn, match="said already"):
        learn(ticket=ticket, by=agent, reason="Again", now=WEDNESDAY + HOUR)
    close_ticket(ticket=ticket, by=agent, now=WEDNESDAY + 2 * HOUR, unanswered=True)
    reopen_ticket(ticket=ticket, by=agent, now=WEDNESDAY + 2 * HOUR)
    close_ticket(ticket=ticket, by=agent, now=WEDNESDAY + 3 * HOUR, unanswered=True)
    close_ticket(ticket=second, by=agent, now=WEDNESDAY + 3 * HOUR, unanswered=True)

    never_paid = Customer.objects.create(person=make_person(), name="Reader", created_at=WEDNESDAY)
    close_ticket(ticket=make_ticket(requester=never_paid.person), by=agent, now=WEDNESDAY, unanswered=True)
    old = new_client("Old friends", paid_at=WEDNESDAY - timedelta(days=91))
    close_ticket(ticket=ticket_of(old), by=agent, now=WEDNESDAY, unanswered=True)
    known = new_client("Known", paid_at=WEDNESDAY - timedelta(days=2))
    ProcessRules.objects.update(asks_what_we_learned=False)
    close_ticket(ticket=ticket_of(known), by=agent, now=WEDNESDAY, unanswered=True)
    ProcessRules.objects.update(asks_what_we_learned=True)
    close_ticket(ticket=ticket_of(known), by=agent, now=WEDNESDAY + HOUR, unanswered=True)
    theirs = new_client("By themselves")
    mine = ticket_of(theirs)
    close_ticket(ticket=mine, by=mine.requester, now=WEDNESDAY)


def test_A12_it_is_said_in_the_dialog_and_the_report_counts_it(asked, client, agent):
    """U53: ten new clients, eight deltas, two none+reason."""
    client.force_login(agent)
    page = make_article(title="Clients", now=WEDNESDAY)
    tickets = [ticket_of(new_client(f"Client {number}"), now=WEDNESDAY) for number in range(10)]
    add_text(page, "More.", now=WEDNESDAY + HOUR)
    shut = client.post(f"/desk/tickets/{tickets[0].pk}/close/", {"reason": ""})
    assert shut.status_code == 422
    assert "What did we learn?" in shut.content.decode()
    assert client.post(f"/desk/tickets/{tickets[0].pk}/learned/", {"reason": "\0"}).status_code == 422
    for ticket in tickets[:8]:
        assert client.post(f"/desk/tickets/{ticket.pk}/learned/", {"article": page.pk}).status_code == 303
    for ticket in tickets[8:]:
        client.post(f"/desk/tickets/{ticket.pk}/learned/", {"reason": "Only a <b>receipt</b>"})
    assert WikiDelta.objects.count() == 10
    assert client.post(f"/desk/tickets/{tickets[0].pk}/close/", {"unanswered": "on"}).status_code in (302, 303)
    report = client.get("/steps/learned/?from=2026-03").content.decode()
    assert "10 new clients, 8 deltas, 2 none+reason" in report
    assert "Only a &lt;b&gt;receipt&lt;/b&gt;" in report


def test_A4_what_was_learned_in_a_space_of_roles_is_named_to_nobody_else(asked, client, agent, lead):
    ticket = ticket_of(new_client())
    secret = make_article(make_space(Visibility.ROLE), title="Bob is fired", now=WEDNESDAY + HOUR)
    client.force_login(agent)
    assert "Bob" not in client.get(f"/desk/tickets/{ticket.pk}/learned/").content.decode()
    assert client.post(f"/desk/tickets/{ticket.pk}/learned/", {"article": secret.pk}).status_code == 422
    learn(ticket=ticket, by=lead, article=secret, now=WEDNESDAY + HOUR)
    for way in ("/steps/learned/?from=2026-03", f"/inbox/all/{ticket.pk}/"):
        assert "Bob" not in client.get(way).content.decode()
    client.force_login(make_staff("observer"))
    assert client.post(f"/desk/tickets/{ticket.pk}/learned/", {"reason": "Nothing"}).status_code == 403


def test_a_lead_switches_on_that_first_tickets_teach(client, lead, agent):
    client.force_login(lead)
    way = "/settings/wiki/learning/"
    assert client.get(way).status_code == 200
    for wrong in ("", "0", "9" * 30, "x"):
        assert client.post(way, {"asks_what_we_learned": "on", "new_for_days": wrong}).status_code == 422
    client.post(way, {"asks_what_we_learned": "on", "new_for_days": "30"})
    rules = ProcessRules.objects.get()
    assert (rules.asks_what_we_learned, rules.new_for_days) == (True, 30)
    client.force_login(agent)
    assert client.post(way, {"new_for_days": "30"}).status_code == 403


def test_A12_neither_bulk_nor_a_program_closes_it_silently(asked, agent, client):
    """The same refusal by every door; the others of a bulk job close."""
    ticket, other = ticket_of(new_client()), make_ticket()
    found = tickets_for(agent).filter(pk__in=[ticket.pk, other.pk]).order_by("pk")
    job = choose.choose(tickets=found, source="Test", by=agent, now=WEDNESDAY)
    job = run.begin(job=job, verb="close", arguments={"unanswered": True}, by=agent, now=WEDNESDAY)
    items = dict(job.items.values_list("ticket", "state"))
    assert (items[ticket.pk], items[other.pk]) == (ItemState.REFUSED, ItemState.DONE)
    _, secret = make_token(agent, now=timezone.now())
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post(f"/api/tickets/{ticket.pk}/close/", "{}", content_type="application/json", headers=headers)
    assert answer.status_code == 422
    assert "Say first what we learned" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.category == Category.NEW
