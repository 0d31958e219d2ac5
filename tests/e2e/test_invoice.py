"""An invoice in a clean browser: four looks, no script, no login (U17, U20, U26, U29, U53)."""

import re
from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from billing.actions import w8
from billing.actions.issue import apply_payment
from billing.models import Invoice
from mail.models import OptOut, OutgoingMail
from tests.factories.accounts import make_member, make_organisation
from tests.factories.invoices import make_buyer, make_invoice, make_line, make_payment

pytestmark = pytest.mark.browser

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
# For pages made of the same pieces as one that is seen in all four.
TWO_LOOKS = [(1440, "dark"), (390, "light")]
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
LONG = "Robot-" + "superlong" * 9


@pytest.fixture
def invoice(company) -> Invoice:
    """Partly paid, with a word that is too long for a phone, for ap@ and boss@; and a tax form to take."""
    school = make_organisation(name="Example School District", domain="school.example")
    make_member(organisation=school, email="cara@school.example", name="Cara Buyer")
    buyer = make_buyer("ap@school.example", "boss@school.example", organisation=school)
    lines = [make_line(24_900, quantity=4), make_line(24_000, name=LONG, detail="30 seats")]
    invoice = make_invoice(customer=buyer, lines=lines, po_number="LSD-2026-0871", now=timezone.now())
    apply_payment(payment=make_payment(invoice=invoice, amount=10_000, now=timezone.now()), now=timezone.now())
    w8.add_form(content=PDF, signed_on=date(2026, 1, 2), by=company.maya, now=timezone.now())
    return invoice


def link_to(address: str) -> str:
    mail = OutgoingMail.objects.filter(to_address=address).earliest("pk")
    return re.search(r"/i/[A-Za-z0-9_-]{43}/", mail.text)[0]


def test_U17_the_pages_of_an_invoice_stand_in_all_looks(visit, invoice):
    link = link_to("ap@school.example")
    pages = {
        "invoice": link,
        "emails": f"{link}emails/",
        "end": f"{link}end/",
        "w8": "/w8/about/",
        "fresh": "/i/fresh/",
    }
    for width, scheme in LOOKS:
        screen = visit(width=width, scheme=scheme)
        for name, path in pages.items():
            screen.open(path)
            assert (name, width, scheme, screen.axe(), screen.sideways()) == (name, width, scheme, [], [])
            screen.picture(f"{name}-{width}-{scheme}", full_page=True)


def test_the_staffs_pages_of_an_invoice_stand_in_all_looks(visit, invoice, company):
    first = {"staff-invoices": "/billing/invoices/", "staff-invoice": f"/billing/invoices/{invoice.number}/"}
    others = {
        "credit": f"/billing/invoices/{invoice.number}/credit/", "aging": "/billing/aging/",
        "receipts": "/billing/receipts/", "statement": f"/billing/customers/{invoice.customer_id}/statement/",
        "seller": "/settings/seller/", "tax-forms": "/settings/tax-forms/",
    }  # fmt: skip
    for width, scheme in LOOKS:
        screen = visit(company.maya, width=width, scheme=scheme)
        for name, path in {**first, **(others if (width, scheme) in TWO_LOOKS else {})}.items():
            screen.open(path)
            assert (name, width, scheme, screen.axe(), screen.sideways()) == (name, width, scheme, [], [])
            screen.picture(f"{name}-{width}-{scheme}", full_page=True)


def test_the_accounts_pages_of_an_invoice_stand_in_all_looks(visit, invoice):
    cara = invoice.customer.organisation.memberships.get().person
    for width, scheme in LOOKS:
        screen = visit(cara, width=width, scheme=scheme)
        for path in ("", f"{invoice.number}/", f"{invoice.number}/links/"):
            screen.open(f"/account/invoices/{path}")
            assert (path, width, scheme, screen.axe(), screen.sideways()) == (path, width, scheme, [], [])
            screen.picture(f"own-{path.count('/')}-{width}-{scheme}", full_page=True)


def test_U17_U20_U53_without_script_it_is_read_kept_passed_on_and_its_mails_stopped(visit, invoice):
    screen = visit(script=False)
    page = screen.page
    screen.open(link_to("ap@school.example"))

    expect(page.get_by_role("heading", name=invoice.number)).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("What is this"))).to_have_count(2)
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download invoice PDF").click()
    assert kept.value.suggested_filename == f"{invoice.number}.pdf"
    form = page.request.get(screen.address + "/w8/?from=invoice")
    assert (form.status, form.body()[:5]) == (200, b"%PDF-")

    page.get_by_role("button", name="Copy link for a colleague").click()
    copied = page.get_by_label("The link").input_value()
    assert page.request.get(screen.address + copied[copied.index("/i/") :]).status == 200

    page.get_by_role("link", name="Back to invoice").click()
    page.get_by_role("link", name="Stop emails about invoices").click()
    page.get_by_role("button", name="Stop new invoices and receipts").click()
    expect(page.get_by_role("status")).to_contain_text("Stopped.")
    assert OptOut.objects.get().address == "ap@school.example"
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(page.get_by_role("status")).to_contain_text("Undone.")
    assert not page.context.cookies() or {one["name"] for one in page.context.cookies()} == {"csrf"}


def test_U29_a_link_that_is_over_leads_to_a_fresh_one_by_keyboard(visit, invoice):
    screen = visit()
    page = screen.page
    answer = page.goto(screen.address + "/i/" + "x" * 43 + "/")
    assert answer.status == 404

    page.get_by_role("button", name="Mail a fresh link").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".errsum")).to_be_focused()
    page.get_by_label("Invoice number or your email address").fill(invoice.number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
