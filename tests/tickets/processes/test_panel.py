"""The panel of processes beside a ticket, and the list of steps."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import JournalEntry, WorkRole, WorkRoleMember
from knowledgebase.choices import Visibility
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import add_text, make_article, make_process, make_space
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import processes
from tickets.actions.processes.running import current_steps
from tickets.choices import ProcessState, StepState
from tickets.models import ContactReason, ProcessRun, RunStep, Ticket
from tickets.queries_desk.processes import suggested

STEPS = """## Steps
### Look <b>here</b>
Read [[no-page]] <img src=x onerror=alert(1)>.
SAY: Thank you, <script>alert(1)</script>.
PROOF: a sentence - what you <i>saw</i>
### Ring them
WHO: billing
"""
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "panel-process"}


@pytest.fixture
def billing(db):
    role = WorkRole.objects.create(key="billing", name="Billing")
    WorkRoleMember.objects.create(role=role, person=make_staff("agent", name="Bea Billing"))
    return role


@pytest.fixture
def process(billing):
    return make_process(title="Held & late", markdown=STEPS)


@pytest.fixture
def desk(client, agent):
    client.force_login(agent)
    return client


@pytest.fixture
def run(process, agent):
    return processes.start_run(ticket=make_ticket(), article=process, by=agent, now=WEDNESDAY)


def test_R5_R42_an_admin_ties_a_process_to_a_reason_and_it_is_offered_first(client, admin, agent, process):
    """By hand, also where no tag and no past says so; for reasons below it too, and to those alone who read it."""
    top = ContactReason.objects.create(name="Money")
    below = ContactReason.objects.create(name="Invoices", parent=ContactReason.objects.create(name="Old", parent=top))
    other = make_process(title="Zebra", markdown=STEPS, tags=["urgent"])
    kept = make_process(make_space(Visibility.ROLE), "For leads", STEPS)
    ticket = make_ticket(subject="A question")
    Ticket.objects.filter(pk=ticket.pk).update(contact_reason=below, tags=["urgent"])
    ticket.refresh_from_db()
    assert suggested(agent, ticket) == [other]
    client.force_login(admin)
    address = f"/settings/reasons/{top.pk}/processes/"
    for bad in (["0"], ["x"], [str(2**70)], ["\0"], [str(make_article().pk)]):
        assert client.post(address, {"processes": bad}).status_code == 422
    for _ in range(2):
        assert client.post(address, {"processes": [process.pk, kept.pk]}).status_code == 302
    assert suggested(agent, ticket) == [process, other]
    assert [one.title for one in suggested(admin, ticket)] == ["For leads", "Held & late", "Zebra"]
    assert client.get(address).text.count("checked") == 2
    assert JournalEntry.objects.filter(action="tickets.tie_processes").count() == 1
    client.post(address, {})
    assert suggested(agent, ticket) == [other]


def test_U53_a_process_is_begun_and_done_by_plain_forms(desk, process, agent):
    """A13: hostile words of a step are words; a refusal stands at its step and what was typed stays."""
    ticket = make_ticket()
    page = desk.get(f"/desk/tickets/{ticket.pk}/process/start/?in=all").content.decode()
    assert "Held &amp; late" in page
    answer = desk.post(f"/desk/tickets/{ticket.pk}/process/start/", {"process": process.pk, "in": "all"})
    assert (answer.status_code, answer["Location"]) == (303, f"/inbox/all/{ticket.pk}/")
    first, second = current_steps(ProcessRun.objects.get())

    page = desk.get(f"/desk/tickets/{ticket.pk}/process/").content.decode()
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert f'action="/desk/steps/{second.pk}/finish/"' not in page  # Billing does that
    assert "Billing does this step" in page

    answer = desk.post(f"/desk/steps/{first.pk}/finish/", {"evidence": "a<", "in": "all"})
    assert answer.status_code == 422
    assert "This step asks for a sentence" in answer.content.decode()
    assert 'value="a&lt;"' in answer.content.decode()
    answer = desk.post(f"/desk/steps/{first.pk}/finish/", {"evidence": "A swollen battery", "in": "all"}, **HTMX)
    assert answer.status_code == 200
    assert 'id="panel-process"' in answer.content.decode()
    assert RunStep.objects.get(pk=first.pk).evidence == "A swollen battery"
    desk.post(f"/desk/steps/{first.pk}/take-back/", {"in": "all"})
    assert RunStep.objects.get(pk=first.pk).state == StepState.TODO
    desk.post(f"/desk/steps/{first.pk}/claim/", {"to": "steps"})
    desk.post(f"/desk/steps/{first.pk}/hand-back/", {"in": "all"})
    assert desk.post(f"/desk/steps/{first.pk}/skip/", {"reason": ""}).status_code == 422
    desk.post(f"/desk/steps/{first.pk}/skip/", {"reason": "Seen before"})
    assert RunStep.objects.get(pk=first.pk).reason == "Seen before"
    run = ProcessRun.objects.get()
    assert desk.post(f"/desk/runs/{run.pk}/stop/", {"reason": "a"}).status_code == 422
    desk.post(f"/desk/runs/{run.pk}/stop/", {"reason": "Not needed"})
    assert ProcessRun.objects.get().state == ProcessState.STOPPED
    assert "stopped" in desk.get(f"/desk/tickets/{ticket.pk}/process/").content.decode()


def test_A11_somebody_outside_the_role_gets_403_and_the_journal_says_who_tried(desk, run, agent, observer, client):
    """R75; S27: a right that is missing is journalled; nothing changes."""
    step = current_steps(run)[1]
    for verb, more in [("claim", {}), ("finish", {}), ("skip", {"reason": "Because"}), ("hand-back", {})]:
        assert desk.post(f"/desk/steps/{step.pk}/{verb}/", more, **HTMX).status_code == 403
    step.refresh_from_db()
    assert step.state == StepState.TODO
    assert (
        JournalEntry.objects.filter(by=agent, action="accounts.refused", subject=f"tickets.runstep:{step.pk}").count()
        == 4
    )
    client.force_login(observer)
    first = current_steps(run)[0]
    assert client.post(f"/desk/steps/{first.pk}/claim/").status_code == 403


def test_A4_what_one_may_not_read_is_not_there(client, run, agent, lead, customer=None):
    """S22: a run of a process in a space of others, and anything for a stranger."""
    secret = make_process(make_space(Visibility.ROLE), "Lay off Bob", "## Steps\n### Tell Bob\n")
    hidden = processes.start_run(ticket=run.ticket, article=secret, by=lead, now=WEDNESDAY)
    step = current_steps(hidden)[0]
    client.force_login(agent)
    ways = [f"/desk/runs/{hidden.pk}/follow/", f"/desk/runs/{hidden.pk}/stop/", f"/desk/processes/{secret.pk}/begin/"]
    assert [client.get(way).status_code for way in ways] == [404, 404, 404]
    assert client.post(f"/desk/steps/{step.pk}/claim/").status_code == 404
    start = f"/desk/tickets/{run.ticket_id}/process/start/"
    assert client.post(start, {"process": secret.pk}).status_code == 404
    for way in (f"/desk/tickets/{run.ticket_id}/process/", start, "/steps/?whose=all", f"/inbox/all/{run.ticket_id}/"):
        assert "Bob" not in client.get(way).content.decode()
    client.force_login(lead)
    assert "Tell Bob" in client.get(f"/desk/tickets/{run.ticket_id}/process/").content.decode()
    client.force_login(run.ticket.requester)
    for way in (f"/desk/tickets/{run.ticket_id}/process/", start, "/steps/", *ways):
        assert client.get(way).status_code == 404


def test_A11_a_newer_version_is_looked_at_before_it_is_followed(desk, run, process):
    newest = add_text(process, STEPS.replace("### Ring", "### Weigh\n### Ring"))
    page = desk.get(f"/desk/tickets/{run.ticket_id}/process/").content.decode()
    assert "Version 2 is out, this ticket follows 1." in page
    preview = desk.get(f"/desk/runs/{run.pk}/follow/").content.decode()
    assert "<ins>Weigh</ins>" in preview
    run.refresh_from_db()
    assert desk.post(f"/desk/runs/{run.pk}/follow/", {"to": "1", "visit": run.visit}).status_code == 422
    desk.post(f"/desk/runs/{run.pk}/follow/", {"to": "2", "visit": run.visit})
    run.refresh_from_db()
    assert run.revision == newest.published


def test_a_process_is_begun_from_its_page_which_says_how_often_it_was(client, desk, process):
    page = desk.get(f"/wiki/{process.slug}/").content.decode()
    assert f'href="/desk/processes/{process.pk}/begin/"' in page
    assert desk.get(f"/desk/processes/{process.pk}/use/").content == b""
    for wrong in ("", "0", "x", "9" * 30):
        assert desk.post(f"/desk/processes/{process.pk}/begin/", {"ticket": wrong}).status_code == 422
    ticket = make_ticket()
    desk.post(f"/desk/processes/{process.pk}/begin/", {"ticket": f" #{ticket.pk} "})
    assert b"Used on 1 ticket in" in desk.get(f"/desk/processes/{process.pk}/use/").content
    client.force_login(ticket.requester)
    assert client.get(f"/desk/processes/{process.pk}/use/").status_code == 404


def test_R76_ones_own_roles_steps_stand_first_and_only_whose_turn_has_come(client, run, agent, billing, process):
    client.force_login(billing.members.get().person)
    assert "Ring them" not in client.get("/steps/").content.decode()  # the step before it is open
    first, second = current_steps(run)
    processes.skip(step=first, by=agent, reason="Known", now=WEDNESDAY)
    other = processes.start_run(ticket=make_ticket(subject="Other"), article=process, by=agent, now=WEDNESDAY)
    page = client.get("/steps/?whose=all").content.decode()
    assert page.index(f"/desk/tickets/{run.ticket_id}/") < page.index(f"/desk/tickets/{other.ticket_id}/")
    page = client.get("/steps/").content.decode()
    assert f"/desk/steps/{second.pk}/claim/" in page
    assert f"/desk/tickets/{other.ticket_id}/" not in page


@pytest.mark.parametrize("number", ["0", "9999999999999999999", "2147483648"])
def test_no_number_breaks_an_address(desk, number):
    """S22 bad ids."""
    for way in ("steps/{}/claim", "steps/{}/skip", "runs/{}/stop", "processes/{}/begin", "tickets/{}/process/start"):
        assert desk.post(
            f"/desk/{way.format(number)}/", {"process": "1\0", "reason": "a\0b c", "ticket": "٣"}
        ).status_code in (404, 422)


def test_the_pages_ask_as_often_for_one_step_as_for_many(desk, run, agent):
    def count(way):
        with CaptureQueriesContext(connection) as found:
            assert desk.get(way, HTTP_HX_REQUEST="true").status_code == 200
        return len(found)

    panel, steps = f"/desk/tickets/{run.ticket_id}/process/", "/steps/?whose=all"
    count(panel)  # the first visit of a session notes more
    before = count(panel), count(steps)
    more = make_process(title="Long", markdown="## Steps\n" + "### Do\nWHO: billing\n" * 20)
    processes.start_run(ticket=run.ticket, article=more, by=agent, now=WEDNESDAY)
    for _ in range(3):
        processes.start_run(ticket=make_ticket(), article=more, by=agent, now=WEDNESDAY)
    assert (count(panel), count(steps)) == before
