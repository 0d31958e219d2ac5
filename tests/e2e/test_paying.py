"""Paying in a browser: four cards that are refused and why, a bank's question, cards on file (U19, U21, U53, U44)."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.choices import Role
from billing.actions.money_tasks import open_task
from billing.actions.new_links import make_link
from billing.actions.pay import waiting_page
from billing.choices import MoneyTaskKind
from billing.models import Card, Dispute, Payment
from tests.billing.money import ASKS_ALWAYS, GOOD, make_open_invoice, pay_with, work
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import make_customer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]
REFUSED = {
    "4000000000000002": "did not tell us why",
    "4000000000009995": "not enough funds",
    "4000000000009987": "did not tell us why",  # lost: the payer is told what a bank says that gives no reason
    "4000000000000069": "has expired",
}


def path_to(invoice) -> str:
    address = make_link(invoice=invoice, email="ap@school.example", now=timezone.now())
    return "/" + address.split("/", 3)[3]


def type_card(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill(f"08/{timezone.now().year % 100 + 2}")
    page.get_by_label("Security code").fill("123")


def pay_by_card(page: Page, number: str, button: str = "Pay $1,284.00") -> None:
    type_card(page, number)
    page.get_by_role("button", name=button, exact=True).click()


def test_U19_four_cards_are_refused_and_the_fifth_pays(visit):
    """With a script; the focus lands on why, and the receipt's address stays."""
    invoice = make_open_invoice()
    screen = visit()
    screen.open(path_to(invoice))
    screen.page.get_by_label("Email for the receipt").fill("boss@school.example")

    for number, why in REFUSED.items():
        pay_by_card(screen.page, number)
        panel = screen.page.locator("#declined")
        expect(panel).to_contain_text(why)
        expect(panel).to_contain_text(f"ending {number[-4:]}")
        expect(panel).to_contain_text("We are in Canada")
        expect(panel).to_be_focused()
        expect(screen.page.get_by_label("Email for the receipt")).to_have_value("boss@school.example")
        expect(screen.page.get_by_label("Card number")).to_have_value("")
    pay_by_card(screen.page, GOOD)

    expect(screen.page.get_by_role("complementary").get_by_role("heading", name="Paid")).to_be_visible()
    assert Payment.objects.filter(state="succeeded").get().receipt_email == "boss@school.example"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_U53_a_bank_asks_and_its_customer_comes_back_to_a_paid_invoice(visit, script):
    invoice = make_open_invoice()
    screen = visit(script=script)
    screen.open(path_to(invoice))

    pay_by_card(screen.page, ASKS_ALWAYS)
    expect(screen.page.get_by_role("heading", name="Is this you?")).to_be_visible()
    screen.page.get_by_role("button", name="Yes, approve it").click()
    expect(screen.page.get_by_role("heading", name="We are waiting for your bank")).to_be_visible()
    work()

    if not script:
        screen.page.get_by_role("link", name="Look again").click()
    expect(screen.page.get_by_role("heading", name=invoice.number)).to_be_visible()
    invoice.refresh_from_db()
    assert invoice.due == 0


def test_U21_a_card_is_changed_in_two_clicks(visit):
    customer = make_customer(person=make_person(name="Cara"))
    kept = pay_with(make_open_invoice(customer=customer), keep_card=True).card
    screen = visit(customer.person)
    screen.open("/account/cards/")

    screen.page.get_by_role("link", name="Change").click()
    type_card(screen.page, "5555555555554444")
    screen.page.get_by_role("button", name="Keep this card").click()

    expect(screen.page.get_by_text("Mastercard credit ending 4444").first).to_be_visible()
    expect(screen.page.get_by_text("ending 4242")).to_have_count(0)
    kept.refresh_from_db()
    assert kept.removed_at


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_U44_every_page_of_paying_is_sound_in_every_look(visit, width, scheme):
    customer = make_customer(person=make_person(name="Cara"))
    pay_with(make_open_invoice(customer=customer), keep_card=True)
    refused, waiting = make_open_invoice(customer=customer), make_open_invoice(customer=customer)
    pay_with(refused, "4000000000009995")
    asked = pay_with(waiting, ASKS_ALWAYS)
    disputed = pay_with(make_open_invoice(customer=customer), "4000000000000259")
    work(minutes=1)
    open_task(
        kind=MoneyTaskKind.REFUND_FAILED, key="k", words="The refund of $40.00 came back.", payment=disputed,
        now=timezone.now(),
    )  # fmt: skip
    card = Card.objects.get()
    payer, staff = visit(customer.person, width=width, scheme=scheme), visit(
        make_staff(Role.REVIEWER), width=width, scheme=scheme
    )  # fmt: skip
    assert Dispute.objects.count() == 1
    pages = {
        "pay-declined": f"/pay/invoice/{refused.number}/?answer=failed", "pay-errors": "", "cards": "/account/cards/",
        "card-add": f"/account/cards/add/{customer.pk}/?instead={card.pk}",
        "card-remove": f"/account/cards/{card.pk}/remove/", "bank": asked.next_url,
        "waiting": f"{waiting_page(asked)}?looked=1",
    }  # fmt: skip
    for name, path in pages.items():
        if path:
            payer.open(path)
        else:
            payer.page.get_by_label("Another card").check()
            payer.page.get_by_role("button", name="Pay $1,284.00", exact=True).click()
            expect(payer.page.get_by_role("heading", name="There is a problem")).to_be_visible()
        assert payer.axe() == [], name
        assert payer.sideways() == [], name
        payer.picture(f"{name}-{width}-{scheme}", full_page=True)
    staff.open("/money/")
    assert (staff.axe(), staff.sideways()) == ([], [])
    staff.picture(f"money-tasks-{width}-{scheme}", full_page=True)
