"""The screens beside the desk: signing in, and what people set for themselves."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Screen, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


def found_on(screen: Screen, paths: list[str], look: str) -> list[str]:
    """What is wrong on any of the pages."""
    found = []
    for path in paths:
        screen.open(path)
        found += [f"{path} {look}: {line}" for line in (*screen.axe(), *screen.sideways())]
    return found


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_that_need_no_sign_in(visit: Visit, company, width, scheme):
    """U44, U46, U49."""
    screen = visit(None, width=width, scheme=scheme)

    assert found_on(screen, ["/", "/sign-in/", "/sign-up/"], f"{width} {scheme}") == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_what_staff_set_for_themselves(visit: Visit, company, width, scheme):
    """U44, U46, U49."""
    screen = visit(company.maya, width=width, scheme=scheme)
    paths = ["/me/", "/me/sessions/", "/me/tokens/", "/me/second-factor/"]

    assert found_on(screen, paths, f"{width} {scheme}") == []


def test_signing_in_by_password_leads_to_the_page_that_was_asked_for(visit: Visit, company):
    company.maya.set_password("a long enough passphrase")
    company.maya.save()
    screen = visit(None)
    screen.open("/inbox/mine/")
    page = screen.page
    assert "/sign-in/" in page.url

    page.fill("input[name=email]", company.maya.email)
    page.fill("input[name=password]", "a long enough passphrase")
    page.keyboard.press("Enter")

    expect(page).to_have_url(screen.address + "/inbox/mine/")
    expect(page.locator("#tickets")).to_contain_text("Card keeps getting declined")
