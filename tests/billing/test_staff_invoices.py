"""Staff see everything about an invoice, correct it in words and with a journal, and read the books (S21, R37)."""

import csv
import io
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import JournalEntry
from billing import queries_invoices
from billing.actions import numbering
from billing.actions.credit_note import issue_credit_note
from billing.actions.issue import apply_payment, void
from billing.models import CreditNote, Invoice, Seller
from billing.views import books
from mail.models import OutgoingMail
from tests.factories.accounts import sign_in
from tests.factories.invoices import NOON, make_buyer, make_invoice, make_line, make_payment, make_seller

pytestmark = pytest.mark.django_db

UTC = ZoneInfo("UTC")
# Session, person with roles, the rail's counts, what can be taken back, the books' zone, and the invoices.
LIST_QUERIES = 6
HOSTILE = ['=HYPERLINK("http://evil")', "+1", "-1", "@SUM(A1)", "\tx", "\rx"]


@pytest.fixture
def desk(lead):
    client = Client()
    sign_in(client, lead)
    return client


def words(response) -> str:
    return response.content.decode()


def rows_of(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_page_shows_links_mails_payments_and_what_was_done(desk, lead):
    invoice = make_invoice(customer=make_buyer("ap@school.example"), amount=100_000)
    receipt = apply_payment(payment=make_payment(invoice=invoice, amount=30_000), now=NOON)
    note = issue_credit_note(invoice=invoice, amount=5_000, reason="Late box", key="a", by=lead, now=NOON)

    page = words(desk.get(f"/billing/invoices/{invoice.number}/"))

    for fact in (receipt.number, note.number, "Late box", "ap@school.example", "Not yet", "Visa credit ending 4242"):
        assert fact in page
    assert "still due $650.00" in page


@pytest.mark.parametrize("number", ["INV-2026-9999", "%00", "x" * 300, "1", "😀"])
def test_an_invoice_that_is_none_is_not_found(desk, number):
    assert desk.get(f"/billing/invoices/{number}/").status_code == 404


def test_a_credit_note_is_written_once_however_often_the_button_is_pressed(desk, lead):
    invoice = make_invoice(amount=100_000)
    typed = {"key": "k" * 32, "amount": "40.00", "reason": "Broken"}

    answers = [desk.post(f"/billing/invoices/{invoice.number}/credit/", typed).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert (CreditNote.objects.get().total, Invoice.objects.get().due) == (4_000, 96_000)
    assert JournalEntry.objects.filter(action="billing.credit", by=lead).count() == 1


@pytest.mark.parametrize(
    "typed",
    [
        {"amount": "-1"}, {"amount": "0"}, {"amount": "1e9"}, {"amount": "1000.01"}, {"amount": "NaN"}, {"reason": ""},
        {"reason": "x" * 256}, {"key": ""}, {"key": "\x00" * 32}, {"amount": "40.005"}, {"amount": "9" * 400},
        {"total": "1"}, {"amount": ["1", "2"]},
    ],
)  # fmt: skip
def test_a_credit_note_that_makes_no_sense_is_refused_beside_the_field(desk, typed):
    invoice = make_invoice(amount=100_000)

    answer = desk.post(
        f"/billing/invoices/{invoice.number}/credit/", {"key": "k" * 32, "amount": "1", "reason": "Broken", **typed}
    )

    assert answer.status_code == 422
    assert (CreditNote.objects.count(), Invoice.objects.get().credited) == (0, 0)


def test_withdrawing_asks_for_a_reason_and_journals_it(desk, lead):
    invoice = make_invoice()

    assert desk.post(f"/billing/invoices/{invoice.number}/void/", {"reason": " "}).status_code == 422
    assert desk.post(f"/billing/invoices/{invoice.number}/void/", {"reason": "Twice"}).status_code == 302
    assert desk.post(f"/billing/invoices/{invoice.number}/void/", {"reason": "Twice"}).status_code == 422

    entry = JournalEntry.objects.get(action="billing.void_invoice")
    assert (entry.by, entry.data, Invoice.objects.get().state) == (lead, {"reason": "Twice"}, "void")


def test_an_agent_ends_links_and_mails_fresh_ones_but_corrects_nothing(client, agent):
    sign_in(client, agent)
    invoice = make_invoice(customer=make_buyer("ap@school.example"))
    link = invoice.links.get()

    assert client.post(f"/billing/invoices/{invoice.number}/links/{link.pk}/end/").status_code == 302
    client.post(f"/billing/invoices/{invoice.number}/send/", {"email": "thief@evil.example"})
    assert OutgoingMail.objects.count() == 1
    client.post(f"/billing/invoices/{invoice.number}/send/", {"email": "ap@school.example"})

    link.refresh_from_db()
    assert link.revoked_at is not None and OutgoingMail.objects.count() == 2
    assert "Write a credit note" not in words(client.get(f"/billing/invoices/{invoice.number}/"))
    assert client.post(f"/billing/invoices/{invoice.number}/void/", {"reason": "x"}).status_code == 403
    other = make_invoice()
    assert client.post(f"/billing/invoices/{other.number}/links/{link.pk}/end/").status_code == 404


def test_the_list_is_found_by_number_customer_and_po_and_costs_the_same_however_long(desk, django_assert_num_queries):
    wanted = make_invoice(customer=make_buyer(name="Lakeview"), po_number="LSD-1")
    desk.get("/billing/invoices/")
    for others in (0, 3):
        for _ in range(others):
            make_invoice(customer=make_buyer(name="Other"))
        with django_assert_num_queries(LIST_QUERIES):
            desk.get("/billing/invoices/")
    for asked in ("INV-2026-0001", "inv-2026-0001", "1", "lakev", "lsd-1"):
        page = words(desk.get("/billing/invoices/", {"q": asked}))
        assert (wanted.number in page, "INV-2026-0002" in page) == (True, False), asked
    for odd in ({"q": "\x00"}, {"state": "x"}, {"since": "soon"}, {"after": "x" * 99}, {"customer": "9" * 30}):
        assert desk.get("/billing/invoices/", odd).status_code == 200
    assert "No invoice is like this" in words(desk.get("/billing/invoices/", {"customer": 999_999}))


def test_pages_of_the_list_follow_each_other_and_miss_none(desk, monkeypatch):
    monkeypatch.setattr(queries_invoices, "PAGE", 2)
    numbers = [make_invoice().number for _ in range(5)]
    seen, after = [], ""
    for _ in range(3):
        page = queries_invoices.find(
            Invoice.objects.all(),
            queries_invoices.Wanted(),
            today=NOON.date(),
            zone=numbering.seller_zone(),
            after=after,
        )
        seen += [row.number for row in page.rows]
        after = page.after

    assert (seen, after) == (numbers[::-1], "")


def test_aging_counts_what_is_due_by_how_late_it_is():
    customer = make_buyer(name="Late School")
    for late, amount in ((-1, 1), (0, 2), (1, 4), (30, 8), (31, 16), (60, 32), (61, 64), (90, 128), (91, 256)):
        make_invoice(customer=customer, amount=amount, now=NOON - timedelta(days=30 + late))
    apply_payment(payment=make_payment(invoice=Invoice.objects.get(total=256), amount=200), now=NOON)

    [aged] = queries_invoices.aging(today=NOON.date())

    assert aged.cells == [1 + 2, 4 + 8, 16 + 32, 64 + 128, 56]
    assert aged.total == 311


def test_the_largest_debts_are_shown_and_the_sums_and_the_file_count_everybody(desk, monkeypatch):
    monkeypatch.setattr(books, "MOST_CUSTOMERS", 2)
    for amount in (100, 30_000, 2_000):
        make_invoice(customer=make_buyer(name=f"School {amount}"), amount=amount, now=timezone.now())

    page = words(desk.get("/billing/aging/"))

    assert page.index("School 30000") < page.index("School 2000") and "School 100<" not in page
    assert "$321.00" in page and "These are the 2 largest debts" in page
    assert "School 100," in words(desk.get("/billing/aging/csv/"))


def test_a_statement_begins_with_what_was_owed_and_ends_with_what_is(desk, lead):
    customer = make_buyer(name="Lakeview")
    old = make_invoice(customer=customer, amount=100, now=NOON - timedelta(days=40))
    make_invoice(customer=customer, amount=1_000)
    apply_payment(payment=make_payment(invoice=old), now=NOON)
    issue_credit_note(
        invoice=Invoice.objects.get(total=1_000), amount=300, reason="Late", key="a", by=lead, now=NOON
    )  # fmt: skip
    dropped = make_invoice(customer=customer, amount=9_999)
    void(invoice=dropped, by=lead, reason="Twice", now=NOON)

    made = queries_invoices.statement(
        customer=customer,
        currency="USD",
        since=date(2026, 11, 1),
        until=date(2026, 11, 30),
        zone=numbering.seller_zone(),
    )

    assert (made.opening, made.closing) == (100, 700)
    assert [(one.owed, one.settled) for one in made.entries] == [(0, 300), (1_000, 0), (0, 100)]
    assert made.closing == sum(one.total for one in queries_invoices.aging(today=NOON.date()))
    asked = {"since": "2026-11-01", "until": "2026-11-30"}
    assert "$7.00" in words(desk.get(f"/billing/customers/{customer.pk}/statement/", asked))
    assert desk.get(f"/billing/customers/{customer.pk}/statement/pdf/", asked).content.startswith(b"%PDF-")
    for odd in (
        {"since": "x"},
        {"since": "2026-12-01", "until": "2026-11-01"},
        {"since": "0001-01-01", "until": "9999-12-31"},
    ):
        assert desk.get(f"/billing/customers/{customer.pk}/statement/", odd).status_code == 422
        assert desk.get(f"/billing/customers/{customer.pk}/statement/pdf/", odd).status_code == 404
    assert desk.get("/billing/customers/999999/statement/").status_code == 404


@pytest.mark.parametrize("shape", ["quickbooks", "xero"])
def test_S21_files_add_up_and_no_cell_begins_a_formula(desk, shape):
    for hostile in HOSTILE:
        customer = make_buyer(name=hostile)
        make_invoice(
            customer=customer, lines=[make_line(1_250, name=hostile, detail=hostile, quantity=2)], po_number=hostile
        )
    make_invoice(lines=[make_line(10_000, discount=2_500, tax=375)], amount=7_500, tax=375, shipping=900)

    head, *rows = rows_of(desk.get(f"/billing/exports/{shape}/"))

    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert {len(row) for row in rows} == {len(head)}
    assert len(rows) == len(HOSTILE) + 2
    if shape == "quickbooks":
        amounts = [float(row[head.index("*ItemAmount")]) for row in rows]
        assert amounts[-2:] == [75.0, 9.0] and amounts[0] == 25.0
        assert rows[-1][head.index("*InvoiceDate")] == "11/10/2026"
    else:
        last = rows[-2]
        assert (last[head.index("*UnitAmount")], last[head.index("Discount")]) == ("100.00", "25.0000")
        assert last[head.index("*InvoiceDate")] == "10/11/2026"


def test_S21_credit_notes_have_a_file_that_adds_up(desk, lead):
    credited = make_invoice(amount=10_000, lines=[make_line(7_000), make_line(3_000, tax=500)], tax=500)
    early, late = NOON - timedelta(days=40), NOON
    for key, amount, at, reason in (("a", 1_051, early, "Old"), ("b", 3_333, late, "=HYPERLINK(1)")):
        issue_credit_note(invoice=credited, amount=amount, reason=reason, key=key, by=lead, now=at)

    head, *rows = rows_of(desk.get("/billing/exports/credit-notes/"))
    assert {len(row) for row in rows} == {len(head)} and len(rows) == 4
    sums = {number: sum(round(float(row[7]) * 100) for row in rows if row[0] == number) for number, *_ in rows}
    assert sums == {"CN-2026-0001": 1_051, "CN-2026-0002": 3_333}
    assert all(round(100 * (float(row[5]) + float(row[6]))) == round(100 * float(row[7])) for row in rows)
    assert [row[9] for row in rows] == ["10.51", "", "33.33", ""] and rows[-1][10] == "'=HYPERLINK(1)"
    later = rows_of(desk.get("/billing/exports/credit-notes/", {"since": "2026-11-01", "q": credited.number}))[1:]
    assert {row[0] for row in later} == {"CN-2026-0002"}
    assert rows_of(desk.get("/billing/exports/credit-notes/", {"q": "INV-2026-9999"}))[1:] == []


def test_files_are_narrowed_by_days_and_leave_out_what_was_withdrawn(desk, lead):
    make_invoice(now=NOON - timedelta(days=30))
    dropped = make_invoice()
    void(invoice=dropped, by=lead, reason="Twice", now=NOON)
    make_invoice()

    numbers = [row[0] for row in rows_of(desk.get("/billing/exports/quickbooks/", {"since": "2026-11-01"}))[1:]]

    assert numbers == ["INV-2026-0003"]
    assert desk.get("/billing/exports/sap/").status_code == 404
    assert "Late" not in words(desk.get("/billing/aging/csv/"))


def test_only_admins_say_who_sells_and_what_was_issued_stays(client, admin, lead, desk):
    make_seller()
    invoice = make_invoice()
    assert desk.get("/settings/seller/").status_code == 403
    sign_in(client, admin)
    form = {
        "legal_name": "Other Robotics Inc.", "country": "ca", "currency": "USD", "time_zone": "America/Toronto",
        "due_days": "14", "starter_credit_limit": "750", "line1": "", "city": "", "region": "", "postal_code": "",
    }  # fmt: skip

    assert client.post("/settings/seller/", form).status_code == 302

    seller = Seller.objects.get()
    assert (seller.legal_name, seller.country, seller.starter_credit_limit) == ("Other Robotics Inc.", "CA", 75_000)
    invoice.refresh_from_db()
    assert invoice.snapshot["seller"]["name"] == "Example Robotics Ltd."
    later = make_invoice()
    assert (later.due_on - numbering.local_day(NOON)).days == 14
    for odd in ({"time_zone": "Mars/Base"}, {"country": "Canada"}, {"due_days": "999"}, {"legal_name": ""},
                {"starter_credit_limit": "-5"}, {"currency": "$"}, {"email": "x"}, {"due_days": "1e9"},
                {"invoice_note": "x" * 2001}, {"bank_instructions": "x" * 2001}):  # fmt: skip
        assert client.post("/settings/seller/", {**form, **odd}).status_code == 422, odd
    assert Seller.objects.get().legal_name == "Other Robotics Inc."
    assert JournalEntry.objects.filter(action="billing.save_seller").count() == 1


def test_the_receipts_are_listed_newest_first(desk):
    for _ in range(2):
        apply_payment(payment=make_payment(invoice=make_invoice()), now=NOON)

    page = words(desk.get("/billing/receipts/"))

    assert page.index("RC-2026-0002") < page.index("RC-2026-0001")
    assert "RC-2026" not in words(desk.get("/billing/receipts/", {"since": "2026-12-01"}))
