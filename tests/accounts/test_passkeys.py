"""A passkey, from setting it up to signing in with it, in a real browser."""

import re

import pytest
from allauth.mfa.models import Authenticator

from accounts.models import Person
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PASSWORD = "a quiet river bends"


def at(url: str) -> re.Pattern:
    return re.compile(re.escape(url) + "$")


@pytest.fixture
def page(browser, live_server):
    """A page with a key of its own that says yes to everything. Whatever a script complains about is an error."""
    context = browser.new_context(base_url=live_server.url)
    page, said = context.new_page(), []

    def listen(message) -> None:
        # Here nobody serves /live, which is a process of its own.
        if message.type == "error" and not message.location["url"].endswith("/live/"):
            said.append(f"{message.text} {message.location['url']}")

    page.on("console", listen)
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
           "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    yield page
    context.close()
    assert said == []


def enter_password(page, person) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def test_a_passkey_is_added_used_at_the_door_and_to_prove_again(page):
    """S48."""
    person = make_staff(name="Alma", email="alma@desk.example", password=PASSWORD)
    enter_password(page, person)

    page.goto("/me/second-factor/passkeys/add/")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(at("/me/second-factor/recovery-codes/"))
    assert Authenticator.objects.filter(user=person, type="webauthn").count() == 1

    page.goto("/sign-out/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    enter_password(page, person)
    page.wait_for_url(at("/sign-in/second-factor/"))
    page.goto("/me/")
    assert page.url.endswith("/sign-in/?next=%2Fme%2F") or "/sign-in/second-factor/" in page.url
    page.goto("/sign-in/second-factor/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/me/")
    page.get_by_role("heading", name="About you").wait_for()

    page.goto("/sign-in/again/passkey/?next=/me/password/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(at("/me/password/"))


def test_the_whole_way_in_works_without_scripts(browser, live_server):
    """U53."""
    make_person(email="cara@x.example")
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()

    page.goto("/me/")
    page.get_by_label("Mail address").fill("cara@x.example")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code").fill("WRONG")
    page.get_by_role("button", name="Sign in").click()
    assert page.title().startswith("Error: ")
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", OutgoingMail.objects.get().text)[0]
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Your name").fill("Cara")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save").click()

    page.get_by_text("Saved.").wait_for()
    person = Person.objects.get()
    assert (person.name, person.time_zone) == ("Cara", "Europe/Berlin")
    context.close()


def test_a_page_left_open_past_a_sign_out_asks_to_sign_in_and_comes_back(browser, live_server):
    person = make_person(password=PASSWORD)
    context = browser.new_context(base_url=live_server.url)
    page, other = context.new_page(), context.new_page()
    enter_password(page, person)
    page.goto("/me/")
    other.goto("/sign-out/")
    other.get_by_role("button", name="Sign out").click()
    other.get_by_role("heading", name="You are signed out").wait_for()

    page.get_by_role("button", name="Save").click()

    page.wait_for_url(at("/sign-in/?next=%2Fme%2F"))
    context.close()
