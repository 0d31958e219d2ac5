"""U43 in the browser: ten thousand rows of another desk, looked at, begun, left, come back to, and sent again."""

import csv
import io

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.tickets.imports.exports import table
from tickets.actions.imports import work
from tickets.actions.imports.begin import size_of
from tickets.models import Message, Ticket, TicketImport

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS = 10_000
HEAD = ("Ticket ID", "Subject", "Description", "Email", "Status", "Created Time", "Closed Time")


def export() -> bytes:
    """Three of the rows are bad."""
    found = [
        (no, f"Robot {no}", f"Number {no} stands still.", f"c{no % 500}@school.example", "Closed", "2025-03-01 10:00",
         "2025-03-02 10:00") for no in range(ROWS)
    ]  # fmt: skip
    found[7] = (7, "=HYPERLINK(1)", "x", "nobody", "Closed", "", "")
    found[8], found[9] = (8, "x", "x", "", "Closed", "", ""), (9, "x", "x", "a@b.example", "Closed", "soon", "")
    return table(HEAD, found)


def send(page, content: bytes) -> None:
    page.get_by_label("A table (CSV) of any other desk").check()
    page.get_by_label("Files").set_input_files({"name": "tickets.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_label("Name of the other desk").fill("Kayako")
    page.get_by_role("button", name="Look at the first rows").click()
    expect(page.get_by_role("heading", name="What the columns hold")).to_be_visible()


def test_U43_ten_thousand_rows_are_brought_while_nobody_looks_and_come_no_second_time(visit: Visit, company):
    """Progress, time left, safe to leave, bad rows downloadable, a second run changes nothing."""
    screen, before, content = visit(company.maya), Ticket.objects.count(), export()
    page = screen.page
    screen.open("/settings/imports/")
    send(page, content)
    expect(page.get_by_label("Ticket ID holds")).to_have_value("id")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("It has just begun.")).to_be_visible()

    run = TicketImport.objects.get()
    while size_of(run)[0] * 50 < size_of(run)[1]:  # the worker of this test
        work.take_slice(run_id=run.pk, now=timezone.now())
    done, whole = size_of(run)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", str(done * 100 // whole))  # it follows by itself
    expect(page.get_by_text("You may leave this page")).to_contain_text("left.")
    screen.open("/inbox/all/")
    while not work.work(run_id=run.pk, now=timezone.now, seconds=600):
        pass

    screen.open(f"/settings/imports/{run.pk}/")
    expect(page.locator("#far")).to_contain_text("10,000 rows")
    expect(page.locator("#far")).to_contain_text("Done")
    assert Ticket.objects.count() == before + ROWS - 3
    with page.expect_download() as bad:
        page.get_by_role("link", name="3 as CSV").click()
    rows = list(csv.reader(io.StringIO(bad.value.path().read_text("utf-8-sig"))))
    assert len(rows) == 4 and "is no mail address" in rows[1][3] and not rows[1][4].startswith("=")

    screen.open("/settings/imports/")
    send(page, content)
    expect(page.get_by_text("You said so the last time")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("It has just begun.")).to_be_visible()
    again = TicketImport.objects.latest("pk")
    words = Message.objects.count()
    while not work.work(run_id=again.pk, now=timezone.now, seconds=600):
        pass
    again.refresh_from_db()
    assert (again.made, again.changed, again.same, again.bad) == (0, 0, ROWS - 3, 3)
    assert (Ticket.objects.count(), Message.objects.count()) == (before + ROWS - 3, words)
    screen.open("/inbox/search/?q=9999")
    expect(page.locator("#tickets")).to_contain_text("Robot 9999")


def test_U44_imports_in_four_looks_and_without_scripts(visit: Visit, company):
    """U46, U49, U53."""
    plain = visit(company.maya, script=False)
    plain.open("/settings/imports/")
    send(plain.page, table(HEAD, [(1, "Robot", "Stands still.", "a@b.example", "Parked", "2025-03-01", "")] * 3))
    ready = TicketImport.objects.get()
    plain.open("/settings/imports/")
    send(plain.page, table(HEAD, [(1, "Robot", "Stands still.", "nobody", "Parked", "2025-03-01", "")] * 3))
    plain.page.get_by_role("button", name="Import", exact=True).click()
    expect(plain.page.get_by_text("It has just begun.")).to_be_visible()
    run = TicketImport.objects.latest("pk")
    assert work.work(run_id=run.pk, now=timezone.now)
    found = []
    for width, scheme in ((1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")):
        screen = visit(company.maya, width=width, scheme=scheme)
        for name, path in (("list", ""), ("preview", f"{ready.pk}/"), ("done", f"{run.pk}/")):
            screen.open(f"/settings/imports/{path}")
            found += [f"{name} {width} {scheme}: {one}" for one in (*screen.axe(), *screen.sideways())]
            screen.picture(f"import-{name}-{width}-{scheme}", full_page=True)
    assert found == []
