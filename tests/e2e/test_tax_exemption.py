"""A tax certificate in a real browser: chosen, applied within the same page, checked, read (R28, U22, U53)."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from billing.actions import certificates
from billing.actions.certificates import Sent
from billing.choices import CertificateKind
from billing.models import Certificate, Order
from tests.billing.file_samples import PDF
from tests.e2e.conftest import Screen, Visit
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.billing import make_customer, make_goods, make_seller, make_tax
from tests.factories.tickets import make_mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FORM = {"name": "exempt-2027.pdf", "mimeType": "application/pdf", "buffer": PDF}


@pytest.fixture
def dana(transactional_db):
    """Who buys for a school in Ohio, with a kit for $100.00 in the store and 5.75 % of tax."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller()
    make_tax(57_500, "Ohio sales tax")
    school = make_organisation(name="Lakeview School District")
    make_customer(organisation=school, name="Lakeview School District", region="OH")
    return make_member(organisation=school, email="dana@lakeview.example", name="Dana Whitfield")


def fill_cart(screen: Screen) -> None:
    price = make_goods(10_000, name="Starter robot kit")
    screen.open(f"/store/{price.product.slug}/")
    screen.page.get_by_role("button", name="Put into the cart").click()
    expect(screen.page.get_by_role("heading", name="Your cart")).to_be_visible()


def test_U22_at_the_checkout_the_tax_is_gone_in_the_same_page_and_the_order_stands_without_it(visit: Visit, dana):
    screen = visit(dana)
    page = screen.page
    fill_cart(screen)
    page.get_by_role("button", name="Go to the checkout").click()
    page.get_by_label("Your purchase order number").fill("PO 2027-5")
    expect(page.get_by_role("button", name="Order for $105.75")).to_be_visible()
    page.get_by_role("heading", name="Tax exempt?").click()
    page.get_by_role("button", name="Upload and apply now").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a PDF, PNG, JPEG or HEIC up to 10 MB")

    page.get_by_label("Certificate", exact=True).set_input_files([FORM])
    page.get_by_role("button", name="Upload and apply now").click()

    expect(page.get_by_role("status")).to_contain_text("You pay no tax in Ohio")
    expect(page.get_by_label("Your purchase order number")).to_have_value("PO 2027-5")
    page.get_by_role("button", name="Order for $100.00").click()
    expect(page.get_by_role("heading", name="We have your order")).to_be_visible()
    reference = Certificate.objects.get().reference
    expect(page.get_by_text(f"Exempt: certificate {reference} for Ohio")).to_be_visible()
    assert Order.objects.get().tax == 0


def test_U53_without_script_it_is_uploaded_from_the_cart_and_taken_back_on_its_own_page(visit: Visit, dana):
    screen = visit(dana, script=False)
    page = screen.page
    fill_cart(screen)
    page.get_by_role("link", name="Upload certificate").click()
    page.get_by_label("Certificate", exact=True).set_input_files([FORM])
    expect(page.get_by_label("State or province")).to_have_value("US-OH")
    page.get_by_label("Number of the exemption").fill("OH 12-345")
    page.get_by_role("button", name="Upload and apply now").click()

    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    expect(page.get_by_text(re.compile("Exempt: certificate TX-"))).to_be_visible()
    screen.open("/account/")
    expect(page.get_by_text("Active now")).to_be_visible()
    page.get_by_role("link", name=Certificate.objects.get().reference).click()
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("exempt-2027.pdf")).click()
    assert started.value.suggested_filename == "exempt-2027.pdf"
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", name="This certificate does not count any more")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_every_screen_about_certificates_in_four_looks(visit: Visit, dana, width, scheme):
    screen, now = visit(dana, width=width, scheme=scheme), timezone.now()
    customer, reviewer = dana.memberships.get().organisation.customer, make_staff(Role.REVIEWER)
    fill_cart(screen)
    pages = {"cart": "/cart/", "checkout": "/checkout/", "new": "/account/certificates/new/"}
    for name, address in pages.items():
        screen.open(address)
        if name == "checkout":
            screen.page.get_by_role("heading", name="Tax exempt?").click()
        if name == "new":
            screen.page.get_by_role("button", name="Upload and apply now").click()
            expect(screen.page.get_by_role("alert")).to_be_visible()
        look(screen, f"tax-{name}-{width}-{scheme}")
    made = []
    for region in ("OH", "TX", "NY"):
        made.append(certificates.upload(
            customer=customer, kind=CertificateKind.US_STATE, country="US", region=region, purchaser=customer.name,
            number="12-345", ground="M", file=Sent(PDF, f"exempt-{region}.pdf"), by=dana, key=region, now=now,
        ))  # fmt: skip
    certificates.approve(
        certificate=made[1], valid_until=now.date().replace(year=now.year + 4, day=1), by=reviewer, now=now
    )
    reason = "The name on the form is another one than that of the account."
    certificates.reject(certificate=made[2], reason=reason, by=reviewer, now=now)
    for name, address in {
        "account": "/account/", "open": f"/account/certificates/{made[0].pk}/",
        "refused": f"/account/certificates/{made[2].pk}/", "all": f"/account/{customer.pk}/certificates/",
    }.items():  # fmt: skip
        screen.open(address)
        look(screen, f"tax-{name}-{width}-{scheme}")
    staff = visit(make_staff(Role.ADMIN), width=width, scheme=scheme)
    staff.open("/settings/certificates/")
    look(staff, f"tax-rules-{width}-{scheme}")


def look(screen: Screen, name: str) -> None:
    screen.picture(name, full_page=True)
    assert (screen.axe(), screen.sideways()) == ([], []), name
