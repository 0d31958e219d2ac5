"""The refund form and the tax upload open as dialogs over the account (design account.html; U18, U27, U53)."""

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from billing.models import Certificate, Invoice, RefundRequest
from tests.billing.file_samples import PDF
from tests.billing.money import pay_with
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_member, make_organisation
from tests.factories.billing import make_customer
from tests.factories.invoices import make_invoice, make_line, make_seller
from tests.factories.tickets import make_mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FORM = {"name": "exempt-2027.pdf", "mimeType": "application/pdf", "buffer": PDF}
LOOKS = [(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]


@pytest.fixture
def dana(transactional_db):
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller()
    school = make_organisation(name="Lakeview School District")
    return make_member(organisation=school, email="dana@lakeview.example", name="Dana Whitfield")


@pytest.fixture
def paid(dana) -> Invoice:
    """Two controllers for $600.00, paid with a card."""
    buyer = make_customer(
        organisation=dana.memberships.get().organisation, name="Lakeview School District", region="OH"
    )
    invoice = make_invoice(customer=buyer, lines=[make_line(30_000, name="Controller", quantity=2)], now=timezone.now())
    pay_with(invoice)
    return Invoice.objects.get(pk=invoice.pk)


def test_U18_a_refund_is_asked_for_in_three_clicks_over_the_account_and_what_is_wrong_stands_in_the_dialog(
    visit: Visit, dana, paid
):
    screen = visit(dana)
    page, dialog = screen.page, screen.page.get_by_role("dialog", name="Request a refund")
    screen.open("/account/")
    opener = page.get_by_role("link", name=f"Refund of {paid.number}")
    opener.click()
    expect(dialog.get_by_text(f"{paid.number}, 2 × Controller, paid $600.00")).to_be_visible()
    expect(dialog.get_by_label("Arrived damaged or faulty")).to_be_focused()

    dialog.get_by_role("button", name="Send request").click()
    expect(dialog.get_by_role("alert")).to_be_focused()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose why")
    dialog.get_by_label("Anything that helps us decide").fill("It smells burnt.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    expect(dialog.get_by_label("Anything that helps us decide")).to_have_value("It smells burnt.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert RefundRequest.objects.count() == 0

    screen.open("/account/")
    opener.click()
    dialog.get_by_text("Arrived damaged or faulty").click()
    dialog.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("status").first).to_contain_text("is sent. The next review starts")
    expect(page.get_by_role("region", name="Refund requests")).to_contain_text("Waits for its review")
    assert RefundRequest.objects.get().amount_asked == 60_000
    assert (screen.violations, screen.failures) == ([], [])


def test_U22_a_certificate_is_uploaded_over_the_account_and_counts_there(visit: Visit, dana, paid):
    screen = visit(dana)
    page, dialog = screen.page, screen.page.get_by_role("dialog", name="Upload tax certificate")
    screen.open("/account/")
    page.get_by_role("link", name="Upload certificate").click()
    dialog.get_by_role("button", name="Upload and apply now").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose a PDF, PNG, JPEG or HEIC up to 10 MB")
    expect(dialog.get_by_label("State or province")).to_have_value("US-OH")
    dialog.get_by_label("Certificate", exact=True).set_input_files([FORM])
    dialog.get_by_role("button", name="Upload and apply now").click()

    expect(page.get_by_role("status").first).to_contain_text("You pay no tax in Ohio from now on")
    expect(page.get_by_text("Active now")).to_be_visible()
    assert page.url.endswith("/account/") and Certificate.objects.get().region == "OH"


def test_a_session_that_ended_and_a_network_that_is_gone_lose_nothing(visit: Visit, dana, paid):
    screen = visit(dana)
    page, dialog = screen.page, screen.page.get_by_role("dialog", name="Request a refund")
    screen.open("/account/")
    page.get_by_role("link", name=f"Refund of {paid.number}").click()
    dialog.get_by_text("Arrived damaged or faulty").click()
    page.context.set_offline(True)
    dialog.get_by_role("button", name="Send request").click()
    expect(dialog.get_by_role("alert")).to_contain_text("You are offline, so nothing was sent.")
    page.context.set_offline(False)
    expect(dialog.get_by_label("Arrived damaged or faulty")).to_be_checked()

    Session.objects.all().delete()
    dialog.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", name="Sign in").first).to_be_visible()
    assert RefundRequest.objects.count() == 0


def test_the_dialogs_in_four_looks(visit: Visit, dana, paid):
    for width, scheme in LOOKS:
        screen = visit(dana, width=width, scheme=scheme)
        for link, button, name in (
            (f"Refund of {paid.number}", "Send request", "refund"),
            ("Upload certificate", "Upload and apply now", "taxup"),
        ):
            screen.open("/account/")
            screen.page.get_by_role("link", name=link).click()
            expect(screen.page.get_by_role("button", name=button)).to_be_visible()
            screen.picture(f"account-dialog-{name}-{width}-{scheme}")
            assert (screen.axe(), screen.sideways()) == ([], []), (name, width, scheme)
            screen.page.get_by_role("button", name=button).click()
            expect(screen.page.get_by_role("alert")).to_be_visible()
            screen.picture(f"account-dialog-{name}-error-{width}-{scheme}")
            assert (screen.axe(), screen.sideways()) == ([], []), (name, width, scheme, "refused")
