"""Checklists and cases over the API and as events: the same gate and verbs, and no word of staff to a listener."""

import json

import pytest
from django.utils import timezone

from accounts.choices import Role
from accounts.models import JournalEntry, WorkRole, WorkRoleMember
from knowledgebase.choices import Visibility
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import make_process, make_space
from tests.factories.tickets import make_ticket
from tickets.choices import StepState
from tickets.models import Case, ProcessRun, RunStep
from webhooks.actions.endpoints import make_endpoint
from webhooks.models import Event

pytestmark = pytest.mark.django_db
TEXT = """Introcanary

## Steps
### Ring them canary
Howcanary
SAY: Saycanary
CUSTOMER SEES: We ring you
PROOF: a sentence - Proofcanary
### Pay canary
WHO: billing
"""


@pytest.fixture
def ours(db):
    """A step for anybody, one for Billing."""
    role = WorkRole.objects.create(key="billing", name="Billing")
    WorkRoleMember.objects.create(role=role, person=make_staff(Role.AGENT, name="Bea"))
    return make_process(title="Titlecanary", markdown=TEXT)


@pytest.fixture
def told(db):
    """What a program that listens to everything learns, in order."""
    events = [f"process.{one}" for one in ("started", "step_settled", "ended")]
    events += [f"case.{one}" for one in ("begun", "moved", "ended")]
    make_endpoint(url="https://listener.example/", description="", events=events, now=timezone.now())
    return lambda: [(one.type, json.loads(one.body)["data"]) for one in Event.objects.order_by("pk")]


def test_a11_u41_a_program_begins_a_process_and_does_its_steps_as_its_person(program, agent, ours, told):
    """Claimed and done once; a step of another role is refused and noted; a stale tick is 409; nothing is lost."""
    ticket, api = make_ticket(), program(agent)
    address = f"tickets/{ticket.pk}/processes/"
    for _ in range(2):  # sent again because its answer was lost
        made = api("POST", address, {"article": ours.pk}, Idempotency_Key="one")
        assert (made.status_code, made.json()["version"]) == (201, 1)
    assert api.post(address, {"article": ours.pk}).status_code == 422
    run = ProcessRun.objects.get()
    assert made["Location"].endswith(f"/api/processes/{run.pk}/")
    first, second = made.json()["steps"]
    assert (first["how"], first["say"], second["role"]) == ("Howcanary", "Saycanary", "Billing")
    act = f"process-steps/{first['id']}/"
    assert api.post(act, {"act": "finish"}).json()["error"]["message"].startswith("This step asks for a sentence")
    done = api.post(act, {"act": "finish", "evidence": "Rang at ten."}).json()
    assert [one["state"] for one in done["steps"]] == ["done", "todo"]
    assert program(make_staff(Role.AGENT)).post(act, {"act": "claim"}).status_code == 409
    other = f"process-steps/{second['id']}/"
    assert api.post(other, {"act": "finish"}).status_code == 403
    assert JournalEntry.objects.filter(action="accounts.refused").count() == 1
    bea = program(WorkRoleMember.objects.get().person)
    assert bea.post(other, {"act": "skip", "reason": "Paid already"}).json()["state"] == "done"
    assert api.post(act, {"act": "take_back"}).json()["state"] == "running"
    assert api.post(act, {"act": "dance"}).status_code == 400
    assert [one["id"] for one in api.get(address).json()["results"]] == [run.pk]
    kinds = ["process.started", "process.step_settled", "process.step_settled", "process.ended"]
    assert [kind for kind, _ in told()] == kinds
    assert told()[1][1]["step"]["customer_label"] == "We ring you"
    assert "canary" not in json.dumps(told()).lower(), "A4: whoever listens may be anybody"


def test_a4_a_program_finds_no_checklist_of_a_space_that_its_person_does_not_read(program, agent, lead):
    kept = make_process(make_space(Visibility.ROLE), "Titlecanary", TEXT.replace("WHO: billing", ""))
    ticket = make_ticket()
    address = f"tickets/{ticket.pk}/processes/"
    assert program(agent).post(address, {"article": kept.pk}).status_code == 404
    run = program(lead).post(address, {"article": kept.pk}).json()
    reads = program(agent)
    assert reads.get(address).json()["results"] == []
    assert reads.get(f"processes/{run['id']}/").status_code == 404
    assert reads.post(f"process-steps/{run['steps'][0]['id']}/", {"act": "claim"}).status_code == 404
    assert RunStep.objects.filter(state=StepState.TODO).count() == 2
    texts = [reads.get(f"tickets/{ticket.pk}/").content, reads.get("search/?q=titlecanary").content]
    assert not any(b"canary" in text.replace(b"q=titlecanary", b"") for text in texts)


def test_d1_a_program_begins_a_flow_and_brings_a_case_on_once(program, lead, agent, customer, told):
    ticket, api = make_ticket(requester=customer), program(lead)
    address = f"tickets/{ticket.pk}/cases/"
    assert api.post(address, {"flow": "no-such"}).status_code == 400
    case = api.post(address, {"flow": "proposal"}).json()
    assert (case["stage"], case["visit"], case["state"]) == ("inquiry", 1, "active")
    assert api.post(address, {"flow": "proposal"}).status_code == 409
    on = f"cases/{case['id']}/go-on/"
    assert program(agent).post(on, {"visit": 1}).status_code == 403
    assert api.post(on, {"visit": 1, "date_on": "2026-02-30"}).status_code == 400
    assert api.post(on, {"visit": 1}).json()["visit"] == 2
    assert api.post(on, {"visit": 1}).status_code == 409
    assert Case.objects.get().visit == 2
    assert [one["id"] for one in api.get("cases/?state=waiting,active&flow=proposal").json()["results"]] == [case["id"]]
    assert api.get(f"cases/?ticket={ticket.pk + 1}").json()["results"] == []
    assert [kind for kind, _ in told()] == ["case.begun", "case.moved"]
    assert api.get(f"cases/{2**63}/").status_code == 404
