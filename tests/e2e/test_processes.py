"""Processes on tickets in a real browser: by keys alone, and every screen in four looks (A11, U41, U44, U45, U51)."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from accounts.models import WorkRole, WorkRoleMember
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import add_text, make_process
from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions import accompanied, held_replies, processes
from tickets.actions.drafts import Form
from tickets.actions.processes.running import current_steps
from tickets.models import ProcessRules, ProcessRun, RunStep

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
STEPS = """## Steps
### Look at the photo
No photo under $50.00.
SAY: Thank you for the photo.
### Find the number
PROOF: a number - of the parcel
WHEN: within 4 hours of step 1
### Weigh it
WHO: bench
"""


def done(step: str) -> re.Pattern:
    """What the button that settles a step is called."""
    return re.compile(f"^Done ?: {step}$")


@pytest.fixture
def ann(transactional_db):
    """Answers tickets, in the role of the work bench, with the keys switched on."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    person = make_staff(Role.AGENT, Role.LEAD, name="Ann Agent")
    WorkRoleMember.objects.create(role=WorkRole.objects.create(key="bench", name="Work bench"), person=person)
    return person


def test_U41_U45_a_checklist_is_begun_and_done_by_keys_and_the_focus_is_never_lost(visit: Visit, ann):
    ticket = make_ticket(subject="Wheel off", now=timezone.now())
    process = make_process(title="Broken robot", markdown=STEPS)
    screen = visit(ann)
    page = screen.page
    screen.open(f"/inbox/all/{ticket.pk}/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator("#process-filter")).to_be_focused()
    page.keyboard.type("broken")
    page.keyboard.press("Enter")
    panel = page.locator("#panel-process")
    expect(panel.get_by_text("0 of 3")).to_be_visible()

    panel.get_by_role("button", name="Put into the reply").click()
    expect(page.locator("form[data-composer] textarea")).to_have_value("Thank you for the photo.")
    panel.get_by_role("button", name=done("Look at the photo")).press("Enter")
    expect(panel.get_by_text("1 of 3")).to_be_visible()
    expect(page.get_by_label("of the parcel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("alert")).to_contain_text("This step asks for a number")
    expect(page.get_by_label("of the parcel")).to_be_focused()
    page.keyboard.type("4711")
    page.keyboard.press("Enter")
    expect(panel.get_by_text("2 of 3")).to_be_visible()
    expect(panel.get_by_role("button", name=done("Weigh it"))).to_be_focused()

    add_text(process, STEPS.replace("### Weigh it", "### Wrap it\n### Weigh it"))
    page.reload()
    panel.get_by_role("link", name="Look").click()
    expect(page.locator("#dialog ins")).to_have_text("Wrap it")
    page.get_by_role("button", name="Follow version 2").click()
    expect(panel.get_by_text("2 of 4")).to_be_visible()
    run = ProcessRun.objects.get()
    assert RunStep.objects.filter(run=run, is_current=False, state="done").count() == 2
    for name in ("Wrap it", "Weigh it"):
        panel.get_by_role("button", name=done(name)).press("Enter")
        expect(panel.get_by_role("button", name=done(name))).to_have_count(0)
        assert screen.focused() != "BODY"
    expect(panel.get_by_text(re.compile("Broken robot, done"))).to_be_visible()
    assert (screen.violations, screen.failures) == ([], [])


def test_U44_U51_every_screen_of_processes_is_accessible_in_four_looks(visit: Visit, ann):
    now = timezone.now()
    process = make_process(title="Broken robot", markdown=STEPS)
    ticket = make_ticket(now=now)
    run = processes.start_run(ticket=ticket, article=process, by=ann, now=now)
    processes.finish(step=current_steps(run)[0], by=ann, now=now)
    add_text(process, STEPS.replace("### Weigh it", "### Wrap it\n### Weigh it twice"))
    ProcessRules.objects.create(pk=1, asks_what_we_learned=True)
    novice = make_staff(Role.AGENT, name="Noa New")
    row = accompanied.accompany(person=novice, reviewer=ann, runs_needed=5, by=ann, now=now)
    held = held_replies.hand_in(
        ticket=ticket, by=novice, apprentice=row, text="We mend it.", to=None, cc=None, then="waiting", reason=None,
        last_seen=ticket.last_message_id, seen_note=0, form=Form(), now=now,
    )  # fmt: skip
    role = WorkRole.objects.get(key="bench")
    pages = {
        "panel": f"/desk/tickets/{ticket.pk}/process/", "start": f"/desk/tickets/{ticket.pk}/process/start/",
        "follow": f"/desk/runs/{run.pk}/follow/", "stop": f"/desk/runs/{run.pk}/stop/",
        "write": f"/desk/tickets/{ticket.pk}/process/write/", "begin": f"/desk/processes/{process.pk}/begin/",
        "steps": "/steps/?whose=all", "learned": "/steps/learned/", "accompanied": "/steps/accompanied/",
        "held": f"/desk/held-replies/{held.pk}/", "receipts": "/wiki/receipts/", "page": f"/wiki/{process.slug}/",
        "roles": "/settings/work-roles/", "role": f"/settings/work-roles/{role.pk}/",
        "rules": "/settings/wiki/learning/", "beside": f"/inbox/all/{ticket.pk}/customer/",
    }  # fmt: skip
    for width, scheme in LOOKS:
        screen = visit(ann, width=width, scheme=scheme)
        for name, address in pages.items():
            screen.open(address)
            if name == "beside":
                expect(screen.page.locator("#panel-process .run")).to_be_visible()
            assert (screen.axe(), screen.sideways()) == ([], []), (name, width, scheme)
            screen.picture(f"processes-{name}-{width}-{scheme}", full_page=True)
