"""Coming in: by code, by password, known or not."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import codes
from accounts.models import Person, SignInCode
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff

pytestmark = pytest.mark.django_db

PASSWORD = "a quiet river bends"


def mailed_code() -> str:
    return re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", OutgoingMail.objects.latest("pk").text)[0]


def ask_for_code(client, email, **data):
    return client.post("/sign-in/", {"email": email, **data})


def test_a_customer_signs_in_by_a_mailed_code(client):
    person = make_person(email="cara@x.example")

    response = ask_for_code(client, "Cara@X.example", next="/me/")
    assert (response.status_code, response["Location"]) == (302, "/sign-in/code/")
    response = client.post("/sign-in/code/", {"code": mailed_code().lower().replace("-", " ")})

    assert (response.status_code, response["Location"]) == (302, "/me/")
    assert client.get("/me/").context["request"].user == person


def test_somebody_new_becomes_a_person_by_reading_their_mail(client):
    """The row exists only once the address is proven (S10)."""
    client.post("/sign-up/", {"name": "Nora New", "email": "nora@x.example"})
    assert not Person.objects.filter(email="nora@x.example").exists()

    client.post("/sign-in/code/", {"code": mailed_code()})

    person = Person.objects.get(email="nora@x.example")
    assert (person.name, person.email_verified_at is not None, person.is_staff_member) == ("Nora New", True, False)
    assert client.get("/me/").status_code == 200


def test_a_sender_of_mail_is_unproven_until_they_read_a_code(client):
    """S10."""
    make_person(email="sender@x.example", verified=False, password=PASSWORD)

    assert client.post("/sign-in/", {"email": "sender@x.example", "password": PASSWORD}).status_code == 422
    ask_for_code(client, "sender@x.example")
    client.post("/sign-in/code/", {"code": mailed_code()})

    assert Person.objects.get(email="sender@x.example").email_verified_at is not None


def test_a_password_signs_in_and_a_wrong_one_keeps_what_was_typed(client):
    """U27."""
    make_person(email="cara@x.example", password=PASSWORD)

    wrong = client.post("/sign-in/", {"email": "cara@x.example", "password": "not it"})
    html = wrong.content.decode()
    assert wrong.status_code == 422
    assert "<title>Error: Sign in" in html
    assert '<div class="errsum" role="alert" tabindex="-1" autofocus>' in html
    assert 'value="cara@x.example"' in html
    assert "not it" not in html

    right = client.post("/sign-in/", {"email": "cara@x.example", "password": PASSWORD})
    assert (right.status_code, right["Location"]) == (302, "/")


def test_an_error_stands_at_its_field_and_leads_there(client):
    """U27."""
    html = client.post("/sign-in/", {"email": "no address"}).content.decode()

    assert '<a href="#id_email">Write an address like name@example.com.</a>' in html
    assert re.search(r'<input[^>]*id="id_email"[^>]*>', html)[0].count('aria-invalid="true"') == 1
    described = re.search(r'<input[^>]*aria-describedby="([^"]+)"[^>]*id="id_email"', html)[1]
    for name in described.split():
        assert f'id="{name}"' in html
    assert 'value="no address"' in html


def test_a_code_works_once_and_only_in_the_browser_that_asked(client, django_client):
    make_person(email="cara@x.example")
    ask_for_code(client, "cara@x.example")
    other, code = django_client(), mailed_code()

    assert other.post("/sign-in/code/", {"code": code})["Location"] == "/sign-in/"
    ask_for_code(other, "cara@x.example")
    assert other.post("/sign-in/code/", {"code": code}).status_code == 422
    assert client.post("/sign-in/code/", {"code": code}).status_code == 302
    kept = SignInCode.objects.order_by("pk").first()
    with pytest.raises(codes.CodeRefused):
        codes.redeem_code(code_id=kept.pk, text=code, now=timezone.now())


def test_a_code_is_over_after_five_tries(client):
    """S46."""
    make_person(email="cara@x.example")
    ask_for_code(client, "cara@x.example")

    answers = [client.post("/sign-in/code/", {"code": f"WRONG{n}"}).content.decode() for n in range(5)]
    assert ["You can try" in answer for answer in answers] == [True, True, True, True, False]
    response = client.post("/sign-in/code/", {"code": mailed_code()})

    assert response.status_code == 422
    assert client.get("/me/").status_code == 302


def test_a_code_is_over_after_fifteen_minutes():
    now = timezone.now()
    kept = codes.request_code(email="cara@x.example", now=now)
    code = mailed_code()

    with pytest.raises(codes.CodeRefused) as refusal:
        codes.redeem_code(code_id=kept.pk, text=code, now=now + timedelta(minutes=15))

    assert refusal.value.is_over
    assert not Person.objects.filter(email="cara@x.example").exists()
    assert codes.redeem_code(code_id=kept.pk, text=code, now=now + timedelta(minutes=14)).email == "cara@x.example"


def test_the_code_itself_is_not_kept():
    kept = codes.request_code(email="cara@x.example", now=timezone.now())

    assert mailed_code().replace("-", "") not in str(SignInCode.objects.filter(pk=kept.pk).values_list())


def test_somebody_deactivated_does_not_come_in(client):
    """S28, S45: the same page, no mail."""
    make_staff(email="gone@desk.example", password=PASSWORD, is_active=False, deactivated_at=timezone.now())

    assert client.post("/sign-in/", {"email": "gone@desk.example", "password": PASSWORD}).status_code == 422
    assert ask_for_code(client, "gone@desk.example")["Location"] == "/sign-in/code/"

    assert not OutgoingMail.objects.exists()


def test_signing_out_is_a_post(client, customer):
    """S38, S49: opening an address changes nothing."""
    client.force_login(customer)

    assert client.get("/sign-out/").status_code == 200
    assert client.get("/me/").status_code == 200
    assert client.post("/sign-out/").status_code == 200
    assert client.get("/me/").status_code == 302


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"name": ""}, "Write your name."),
        ({"time_zone": "Mars/Olympus"}, "Choose one from the list."),
        ({"time_zone": "../../etc/passwd"}, "Choose one from the list."),
        ({"undo_send_seconds": "7"}, "Choose one from the list."),
        ({"undo_send_seconds": "x"}, "Choose one from the list."),
    ],
)
def test_a_wish_that_cannot_be_met_is_told_and_nothing_is_saved(client, agent, wish, error):
    """U27."""
    client.force_login(agent)
    typed = {"name": "Alma", "time_zone": "Europe/Berlin", "undo_send_seconds": "20", "signature": "Kind regards"}

    response = client.post("/me/", typed | wish)

    assert response.status_code == 422
    assert response.content.decode().count(error) == 2
    assert "Kind regards" in response.content.decode()
    kept = Person.objects.get(pk=agent.pk)
    assert (kept.time_zone, kept.undo_send_seconds, kept.signature) == ("UTC", 10, "")


def test_staff_set_how_the_desk_behaves_and_customers_only_their_own_things(client, agent, customer):
    """U4, U47, S26: a field that is not on the form is not set."""
    typed = {
        "name": "New Name",
        "time_zone": "Asia/Kolkata",
        "undo_send_seconds": "30",
        "signature": "Yours",
        "email": "x@y.z",
    }
    for person in (agent, customer):
        client.force_login(person)
        assert client.post("/me/", typed | {"is_active": "", "email": "x@y.z"}).status_code == 302

    kept = Person.objects.get(pk=agent.pk)
    assert (kept.name, kept.email, kept.is_active) == ("New Name", "alma@desk.example", True)
    assert (kept.time_zone, kept.undo_send_seconds, kept.single_keys_enabled, kept.signature) == (
        "Asia/Kolkata", 30, False, "Yours",
    )  # fmt: skip
    kept = Person.objects.get(pk=customer.pk)
    assert (kept.time_zone, kept.undo_send_seconds, kept.single_keys_enabled, kept.signature) == (
        "Asia/Kolkata", 10, True, "",
    )  # fmt: skip


def test_times_are_shown_in_the_readers_zone(client):
    """U52."""
    person = make_person(email="cara@x.example", password=PASSWORD, time_zone="Asia/Kolkata")
    client.post("/sign-in/", {"email": person.email, "password": PASSWORD})

    assert " IST" in client.get("/me/sessions/").content.decode()
    Person.objects.update(time_zone="No/Where")
    assert " UTC" in client.get("/me/sessions/").content.decode()
