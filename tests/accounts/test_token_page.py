"""Where staff make and revoke tokens."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiToken
from tests.api.conftest import Program
from tests.factories.accounts import make_staff, sign_in
from tests.factories.api import make_token

pytestmark = pytest.mark.django_db

TYPED = {"name": "Nightly export", "scopes": ["tickets:read", "notes:read"], "days": "30"}


@pytest.fixture
def proven(client):
    """A browser whose person proved themselves just now."""

    def browser_of(person):
        sign_in(client, person)
        return client

    return browser_of


def test_a_token_is_shown_once_and_works(proven, agent):
    browser = proven(agent)

    answer = browser.post("/me/tokens/", TYPED)

    assert answer.status_code == 201
    assert "no-store" in answer.headers["Cache-Control"]
    [secret] = set(re.findall(r"sd_[\w-]{43}", answer.content.decode()))
    assert Program(secret).get("tickets/").status_code == 200
    assert Program(secret).get("people/").status_code == 403
    again = browser.get("/me/tokens/").content.decode()
    assert secret not in again and "Nightly export" in again
    token = ApiToken.objects.get()
    assert (token.person, token.scopes) == (agent, ["tickets:read", "notes:read"])
    assert token.expires_at - token.created_at == timedelta(days=30)


def test_revoking_ends_a_token_at_once(proven, agent):
    token, secret = make_token(agent, now=timezone.now())

    answer = proven(agent).post(f"/me/tokens/{token.pk}/revoke/", follow=True)

    assert "works no longer" in answer.content.decode()
    assert Program(secret).get("tickets/").status_code == 401


def test_nobody_revokes_the_token_of_somebody_else_s22(proven, agent, lead):
    token, secret = make_token(agent, now=timezone.now())

    assert proven(lead).post(f"/me/tokens/{token.pk}/revoke/").status_code == 404
    assert Program(secret).get("me/").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["everything"]}, {"days": ""}, {"days": "9999"},
     {"name": "a\x00b"}],
)  # fmt: skip
def test_a_form_that_cannot_be_taken_comes_back_u27(proven, agent, wrong):
    answer = proven(agent).post("/me/tokens/", {**TYPED, **wrong})

    assert answer.status_code == 422
    assert "Error: " in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_customer_finds_no_page_and_an_observer_makes_none(proven, customer, observer):
    assert proven(customer).get("/me/tokens/").status_code == 404
    assert proven(observer).post("/me/tokens/", TYPED).status_code == 403
    assert not ApiToken.objects.exists()


def test_somebody_who_signed_in_long_ago_is_asked_again_s48(client, agent):
    client.force_login(agent)

    answer = client.get("/me/tokens/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/again/?next=%2Fme%2Ftokens%2F")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_pages_have_no_fault_u44(look, proven):
    person = make_staff(name="Alma Agent")
    make_token(person, now=timezone.now())
    proven(person)

    def make_one(page):
        page.fill("#id_name", "Nightly export")
        page.check("input[value='tickets:read']")
        page.click("text=Make a token")
        page.wait_for_selector("code")

    assert look("/me/tokens/", person=person, name="me-tokens", fill=make_one) == []
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"Test", "Nightly export"}
    assert look("/api/", name="api") == []
