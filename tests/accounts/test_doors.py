"""What the doors tell strangers, how long they take, and what they refuse."""

import io
import json
import logging
import re
import statistics
import time

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from accounts import limits
from accounts.actions import codes
from accounts.models import Person, SignInCode, ThrottleCount
from mail.models import Mailbox, OutgoingMail
from supportdesk.lib.audience import public
from supportdesk.lib.logging import JsonLines
from tests.factories.accounts import make_person, make_staff, sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "a quiet river bends"


def without_tokens(response) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


# S45: nobody learns who is known


@pytest.fixture
def many(settings):
    """Limits as they are, but each address from another place, so that they do not end the measurement."""
    settings.TRUSTED_PROXIES = 1
    return (f"198.51.{n // 250}.{n % 250 + 1}" for n in range(60_000))


def compare(answer, known: list[str], unknown: list[str]) -> tuple[set, float]:
    """The distinct answers to both kinds, and how far apart their medians are in milliseconds."""
    answers, spent = set(), {True: [], False: []}
    for pair in zip(known, unknown, strict=True):
        for is_known, email in zip((True, False), pair, strict=True):
            began = time.perf_counter()
            response = answer(email)
            spent[is_known].append(time.perf_counter() - began)
            body = without_tokens(response).replace(email, "ADDRESS")
            answers.add((response.status_code, response.headers.get("Location"), body))
    return answers, abs(statistics.median(spent[True]) - statistics.median(spent[False])) * 1000


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password was hashed, which is what takes the time."""

    count = 0

    def encode(self, password, salt):
        type(self).count += 1
        return super().encode(password, salt)


def test_a_wrong_password_says_and_costs_the_same_for_known_and_unknown(settings):
    """A password, none, an unproven address, a closed account, an unknown address, none at all: one hash each."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    make_person(email="with@x.example", password=PASSWORD)
    make_person(email="none@x.example")
    make_person(email="unproven@x.example", password=PASSWORD, verified=False)
    make_person(email="closed@x.example", password=PASSWORD, is_active=False, deactivated_at=timezone.now())
    answers, hashes = set(), []

    for email in ("with@x.example", "none@x.example", "unproven@x.example", "closed@x.example", "other@x.example"):
        before = CountingHasher.count
        response = Client().post("/sign-in/", {"email": email, "password": "wrong one"})
        answers.add((response.status_code, without_tokens(response).replace(email, "ADDRESS")))
        hashes.append(CountingHasher.count - before)

    assert len(answers) == 1
    assert hashes == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("address", ["/sign-in/", "/sign-up/"])
def test_asking_for_a_code_says_and_costs_the_same_for_known_and_unknown(many, address):
    """Of three measurements the calmest counts: other work on the machine only ever widens the gap."""

    def answer(email):
        client = Client()
        first = client.post(address, {"email": email, "name": "N"}, headers={"X-Forwarded-For": next(many)})
        assert (first.status_code, first["Location"]) == (302, "/sign-in/code/")
        return client.get("/sign-in/code/")

    gaps = []
    for measurement in range(3):
        names = [f"{measurement}.{n:03}@x.example" for n in range(25)]
        for name in names:
            make_person(email=f"known{name}")
        answers, gap = compare(answer, [f"known{name}" for name in names], [f"other{name}" for name in names])
        assert len(answers) == 1
        gaps.append(gap)

    assert min(gaps) < 10


def test_asking_for_a_code_asks_the_database_the_same():
    """Known and unknown alike; for a closed account the one thing missing is the mail."""
    make_person(email="known@x.example")
    make_staff(email="staff@x.example")
    make_person(email="closed@x.example", is_active=False, deactivated_at=timezone.now())
    counts = {}
    for email in ("warm@x.example", "known@x.example", "staff@x.example", "other@x.example", "closed@x.example"):
        with CaptureQueriesContext(connection) as queries:
            codes.request_code(email=email, now=timezone.now())
        counts[email.partition("@")[0]] = len(queries)

    assert counts["known"] == counts["staff"] == counts["other"]
    mailing = [query["sql"] for query in queries if "mail_outgoingmail" in query["sql"]]
    assert mailing == []
    assert counts["other"] - counts["closed"] <= 7


def test_the_mail_says_the_same_to_known_and_unknown(client, django_client):
    make_person(email="known@x.example", name="Known")
    for browser, email in ((client, "known@x.example"), (django_client(), "other@x.example")):
        browser.post("/sign-in/", {"email": email})

    known, other = OutgoingMail.objects.order_by("pk")
    code = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")
    assert (known.subject, code.sub("", known.text)) == (other.subject, code.sub("", other.text))


# S46: the doors cannot be tried for ever


def test_two_hundred_passwords_end_at_the_tenth_and_leave_others_alone(client, django_client):
    make_person(email="victim@x.example", password=PASSWORD)
    make_person(email="other@x.example", password=PASSWORD)

    answers = [
        client.post("/sign-in/", {"email": "victim@x.example", "password": f"guess {n}"}).status_code
        for n in range(200)
    ]

    assert answers.index(429) < 10
    assert set(answers[10:]) == {429}
    assert client.post("/sign-in/", {"email": "VICTIM@x.example ", "password": PASSWORD}).status_code == 429
    response = django_client().post("/sign-in/", {"email": "other@x.example", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_too_many_says_how_long_to_wait(client):
    for n in range(9):
        response = client.post("/sign-in/", {"email": "victim@x.example", "password": f"guess {n}"})

    assert 0 < int(response["Retry-After"]) <= limits.TRIES_HERE.seconds
    assert "Wait 5 minutes" in response.content.decode()


def test_the_victim_signs_in_from_elsewhere_meanwhile(client, settings):
    """Nobody is locked out by somebody who guesses."""
    make_person(email="victim@x.example", password=PASSWORD)
    for n in range(20):
        client.post("/sign-in/", {"email": "victim@x.example", "password": f"guess {n}"})

    response = client.post("/sign-in/", {"email": "victim@x.example", "password": PASSWORD}, REMOTE_ADDR="203.0.113.5")

    assert response.status_code == 302


def test_a_forged_address_does_not_start_the_count_anew(client):
    """S44."""
    answers = [
        client.post(
            "/sign-in/",
            {"email": "victim@x.example", "password": f"guess {n}"},
            headers={"X-Forwarded-For": f"10.0.0.{n}", "X-Real-IP": f"10.0.1.{n}"},
        ).status_code
        for n in range(10)
    ]

    assert answers[-1] == 429


def test_many_addresses_from_one_place_are_slowed_down(client):
    answers = [
        client.post("/sign-in/", {"email": f"n{n}@x.example", "password": "guess"}).status_code for n in range(70)
    ]

    assert answers.count(429) == 10


def test_a_right_password_does_not_add_up(client):
    make_person(email="cara@x.example", password=PASSWORD)

    for _ in range(12):
        assert client.post("/sign-in/", {"email": "cara@x.example", "password": PASSWORD}).status_code == 302
        client.post("/sign-out/")


def test_right_passwords_in_between_do_not_hide_guesses(client, django_client):
    make_person(email="mallory@x.example", password=PASSWORD)
    answers = []
    for n in range(10):
        answers.append(client.post("/sign-in/", {"email": "victim@x.example", "password": f"{n}"}).status_code)
        django_client().post("/sign-in/", {"email": "mallory@x.example", "password": PASSWORD})

    assert answers[-1] == 429


def test_nobody_is_flooded_with_codes(client, many, settings):
    """S12, S46: from one place the page says so; from many the mails end and the page stays the same."""
    answers = [Client().post("/sign-in/", {"email": "victim@x.example"}).status_code for _ in range(8)]
    assert answers == [302] * 5 + [429] * 3

    for place in (next(many) for _ in range(30)):
        Client().post("/sign-in/", {"email": "victim@x.example"}, headers={"X-Forwarded-For": place})

    assert OutgoingMail.objects.filter(to_address="victim@x.example").count() == 8
    assert ThrottleCount.objects.exists()


def test_typed_codes_are_slowed_down(client):
    answers = []
    for n in range(14):
        Client().post("/sign-in/", {"email": f"n{n}@x.example"})
    for n in range(13):
        browser = Client()
        browser.post("/sign-in/", {"email": f"m{n}@x.example"})
        answers += [browser.post("/sign-in/code/", {"code": f"WRONG{k}"}).status_code for k in range(5)]

    assert answers.count(429) == 5


# S11: an address that ends in this desk is nobody's own


@pytest.fixture
def own_domain(db):
    Mailbox.objects.create(address="support@desk.example")


@pytest.mark.parametrize(
    "email", ["support@desk.example", "Support+1@desk.example", "anything@desk.example", "x@DESK.example"]
)
def test_nobody_signs_up_with_an_address_of_the_desk(client, own_domain, email):
    """The ticket trick: the code would arrive in the inbox, and every agent could read it."""
    answer = client.post("/sign-up/", {"name": "N", "email": email})
    assert (answer.status_code, "Error: Sign up" in answer.content.decode()) == (422, True)

    assert client.post("/sign-in/", {"email": email})["Location"] == "/sign-in/code/"

    assert not OutgoingMail.objects.exists()
    assert not Person.objects.exists()


def test_staff_of_the_own_domain_sign_in_and_its_mailboxes_do_not(client, django_client, own_domain):
    make_staff(email="alma@desk.example")
    make_staff(email="support@desk.example")

    client.post("/sign-in/", {"email": "alma@desk.example"})
    django_client().post("/sign-in/", {"email": "support@desk.example"})

    assert list(OutgoingMail.objects.values_list("to_address", flat=True)) == ["alma@desk.example"]


def test_sign_up_refuses_known_staff_in_the_same_words(client, django_client, own_domain):
    """S45."""
    make_staff(email="alma@desk.example")

    known = client.post("/sign-up/", {"name": "N", "email": "alma@desk.example"})
    other = django_client().post("/sign-up/", {"name": "N", "email": "alba@desk.example"})

    assert without_tokens(known).replace("alma", "alba") == without_tokens(other)


# S42, S43


def test_next_leads_to_our_pages_only_all_the_way(client):
    make_person(email="cara@x.example", password=PASSWORD)
    page = client.get("/sign-in/?next=//evil.example").content.decode()
    assert "evil.example" not in page

    response = client.post(
        "/sign-in/?next=https://evil.example",
        {"email": "cara@x.example", "password": PASSWORD, "next": "//evil.example"},
    )

    assert response["Location"] == "/"
    assert client.get("/sign-in/?next=https://evil.example")["Location"] == "/"


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "desk.example:80@evil.example"}])
def test_a_poisoned_host_is_refused(client, headers):
    response = client.post("/sign-in/", {"email": "cara@x.example"}, headers=headers)

    assert response.status_code == 400
    assert not OutgoingMail.objects.exists()


def test_mailed_links_start_at_our_own_address(client, settings):
    settings.SITE_URL = "https://desk.example"
    client.post("/sign-in/", {"email": "cara@x.example"}, headers={"X-Forwarded-Host": "evil.example"})

    text = OutgoingMail.objects.get().text
    assert re.findall(r"https?://\S+", text) == ["https://desk.example"]


# S49, S50, S51, S52


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_from_another_site_is_refused_even_with_its_token(client, site):
    response = client.post("/sign-in/", {"email": "cara@x.example"}, headers={"Sec-Fetch-Site": site})

    assert response.status_code == 403
    assert not SignInCode.objects.exists()


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_forms_are_taken(client, site):
    assert client.post("/sign-in/", {"email": "c@x.example"}, headers={"Sec-Fetch-Site": site}).status_code == 302


def test_reading_every_page_changes_no_row(client, agent):
    """S38, S49."""
    sign_in(client, agent)
    client.get("/me/")
    before = {model: list(model.objects.order_by("pk").values()) for model in (Person, SignInCode, OutgoingMail)}

    for name in ("", "sign-in/", "sign-up/", "sign-out/", "sign-in/again/", "me/", "me/password/", "me/sessions/",
                 "me/sessions/end-others/", "me/second-factor/", "me/second-factor/app/"):  # fmt: skip
        client.get(f"/{name}")
        client.head(f"/{name}")

    assert before == {model: list(model.objects.order_by("pk").values()) for model in before}
    assert client.get("/me/").status_code == 200


@pytest.mark.parametrize("address", ["/", "/sign-in/", "/me/", "/nothing-here/", "/invitation/x/"])
def test_every_answer_carries_its_guards(client, agent, address):
    """S50, S51, S52."""
    client.force_login(agent)
    response = client.get(address)

    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]


def test_pages_of_anybody_who_signed_in_are_kept_in_no_cache(client, customer):
    """S52."""
    assert "no-store" not in client.get("/").headers.get("Cache-Control", "")
    client.force_login(customer)

    assert "no-store" in client.get("/")["Cache-Control"]
    assert "private" in client.get("/")["Cache-Control"]


def test_the_cookies_cannot_be_read_by_scripts(client):
    client.get("/sign-in/")
    client.post("/sign-in/", {"email": "cara@x.example"})

    assert {(name, bool(cookie["httponly"]), cookie["samesite"]) for name, cookie in client.cookies.items()} == {
        ("csrf", True, "Lax"), ("session", True, "Lax"),
    }  # fmt: skip


# S57, S58


def _break(request):
    raise RuntimeError(f"canary in {__file__} {request.META.get('HTTP_AUTHORIZATION')}")


urlpatterns = [path("break/", public(_break))]


def test_an_error_tells_nothing_and_is_noted_without_secrets(settings, caplog):
    """S57, S58."""
    settings.ROOT_URLCONF = __name__
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logging.getLogger("django.request").addHandler(handler)
    try:
        response = Client(raise_request_exception=False).get(
            "/break/", headers={"Authorization": "Bearer secretcanary"}
        )
    finally:
        logging.getLogger("django.request").removeHandler(handler)

    body = response.content.decode()
    assert (response.status_code, "Something broke on our side" in body) == (500, True)
    for leak in ("canary", "Traceback", __file__, "RuntimeError"):
        assert leak not in body
    records = [json.loads(line) for line in written.getvalue().splitlines()]
    assert "RuntimeError" in records[-1]["error"]
    assert "secretcanary" not in written.getvalue()


@pytest.mark.parametrize(("address", "status"), [("/nothing-here/", 404), ("/%00", 404), ("/me/sessions/1/end/", 405)])
def test_an_address_that_is_not_there_says_so_plainly(client, customer, address, status):
    client.force_login(customer)
    response = client.get(address)

    assert response.status_code == status
    assert "Traceback" not in response.content.decode()


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "a\x00@x.example"}, {"email": "a" * 300 + "@x.example"}, {"email": b"\xed\xa0\x80@x.example"},
        {"email": "a@x.example", "password": "\x00" * 1000}, {"email": "a@x.example\r\nBcc: b@x.example"},
        {"email": ["a@x.example", "b@x.example"]}, {"email": "'; DROP TABLE accounts_person; --"},
        {"email": "a@x.example", "next": "\x00"}, {"email": "{{7*7}}@x.example"}, {"code": "\x00"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("address", ["/sign-in/", "/sign-up/", "/sign-in/code/"])
def test_nonsense_never_breaks_the_door(client, address, typed):
    """S53."""
    assert client.post(address, typed).status_code in (200, 302, 400, 422)


def test_a_typed_password_or_code_is_in_no_log(client, caplog):
    """S58."""
    caplog.set_level(logging.DEBUG)
    make_person(email="cara@x.example", password="canary password 1")

    client.post("/sign-in/", {"email": "cara@x.example", "password": "canary password 2"})
    client.post("/sign-in/", {"email": "cara@x.example", "password": "canary password 1"})
    client.post("/sign-out/")
    client.post("/sign-in/", {"email": "cara@x.example"})
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", OutgoingMail.objects.latest("pk").text)[0]
    client.post("/sign-in/code/", {"code": code})

    lines = [JsonLines().format(record) for record in caplog.records if not record.name.startswith("django.db")]
    assert "canary" not in "".join(lines)
    assert code not in "".join(lines)
