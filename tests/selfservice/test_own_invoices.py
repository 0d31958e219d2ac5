"""Invoices on the account: one's own, found, kept as a file; nobody else's (R22, R37, S22, U30)."""

import csv
import io

import pytest
from django.utils import timezone

from billing.models import InvoiceLink
from mail.models import OutgoingMail
from tests.factories.accounts import make_member, make_person
from tests.factories.invoices import make_buyer, make_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(organisation):
    """Of the customer's organisation."""
    buyer = make_buyer("ap@school.example", organisation=organisation)
    return make_invoice(customer=buyer, po_number="LSD-1", now=timezone.now())


PATHS = ("", "pdf/", "links/")


def test_who_belongs_to_the_organisation_opens_its_invoices(client, customer, colleague, invoice):
    for person in (customer, colleague):
        client.force_login(person)
        for path in PATHS:
            assert client.get(f"/account/invoices/{invoice.number}/{path}").status_code == 200
        assert invoice.number in client.get("/account/invoices/").content.decode()


def test_S22_strangers_and_unproven_addresses_find_nothing(client, stranger, organisation, invoice):
    unproven = make_member(organisation=organisation, verified=False)
    for person in (stranger, unproven):
        client.force_login(person)
        for path in PATHS:
            assert client.get(f"/account/invoices/{invoice.number}/{path}").status_code == 404
        assert client.post(f"/account/invoices/{invoice.number}/copy/").status_code == 404
        assert client.post(f"/account/invoices/{invoice.number}/links/", {"all": "1"}).status_code == 404
        assert invoice.number not in client.get("/account/invoices/").content.decode()
        assert invoice.number not in b"".join(client.get("/account/invoices/csv/").streaming_content).decode()
    assert not InvoiceLink.objects.filter(revoked_at__isnull=False).exists()


def test_a_person_who_buys_alone_sees_their_own(client):
    person = make_person()
    invoice = make_invoice(customer=make_buyer(person=person), now=timezone.now())
    client.force_login(person)

    assert invoice.number in client.get("/account/invoices/").content.decode()


def test_the_list_is_searched_and_kept_as_a_file_without_formulas(client, customer, invoice):
    make_invoice(customer=invoice.customer, po_number="=cmd()", now=timezone.now())
    client.force_login(customer)
    for asked, numbers in (("lsd-1", {"INV-2026-0001"}), ("2", {"INV-2026-0002"}), ("nothing like it", set())):
        page = client.get("/account/invoices/", {"q": asked}).content.decode()
        assert {number for number in ("INV-2026-0001", "INV-2026-0002") if number in page} == numbers

    text = b"".join(client.get("/account/invoices/csv/").streaming_content).decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(text)))
    assert [row[5] for row in rows[1:]] == ["'=cmd()", "LSD-1"]
    assert [row[7:] for row in rows[1:]] == [["1000.00", "0.00", "1000.00"]] * 2
    for odd in ({"q": "\x00"}, {"state": "x"}, {"after": "x" * 99}, {"until": "no"}):
        assert client.get("/account/invoices/", odd).status_code == 200


@pytest.mark.parametrize("more", [0, 3])
def test_the_list_asks_the_database_as_often_however_long(client, customer, invoice, more, django_assert_num_queries):
    for _ in range(more):
        make_invoice(customer=invoice.customer, now=timezone.now())
    client.force_login(customer)
    client.get("/account/invoices/")

    with django_assert_num_queries(4):  # session, person, the books' zone, invoices
        client.get("/account/invoices/")


def test_who_owns_an_invoice_ends_links_and_sends_fresh_ones(client, customer, invoice):
    client.force_login(customer)
    first = InvoiceLink.objects.get()

    client.post(f"/account/invoices/{invoice.number}/links/", {"rotate": first.pk})
    first.refresh_from_db()
    assert first.revoked_at and OutgoingMail.objects.latest("pk").to_address == "ap@school.example"
    copied = client.post(f"/account/invoices/{invoice.number}/copy/").content.decode()
    assert "/i/" in copied
    client.post(f"/account/invoices/{invoice.number}/links/", {"all": "1"})

    assert not InvoiceLink.objects.filter(revoked_at__isnull=True).exists()
    for odd in ({"end": "x"}, {"end": "9" * 30}, {"rotate": "-1"}, {}, {"end": "\x00"}):
        assert client.post(f"/account/invoices/{invoice.number}/links/", odd).status_code == 404


def test_every_page_leads_to_the_tax_form_and_to_a_person(client, customer, invoice):
    """U20, U30."""
    client.force_login(customer)
    for path in ("", f"{invoice.number}/", f"{invoice.number}/links/"):
        page = client.get(f"/account/invoices/{path}").content.decode()
        assert 'href="/w8/?from=' in page and 'href="/help/"' in page
