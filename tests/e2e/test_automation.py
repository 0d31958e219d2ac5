"""Rules, macros, assignment and reminders in a browser."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.hands import box
from tests.factories.accounts import make_staff
from tests.tickets.automation.conftest import do, make_rule, when
from tickets.choices import Happened, RuleMoment
from tickets.models import Macro, Rule, RuleRun, Team, TeamMember, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]


def furnish(company) -> Ticket:
    """Two rules, one of which could not act, macros, a team at work."""
    ticket = Ticket.objects.order_by("pk").first()
    make_rule(
        company.maya, do("escalate"), name="Escalate to the lead", moment=RuleMoment.CUSTOMER_WAITS, minutes=240,
        in_open_hours=True, present=False,
    )  # fmt: skip
    broken = make_rule(
        company.maya, do("team", "Support"), do("add_tags", "invoice, money"), name="Invoices", stops=True,
        events=[Happened.CREATED, Happened.CUSTOMER_WROTE],
        all_of=[when("subject", "contains", "invoice"), when("state", "is_not", "Closed")],
        any_of=[when("channel", "is", "mail"), when("attachment", "is", "yes")],
    )  # fmt: skip
    problem = "The template that it mails is gone, so the customer got nothing."
    Rule.objects.filter(pk=broken.pk).update(problem=problem)
    now = ticket.created_at
    RuleRun.objects.create(rule=broken, version=2, ticket=ticket, cause="event:1", state="done", text="x + y", at=now)
    RuleRun.objects.create(
        rule=broken, version=2, ticket=ticket, cause="event:2", state="refused", text=problem, at=now
    )  # fmt: skip
    steps = [{"do": "priority", "value": "high"}, {"do": "add_tags", "value": ["refund"]}]
    text = "Hello {customer_first_name},\n\nthe money is on its way. {organisation}"
    Macro.objects.create(name="Refund", text=text, steps=steps)
    Macro.objects.create(name="Only words", text="Thank you.", owner=company.priya)
    TeamMember.objects.get_or_create(team=Team.objects.first(), person=make_staff(name="Ann Onwards"))
    return ticket


def shoot(screen, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("LOOK_AT"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        screen.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_screen_is_sound_in_each_look(visit: Visit, company, width, scheme):
    """U44, U46: axe and no sideways scroll on every page, dialog and refusal."""
    ticket = furnish(company)
    rule, team = Rule.objects.get(name="Invoices"), Team.objects.first()
    screen = visit(company.maya, width=width, scheme=scheme)
    addresses = [
        "rules/", "rules/new/?from=escalate", f"rules/{rule.pk}/", f"rules/{rule.pk}/dry-run/", "rules/log/",
        "macros/", "macros/new/", "teamwork/", f"teams/{team.pk}/work/", f"teams/{team.pk}/reminders/",
    ]  # fmt: skip
    wrong = {}
    for number, path in enumerate(addresses):
        screen.open(f"/settings/{path}")
        shoot(screen, f"{width}-{scheme}-{number:02}-{re.sub('[^a-z]+', '-', path)}")
        if found := [*screen.axe(), *screen.sideways()]:
            wrong[path] = found
    for path in (f"/desk/tickets/{ticket.pk}/macros/", "/desk/away/"):
        screen.open(path)
        shoot(screen, f"{width}-{scheme}-{path.strip('/').split('/')[-1]}")
        if found := [*screen.axe(), *screen.sideways()]:
            wrong[path] = found
    assert wrong == {}


def test_a_lead_writes_a_rule_and_sees_what_it_would_do_without_scripts(visit: Visit, company):
    """U53, and the dry run before anything acts."""
    ticket = Ticket.objects.order_by("pk").first()
    screen = visit(company.maya, script=False)
    page = screen.page
    screen.open("/settings/rules/new/")
    page.get_by_label("Name", exact=True).fill("Mine")
    page.get_by_label("A ticket is created").check()
    page.locator("[name=all_0_what]").select_option("subject")
    page.locator("[name=all_0_op]").select_option("contains")
    page.locator("[name=all_0_value]").fill(ticket.subject[:12])
    page.locator("[name=step_0_what]").select_option("priority")
    page.locator("[name=step_0_value]").fill("Sky-high")
    page.get_by_role("button", name="Keep the rule").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("[name=step_0_value]")).to_have_value("Sky-high")

    page.locator("[name=step_0_value]").fill("Urgent")
    page.get_by_role("button", name="Keep the rule").click()
    expect(page.get_by_role("main")).to_contain_text(f"#{ticket.pk} {ticket.subject[:12]}")
    expect(page.get_by_role("main")).to_contain_text("set the priority to Urgent")
    page.get_by_role("button", name="Switch it on").click()

    expect(page.get_by_role("main").get_by_role("status").first).to_have_text("Mine acts from now on.")
    assert Rule.objects.get().is_enabled


def test_a_macro_is_two_keys_and_its_words_are_in_the_reply(visit: Visit, company):
    """Item 3: picked by key, found by typing, previewed, taken back with Z."""
    ticket = furnish(company)
    screen = visit(company.priya)
    page = screen.page
    screen.open(f"/inbox/all/{ticket.pk}/")
    page.locator("[data-heading]").focus()
    page.keyboard.press("b")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_placeholder("Find a macro")).to_be_focused()
    page.keyboard.type("refu")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    expect(dialog).to_contain_text("set the priority to High")
    assert screen.axe() == []
    shoot(screen, "macro-dialog")

    page.keyboard.press("Enter")

    expect(box(page)).to_have_value(re.compile("the money is on its way"))
    expect(page.get_by_role("main")).to_contain_text("used the macro “Refund”")
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.tags[-1]) == ("high", "refund")
