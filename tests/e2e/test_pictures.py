"""Every screen and state of the desk, looked at: axe, sideways scrolling, policy reports.

With TEST_PICTURES=1 the pictures of the README are taken anew; every picture lands in VAR_DIR/pictures.
"""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Person
from tests.e2e.company import Company
from tests.e2e.conftest import Screen, Visit
from tickets.actions import reply
from tickets.models import Draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


def addresses(company: Company) -> dict[str, str]:
    """The desk's screens by the name of their picture."""
    first = company.declined.pk
    failed, held, closed = company.undelivered().pk, company.held().pk, company.closed().pk
    raw = company.set_aside().pk
    return {
        "inbox": "/inbox/mine/",
        "ticket": f"/inbox/mine/{first}/",
        "customer": f"/inbox/mine/{first}/customer/",
        "unassigned": "/inbox/unassigned/",
        "nothing": "/inbox/overdue/",
        "failed-delivery": f"/inbox/failed/{failed}/",
        "held-mail": f"/inbox/held/{held}/",
        "closed": f"/inbox/closed/{closed}/",
        "search": "/inbox/search/?q=declined",
        "search-nothing": "/inbox/search/?q=zebra",
        "search-help": "/inbox/search/",
        "assign": f"/desk/tickets/{first}/assign/?in=mine",
        "snooze": f"/desk/tickets/{first}/snooze/?in=mine",
        "close": f"/desk/tickets/{first}/close/?in=mine",
        "hold": f"/desk/tickets/{first}/hold/",
        "follow-up": f"/desk/tickets/{first}/follow-up/",
        "details": f"/desk/tickets/{first}/details/",
        "participant": f"/desk/tickets/{first}/people/",
        "new-ticket": "/desk/tickets/new/",
        "quarantine": "/quarantine/",
        "set-aside": f"/quarantine/{raw}/",
        "dismissed": "/quarantine/?show=dismissed",
        "failed-mail": "/failed-mail/",
    }


def box(page: Page):
    return page.locator("#composer textarea")


def _dialog(key: str) -> Callable[[Page], None]:
    def open_it(page: Page) -> None:
        page.locator("h2[data-heading]").focus()
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_have_count(1)

    return open_it


def _note(page: Page) -> None:
    page.locator(".composer label", has_text="Note").click()
    box(page).fill("Their bank has to allow it.")


def _extras(page: Page) -> None:
    page.locator(".extras summary").click()


def _menu(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).click()


def _formatted(page: Page) -> None:
    page.locator("summary", has_text="Show the quoted text").click()
    page.locator("summary", has_text="Show as it was formatted").click()
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("INV-10482")


def _refused(page: Page) -> None:
    page.locator(".extras summary").click()
    page.fill("#id_cc", "nobody")
    box(page).fill("Hello")
    page.get_by_role("button", name="Send and close").click()
    expect(page.locator(".errsum")).to_be_visible()


def _saved_replies(page: Page) -> None:
    box(page).fill("")
    box(page).press_sequentially(";")
    expect(page.locator("#offers [aria-selected=true]")).to_be_visible()


def _attached(page: Page) -> None:
    page.locator("#id_files").set_input_files({"name": "list.txt", "mimeType": "text/plain", "buffer": b"one"})
    expect(page.locator("[data-kept] li button")).to_be_visible()


STATES: dict[str, Callable[[Page], None]] = {
    "note": _note,
    "extras": _extras,
    "more-menu": _menu(".panehead .more summary"),
    "ways-to-send": _menu(".composer .more summary"),
    "saved-replies": _saved_replies,
    "attached": _attached,
    "formatted": _formatted,
    "refused": _refused,
    "snooze-dialog": _dialog("h"),
    "close-dialog": _dialog("e"),
    "assign-dialog": _dialog("a"),
    "details-dialog": _dialog("d"),
    "keys-dialog": _dialog("?"),
}


def look(screen: Screen, name: str, width: int, scheme: str) -> list[str]:
    """What is wrong with the screen as it stands; and its picture."""
    found = [f"{name} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]
    screen.picture(f"{name}-{width}-{scheme}")
    return found


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_screen_is_accessible_and_fits(visit: Visit, company, width, scheme):
    """U44, U46, U49."""
    screen = visit(company.maya, width=width, scheme=scheme)
    found = []

    for name, path in addresses(company).items():
        screen.open(path)
        found += look(screen, name, width, scheme)

    assert found == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_state_of_a_ticket_is_accessible_and_fits(visit: Visit, company, width, scheme):
    """U44: dialogs, menus, a note, a refusal, a formatted mail."""
    screen = visit(company.maya, width=width, scheme=scheme)
    found = []

    for name, reach in STATES.items():
        Draft.objects.all().delete()
        screen.open(f"/inbox/mine/{company.declined.pk}/")
        reach(screen.page)
        found += look(screen, name, width, scheme)
        screen.page.evaluate("localStorage.clear()")

    assert found == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_desk_at_work_is_accessible_and_fits(visit: Visit, company, width, scheme):
    """U44: a reply on its way that can be taken back, and the next one being written."""
    Person.objects.filter(pk=company.maya.pk).update(undo_send_seconds=30)
    company.maya.refresh_from_db()
    company.undelivered()
    sent = company.others[0]
    reply.reply(
        ticket=sent, by=company.maya, text="It left the warehouse this morning.", then="closed",
        last_seen=sent.messages.get().pk, now=timezone.now(),
    )  # fmt: skip
    screen = visit(company.maya, width=width, scheme=scheme)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    box(screen.page).fill(
        'Hi Dana,\n\nAll three attempts reached your bank, and it answered "do not honor". We are in Canada, and '
        "some US banks block that by default: please ask them to allow Example Robotics, then press Pay again.\n\n"
        "The W-8 is linked at the top of INV-10482."
    )
    expect(screen.page.locator("#outbox")).to_contain_text("Tomás Rivera")

    assert look(screen, "desk", width, scheme) == []
