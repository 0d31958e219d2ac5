"""Buying on account in a browser: from the cart to an order that waits, and what its customer reads (U23, U27, U53)."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from billing.actions import credit_requests
from billing.models import CreditRequest, Customer, Order
from selfservice.review_time import review_words
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_member, make_organisation, make_person, make_staff
from tests.factories.billing import make_customer, make_goods
from tests.factories.invoices import make_seller
from tests.factories.tickets import make_mailbox
from tests.selfservice.test_credit import WHOLE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def dana(transactional_db):
    """Buys for a school that has an address with us and never bought on account."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller()
    school = make_organisation(name="Delta Makerspace")
    make_customer(organisation=school, name="Delta Makerspace")
    return make_member(organisation=school, name="Tomás Rivera", email="tomas@delta.example")


def fill(page: Page, **changes: str) -> None:
    """Type the whole form, as a person would."""
    for name, text in (WHOLE | changes).items():
        fields = page.locator(f"[name={name}]")
        kind = fields.first.evaluate("field => field.type")
        if kind in ("checkbox", "radio"):
            page.locator(f"[name={name}][value='{text}'], [name={name}]:not([value])").first.check()
        elif kind == "select-one":
            fields.select_option(text)
        else:
            fields.fill(text)


def test_U23_U53_without_script_from_the_cart_to_a_limit_and_an_order_that_waits(visit: Visit, dana):
    kit, arm = make_goods(24_900, name="Starter kit", slug="kit"), make_goods(70_000, name="Robot arm", slug="arm")
    screen = visit(dana, script=False)
    page = screen.page
    screen.open(f"/store/{kit.product.slug}/")
    page.get_by_role("button", name="Put into the cart").click()
    page.get_by_role("link", name="Apply to pay on account").click()

    fill(page, reference3_phone="", signature="Somebody Else")
    page.get_by_role("button", name="Sign and send").click()

    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("link", name="Enter the phone number of the third reference")).to_be_visible()
    expect(page.get_by_role("link", name="Type your name as above to sign: Tomás Rivera")).to_be_visible()
    expect(page.get_by_label("Legal name")).to_have_value("Delta Makerspace Society")
    expect(page.locator("[name=limit]")).to_have_value("$5,000")
    assert not CreditRequest.objects.exists()
    page.locator("[name=reference3_phone]").fill("614 555 0123")
    page.locator("[name=signature]").fill("Tomás Rivera")
    page.get_by_role("button", name="Sign and send").click()

    expect(page.get_by_role("heading", name="You can buy on account now")).to_be_visible()
    page.get_by_role("link", name="Order on account").click()
    expect(page.get_by_label("On account")).to_be_checked()
    page.get_by_role("button", name="Order for $249.00").click()
    expect(page.get_by_text("Nothing waits for it.")).to_be_visible()

    screen.open(f"/store/{arm.product.slug}/")
    page.get_by_role("button", name="Put into the cart").click()
    page.get_by_label("On account").check()
    page.get_by_role("button", name="Go to the checkout").click()
    page.get_by_role("button", name="Order for $700.00").click()

    expect(page.get_by_text("Held until your credit limit is approved")).to_be_visible()
    expect(page.get_by_text(f"A person decides on {review_words(timezone.now())}")).to_be_visible()
    assert Order.objects.count() == 2 and Customer.objects.get().credit_limit == 50_000
    asked = CreditRequest.objects.get()
    assert (asked.origin, asked.order) == ("form", Order.objects.latest("pk"))

    credit_requests.raise_limit(request=asked, limit=500_000, by=make_staff("reviewer"), now=timezone.now())
    page.reload()
    expect(page.get_by_text("It leaves within two working days.")).to_be_visible()
    expect(page.get_by_text("Held until your credit limit is approved")).to_have_count(0)


def test_the_pages_of_credit_in_four_looks(visit: Visit, dana):
    reviewer, newcomer = make_staff("reviewer"), make_person(name="Nadia Kurt")
    customer = Customer.objects.get()
    asked = credit_requests.apply(
        customer=customer, answers={**WHOLE, "limit": 500_000, "monthly": 40_000}, by=dana, address_from="203.0.113.9",
        key="form:four-looks", now=timezone.now(),
    )  # fmt: skip
    for width, scheme in LOOKS:
        screen = visit(dana, width=width, scheme=scheme)
        for path in (f"/account/credit/{asked.pk}/", "/account/"):
            screen.open(path)
            assert screen.axe() == [] and screen.sideways() == [], (path, width, scheme)
        screen = visit(newcomer, width=width, scheme=scheme)
        screen.open("/account/credit/")
        assert screen.axe() == [] and screen.sideways() == [], (width, scheme)
        screen.page.get_by_role("button", name="Sign and send").click()
        expect(screen.page.get_by_role("heading", name="There is a problem")).to_be_visible()
        screen.page.wait_for_load_state("load")
        assert "There is a problem" in screen.page.evaluate("document.activeElement.innerText")
        assert screen.axe() == [] and screen.sideways() == [], (width, scheme)
        if (width, scheme) == LOOKS[1]:
            credit_requests.keep(request=asked, reason="One more reference.", by=reviewer, now=timezone.now())
