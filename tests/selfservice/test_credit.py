"""Buying on account, as customers do it: the form of B3, a limit at once, an order past it, reasons (R25 to R27)."""

import re
from datetime import UTC, datetime, time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from billing.actions import credit_requests
from billing.choices import CreditRequestState
from billing.models import CreditRequest, Customer, PrivateFile, ShipmentHold
from mail.models import OutgoingMail
from selfservice.models import ReviewRules
from selfservice.review_time import next_review, review_words
from tests.billing.file_samples import PNG
from tests.factories.accounts import sign_in
from tests.factories.billing import NOON, make_customer, make_goods, make_seller
from tests.selfservice.shop import agreed, hidden, put

pytestmark = pytest.mark.django_db
WHOLE = {
    "legal_name": "Delta Makerspace Society", "trade_name": "", "entity": "nonprofit",
    "incorporated_in": "British Columbia", "established": "2019", "tax_number": "12-3456789", "duns": "",
    "owners": "Ada Example, Chair\nTomás Rivera, Treasurer", "line1": "1 Lake Street", "line2": "",
    "city": "Lakeview", "region": "ohio", "postal_code": "43331", "country": "US", "limit": "$5,000", "monthly": "400",
    "terms": "30", "purchase_orders": "no", "ap_name": "Accounts", "ap_email": "AP@Delta.example",
    "ap_phone": "+1 614 555 0100", "bank_name": "First Example Bank", "bank_branch": "Lakeview",
    "bank_contact": "Bo Banker", "signer_name": "Tomás Rivera", "signer_title": "Treasurer", "declares": "on",
    "consents": "on", "signature": "tomás  rivera",
    **{
        f"reference{number}_{part}": text
        for number in (1, 2, 3)
        for part, text in (("company", f"Supplier {number}"), ("contact", "Sam"), ("email", f"sam{number}@ex.example"),
                           ("phone", "614 555 0123"))
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller(time_zone="America/Edmonton")


def form(client, **more) -> dict:
    """What a browser sends of the filled form."""
    page = client.get("/account/credit/")
    return {"key": hidden(page, "key"), "buyer": hidden(page, "buyer"), **WHOLE, **more}


def words(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_R25_U23_the_complete_form_gives_the_starter_limit_at_once_from_the_cart(client, stranger):
    sign_in(client, stranger)
    put(client, make_goods(24_900))
    assert "/account/credit/" in client.get("/cart/").content.decode()
    assert 'value="on_account"' not in client.get("/checkout/").content.decode()
    sent = form(client)

    done = client.post("/account/credit/", sent, headers={"user-agent": "x"})
    again = client.post("/account/credit/", sent)

    asked = CreditRequest.objects.get()
    customer = Customer.objects.get(person=stranger)
    assert (customer.credit_state, customer.credit_limit) == ("provisional", 50_000)
    assert (asked.asked_for, asked.limit_before, asked.state, asked.by) == (500_000, 0, "open", stranger)
    assert (asked.signer_name, asked.signer_title, asked.signed_from) == ("Tomás Rivera", "Treasurer", "127.0.0.1")
    assert (asked.answers["region"], asked.answers["ap_email"]) == ("OH", "ap@delta.example")
    assert asked.answers["monthly"] == 40_000
    assert done.headers["Location"] == again.headers["Location"] == f"/account/credit/{asked.pk}/"
    page = words(client.get(done.headers["Location"]))
    assert "You can buy on account now" in page and "/checkout/?method=on_account" in page
    mail = OutgoingMail.objects.get(to_address=stranger.email)
    assert "up to $500.00" in mail.text and f"/account/credit/{asked.pk}/" in mail.text
    placed = client.post("/checkout/", agreed(client, method="on_account"))
    assert placed.status_code == 302 and not ShipmentHold.objects.exists()


LEAVE_OUT = [name for name, text in WHOLE.items() if text]


def test_R25_incomplete_gives_no_limit_and_keeps_what_was_typed(client, stranger):
    sign_in(client, stranger)
    sent = form(client)
    for name in LEAVE_OUT:
        left = {key: text for key, text in sent.items() if key != name}
        answer = client.post("/account/credit/", left)
        assert answer.status_code == 422, name
        page = answer.content.decode()
        assert (f'href="#id_{name}' in page and 'value="Delta Makerspace Society"' in page) or name == "legal_name"
        assert page.split("<title>")[1].startswith("Error: ")
    assert not CreditRequest.objects.exists() and not Customer.objects.exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"signature": "Somebody Else"}, "Type your name as above to sign: Tomás Rivera"),
        ({"tax_number": "123-45-6789"}, "Social Security number"),
        ({"owners": "Ada Example 123 45 6789"}, "Social Security number"),
        ({"bank_branch": "Lakeview 0012 3456 789"}, "account number"),
        ({"established": "9999"}, "Enter a year up to"),
        ({"established": "٢٠١٩"}, "Enter a year up to"),
        ({"limit": "0"}, "more than nothing"),
        ({"limit": "1e9"}, "Enter an amount such as"),
        ({"limit": "99999999999999"}, "Enter at most"),
        ({"region": "Narnia"}, "Enter the state, such as OH or Ohio"),
        ({"reference2_email": "no address"}, "mail"),
        ({"ap_phone": "call me"}, "Enter a phone number"),
        ({"entity": "gang"}, "Choose one of these"),
        ({"country": "XX"}, "Choose one of these"),
        ({"buyer": "999999"}, "Choose one of these"),
        ({"legal_name": "x" * 256}, "Write at most 255 characters"),
        ({"legal_name": "a\x00b"}, "cannot be read"),
        ({"signature": "\x00"}, "Type your name"),
    ],
)
def test_bad_answers_get_a_sentence_and_no_limit(client, stranger, changes, says):
    sign_in(client, stranger)

    answer = client.post("/account/credit/", form(client, **changes))

    assert answer.status_code == 422 and says in answer.content.decode()
    assert not CreditRequest.objects.exists() and not Customer.objects.exists()


def test_a_strange_key_a_second_wish_and_a_stranger_are_refused(client, stranger, customer, agent):
    sign_in(client, stranger)
    sent = form(client)
    assert client.post("/account/credit/", {**sent, "key": "short"}).status_code == 409
    assert not CreditRequest.objects.exists()
    client.post("/account/credit/", sent)
    asked = CreditRequest.objects.get()

    second = client.post("/account/credit/", {**sent, "key": "another-key-of-a-page-of-its-own"})

    assert second.status_code == 409 and "You have asked already" in second.content.decode()
    assert 'value="Delta Makerspace Society"' in second.content.decode()
    assert CreditRequest.objects.count() == 1
    for person in (customer, agent):
        sign_in(client, person)
        assert client.get(f"/account/credit/{asked.pk}/").status_code == 404
        assert client.post(f"/account/credit/{asked.pk}/withdraw/").status_code == 404
    assert client.get("/account/credit/99999999999999999999/").status_code == 404
    asked.refresh_from_db()
    assert asked.state == CreditRequestState.OPEN


def test_R27_U23_an_order_past_the_limit_says_held_until_approved_and_when(client, stranger, reviewer):
    ReviewRules.objects.update_or_create(pk=1, defaults={"starts_at": time(9, 30), "updated_at": NOON})
    customer = make_customer(person=stranger, credit_state="provisional", credit_limit=50_000)
    sign_in(client, stranger)
    put(client, make_goods(70_000))

    done = client.post("/checkout/", agreed(client, method="on_account"))

    assert done.status_code == 302
    when = review_words(timezone.now())
    assert ", 09:30 M" in when
    page = words(client.get(done.headers["Location"]))
    assert "Held until your credit limit is approved" in page and f"A person decides on {when}" in page
    account = words(client.get("/account/"))
    assert f"waits for its review on {when}" in account and f"a person decides on {when}" in account
    asked = CreditRequest.objects.get()
    assert "Pay $700.00" in words(client.get(f"/account/credit/{asked.pk}/"))

    reason = "The tax number <b>does not</b> match the legal name & town."
    credit_requests.keep(request=asked, reason=reason, by=reviewer, now=timezone.now())

    shown = "The tax number &lt;b&gt;does not&lt;/b&gt; match the legal name &amp; town."
    for path in (f"/account/credit/{asked.pk}/", "/account/"):
        assert shown in words(client.get(path)), "U36: exactly the reviewer's words"
    assert reason in OutgoingMail.objects.filter(to_address=stranger.email).latest("pk").text
    page = words(client.get(done.headers["Location"]))
    assert "it leaves on the working day on which it is paid" in page and when not in page
    assert "leaves on the working day on which IN" in words(client.get("/account/"))
    customer.refresh_from_db()
    assert customer.credit_state == "provisional"


def test_the_page_of_a_request_withdraws_it_and_leads_to_asking_again(client, stranger, reviewer):
    sign_in(client, stranger)
    client.post("/account/credit/", form(client))
    asked = CreditRequest.objects.get()
    path = f"/account/credit/{asked.pk}/"
    assert client.get(f"{path}withdraw/").status_code == 405

    client.post(f"{path}withdraw/")
    again = client.post(f"{path}withdraw/", follow=True)

    assert "was withdrawn already" in again.content.decode()
    assert Customer.objects.get().credit_state == "none"
    client.post("/account/credit/", form(client, key="another-key-of-a-page-of-its-own"))
    second = CreditRequest.objects.get(state="open")
    credit_requests.close(request=second, reason="Unverified address.", by=reviewer, now=timezone.now())
    page = words(client.get(f"/account/credit/{second.pk}/"))
    assert "Buying on account is closed" in page and "Unverified address." in page and "Ask again" in page
    account = words(client.get("/account/"))
    assert "Nothing new goes on account." in account and "Unverified address." in account


def test_a_file_that_is_not_what_it_says_is_refused_and_a_good_one_is_kept_closed(client, stranger, customer):
    sign_in(client, stranger)
    refused = client.post("/account/credit/", form(client, papers=[SimpleUploadedFile("a.pdf", b"GIF89a;%PDF-1.4")]))
    assert refused.status_code == 422 and "is not a whole PDF, PNG, JPEG or HEIC file" in refused.content.decode()
    assert 'value="Delta Makerspace Society"' in refused.content.decode() and not Customer.objects.exists()
    large = [SimpleUploadedFile("large.pdf", b"%PDF-1.4" + bytes(10 * 1024 * 1024))]
    assert (
        "large.pdf is larger than 10 MB" in client.post("/account/credit/", form(client, papers=large)).content.decode()
    )
    many = [SimpleUploadedFile(f"{number}.pdf", b"%PDF-1.4") for number in range(6)]
    assert "5 files at most" in client.post("/account/credit/", form(client, papers=many)).content.decode()

    client.post("/account/credit/", form(client, papers=[SimpleUploadedFile("refs.exe", PNG)]))

    kept = PrivateFile.objects.get()
    assert (kept.name, kept.content_type, kept.credit_request.by) == ("refs.png", "image/png", stranger)
    again = client.get("/account/credit/")
    assert again.headers["Location"] == f"/account/credit/{kept.credit_request_id}/", "asked already: its page"
    page = client.get(again.headers["Location"]).content.decode()
    assert "refs.png" in page and client.get(re.search(r'href="(\S+)">refs.png', page)[1]).content == PNG


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-18T12:00", "2026-11-18T17:00"),  # Wednesday, before ten in Edmonton
        ("2026-11-18T17:00", "2026-11-19T17:00"),  # the hour itself has come
        ("2026-11-20T18:00", "2026-11-23T17:00"),  # Friday evening: Monday
        ("2026-03-06T18:00", "2026-03-09T16:00"),  # summer time began in between
    ],
)
def test_the_next_review_is_at_the_hour_of_the_rules_on_a_working_day_of_the_seller(now, then):
    moment, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, then))
    assert next_review(moment) == expected
