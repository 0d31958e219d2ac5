"""A refund in a real browser: asked for with a photo, decided, and seen on its way (R31, R32, U53)."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from billing.actions import refund_requests
from billing.models import Invoice, RefundRequest
from tests.billing.file_samples import PNG
from tests.billing.money import pay_with, work
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.billing import make_customer
from tests.factories.invoices import make_invoice, make_line, make_seller
from tests.factories.tickets import make_mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHOTO = {"name": "connector.png", "mimeType": "image/png", "buffer": PNG}


@pytest.fixture
def dana(transactional_db):
    """Who belongs to the school that `paid` is of."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller()
    school = make_organisation(name="Lakeview School District")
    return make_member(organisation=school, email="dana@lakeview.example", name="Dana Whitfield")


@pytest.fixture
def paid(dana) -> Invoice:
    """Two controllers and a cable for $640.00, paid with a card."""
    buyer = make_customer(organisation=dana.memberships.get().organisation, name="Lakeview School District")
    lines = [make_line(30_000, name="Motor controller", quantity=2), make_line(4_000, name="Cable")]
    invoice = make_invoice(customer=buyer, lines=lines, now=timezone.now())
    pay_with(invoice)
    return Invoice.objects.get(pk=invoice.pk)


def test_R31_from_the_account_to_the_money_and_its_reference(visit: Visit, dana, paid):
    screen = visit(dana)
    page = screen.page
    screen.open("/account/")
    page.get_by_role("link", name=f"Refund of {paid.number}").click()
    expect(page.get_by_label("Amount", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose why")

    page.get_by_text("Arrived damaged or faulty").click()
    page.get_by_text("An amount", exact=True).click()
    page.get_by_label("Amount", exact=True).fill("700")
    page.get_by_label("Anything that helps us decide").fill("One of the two has a cracked connector.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("alert")).to_contain_text("At most $640.00 can go back")
    expect(page.get_by_label("Anything that helps us decide")).to_have_value("One of the two has a cracked connector.")

    page.get_by_text("Some of it").click()
    page.get_by_role("checkbox", name="Motor controller").check()
    page.get_by_label("How many of Motor controller").fill("1")
    page.get_by_label("Photos or PDFs").set_input_files([PHOTO])
    page.get_by_role("button", name="Send request").click()

    expect(page.get_by_role("status").first).to_contain_text("is sent")
    expect(page.get_by_text("Waits for its review")).to_be_visible()
    request = RefundRequest.objects.get()
    assert (request.amount_asked, request.files.get().name) == (30_000, "connector.png")
    reviewer = make_staff(Role.REVIEWER, name="Luc Tremblay")
    refund_requests.approve(request=request, amount=30_000, by=reviewer, now=timezone.now(), reason="Our mistake.")
    work()
    work(minutes=1)

    screen.open("/account/")
    way = page.get_by_role("region", name="Refund requests")
    expect(way).to_contain_text("Approved in full")
    expect(way).to_contain_text("Our mistake.")
    expect(way).to_contain_text("$300.00 sent to Visa")
    expect(way).to_contain_text(request.refunds.get().reference)


def test_U53_without_script_a_refund_is_asked_for_and_withdrawn(visit: Visit, dana, paid):
    screen = visit(dana, script=False)
    page = screen.page
    screen.open(f"/account/invoices/{paid.number}/")
    page.get_by_role("link", name="Request a refund").click()
    page.get_by_label("Charged twice").check()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("Waits for its review")).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("status").first).to_contain_text("is withdrawn")
    assert RefundRequest.objects.get().state == "withdrawn"


LOOKS = [(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]


def test_the_pages_of_refunds_at_both_sizes_in_light_and_dark(visit: Visit, dana, paid):
    form, page_of = f"/account/invoices/{paid.number}/refund/", f"/account/invoices/{paid.number}/"
    for width, scheme in LOOKS:
        screen = visit(dana, width=width, scheme=scheme)
        screen.open(form)
        screen.page.get_by_text("Some of it").click()
        screen.page.get_by_role("button", name="Send request").click()
        expect(screen.page.get_by_role("alert")).to_be_visible()
        assert (screen.axe(), screen.sideways()) == ([], []), (width, scheme)
    refund_requests.ask(
        invoice=paid, amount=1_000, why="wrong", words="Too small.\nReally.", by=dana, key="form", now=timezone.now(),
        files=[("a.png", PNG)],
    )  # fmt: skip
    for width, scheme in LOOKS:
        screen = visit(dana, width=width, scheme=scheme)
        for path in ("/account/refunds/", page_of, form):
            screen.open(path)
            assert (screen.axe(), screen.sideways()) == ([], []), (path, width, scheme)
