"""The second factor, sessions, and asking again (S47, S48)."""

import re
import time
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import access
from accounts.actions import people
from accounts.choices import Role
from accounts.models import JournalEntry, Person
from accounts.proof import LASTS_SECONDS
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff, sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "a quiet river bends"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_now(steps: int = 0) -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))


def mailed_code() -> str:
    return re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", OutgoingMail.objects.latest("pk").text)[0]


@pytest.fixture
def protected(db) -> Person:
    """Staff with a password and an app."""
    person = make_staff(Role.AGENT, email="pat@desk.example", password=PASSWORD)
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)
    return person


def by_password(client):
    return client.post("/sign-in/", {"email": "pat@desk.example", "password": PASSWORD, "next": "/me/"})


def test_a_password_alone_does_not_let_in(client, protected):
    """S48."""
    assert by_password(client)["Location"] == "/sign-in/second-factor/"
    assert client.get("/me/").status_code == 302

    wrong = client.post("/sign-in/second-factor/", {"code": "000000"})
    assert "<title>Error: Second factor" in wrong.content.decode()
    assert client.get("/me/").status_code == 302

    right = client.post("/sign-in/second-factor/", {"code": code_now()})
    assert (right.status_code, right["Location"]) == (302, "/me/")
    assert client.get("/me/").status_code == 200


def test_a_mailed_code_does_not_go_round_the_second_factor(client, protected):
    """S48: the way of those who forgot their password."""
    client.post("/sign-in/", {"email": protected.email})

    assert client.post("/sign-in/code/", {"code": mailed_code()})["Location"] == "/sign-in/second-factor/"

    assert client.get("/me/").status_code == 302
    assert client.get("/me/password/").status_code == 302


def test_a_code_of_the_app_works_once(client, django_client, protected):
    """S48."""
    code = code_now()
    by_password(client)
    assert client.post("/sign-in/second-factor/", {"code": code}).status_code == 302
    other = django_client()
    by_password(other)

    assert other.post("/sign-in/second-factor/", {"code": code}).status_code == 200

    assert other.get("/me/").status_code == 302


def test_a_recovery_code_works_once(client, django_client, protected):
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    by_password(client)
    assert client.post("/sign-in/second-factor/", {"code": code}).status_code == 302
    other = django_client()
    by_password(other)

    assert other.post("/sign-in/second-factor/", {"code": code}).status_code == 200


def test_codes_of_the_app_cannot_be_guessed(client, protected):
    """S46."""
    by_password(client)
    for n in range(12):
        client.post("/sign-in/second-factor/", {"code": f"{n:06}"})

    response = client.post("/sign-in/second-factor/", {"code": code_now()})

    assert response.status_code in (200, 429)
    assert client.get("/me/").status_code == 302


def test_the_secret_of_an_app_cannot_be_read_in_the_database(protected):
    kept = Authenticator.objects.get(type="totp")

    assert SECRET not in str(kept.data)
    assert kept.wrap().validate_code(code_now())


def test_an_old_secret_is_read_after_the_key_was_changed(settings, protected):
    """F33."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of the same desk, long enough"

    assert Authenticator.objects.get(type="totp").wrap().validate_code(code_now())


def test_setting_up_an_app_ends_other_sessions_changes_the_id_and_is_told(
    client, django_client, django_capture_on_commit_callbacks
):
    """S47."""
    person, other = make_staff(Role.AGENT, password=PASSWORD), django_client()
    sign_in(client, person)
    other.force_login(person)
    before = client.session.session_key
    page = client.get("/me/second-factor/app/").content.decode()
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", page)[1]
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post("/me/second-factor/app/", {"code": code})

    assert (response.status_code, response["Location"]) == (302, "/me/second-factor/recovery-codes/")
    assert client.session.session_key != before
    codes_page = client.get(response["Location"]).content.decode()
    assert codes_page.count("<li>") == 10
    assert "<li>" not in client.get(response["Location"]).content.decode()
    assert other.get("/me/").status_code == 302
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.data) == (
        "accounts.change_second_factor", {"added": ["totp", "recovery_codes"], "removed": []},
    )  # fmt: skip
    told = OutgoingMail.objects.filter(to_address=person.email).order_by("pk")
    assert told.first().subject == "An authenticator app was switched on – supportdesk"
    assert "127.0.0.1" in told.first().text


def test_staff_without_one_see_nothing_else_where_it_is_required(client, agent, customer, settings):
    """S48."""
    settings.STAFF_SECOND_FACTOR = "required"
    client.force_login(agent)

    assert client.get("/")["Location"] == "/me/second-factor/"
    assert client.get("/me/")["Location"] == "/me/second-factor/"
    assert client.get("/", headers={"HX-Request": "true"})["HX-Redirect"] == "/me/second-factor/"
    assert client.get("/me/second-factor/").status_code == 200
    TOTP.activate(agent, SECRET)
    assert client.get("/me/").status_code == 200
    client.force_login(customer)
    assert client.get("/me/").status_code == 200


def test_the_last_factor_stays_where_it_is_required(client, protected, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    sign_in(client, protected)

    client.post("/me/second-factor/app/remove/")

    assert Authenticator.objects.filter(type="totp").exists()


def test_the_id_of_a_session_changes_on_entry(client):
    """S47: one that was fixed beforehand is worth nothing."""
    make_person(email="cara@x.example", password=PASSWORD)
    client.post("/sign-in/", {"email": "cara@x.example"})
    before = client.session.session_key
    assert before

    client.post("/sign-in/", {"email": "cara@x.example", "password": PASSWORD})

    assert client.session.session_key != before
    stale = type(client)()
    stale.cookies["session"] = before
    assert stale.get("/me/").status_code == 302


def test_a_new_password_ends_every_other_session_and_changes_the_id(client, django_client):
    """S47."""
    person, other = make_person(password=PASSWORD), django_client()
    sign_in(client, person)
    other.force_login(person)
    before = client.session.session_key

    response = client.post("/me/password/", {"password": "another river, quieter"})

    assert response.status_code == 302
    assert client.session.session_key != before
    assert (client.get("/me/").status_code, other.get("/me/").status_code) == (200, 302)
    assert Person.objects.get(pk=person.pk).check_password("another river, quieter")


@pytest.mark.parametrize("password", ["short", "password12", "1234567890", "cara@x.example"])
def test_a_weak_password_is_refused_in_words(client, password):
    person = make_person(email="cara@x.example")
    sign_in(client, person)

    response = client.post("/me/password/", {"password": password})

    assert response.status_code == 422
    assert not Person.objects.get(pk=person.pk).has_usable_password()


def test_sessions_are_listed_and_can_be_ended(client, django_client):
    """S47."""
    person, other = make_person(email="cara@x.example", password=PASSWORD), django_client()
    for browser in (client, other):
        browser.post(
            "/sign-in/", {"email": "cara@x.example", "password": PASSWORD}, headers={"User-Agent": "Firefox/1 Linux"}
        )
    assert client.get("/me/sessions/").content.decode().count("Firefox on Linux</b>") == 2

    session = UserSession.objects.exclude(session_key=client.session.session_key).get()
    client.post(f"/me/sessions/{session.pk}/end/")

    assert other.get("/me/").status_code == 302
    assert client.get("/me/").status_code == 200
    assert UserSession.objects.filter(user=person).count() == 1


def test_a_stranger_cannot_end_my_session(client, django_client, stranger):
    """S22."""
    make_person(email="cara@x.example", password=PASSWORD)
    client.post("/sign-in/", {"email": "cara@x.example", "password": PASSWORD})
    session, other = UserSession.objects.get(), django_client()
    other.force_login(stranger)

    assert other.post(f"/me/sessions/{session.pk}/end/").status_code == 404

    assert client.get("/me/").status_code == 200


def test_every_other_session_ends_at_once(client, django_client, customer):
    """Those that no list was kept of too."""
    other = django_client()
    other.force_login(customer)
    client.force_login(customer)

    client.post("/me/sessions/end-others/")

    assert (client.get("/me/").status_code, other.get("/me/").status_code) == (200, 302)


def test_a_session_ends_for_everybody_by_raising_its_version(client, customer):
    client.force_login(customer)
    people.end_sessions(person=customer, by=customer, now=timezone.now())

    assert client.get("/me/").status_code == 302


@pytest.mark.parametrize(
    "address", ["/me/password/", "/me/second-factor/app/", "/me/second-factor/recovery-codes/new/"]
)
def test_what_matters_asks_again_after_a_while(client, agent, address):
    """S48: a session that somebody left open is not enough."""
    sign_in(client, agent)
    assert client.get(address).status_code == 200
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - LASTS_SECONDS}]
    session.save()

    assert client.get(address)["Location"].startswith("/sign-in/again/?next=%2Fme%2F")
    assert client.post(address, {"password": "x", "code": "1"})["Location"].startswith("/sign-in/again/")
    assert client.post(address, headers={"HX-Request": "true"}).status_code == 401


def test_asking_again_takes_a_password_and_leads_back(client):
    person = make_person(password=PASSWORD)
    client.force_login(person)
    assert client.post("/sign-in/again/?next=/me/password/", {"password": "wrong"}).status_code == 422

    response = client.post("/sign-in/again/", {"password": PASSWORD, "next": "/me/password/"})

    assert response["Location"] == "/me/password/"
    assert client.get("/me/password/").status_code == 200


def test_asking_again_takes_a_mailed_code_of_ones_own(client, customer):
    client.force_login(customer)
    client.post("/sign-in/again/?next=/me/password/", {"send": "1"})
    assert client.post("/sign-in/again/", {"code": "WRONG123"}).status_code == 422

    client.post("/sign-in/again/", {"code": mailed_code(), "next": "/me/password/"})

    assert client.get("/me/password/").status_code == 200


def test_who_has_an_app_proves_with_it_and_with_nothing_less(client, protected):
    """S48."""
    client.force_login(protected)
    for wish in ("?way=mail", "?way=password", ""):
        assert client.post(f"/sign-in/again/{wish}", {"password": PASSWORD, "way": "password"}).status_code == 422
    assert client.get("/me/password/").status_code == 302

    client.post("/sign-in/again/", {"code": code_now()})

    assert client.get("/me/password/").status_code == 200


def test_proofs_cannot_be_guessed(client):
    """S46."""
    client.force_login(make_person(password=PASSWORD))

    answers = [client.post("/sign-in/again/", {"password": f"guess {n}"}).status_code for n in range(10)]

    assert answers == [422] * 8 + [429] * 2


def test_a_passkey_of_somebody_else_is_not_there(client, agent, protected):
    """S22."""
    passkey = Authenticator.objects.create(user=protected, type="webauthn", data={"name": "key"})
    sign_in(client, agent)

    for address in (f"/me/second-factor/passkeys/{passkey.pk}/remove/", f"/me/second-factor/passkeys/{passkey.pk}/"):
        assert client.post(address, {"name": "mine"}).status_code == 404

    assert Authenticator.objects.get(pk=passkey.pk).data == {"name": "key"}


def test_the_last_passkey_stays_where_one_is_required(client, agent, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    passkey = Authenticator.objects.create(user=agent, type="webauthn", data={"name": "key"})
    sign_in(client, agent)

    response = client.post(f"/me/second-factor/passkeys/{passkey.pk}/remove/")

    assert response["Location"] == "/me/second-factor/passkeys/"
    assert Authenticator.objects.filter(pk=passkey.pk).exists()


def test_a_request_of_staff_costs_a_session_a_person_and_nothing_more(client, agent, django_assert_num_queries):
    """Roles and the second factor come along. The first request also notes that they were here. The page adds two: the
    counts of its rail, and what can be taken back.
    """
    client.force_login(agent)
    client.get("/me/")

    with django_assert_num_queries(2 + 2):
        html = client.get("/me/").content.decode()

    assert "This desk lets staff in with one factor." in html
    TOTP.activate(agent, SECRET)
    assert "one factor." not in client.get("/me/").content.decode()


def test_an_admin_helps_somebody_who_lost_their_phone(client, protected, admin):
    """They are told, their sessions end, and the journal knows."""
    client.force_login(protected)

    people.reset_second_factor(person=protected, by=admin, now=timezone.now())
    people.reset_second_factor(person=protected, by=admin, now=timezone.now())

    assert not Authenticator.objects.filter(user=protected).exists()
    assert client.get("/me/").status_code == 302
    mail = OutgoingMail.objects.get()
    assert (mail.to_address, "Ada Admin removed the second factor" in mail.text) == (protected.email, True)
    entry = JournalEntry.objects.get()
    assert (entry.by, entry.data) == (admin, {"removed": ["recovery_codes", "totp"]})
    assert by_password(client)["Location"] == "/me/"


def test_nobody_else_and_nobody_for_themselves_removes_a_second_factor(protected, agent, admin):
    """S27, S48: an agent cannot open the account of a colleague, nor an admin their own with a stolen session."""
    TOTP.activate(admin, SECRET)
    for by, person in ((agent, protected), (admin, admin), (protected, protected)):
        with pytest.raises(access.NotAllowed):
            people.reset_second_factor(person=person, by=by, now=timezone.now())

    assert Authenticator.objects.filter(type="totp").count() == 2


def test_the_only_admin_is_helped_at_the_command_line(protected):
    call_command("reset_second_factor", "PAT@desk.example", stdout=StringIO())

    assert not Authenticator.objects.filter(user=protected).exists()
    assert JournalEntry.objects.get().by is None
    for address in ("nobody@desk.example", "no address"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", address, stdout=StringIO())
