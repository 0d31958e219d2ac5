"""The customer's own pages: a new password by mail, stopping a change, closing the account and keeping it."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import identity
from accounts.actions import change_address
from accounts.actions import identity as checks
from accounts.choices import Role
from accounts.models import ActionRequest, Person
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff, sign_in

pytestmark = pytest.mark.django_db


def newest_link(kind: str) -> str:
    """The path of the newest link in the outbox."""
    text = OutgoingMail.objects.filter(text__contains=f"/{kind}/").latest("pk").text
    return re.search(rf"/{kind}/[\w-]+/", text)[0]


def test_e9_every_address_gets_the_same_reply_for_the_same_work(django_client):
    """S43, S45: known, unknown, never proven, of the staff; the reply, its status and its queries."""
    people = [make_person().email, "nobody@x.example", make_person(verified=False).email, make_staff(Role.ADMIN).email]
    seen = set()
    for email in people:
        browser = django_client()
        with CaptureQueriesContext(
            connection,
        ) as work:
            answer = browser.post(
                "/reset/", {"email": f" {email.upper()} "}, headers={"X-Forwarded-Host": "evil.example"}
            )
        page = re.sub(r'value="[^"]{20,}"|nonce-\S+', "", browser.get("/reset/").content.decode())
        kinds = tuple(one["sql"].split()[0] for one in work.captured_queries)
        seen.add((answer.status_code, answer["Location"], page, kinds))
    assert len(seen) == 1 and "a link is on its way" in seen.pop()[2]
    links = {mail.to_address: re.findall(r"http\S+", mail.text)[0] for mail in OutgoingMail.objects.all()}
    assert set(links) == set(people) and "evil.example" not in str(links)
    assert "/reset/" not in links["nobody@x.example"]
    for odd in ("", "no address", "a@b", "x" * 400, "\x00@x.example", "a@b.example\r\nBcc: c@d.example"):
        assert django_client().post("/reset/", {"email": odd}).status_code == 422 or odd == "a@b"
    closed = make_person(is_active=False, deactivated_at=timezone.now())
    assert django_client().post("/reset/", {"email": closed.email}).status_code == 302
    assert not OutgoingMail.objects.filter(to_address=closed.email).exists()


def test_e9_a_link_sets_a_password_once_and_the_second_factor_is_still_asked_for(client, django_client, customer):
    """S47, S48."""
    Authenticator.objects.create(user=customer, type="totp", data={"secret": "x"})
    before = django_client()
    sign_in(before, customer)
    assert before.get("/me/").status_code == 200
    client.post("/reset/", {"email": customer.email})
    path = newest_link("reset")
    page = client.get(path)
    assert (page.status_code, page["Referrer-Policy"]) == (
        200,
        "no-referrer",
    ) and customer.email in page.content.decode()
    short = client.post(path, {"password": "short"})
    assert short.status_code == 422 and "Error: " in short.content.decode()
    assert before.get("/me/").status_code == 200

    done = client.post(path, {"password": "a new long password"})

    assert (done.status_code, done["Location"]) == (302, "/sign-in/")
    assert before.get("/me/").status_code == 302 and "_auth_user_id" not in client.session
    assert client.get(path).status_code == client.post(path, {"password": "another long one"}).status_code == 410
    entered = client.post("/sign-in/", {"email": customer.email, "password": "a new long password"})
    assert entered.status_code == 302 and "_auth_user_id" not in client.session  # waits for the factor


def test_e6_opening_a_link_stops_nothing_and_pressing_its_button_does(client, customer, lead, reviewer):
    now = timezone.now()
    check = checks.read_number(person=customer, ticket_id=7, purpose="", by=lead, now=now)
    checks.type_number(person=customer, text=identity.number_of(check), now=now)
    request = change_address.propose(
        person=customer, kind="change_email", new_value="new@x.example", reason="Moved", ticket_id=7, by=lead, now=now
    )
    change_address.approve(request=request, by=reviewer, now=now)
    path = newest_link("account-change")
    assert client.get(path).status_code == client.head(path).status_code == 200
    assert ActionRequest.objects.get().state == "approved"
    assert "The change is stopped" in client.post(path).content.decode()
    assert client.post(path).status_code == client.get("/account-change/x/").status_code == 410
    assert Person.objects.get(pk=customer.pk).email == customer.email


def test_r87_a_customer_closes_their_account_and_keeps_it_after_all(client, customer, agent, django_client):
    sign_in(client, customer)
    assert client.post("/me/close/", {"reason": "x" * 501}).status_code == 422
    assert client.post("/me/close/", {"reason": ""}).status_code == 302
    assert "Keep my account" in client.get("/me/close/").content.decode()
    assert client.post("/me/close/", {"reason": ""}).status_code == 422  # twice
    assert client.post("/me/close/keep/").status_code == 302
    assert "Close my account" in client.get("/me/close/").content.decode()
    assert client.post("/me/close/", {"reason": ""}).status_code == 302
    stranger = django_client()
    assert stranger.get(newest_link("account-change")).status_code == 200
    assert "Your account stays" in stranger.post(newest_link("account-change")).content.decode()
    assert list(ActionRequest.objects.values_list("state", flat=True)) == ["undone", "undone"]
    staff = django_client()
    sign_in(staff, agent)
    assert {staff.get(path).status_code for path in ("/me/close/", "/me/caller/")} == {404}
    request = ActionRequest.objects.latest("pk")
    assert request.due_at - request.proposed_at == timedelta(days=14)
