"""The store from an empty browser to a plan by the year: bought, declined, paid, kept, changed (issue 4, done when)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.choices import Role
from accounts.models import Person
from billing.actions import dunning, hours, subscriptions
from billing.actions.w8 import add_form
from billing.choices import CouponUse, CreditState, HoursReason, Period
from billing.models import Card, Coupon, Customer, Invoice, Payment, Recipient, Subscription
from mail.actions.reach import opted_out
from mail.models import OutgoingMail
from tests.billing.plans import KEPT_THEN_DECLINED, keep_card, make_subscription
from tests.e2e.conftest import Screen, Visit
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.billing import make_customer, make_plan, make_tax
from tests.factories.invoices import make_seller
from tests.factories.tickets import make_mailbox, make_ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
# A published test card, and what whoever holds it reads of its refusal.
REFUSALS = {
    "4000000000000002": "did not approve this payment and did not tell us why",
    "4000000000009995": "not enough",
    "4000000000009987": "did not approve this payment and did not tell us why",  # lost: nobody is told (B5)
    "4000000000000069": "expired",
}


@pytest.fixture
def shop(transactional_db) -> dict:
    """A store with two plans, a coupon, a tax and our tax form; nobody has bought anything."""
    now = timezone.now()
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller()
    make_tax(57_500)
    add_form(content=PDF, signed_on=(now - timedelta(days=2)).date(), by=make_staff(Role.ADMIN), now=now)
    Coupon.objects.create(
        code="WELCOME100", name="$100 off your first order", use=CouponUse.ONCE_A_CUSTOMER, amount_off=10_000,
        currency="USD", is_first_order_only=True, starts_at=now - timedelta(days=1), created_at=now,
    )  # fmt: skip
    return {
        "lessons": make_plan(name="Classroom software", slug="lessons", summary="Lessons by the year"),
        "care": make_plan((5, 900, 9_000), name="Robot care", slug="care", summary="Spares and repairs"),
    }


def put_into_cart(screen: Screen, slug: str, words: str) -> None:
    screen.open(f"/store/{slug}/")
    screen.page.get_by_label(re.compile(words)).check()
    screen.page.get_by_role("button", name="Put into the cart").click()
    expect(screen.page.get_by_role("heading", name="Your cart")).to_be_visible()


def sign_in_by_code(page: Page, email: str) -> None:
    """As a browser of somebody new does it: the address, and the code out of the mail."""
    page.get_by_label("Mail address").fill(email)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    mail = OutgoingMail.objects.filter(to_address=email).order_by("-pk").first()
    assert mail is not None
    code = re.search(r"^ {4}(\S.*)$", mail.text, re.MULTILINE)
    assert code is not None
    page.get_by_label(re.compile("[Cc]ode")).fill(code[1])
    page.get_by_role("button", name="Sign in").click()


def order(page: Page) -> None:
    """The checkout: an address in Ohio, the sum with its taxes, the order."""
    for label, text in {
        "Street and number": "1 Lake Street", "Town": "Lakeview", "State or province": "OH",
        "ZIP or postal code": "43331",
    }.items():  # fmt: skip
        page.get_by_label(label).fill(text)
    page.get_by_label("Country").select_option("US")
    page.get_by_role("button", name="See the total with taxes").click()
    page.get_by_role("button", name=re.compile("Order for")).click()
    expect(page.get_by_text(re.compile(r"SO-\d{4}-\d{4}")).first).to_be_visible()


def pay(page: Page, number: str) -> None:
    """Type a card into the form beside the invoice, and send it."""
    if page.get_by_label("Another card").count():
        page.get_by_label("Another card").check()
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill(f"08 / {(timezone.now().year + 2) % 100}")
    page.get_by_label("Security code").fill("123")
    page.locator("#pay button.primary").click()


def link_in(mail: OutgoingMail) -> str:
    found = re.search(r"/i/[A-Za-z0-9_-]{43}/", mail.text)
    assert found is not None
    return found[0]


def test_the_store_answers_for_itself_from_an_empty_browser_to_a_plan_by_the_year(visit: Visit, shop):
    """R22, R23, R34 to R39, R53, U17, U19 to U21, U24, U26, U28, U53: the second half without JavaScript."""
    buys = visit()
    page = buys.page
    put_into_cart(buys, "lessons", "a year, paid now")
    put_into_cart(buys, "care", "every month")
    page.get_by_role("textbox", name="Coupon").fill("welcome100")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("−$100.00")).to_be_visible()
    page.get_by_role("button", name="Go to the checkout").click()
    sign_in_by_code(page, "dana@lakeview.example")
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    order(page)
    invoice = Invoice.objects.get()
    assert (invoice.discount, invoice.total) == (10_000, round((24_000 + 900 - 10_000) * 1.0575))

    declined_four_times_then_paid(buys, invoice)
    with page.expect_download() as pdf:
        page.get_by_role("link", name="Download invoice PDF").click()
    assert pdf.value.path().read_bytes().startswith(b"%PDF-")
    assert page.request.get(buys.address + "/w8/").body() == PDF
    dana = Person.objects.get(email="dana@lakeview.example")
    plans = {plan.product.name: plan for plan in Subscription.objects.select_related("product")}
    assert {name: plan.period for name, plan in plans.items()} == {
        "Classroom software": Period.YEARLY, "Robot care": Period.MONTHLY,
    }  # fmt: skip

    opened_from_the_mail(visit(script=False), invoice)
    changed_on_the_account(visit(dana, script=False), plans["Robot care"])


def declined_four_times_then_paid(screen: Screen, invoice: Invoice) -> None:
    page = screen.page
    screen.open(f"/account/invoices/{invoice.number}/")
    for tries, (number, words) in enumerate(REFUSALS.items(), 1):
        pay(page, number)
        panel = page.locator("#declined")
        expect(panel).to_contain_text(re.compile(words))
        expect(panel).to_be_focused()
        expect(panel).not_to_contain_text(re.compile("lost|stolen"))
        expect(panel).to_contain_text("We are a Canadian company")
        expect(page.get_by_label("Card number")).to_have_value("")
        assert Payment.objects.filter(state="failed").count() == tries
        expect(page).to_have_url(re.compile("answer=failed"))
    page.get_by_label(re.compile("Keep this card")).check()
    pay(page, "4242424242424242")
    expect(page.locator("#pay").get_by_role("heading", name="Paid")).to_be_visible()
    invoice.refresh_from_db()
    assert (invoice.state, invoice.paid) == ("paid", invoice.total)
    assert [card.last4 for card in Card.objects.filter(is_default=True)] == ["4242"]


def opened_from_the_mail(screen: Screen, invoice: Invoice) -> None:
    """A browser that knows nobody, without script (U17): the page, its PDF, the W-8, and no more mails (U26)."""
    page = screen.page
    mail = OutgoingMail.objects.filter(text__contains="/i/").order_by("pk").first()
    assert mail is not None
    link = link_in(mail)
    screen.open(link)
    expect(page.get_by_text(str(invoice.number)).first).to_be_visible()
    assert page.context.request.get(f"{screen.address}{link}pdf/").body().startswith(b"%PDF-")
    assert page.context.request.get(f"{screen.address}/w8/?from=invoice").body() == PDF
    page.goto(f"{screen.address}/account/")
    expect(page).to_have_url(re.compile("/sign-in/"))  # a link signs nobody in (S37)

    screen.open(link)
    page.get_by_role("link", name="Stop emails about invoices").click()
    page.get_by_role("button", name="Stop new invoices and receipts").click()
    if page.get_by_role("button", name="Stop them all the same").count():
        page.get_by_role("button", name="Stop them all the same").click()
    expect(page.get_by_text("Stopped. The invoices themselves stay")).to_be_visible()
    assert opted_out([mail.to_address], "invoice") == {mail.to_address}
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert opted_out([mail.to_address], "invoice") == set()


def changed_on_the_account(screen: Screen, plan: Subscription) -> None:
    """Signed in, without script (U53): the card in two clicks and typing (U21), the period in two clicks (U24)."""
    page = screen.page
    screen.open("/account/")
    page.get_by_role("link", name="Change card").click()
    page.get_by_label("Card number").fill("5555555555554444")
    page.get_by_label("Expiry").fill(f"09 / {(timezone.now().year + 3) % 100}")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Keep this card").click()
    screen.open("/account/")
    expect(page.locator("#card .cardface")).to_contain_text("4444")
    assert "4242" not in page.content()  # the old one is gone from every screen
    screen.open("/account/cards/")
    assert "4242" not in page.content()

    screen.open("/account/")
    care = page.get_by_role("group", name=re.compile("Robot care"))
    care.get_by_role("link", name=re.compile("Yearly")).click()
    expect(page.get_by_text("$18.00 a year")).to_be_visible()
    expect(page.get_by_text(re.compile("You pay for a year from today"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Change and pay")).click()
    expect(page.get_by_text("Robot care is paid yearly now.")).to_be_visible()
    plan.refresh_from_db()
    assert (plan.period, plan.switch_invoice) == (Period.YEARLY, None)
    assert plan.period_invoice is not None and plan.period_invoice.state == "paid"
    expect(page.get_by_role("link", name="W-8 form").first).to_have_attribute("href", "/w8/?from=account")  # U20
    page.get_by_role("link", name="Ask a person").first.click()  # a person from every page (U30)
    expect(page.get_by_role("heading", name=re.compile("Ask a person"))).to_be_visible()


@pytest.fixture
def account(shop) -> Subscription:
    """A school with everything on its account: a renewal that was declined, hours, recipients, a conversation."""
    now = timezone.now()
    organisation = make_organisation(name="Lakeview School District")
    school = make_customer(
        organisation=organisation, name=organisation.name, credit_state=CreditState.PROVISIONAL, credit_limit=50_000
    )
    dana = make_member(organisation=organisation, name="Dana Whitfield", email="dana@lakeview.example")
    for email in (dana.email, "accounts.payable@lakeview.example"):
        Recipient.objects.create(customer=school, email=email, added_at=now)
    monthly = shop["lessons"].prices.get(period=Period.MONTHLY)
    plan = make_subscription(on=now.date() - timedelta(days=40), customer=school, price=monthly)
    make_seller()
    keep_card(school, KEPT_THEN_DECLINED)
    subscriptions.renew(subscription_id=plan.pk, now=now - timedelta(seconds=2))
    dunning.charge_due(now=now - timedelta(seconds=1))
    second = shop["care"].prices.get(period=Period.YEARLY)
    make_subscription(on=now.date() - timedelta(days=40), customer=school, price=second)
    hours.book(customer=school, minutes=285, reason=HoursReason.PURCHASE, key="x", words="Six hours", now=now)
    make_ticket(requester=dana)
    return plan


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_of_the_account_has_a_fault_at_any_width_in_any_light(visit: Visit, account, width, scheme):
    """U44, U46, U51, U52: the account, a change, an end, the recipients with a refusal, the hours."""
    customer = Customer.objects.get(organisation__isnull=False)
    dana = Person.objects.get(email="dana@lakeview.example")
    other = Subscription.objects.exclude(pk=account.pk).get()
    monthly = other.product.prices.get(period=Period.MONTHLY)
    screen, found = visit(dana, width=width, scheme=scheme), []
    for name, path in {
        "account": "/account/",
        "change": f"/account/plans/{other.pk}/change/?price={monthly.pk}",
        "cancel": f"/account/plans/{other.pk}/cancel/",
        "recipients": f"/account/{customer.pk}/recipients/",
        "hours": f"/account/{customer.pk}/hours/",
    }.items():
        screen.open(path)
        screen.picture(f"{name}-{width}-{scheme}", full_page=True)
        found += [f"{name} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]
    screen.open(f"/account/{customer.pk}/recipients/")
    screen.page.get_by_label("Email address").fill("nobody")
    screen.page.get_by_role("button", name="Send them the invoices").click()
    expect(screen.page.locator(".errsum")).to_be_focused()
    found += [f"refused {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]

    assert found == []
