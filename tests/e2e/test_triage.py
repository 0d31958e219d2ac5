"""Acting by keyboard: many tickets, snooze, close, undo, and the list of keys. Looked at in four looks."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Person
from tests.e2e.conftest import Screen, Visit
from tickets.models import ContactReason, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SMALLEST = 24
PRIMARY = 44


def press(page: Page, *keys: str) -> None:
    page.wait_for_load_state("load")  # what a form led to may show its words before it hears keys
    for key in keys:
        page.keyboard.press(key)


def dialog(page: Page):
    return page.locator("#dialog[open]")


def strip(page: Page):
    return page.locator("#outbox .toast")


def not_lost(screen: Screen) -> None:
    """U45: the focus is somewhere a person can see."""
    for _ in range(20):
        if screen.focused() != "BODY":
            return
        screen.page.wait_for_timeout(100)
    raise AssertionError("The focus is on <body>.")


def test_three_tickets_are_given_away_with_six_keys_and_taken_back_with_one(visit: Visit, company):
    """U11: X three times, A, a name, Enter; one undo restores all three."""
    screen = visit(company.maya)
    page = screen.page
    screen.open("/inbox/all/")
    before = dict(Ticket.objects.values_list("pk", "assignee"))

    page.locator("#tickets a[data-ticket]").first.focus()
    press(page, "x")
    expect(page.locator("#bulk")).to_contain_text("1 ticket selected")
    boxes = page.locator("#tickets input[name=ticket]")
    boxes.nth(2).focus()
    press(page, "Shift+X")
    expect(page.locator("#bulk")).to_contain_text("3 tickets selected")
    press(page, "a")
    expect(dialog(page)).to_contain_text("Assign: 3 tickets")
    not_lost(screen)
    dialog(page).get_by_role("button", name=re.compile("Priya")).focus()
    press(page, "Enter")

    expect(strip(page)).to_contain_text("3 tickets given to Priya Raman")
    assert Ticket.objects.filter(assignee=company.priya).count() == 3
    expect(page.locator("#bulk")).to_be_hidden()
    not_lost(screen)
    press(page, "z")
    expect(strip(page)).to_contain_text("3 tickets as before")
    assert dict(Ticket.objects.values_list("pk", "assignee")) == before
    not_lost(screen)


def test_ticks_outlive_a_refresh_and_all_that_match_are_one_key(visit: Visit, company):
    """U11, U7: somebody else's change does not take the ticks away."""
    screen = visit(company.maya)
    page = screen.page
    screen.open("/inbox/all/")
    page.locator("#tickets a[data-ticket]").first.focus()
    press(page, "x")
    Ticket.objects.filter(pk=company.others[0].pk).update(subject="Changed elsewhere")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.reload()
    page.locator("#tickets a[data-ticket]").first.focus()
    press(page, "x", "y")
    expect(page.locator("#bulk")).to_contain_text("All that match are selected")
    number = Ticket.objects.unsolved().count()
    press(page, "d")
    page.locator("#bulk").get_by_role("button", name="Priority").click()
    expect(dialog(page)).to_contain_text(f"Set the priority: {number} tickets")
    press(page, "4")

    expect(strip(page)).to_contain_text("set to urgent priority")
    assert Ticket.objects.filter(priority="urgent").count() == number
    expect(dialog(page)).to_have_count(0)
    expect(page.locator("#main [data-heading]:focus, #main a:focus")).to_have_count(1)


def test_snooze_close_and_reason_take_two_keys_and_undo_one(visit: Visit, company):
    """U10, U14, U2: H T, E and a number, C and a number; Z on any page."""
    screen, ticket = visit(company.maya), company.declined
    page = screen.page
    screen.open(f"/inbox/mine/{ticket.pk}/")

    press(page, "h")
    expect(dialog(page)).to_contain_text("Bring it back")
    not_lost(screen)
    press(page, "t")
    expect(strip(page)).to_contain_text(f"Ticket {ticket.pk} snoozed")
    not_lost(screen)
    screen.open("/quarantine/")
    press(page, "z")
    expect(page.locator("#main")).to_contain_text(f"Taken back: ticket {ticket.pk}.")
    assert Ticket.objects.get(pk=ticket.pk).snoozed_until is None

    press(page, "c")
    expect(dialog(page)).to_contain_text("Card declined")
    press(page, "1")
    expect(page.locator("#side")).to_contain_text("Card declined")
    expect(dialog(page)).to_have_count(0)
    press(page, "e")
    expect(dialog(page).get_by_text("Likely")).to_be_visible()
    press(page, "Enter")
    expect(strip(page).first).to_contain_text(f"Ticket {ticket.pk} closed")
    assert Ticket.objects.get(pk=ticket.pk).contact_reason == ContactReason.objects.get(name="Card declined")
    not_lost(screen)
    press(page, "z")
    expect(page.locator("#main")).to_contain_text(f"Taken back: ticket {ticket.pk}.")
    assert Ticket.objects.get(pk=ticket.pk).category == "new"


# Keys of the map and what they lead to: a dialog's words, or an element that has the focus.
MAP = {
    "a": "Who looks after it?",
    "h": "Bring it back",
    "e": "Why did they write?",
    "c": "Why did they write?",
    "f": "Look at it again",
    "d": "Details",
}


def test_every_key_of_the_map_does_what_the_list_says(visit: Visit, company):
    """U2, U45, U47: each is listed by ?, reachable by mouse, ignored with modifiers, while typing and when off."""
    screen, ticket = visit(company.maya), company.declined
    page = screen.page
    screen.open(f"/inbox/mine/{ticket.pk}/")

    for key, words in MAP.items():
        press(page, key)
        expect(dialog(page)).to_contain_text(words)
        not_lost(screen)
        press(page, "Escape")
        expect(dialog(page)).to_have_count(0)
        not_lost(screen)
    for keys in ("Control+e", "Alt+e", "Meta+e", "Shift+E"):
        press(page, keys)
    expect(dialog(page)).to_have_count(0)

    press(page, "?")
    listed = page.locator("#keys dd:visible")
    expect(page.locator("#keys")).to_be_visible()
    told = {re.sub(r"\s+", " ", one).strip().lower() for one in listed.all_inner_texts()}
    here = page.evaluate(
        "[...document.querySelectorAll('[data-key]')].filter(e => !e.closest('dialog, [data-when-shown]'))"
        ".map(e => e.dataset.key.split('|')[0].toLowerCase())"
    )
    flat = " ".join(told).split(" ")
    assert [key for key in set(here) if not set(key.split(" ")) <= set(flat)] == []
    for key in ("j k", "x", "shift x", "z", "/", "ctrl k"):
        assert (key in told) is (key != "z"), key  # nothing can be taken back yet, so Z is not listed
    press(page, "Escape")

    press(page, "r")
    assert screen.focused() == f"text-{ticket.pk}"
    page.keyboard.type("ahecz?x")
    expect(page.locator(f"#text-{ticket.pk}")).to_have_value("ahecz?x")
    expect(dialog(page)).to_have_count(0)

    Person.objects.filter(pk=company.maya.pk).update(single_keys_enabled=False)
    screen.open(f"/inbox/mine/{ticket.pk}/")
    press(page, *"ahecdfxjmw?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#bulk")).to_be_hidden()
    assert Ticket.objects.get(pk=ticket.pk).category == "new"


def small_targets(page: Page) -> list[str]:
    """Controls that a finger would miss: below 24 px, or a primary one below 44 px (U51)."""
    return page.evaluate(
        """([least, primary]) => [...document.querySelectorAll('#bulk button, #bulk summary, #bulk label, .tk > input,'
          + ' #dialog[open] button, #dialog[open] .input, #dialog[open] label.check')]
          .filter(e => e.getClientRects().length && !e.classList.contains('vh'))
          .map(e => [e, e.getBoundingClientRect()])
          .filter(([e, r]) => r.height < (e.matches('.primary') ? primary : least) || r.width < least)
          .map(([e, r]) => `${e.tagName} ${e.textContent.trim().slice(0, 20)} ${r.width}x${r.height}`)""",
        [SMALLEST, PRIMARY],
    )


def look(screen: Screen, name: str, width: int, scheme: str) -> list[str]:
    screen.picture(f"{name}-{width}-{scheme}")
    found = [f"{name} {width} {scheme}: {problem}" for problem in [*screen.axe(), *screen.sideways()]]
    small = small_targets(screen.page) if width < 800 else []
    return [*found, *(f"{name} {width}: too small: {one}" for one in small)]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_acting_is_accessible_and_fits(visit: Visit, company, width, scheme):
    """U44, U51: the bar, every dialog of many tickets and of one, and the page of a job."""
    screen, ticket = visit(company.maya, width=width, scheme=scheme), company.declined
    page = screen.page
    problems = []
    screen.open("/inbox/all/")
    page.locator("#tickets input[name=ticket]").nth(0).check()
    page.locator("#tickets input[name=ticket]").nth(1).check()
    problems += look(screen, "bulk-bar", width, scheme)
    for verb in ("assign", "snooze", "close"):
        page.locator(f"#bulk button[value={verb}]").click()
        expect(dialog(page)).to_be_visible()
        problems += look(screen, f"bulk-{verb}", width, scheme)
        press(page, "Escape")
    page.locator("#bulk summary").click()
    problems += look(screen, "bulk-more", width, scheme)
    page.locator("#bulk button[value=tag]").click()
    page.get_by_role("textbox", name="Tag").fill("w-8")
    press(page, "Enter")
    expect(strip(page)).to_contain_text("2 tickets tagged w-8")
    problems += look(screen, "bulk-done", width, scheme)
    strip(page).get_by_role("link").click()
    expect(page.get_by_role("heading", name="2 tickets tagged w-8")).to_be_visible()
    problems += look(screen, "bulk-job", width, scheme)
    for name in ("snooze", "close", "reason"):
        screen.open(f"/desk/tickets/{ticket.pk}/{name}/")
        problems += look(screen, f"{name}-page", width, scheme)
    assert not problems, "\n".join(problems)
