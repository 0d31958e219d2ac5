"""Buying in a real browser: no login until the checkout, no script if need be; each screen in four looks."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Person
from billing.actions import catalogue, coupons, shipments
from billing.choices import CouponUse, Period, ProductKind
from billing.models import Order, Product
from mail.models import OutgoingMail
from tests.e2e.company import Company
from tests.e2e.conftest import Screen, Visit
from tests.factories.billing import make_seller, make_tax

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


def sell(by: Person, kind: ProductKind, name: str, prices: catalogue.Prices, **words) -> Product:
    """Something in the store, put there as an admin does."""
    now = timezone.now()
    said = catalogue.Words(name=name, summary=f"{name}, in a line.", info_text="More about it.", **words)
    product = catalogue.create_product(kind=kind, words=said, by=by, now=now)
    catalogue.set_prices(product=product, prices=prices, by=by, now=now)
    return catalogue.publish(product=product, by=by, now=now)


@pytest.fixture
def store(company: Company) -> Company:
    """A robot for $249.00, lessons for $24 a month or $240 a year, and $100 off a first order."""
    make_seller(shipping_amount=1_800)
    make_tax(57_500, "Ohio sales tax")
    sell(company.maya, ProductKind.GOODS, "Starter robot kit", {(Period.ONCE, None): 24_900})
    sizes = {(Period.MONTHLY, 5): 2_400, (Period.YEARLY, 5): 24_000, (Period.MONTHLY, 10): 4_400,
             (Period.YEARLY, 10): 44_000}  # fmt: skip
    sell(company.maya, ProductKind.PLAN, "Classroom software", sizes)
    terms = coupons.Terms(
        name="$100 off your first order", use=CouponUse.ONCE_A_CUSTOMER, currency="USD", starts_at=timezone.now(),
        amount_off=10_000, is_first_order_only=True, fallback_minutes=120, fallback_after_days=30,
    )  # fmt: skip
    coupons.create_coupon(code="WELCOME100", terms=terms, by=company.maya, now=timezone.now())
    return company


def fill_cart(page: Page, address: str) -> None:
    """A year of lessons and two robots, with the coupon."""
    page.goto(f"{address}/store/")
    page.get_by_role("link", name=re.compile("Choose.*Classroom software")).click()
    page.get_by_role("group", name="Up to 5 displays").get_by_label("$240.00 a year, paid now").check()
    page.get_by_role("button", name="Put into the cart").click()
    page.get_by_role("link", name="Store", exact=True).click()
    page.get_by_role("link", name=re.compile("Choose.*Starter robot kit")).click()
    page.get_by_label("How many?").fill("2")
    page.get_by_role("button", name="Put into the cart").click()
    page.get_by_role("textbox", name="Coupon").fill("welcome100")
    page.get_by_role("button", name="Use it").click()


def sign_in_by_code(page: Page, email: str) -> None:
    """The way of somebody who never had a password: an address, and the code that is mailed there."""
    page.get_by_label("Mail address").fill(email)
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(re.compile("/sign-in/code/"))
    mail = OutgoingMail.objects.filter(to_address=email).latest("pk")
    code = re.search(r"^ {4}(\S.*\S)$", mail.text, re.MULTILINE)
    assert code is not None
    page.get_by_label("Code").fill(code[1])
    page.locator("main button.primary").click()


@pytest.mark.parametrize("script", [True, False])
def test_U53_a_yearly_plan_is_bought_with_a_coupon_by_somebody_new(visit: Visit, store: Company, script: bool):
    """Issue 4, done when: a clean browser buys with a yearly plan and a coupon; the cart comes along (U28, U53)."""
    screen = visit(script=script)
    page = screen.page

    fill_cart(page, screen.address)
    expect(page.get_by_text("−$100.00")).to_be_visible()
    expect(page.locator(".total")).to_have_text("$656.00")
    expect(page.get_by_text("Your bank may add an international fee")).to_be_visible()
    page.get_by_label("Bank transfer").check()
    expect(page.get_by_text("Your bank may add an international fee")).to_be_hidden()
    page.get_by_role("button", name="Go to the checkout").click()
    sign_in_by_code(page, "new.teacher@lakeview.example")

    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    expect(page.get_by_label("Bank transfer")).to_be_checked()
    for label, text in {
        "Name on the parcel": "Lakeview School", "Street and number": "1 Lake Street", "Town": "Lakeview",
        "State or province": "Ohio", "ZIP or postal code": "43331", "Your purchase order number": "PO-77",
        "Send the invoice also to": "ap@lakeview.example",
    }.items():  # fmt: skip
        page.get_by_label(label).fill(text)
    page.get_by_label("Country").select_option("US")
    page.get_by_role("button", name="See the total with taxes").click()
    expect(page.get_by_text("With shipping and taxes it comes to $693.72.")).to_be_visible()
    page.get_by_role("button", name="Order for $693.72").click()

    expect(page.get_by_role("heading", name="We have your order")).to_be_visible()
    order = Order.objects.get()
    expect(page.get_by_text(order.number, exact=True)).to_be_visible()
    expect(page.get_by_text(f"and give {order.invoice.number} as the reference")).to_be_visible()
    assert (order.total, order.discount, order.placed_by.email) == (69_372, 10_000, "new.teacher@lakeview.example")
    assert OutgoingMail.objects.filter(to_address="ap@lakeview.example").exists()


def faults(screen: Screen, name: str, width: int, scheme: str) -> list[str]:
    screen.picture(f"{name}-{width}-{scheme}", full_page=True)
    return [f"{name} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_of_the_store_has_a_fault_at_any_width_in_any_light(visit: Visit, store: Company, width, scheme):
    """U44, U46, U51: the store, the cart with a mistake in it, the checkout, the order, and the pages of staff."""
    screen, found = visit(store.dana, width=width, scheme=scheme), []
    page = screen.page
    for name, path in {
        "store": "/store/", "plan": "/store/classroom-software/", "info": "/store/starter-robot-kit/info/",
        "cart-empty": "/cart/", "orders-none": "/orders/",
    }.items():  # fmt: skip
        screen.open(path)
        found += faults(screen, name, width, scheme)
    fill_cart(page, screen.address)
    found += faults(screen, "cart", width, scheme)
    page.locator("input[name=quantity]").first.fill("5000")
    page.get_by_role("button", name=re.compile("Set.*Classroom software")).click()
    expect(page.locator(".errsum")).to_be_focused()
    found += faults(screen, "cart-refused", width, scheme)
    screen.open("/checkout/")
    page.get_by_role("button", name="See the total with taxes").click()
    expect(page.locator(".errsum")).to_be_focused()
    found += faults(screen, "checkout-refused", width, scheme)
    for label, text in {"Street and number": "1 Lake Street", "Town": "Lakeview", "State or province": "OH",
                        "ZIP or postal code": "43331"}.items():  # fmt: skip
        page.get_by_label(label).fill(text)
    page.get_by_label("Country").select_option("US")
    page.get_by_role("button", name="See the total with taxes").click()
    found += faults(screen, "checkout", width, scheme)
    page.get_by_role("button", name="Order for").click()
    expect(page.get_by_role("heading", name="We have your order")).to_be_visible()
    found += faults(screen, "order", width, scheme)
    assert found + staff_faults(visit, store, width, scheme) == []


def staff_faults(visit: Visit, store: Company, width: int, scheme: str) -> list[str]:
    """What is wrong on the pages of those who pack and those who set the store up."""
    order, product = Order.objects.get(), Product.objects.get(slug="classroom-software")
    shipments.hold(shipment=order.shipments.get(), words="Fragile", by=store.maya, now=timezone.now())
    coupon, found = order.coupon, []
    screen = visit(store.maya, width=width, scheme=scheme)
    for name, path in {
        "board": "/desk/orders/", "desk-order": f"/desk/orders/{order.number}/", "products": "/settings/products/",
        "ledger": f"/desk/customers/{order.customer_id}/hours/", "product": f"/settings/products/{product.pk}/",
        "new-product": "/settings/products/new/", "coupons": "/settings/coupons/", "taxes": "/settings/taxes/",
        "coupon": f"/settings/coupons/{coupon.pk}/", "shipping": "/settings/shipping/",
    }.items():  # fmt: skip
        screen.open(path)
        found += faults(screen, f"store-{name}", width, scheme)
    screen.open(f"/settings/products/{product.pk}/")
    screen.page.get_by_label("Yearly, size 1").fill("200")
    expect(screen.page.get_by_text("A year saves $88.00").first).to_be_visible()
    return found
