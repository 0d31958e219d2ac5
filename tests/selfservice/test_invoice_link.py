"""An invoice by its link: no login, no session, no effect but "opened", no dead end (R22, U17, U29, S36 to S39)."""

import re
import time
from datetime import timedelta
from statistics import median

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import JournalEntry
from billing.actions import links
from billing.actions.credit_note import issue_credit_note
from billing.actions.fresh_links import mail_fresh_links
from billing.actions.issue import apply_payment
from billing.actions.new_links import make_link
from billing.models import InvoiceLink, NumberSeries, Payment
from billing.tokens import digest, new_token
from mail.actions.reach import stop_token
from mail.models import OptOut, OutgoingMail
from tests.factories.invoices import NOON, make_buyer, make_invoice, make_line, make_payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice():
    """Open, for ap@school.example."""
    return make_invoice(customer=make_buyer("ap@school.example"), now=timezone.now())


@pytest.fixture
def token(invoice) -> str:
    """From the mail that issuing it wrote."""
    return token_in(OutgoingMail.objects.get())


def token_in(mail: OutgoingMail) -> str:
    return re.search(r"/i/([A-Za-z0-9_-]{43})/", mail.text)[1]


def words(response) -> str:
    return response.content.decode()


def test_E1_R22_U17_the_mailed_link_opens_reads_and_downloads_without_login_or_session(client, invoice, token):
    page = client.get(f"/i/{token}/")
    pdf = client.get(f"/i/{token}/pdf/")

    assert (page.status_code, pdf.status_code) == (200, 200)
    for fact in (invoice.number, "$1,000.00", "Starter robot kit", "Example Robotics Ltd.", "W-8BEN-E"):
        assert fact in words(page)
    assert b"".join(pdf.streaming_content).startswith(b"%PDF-")
    assert pdf["Content-Disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    assert "session" not in client.cookies and "sessionid" not in client.cookies
    assert client.get("/account/invoices/").status_code == 302


def test_R24_every_line_links_to_what_it_is(client, token, invoice):
    line = invoice.lines.get()

    assert f'<a href="/store/{line.product.slug}/info/">What is this?' in words(client.get(f"/i/{token}/"))


def test_S36_private_pages_say_so_in_their_headers(client, token, invoice):
    for path in ("", "pdf/", "emails/", "end/"):
        answer = client.get(f"/i/{token}/{path}")
        said = (answer["Cache-Control"], answer["X-Robots-Tag"], answer["Referrer-Policy"])
        assert said == ("no-store", "noindex, nofollow", "no-referrer")
    assert not InvoiceLink.objects.filter(token_sha256=token).exists()
    assert InvoiceLink.objects.get().token_sha256 == digest(token)


def test_S36_only_this_invoice_and_its_papers_open(client, invoice, token):
    other = make_invoice(customer=invoice.customer, now=timezone.now())
    receipt = apply_payment(payment=make_payment(invoice=other), now=timezone.now())
    mine = apply_payment(payment=make_payment(invoice=invoice, amount=10), now=timezone.now())
    note = issue_credit_note(invoice=invoice, amount=10, reason="Late", key="a", by=None, now=timezone.now())

    assert other.number not in words(client.get(f"/i/{token}/"))
    assert client.get(f"/i/{token}/papers/{receipt.number}/").status_code == 404
    assert client.get(f"/i/{token}/papers/{mine.number}/").status_code == 200
    assert client.get(f"/i/{token}/papers/{note.number}/").status_code == 200
    for number in ("\x00", "RC-9999-0001", "x" * 500, "1; drop"):
        assert client.get(f"/i/{token}/papers/{number}/").status_code == 404


def test_S38_looking_ahead_changes_nothing_and_looking_notes_when(client, token):
    link = InvoiceLink.objects.get()
    for _ in range(25):
        client.head(f"/i/{token}/")
        client.get(f"/i/{token}/", headers={"Sec-Purpose": "prefetch;prerender"})
        client.get(f"/i/{token}/emails/")
        client.get(f"/i/{token}/end/")
    link.refresh_from_db()
    assert (link.first_opened_at, link.revoked_at, OptOut.objects.count()) == (None, None, 0)

    client.get(f"/i/{token}/")

    link.refresh_from_db()
    assert link.first_opened_at is not None and link.first_opened_at == link.last_opened_at
    assert (JournalEntry.objects.count(), OutgoingMail.objects.count(), InvoiceLink.objects.count()) == (0, 1, 1)


def test_S37_a_link_is_no_login_also_for_somebody_signed_in(client, stranger, token):
    client.force_login(stranger)

    assert client.get(f"/i/{token}/").status_code == 200
    assert client.get("/account/invoices/INV-2026-0001/").status_code == 404


@pytest.mark.parametrize("bad", ["x", "a" * 42, "a" * 44, "%00" * 43, "é" * 43, "INV-2026-0001", "a" * 2000])
def test_S39_what_is_no_token_opens_nothing_and_leads_on(client, invoice, bad):
    answer = client.get(f"/i/{bad}/")

    assert answer.status_code == 404
    assert "Mail a fresh link" in words(answer)


def test_S39_a_token_for_something_else_opens_no_invoice(client, invoice):
    stop = stop_token(address="ap@school.example", scope="invoice")

    assert client.get(f"/i/{stop}/").status_code == 404
    assert client.get(f"/i/{stop[:43]}/").status_code == 404


def test_U29_a_revoked_link_is_gone_and_leads_to_a_fresh_one(client, token, django_capture_on_commit_callbacks):
    links.revoke_link(link=InvoiceLink.objects.get(), by=None, now=timezone.now())

    answer = client.get(f"/i/{token}/")
    assert answer.status_code == 410
    assert words(answer).count('name="which"') == 1
    assert client.get(f"/i/{token}/pdf/").status_code == 410

    mail_fresh_links(which="inv-2026-0001", now=timezone.now())
    fresh = token_in(OutgoingMail.objects.latest("pk"))
    assert client.get(f"/i/{fresh}/").status_code == 200


@pytest.mark.parametrize("which", ["INV-2026-0001", "ap@school.example", "AP@School.Example"])
def test_U28_U29_a_fresh_link_goes_to_the_address_on_file_and_nowhere_else(client, invoice, which):
    assert mail_fresh_links(which=which, now=timezone.now()) == 1
    assert mail_fresh_links(which=which, now=timezone.now()) == 0  # once in ten minutes

    mail = OutgoingMail.objects.latest("pk")
    assert (mail.to_address, mail.state) == ("ap@school.example", "queued")
    assert client.get(f"/i/{token_in(mail)}/").status_code == 200


def test_S45_asking_says_the_same_and_takes_as_long_whether_it_exists_or_not(client, invoice):
    took: dict[str, list[float]] = {"INV-2026-0001": [], "INV-2026-9999": [], "no@body.example": []}
    said = set()
    for _ in range(6):
        for which, times in took.items():
            began = time.perf_counter()
            answer = client.post("/i/fresh/", {"which": which})
            times.append(time.perf_counter() - began)
            said.add((answer.status_code, answer["Location"]))

    assert said == {(302, "/i/sent/")}
    known, *others = (median(times) for times in took.values())
    assert all(abs(known - other) < 0.05 for other in others)
    assert words(client.get("/i/sent/")).count("INV-") == 0


@pytest.mark.parametrize("which", ["", " ", "\x00", "x" * 321])
def test_a_field_that_says_nothing_is_answered_beside_it(client, invoice, which):
    answer = client.post("/i/fresh/", {"which": which})

    assert answer.status_code == 422
    assert "There is a problem" in words(answer) and "<title>Error: " in words(answer)
    assert OutgoingMail.objects.count() == 1


def test_S46_many_made_up_links_have_to_wait(client, invoice):
    codes = {client.get(f"/i/{new_token()}/").status_code for _ in range(60)}
    answer = client.get(f"/i/{new_token()}/")

    assert (codes, answer.status_code) == ({404}, 429)
    assert int(answer["Retry-After"]) > 0


def test_a_copy_for_a_colleague_opens_and_is_shown_once(client, invoice, token):
    page = client.post(f"/i/{token}/copy/")

    copied = re.search(r"/i/([A-Za-z0-9_-]{43})/\" readonly", words(page))[1]
    shown = words(client.get(f"/i/{copied}/"))
    assert invoice.number in shown
    assert "Stop emails" not in shown and "ap@school.example" not in shown
    assert InvoiceLink.objects.filter(email="").count() == 1
    assert JournalEntry.objects.get().action == "billing.copy_link"
    assert client.get(f"/i/{copied}/emails/").status_code == 404


def test_copies_have_an_end(client, invoice, token):
    for _ in range(links.MOST_COPIES):
        make_link(invoice=invoice, email="", now=timezone.now())

    answer = client.post(f"/i/{token}/copy/")

    assert answer.status_code == 409
    assert "20 copies" in words(answer)
    assert InvoiceLink.objects.count() == links.MOST_COPIES + 1


def test_a_link_that_went_astray_is_ended_by_its_holder_and_a_fresh_one_mailed(client, token):
    answer = client.post(f"/i/{token}/end/")

    assert "A fresh one is on its way to ap@school.example" in words(answer)
    assert client.get(f"/i/{token}/").status_code == 410
    assert client.get(f"/i/{token_in(OutgoingMail.objects.latest('pk'))}/").status_code == 200


def test_a_link_works_for_ever_while_something_is_due_and_two_years_after(client, invoice, token):
    with_time = InvoiceLink.objects
    with_time.update(created_at=NOON - timedelta(days=3650))
    assert client.get(f"/i/{token}/").status_code == 200

    apply_payment(payment=make_payment(invoice=invoice), now=timezone.now() - timedelta(days=729))
    assert client.get(f"/i/{token}/").status_code == 200
    invoice.refresh_from_db()
    invoice.paid_at -= timedelta(days=2)
    invoice.save(update_fields=["paid_at"])
    assert client.get(f"/i/{token}/").status_code == 410


def test_nothing_changed_nothing_sent(client, invoice, token):
    first = client.get(f"/i/{token}/")
    etag = first["ETag"]
    assert client.get(f"/i/{token}/", headers={"If-None-Match": client.get(f"/i/{token}/")["ETag"]}).status_code == 304
    pdf = client.get(f"/i/{token}/pdf/")
    assert client.get(f"/i/{token}/pdf/", headers={"If-None-Match": pdf["ETag"]}).status_code == 304

    apply_payment(payment=make_payment(invoice=invoice, amount=10), now=timezone.now())

    assert client.get(f"/i/{token}/", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("lines", [1, 12])
def test_the_page_asks_the_database_as_often_however_long_it_is(client, django_assert_num_queries, lines):
    invoice = make_invoice(lines=[make_line(100) for _ in range(lines)], now=timezone.now())
    token = token_in(OutgoingMail.objects.get())
    client.get(f"/i/{token}/")

    with django_assert_num_queries(6):
        client.get(f"/i/{token}/")
    assert Payment.objects.count() == 0 and invoice.lines.count() == lines


def test_hostile_words_stand_on_page_and_paper_as_they_are(client):
    hostile = '<script>alert(1)</script> #read("/etc/passwd") *x* $y$ \\ {{ 7|add:1 }} \u202e\u200b'
    customer = make_buyer("ap@school.example", name=hostile[:100])
    make_invoice(customer=customer, lines=[make_line(100, name=hostile[:100])], po_number="=cmd()", now=timezone.now())
    token = token_in(OutgoingMail.objects.get())

    page, pdf = client.get(f"/i/{token}/"), client.get(f"/i/{token}/pdf/")

    assert "<script>alert(1)" not in words(page)
    assert "&lt;script&gt;alert(1)" in words(page) and "{{ 7|add:1 }}" in words(page)
    assert pdf.status_code == 200


def test_changes_through_a_link_need_a_form_of_ours_and_have_a_limit(token):
    browser = Client(enforce_csrf_checks=True)

    assert browser.post(f"/i/{token}/end/").status_code == 403
    assert browser.post(f"/i/{token}/copy/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    plain = Client()
    answers = [plain.post(f"/i/{token}/emails/", {"notice": "invoice", "undo": "1"}).status_code for _ in range(31)]
    assert (set(answers[:30]), answers[30]) == ({200}, 429)
    assert NumberSeries.objects.count() == 1
