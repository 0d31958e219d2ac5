"""Two agents, two browsers (U6)."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from supportdesk.lib.live import announce
from tests.browser import CHROMIUM
from tests.e2e.conftest import ROOT, Visit
from tests.e2e.hands import box, listening
from tests.e2e.test_journeys import WATCH
from tickets.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KILLED = """
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[5], args=["--no-sandbox", "--disable-gpu"])
    context = browser.new_context()
    context.add_cookies([{"name": sys.argv[2], "value": sys.argv[3], "url": sys.argv[1]}])
    page = context.new_page()
    with page.expect_response("**/desk/presence/"):
        page.goto(sys.argv[4])
    print("there", flush=True)
    sys.stdin.readline()
"""


def test_a_colleague_is_seen_in_the_thread_and_in_the_list_until_they_leave(visit: Visit, company):
    """U6, first half: viewing and replying within 5 s, in words and not by colour alone; no typed word moves."""
    ticket = company.declined
    maya, priya = visit(company.maya), visit(company.priya)
    maya.open(f"/inbox/all/{ticket.pk}/")
    listening(maya.page)
    box(maya.page).fill("Half a thought")

    priya.open(f"/inbox/all/{ticket.pk}/")

    who, row = maya.page.locator("#who"), maya.page.locator(f"#tk-{ticket.pk}")
    expect(who).to_contain_text("Priya Raman is viewing.")
    expect(row).to_contain_text("Priya Raman is viewing")
    assert maya.axe() == []
    box(priya.page).fill("Dear Dana")
    expect(who).to_contain_text("Priya Raman is replying.")
    expect(row).to_contain_text("Priya Raman is replying")
    expect(priya.page.locator("#who")).to_contain_text("Maya Olsen is replying.")
    assert (box(maya.page).input_value(), maya.focused()) == ("Half a thought", f"text-{ticket.pk}")

    priya.page.locator("#tickets a[data-ticket]:not([aria-current])").first.click()

    expect(who).to_be_empty()
    expect(maya.page.locator("#tickets")).to_contain_text("Priya Raman is viewing")
    priya.page.goto("about:blank")
    expect(maya.page.locator("#tickets")).not_to_contain_text("Priya Raman is")


def test_a_browser_that_is_killed_is_gone_when_its_lease_ends(visit: Visit, company, address):
    """U6: kill -9, so that nothing says goodbye."""
    ticket = company.declined
    maya = visit(company.maya)
    maya.open("/inbox/all/")
    listening(maya.page)
    (cookie,) = visit(company.priya).page.context.cookies()
    page = f"{address}/inbox/all/{ticket.pk}/"
    browser = subprocess.Popen(
        [sys.executable, "-c", KILLED, address, cookie["name"], cookie["value"], page, str(CHROMIUM)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert browser.stdout is not None
        assert browser.stdout.readline() == "there\n"
        row = maya.page.locator(f"#tk-{ticket.pk}")
        expect(row).to_contain_text("Priya Raman is viewing")
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.communicate()

    expect(row).not_to_contain_text("Priya Raman is", timeout=21_000)


def test_a_promise_that_breaks_is_said_once_and_the_countdown_never(visit: Visit, company):
    """U13: the words change by themselves; only the crossing is announced."""
    maya = visit(company.maya)
    maya.open("/inbox/mine/")
    listening(maya.page)
    row = maya.page.locator(f"#tk-{company.others[2].pk} .sla")
    maya.page.evaluate(WATCH)

    for minutes, words in ((120, "1 h 59 min left"), (-3, "Overdue 3 min"), (-9, "Overdue 9 min")):
        due = timezone.now() + timedelta(minutes=minutes)
        Ticket.objects.filter(pk=company.others[2].pk).update(sla_due_at=due)
        announce(company.others[2].subject_key)
        expect(row).to_have_text(words)

    assert maya.page.evaluate("heard") == [f"Ticket {company.others[2].pk} is overdue"]
