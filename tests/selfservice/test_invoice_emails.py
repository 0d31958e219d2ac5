"""Recipients stop mails themselves, with one click and an undo; what is owed stays owed (R37, U26, S38)."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from billing.choices import Notice
from billing.models import Invoice
from mail.build import as_bytes
from mail.models import OptOut, OutgoingMail
from tests.factories.invoices import make_buyer, make_invoice

pytestmark = pytest.mark.django_db


def issue(*recipients):
    return make_invoice(customer=make_buyer(*recipients), now=timezone.now())


def mail_to(address: str) -> OutgoingMail:
    return OutgoingMail.objects.filter(to_address=address).latest("pk")


def page_of(address: str) -> str:
    return re.search(r"/i/[A-Za-z0-9_-]{43}/", mail_to(address).text)[0]


def test_U26_one_click_from_the_mail_stops_them_and_the_page_undoes_it():
    issue("ap@school.example", "boss@school.example")
    raw = as_bytes(mail=mail_to("ap@school.example"), now=timezone.now()).decode()
    stop = re.search(r"List-Unsubscribe: <http://[^/]+(/mail/stop/[^>]+)>", raw)[1]
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw

    browser = Client(enforce_csrf_checks=True)
    assert browser.get(stop).status_code == 200 and OptOut.objects.count() == 0
    answer = browser.post(stop, {"List-Unsubscribe": "One-Click"})

    assert "You get no more mail of this sort" in answer.content.decode()
    assert "New invoices and receipts" in answer.content.decode()
    browser.post(stop, {"undo": "1"})
    assert not OptOut.objects.filter(ended_at__isnull=True).exists()


def test_R37_who_stopped_gets_no_next_one_and_the_invoice_stands_on_the_account(client, customer, organisation):
    buyer = make_buyer("ap@school.example", "boss@school.example", organisation=organisation)
    make_invoice(customer=buyer, now=timezone.now())
    page = page_of("ap@school.example")

    said = client.post(f"{page}emails/", {"notice": "invoice"})
    second = make_invoice(customer=buyer, now=timezone.now())

    assert "Stopped." in said.content.decode()
    assert [mail.to_address for mail in OutgoingMail.objects.order_by("pk")][2:] == ["boss@school.example"]
    client.force_login(customer)
    assert second.number in client.get("/account/invoices/").content.decode()
    again = client.post(f"{page}emails/", {"notice": "invoice", "undo": "1"})
    assert "Undone." in again.content.decode()


def test_R37_the_last_one_is_warned_first_on_the_page_and_after_one_click(client):
    issue("ap@school.example")
    page = page_of("ap@school.example")

    warned = client.post(f"{page}emails/", {"notice": "invoice"})

    assert warned.status_code == 409
    assert "This is the last address that gets new invoices." in warned.content.decode()
    assert OptOut.objects.count() == 0
    assert client.post(f"{page}emails/", {"notice": "invoice", "sure": "1"}).status_code == 200
    assert OptOut.objects.get().scope == Notice.INVOICE
    raw = as_bytes(mail=mail_to("ap@school.example"), now=timezone.now()).decode()
    stop = re.search(r"List-Unsubscribe: <http://[^/]+(/mail/stop/[^>]+)>", raw)[1]
    assert "This is the last address that gets new invoices." in client.get(stop).content.decode()


def test_two_of_whom_one_stopped_are_not_the_last(client):
    issue("ap@school.example", "boss@school.example")

    assert client.post(f"{page_of('ap@school.example')}emails/", {"notice": "invoice"}).status_code == 200
    assert client.post(f"{page_of('boss@school.example')}emails/", {"notice": "invoice"}).status_code == 409


@pytest.mark.parametrize("notice", ["", "answers", "all", "\x00", "x" * 300])
def test_a_sort_that_is_none_stops_nothing(client, notice):
    issue("ap@school.example")

    answer = client.post(f"{page_of('ap@school.example')}emails/", {"notice": notice, "sure": "1"})

    assert answer.status_code == 422
    assert OptOut.objects.count() == 0 and Invoice.objects.count() == 1
