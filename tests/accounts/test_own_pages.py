"""Pages about oneself stand in the layout of whoever reads them: staff keep their rail, customers their one column."""

import pytest

from tests.factories.accounts import make_person, make_staff, sign_in

pytestmark = pytest.mark.django_db

PAGES = ["/me/", "/me/notifications/", "/me/sessions/", "/me/tokens/", "/me/second-factor/"]
RAIL = '<nav class="rail"'


@pytest.mark.parametrize("page", PAGES)
def test_staff_keep_the_rail_and_it_says_where_they_are(client, page):
    """U45: the way back to the inbox is where it always is, and so are its keys."""
    sign_in(client, make_staff())

    html = client.get(page).content.decode()

    assert html.count(RAIL) == 1 and html.count("<h1") == 1
    assert '<a href="/me/" aria-current="page">' in html
    assert 'data-key="g i"' in html and "entrance.css" in html


@pytest.mark.parametrize("page", [page for page in PAGES if "tokens" not in page])
def test_customers_see_nothing_of_the_desk(client, page):
    sign_in(client, make_person())

    html = client.get(page).content.decode()

    assert RAIL not in html and "agent.js" not in html and 'class="topbar"' in html


def test_a_form_that_is_refused_keeps_the_rail_and_what_was_typed(client):
    sign_in(client, make_staff())

    page = client.post("/me/", {"name": "", "timezone": "Nowhere/Land"})

    assert page.status_code == 422
    assert RAIL in page.content.decode() and "There is a problem" in page.content.decode()


def test_staff_who_still_need_a_second_factor_see_nothing_of_the_desk(client, settings):
    """S48: the page that sets it up shows no counts and no ways in."""
    settings.STAFF_SECOND_FACTOR = "required"
    sign_in(client, make_staff())

    html = client.get("/me/second-factor/").content.decode()

    assert RAIL not in html and 'class="topbar"' in html
