"""U19, U21, S37, R38: paying and cards as people meet them, without a script."""

import re
from html import unescape

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from billing.actions.new_links import make_link
from billing.choices import CardSetupState, PaymentState
from billing.gateways import keys
from billing.gateways.sandbox import bank
from billing.models import Card, CardSetup, Customer, Payment, SandboxObject, Subscription
from tests.billing.money import ASKS_ALWAYS, DECLINED, GOOD, make_open_invoice, work
from tests.factories.accounts import make_person
from tests.factories.billing import make_customer, make_plan

pytestmark = pytest.mark.django_db


def typed(number: str = GOOD, **more) -> dict:
    year = timezone.now().year % 100 + 2
    return {"number": number, "expiry": f"08 / {year}", "cvc": "123", "email": "ap@school.example", "key": "k", **more}


@pytest.fixture
def link(invoice) -> str:
    """The address of the pay page behind a private link."""
    token = make_link(invoice=invoice, email="ap@school.example", now=timezone.now()).rstrip("/").rpartition("/")[2]
    return f"/pay/link/{token}/"


def words(response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_whoever_has_the_link_pays_without_an_account(client, invoice, link):
    page = client.get(link)
    assert page.status_code == 200
    assert "Pay $1,284.00" in words(page)
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"

    answer = client.post(link, typed(keep="on"))

    assert answer.status_code == 302
    assert answer.url.startswith("/i/") and answer.url.endswith("?answer=succeeded#main")
    invoice.refresh_from_db()
    payment = Payment.objects.get()
    assert (invoice.due, payment.receipt_email, payment.link.invoice, payment.by) == (
        0,
        "ap@school.example",
        invoice,
        None,
    )
    assert Card.objects.get().customer == invoice.customer
    assert client.get("/account/cards/").status_code == 302  # S37: it signs nobody in
    assert "Nothing is due" in words(client.get(link))


def test_U19_a_declined_card_comes_back_with_every_fact_the_focus_and_all_that_was_typed(client, invoice, link):
    answer = client.post(link, typed(DECLINED, keep="on", email="other@school.example"))

    assert answer.url.endswith("?answer=failed#declined")
    page = client.get(answer.url.partition("#")[0])
    said = words(page)
    for word in (
        "Your bank declined the card. Nothing was charged.", "Visa credit ending 0002", "$1,284.00 USD", "Tried",
        "Give your bank", "What usually fixes it", "We are in Canada", "Pay $1,284.00",
    ):  # fmt: skip
        assert word in said, word
    html = page.content.decode()
    assert '<section class="card pay' in html and 'id="declined"' in html and "autofocus" in html
    assert 'value="other@school.example"' in html
    assert re.search(r'name="keep"[^>]*checked', html)
    assert DECLINED not in html and 'value="123"' not in html
    assert page.context["panel"].form["key"].value() != "k"


@pytest.mark.parametrize("seen", ["12840", "1", "-5", "1e5", "x", "\u0661"])
def test_S30_another_sum_than_the_payer_saw_is_not_charged(client, invoice, link, seen):
    assert 'name="due" value="128400"' in client.get(link).content.decode()

    answer = client.post(link, typed(due=seen))

    assert answer.status_code == 422
    assert "The sum has changed since you opened this page: $1,284.00 is due now. Nothing was charged." in words(answer)
    assert 'name="due" value="128400"' in answer.content.decode()
    assert Payment.objects.count() == 0
    assert client.post(link, typed(due="128400")).status_code == 302
    assert Payment.objects.get().amount == 128_400
    assert "08/" not in words(client.get(link.replace("/pay/link/", "/i/")))  # no more of the card than its end


def test_S37_nobody_sees_the_address_that_another_payer_of_the_same_invoice_typed(client, invoice, link):
    client.post(link, typed(DECLINED, email="private@school.example"))
    other = make_link(invoice=invoice, email="boss@school.example", now=timezone.now()).rstrip("/").rpartition("/")[2]

    html = client.get(f"/pay/link/{other}/").content.decode()

    assert "Pay $1,284.00" in html
    assert "private@school.example" not in html


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"number": ""}, "number", "Enter the number"),
        ({"number": "4111 1111 1111 1111"}, "number", "Use one of the published test cards"),
        ({"number": "4242424242424241"}, "number", "The card number is not right."),
        ({"number": "' or 1=1 --"}, "number", "12 to 19 digits"),
        ({"number": "4242٤٢٤٢42424242"}, "number", "12 to 19 digits"),
        ({"number": "4" * 10_000}, "number", "at most 40"),
        ({"expiry": "13 / 30"}, "expiry", "month and year"),
        ({"expiry": "01 / 20"}, "expiry", "has expired"),
        ({"cvc": "12"}, "cvc", "3 digits"),
        ({"cvc": "1234"}, "cvc", "security code is not valid"),
        ({"email": "not an address"}, "email", "valid email"),
        ({"email": "a\x00b@school.example"}, "email", "Null characters"),
    ],
)
def test_U27_what_is_wrong_stands_at_its_field_and_nothing_is_charged(client, link, changes, field, said):
    answer = client.post(link, typed(**{"email": "kept@school.example", **changes}))

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in html and "There is a problem" in html
    assert said in unescape(html)
    assert f'id="pay_{field}-error"' in html and 'aria-invalid="true"' in html
    if field != "email":
        assert 'value="kept@school.example"' in html
    assert GOOD not in html and 'value="123"' not in html
    assert (Payment.objects.count(), SandboxObject.objects.filter(kind="payment_intent").count()) == (0, 0)


def test_U29_an_address_that_opens_nothing_pays_nothing(client, link):
    assert client.post("/pay/link/guessed/", typed()).url == "/i/guessed/"
    assert client.post(link.replace(link[10:14], "AAAA"), typed()).status_code == 302
    assert client.get("/pay/payment/1/").status_code == client.get("/pay/payment/1:x/").status_code == 404
    assert client.get("/sandbox/3ds/pi_nothing/").status_code == client.get("/sandbox/3ds/evt_1/").status_code == 404
    assert Payment.objects.count() == 0


def test_cards_cannot_be_tested_through_a_link(client, link):
    """B5: ten tries an hour for an invoice, then 429 with a way on; nothing is asked of the provider any more."""
    answers = [client.post(link, typed(DECLINED, key=f"k{number}")).status_code for number in range(12)]

    assert answers == [302] * 10 + [429] * 2
    page = client.post(link, typed())
    assert "pay by bank transfer" in words(page) and int(page.headers["Retry-After"]) > 0
    assert Payment.objects.count() == 10


def test_a_bank_that_asks_is_answered_on_its_own_page_and_the_payer_comes_back(client, invoice, link):
    answer = client.post(link, typed(ASKS_ALWAYS))
    waiting = answer.url
    assert waiting.startswith("/pay/payment/")
    page = client.get(waiting)
    payment = Payment.objects.get()
    assert payment.next_url in page.content.decode() and "Answer my bank" in words(page)
    assert link.split("/")[3] not in str(payment.request) + payment.return_to  # the private link stays in the browser

    question = client.get(payment.next_url)
    assert "Is this you?" in words(question) and "$1,284.00" in words(question)
    assert client.post(payment.next_url, {"answer": "perhaps"}).status_code == 422
    back = client.post(payment.next_url, {"answer": "yes"}).url
    assert back.startswith("/pay/payment/") and "payment_intent=pi_" in back
    assert "We are waiting for your bank" in words(client.get(back))
    work()

    done = client.get(waiting)
    assert done.url.startswith("/i/") and "answer=succeeded" in done.url
    assert client.post(payment.next_url, {"answer": "no"}).status_code == 302
    invoice.refresh_from_db()
    assert invoice.due == 0


def test_another_browser_sees_what_became_of_it_and_nothing_else(client, django_client, invoice, link):
    waiting = client.post(link, typed(ASKS_ALWAYS)).url
    bank.answer(Payment.objects.get().provider_id, is_approved=False)
    work()

    page = django_client().get(waiting)

    assert page.status_code == 200
    assert "Your bank wants to know that it is you. Nothing was charged." in words(page)
    assert link.split("/")[3] not in page.content.decode()


def test_waiting_is_given_up_for_another_card(client, invoice, link):
    waiting = client.post(link, typed(ASKS_ALWAYS)).url
    assert "A payment of this invoice is on its way" in words(client.get(link))
    assert client.get(f"{waiting}give-up/").status_code == 405

    assert client.post(f"{waiting}give-up/").url.endswith("#pay")

    assert Payment.objects.get().state == PaymentState.CANCELLED
    assert client.post(link, typed(key="other")).url.endswith("?answer=succeeded#main")


def test_a_get_of_any_of_it_changes_nothing(client, invoice, link):
    waiting = client.post(link, typed(ASKS_ALWAYS)).url
    before = (Payment.objects.values().get(), SandboxObject.objects.count())

    for address in (link, waiting, Payment.objects.get().next_url):
        for _ in range(3):
            assert client.get(address).status_code == client.head(address).status_code == 200

    assert (Payment.objects.values().get(), SandboxObject.objects.count()) == before


@pytest.fixture
def owner(client) -> Customer:
    """A customer who is signed in."""
    customer = make_customer(person=make_person(name="Cara"))
    client.force_login(customer.person)
    return customer


def add(client, customer: Customer, number: str = GOOD, query: str = "", **more):
    return client.post(f"/account/cards/add/{customer.pk}/{query}", typed(number, is_for_renewals="on", **more))


def test_R38_U21_a_card_is_changed_in_two_clicks_and_the_old_one_is_gone_everywhere(client, owner):
    first = client.get(add(client, owner).url, follow=True)
    assert "Visa credit ending 4242" in words(first) and "is kept" in words(first) and "Pays renewals" in words(first)
    old = Card.objects.get()

    change = re.search(r'href="([^"]+instead=\d+)"', client.get("/account/cards/").content.decode())[1]
    page = client.get(change)
    assert "It takes the place of Visa credit ending 4242" in words(page)
    shown = client.get(client.post(change, typed("5555555555554444", is_for_renewals="on", key="two")).url, follow=True)

    assert "Mastercard credit ending 4444" in words(shown)
    assert "4242" not in words(client.get("/account/cards/"))
    old.refresh_from_db()
    assert (old.is_default, bool(old.removed_at), Card.objects.get(is_default=True).last4) == (False, True, "4444")
    invoice = make_open_invoice(customer=owner)
    assert "ending 4242" not in words(client.get(f"/pay/invoice/{invoice.number}/"))
    work()
    old.refresh_from_db()
    assert old.detached_at
    assert SandboxObject.objects.get(key=old.provider_id).body["customer"] is None


def test_R38_removing_says_which_renewals_it_pays_and_who_pays_them_then(client, owner):
    add(client, owner, "5555555555554444")
    add(client, owner, key="two")
    plan = make_plan()
    price = plan.prices.first()
    today = timezone.now().date()
    Subscription.objects.create(
        customer=owner, product=plan, price=price, period="monthly", anchor_day=1, period_starts_on=today,
        period_ends_on=today.replace(year=today.year + 1), started_at=timezone.now(),
    )  # fmt: skip
    card = Card.objects.get(is_default=True)
    assert card.last4 == "4242"

    page = words(client.get(f"/account/cards/{card.pk}/remove/"))
    assert plan.name in page and "Mastercard credit ending 4444" in page and "pays them" in page
    client.post(f"/account/cards/{card.pk}/remove/")
    client.post(f"/account/cards/{card.pk}/remove/")

    assert Card.objects.get(is_default=True).last4 == "4444"
    work()
    card.refresh_from_db()
    assert card.detached_at


def test_a_card_is_chosen_for_renewals(client, owner):
    add(client, owner)
    add(client, owner, "5555555555554444", key="two")
    other = Card.objects.get(is_default=False)

    client.post(f"/account/cards/{other.pk}/choose/")

    assert Card.objects.get(is_default=True) == other


def test_a_card_that_the_bank_refuses_is_not_kept_and_says_why(client, owner):
    page = client.get(add(client, owner, DECLINED).url, follow=True)
    assert "Declined by your bank. The card was not kept." in words(page)
    asked = client.get(add(client, owner, ASKS_ALWAYS, key="two").url)
    assert "Your bank wants to know that it is you" in words(asked)
    row = CardSetup.objects.get(state=CardSetupState.ACTION_NEEDED)
    bank.answer(row.provider_id, is_approved=False)
    work()

    page = client.get(
        f"/account/cards/waiting/{asked.request['PATH_INFO'].rstrip('/').rpartition('/')[2]}/", follow=True
    )

    assert "The card was not kept" in words(page)
    assert Card.objects.count() == 0


def test_S22_somebody_elses_cards_and_invoices_are_not_there(client, django_client, owner, stranger):
    add(client, owner)
    card, invoice = Card.objects.get(), make_open_invoice(customer=owner)
    other = django_client()
    other.force_login(stranger)

    for address in (
        f"/account/cards/{card.pk}/remove/", f"/account/cards/add/{owner.pk}/", f"/pay/invoice/{invoice.number}/",
    ):  # fmt: skip
        assert other.get(address).status_code == other.post(address, typed()).status_code == 404
    assert other.post(f"/account/cards/{card.pk}/choose/").status_code == 404
    huge = 10**30
    for address in (f"/account/cards/{huge}/remove/", f"/account/cards/add/{huge}/", "/pay/invoice/INV-%00/"):
        assert client.get(address).status_code == 404
    assert Card.objects.filter(removed_at__isnull=True).count() == 1


def test_a_kept_card_pays_with_one_click_and_only_for_its_owner(client, owner, link, invoice):
    add(client, owner)
    mine = make_open_invoice(customer=owner)
    card = Card.objects.get()

    page = client.get(f"/pay/invoice/{mine.number}/")
    assert "Visa credit ending 4242" in words(page)
    assert "Visa credit ending 4242" not in words(client.get(link))
    answer = client.post(f"/pay/invoice/{mine.number}/", {"which": card.pk, "key": "k"})

    assert "answer=succeeded" in answer.url
    payment = Payment.objects.get()
    assert (payment.card, payment.by, payment.invoice) == (card, owner.person, mine)
    assert client.post(link, {"which": card.pk, "key": "k2"}).status_code == 422


def test_keys_that_do_not_fit_together_stop_the_start(settings):
    wrong = [
        {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_PUBLISHABLE_KEY": "pk_live_x", "STRIPE_SANDBOX": True,
         "STRIPE_WEBHOOK_SECRET": "whsec_x"},
        {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_PUBLISHABLE_KEY": "pk_live_x"},
        {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_PUBLISHABLE_KEY": "pk_test_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"},
        {"STRIPE_SECRET_KEY": "sk_test_x"},
        {"STRIPE_PUBLISHABLE_KEY": "pk_live_x"},
        {"STRIPE_SECRET_KEY": "whsec_x"},
        {"STRIPE_SECRET_KEY": "sk_test_x", "STRIPE_PUBLISHABLE_KEY": "sk_test_x"},
    ]  # fmt: skip
    names = ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET")
    for one in wrong:
        for name in names:
            setattr(settings, name, one.get(name, ""))
        settings.STRIPE_SANDBOX = one.get("STRIPE_SANDBOX", False)
        with pytest.raises(ImproperlyConfigured):
            keys.refuse_to_start_wrongly()
    for mode in ("live", "test"):
        settings.STRIPE_SANDBOX = False
        settings.STRIPE_SECRET_KEY, settings.STRIPE_PUBLISHABLE_KEY = f"sk_{mode}_x", f"pk_{mode}_x"
        settings.STRIPE_WEBHOOK_SECRET = "whsec_x"
        keys.refuse_to_start_wrongly()


def test_with_keys_numbers_never_come_here_and_only_then_stripes_script_may_load(client, invoice, link, settings):
    assert "stripe.com" not in client.get(link).headers["Content-Security-Policy"]
    settings.STRIPE_SECRET_KEY, settings.STRIPE_PUBLISHABLE_KEY = "sk_test_x", "pk_test_x"

    page = client.get(link)
    html, policy = page.content.decode(), page.headers["Content-Security-Policy"]

    assert 'data-stripe="pk_test_x"' in html and "https://js.stripe.com/dahlia/stripe.js" in html
    for name in ("number", "expiry", "cvc"):
        assert f'name="{name}"' not in html
    assert "script-src 'self' https://js.stripe.com" in policy
    assert "frame-src https://js.stripe.com https://hooks.stripe.com" in policy
    assert "connect-src 'self' https://api.stripe.com" in policy
    assert "sk_test_x" not in html and "SANDBOX" not in html
    for token in ("", "tok_1", "pm_x'; drop", "ctoken_<b>", "pi_12345678901"):
        assert client.post(link, {"card_token": token, "number": GOOD}).status_code == 422
    again = client.post(link, {"card_token": "ctoken_12345678901", "due": "1"})  # another card may be typed now
    assert again.status_code == 422 and "ctoken_12345678901" not in again.content.decode()
    assert "stripe.com" not in client.get("/store/").headers["Content-Security-Policy"]
    assert client.get("/sandbox/3ds/pi_1/").status_code == 404
