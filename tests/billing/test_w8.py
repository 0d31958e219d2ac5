"""The signed W-8: one address, the version that counts, warned before it ends (R23, U20, B1, S17 to S19)."""

import zlib
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import JournalEntry
from billing import documents, pdf_checks
from billing.actions import w8
from billing.actions.w8 import CannotKeepForm
from billing.models import TaxForm, TaxFormDownload
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff, sign_in
from tests.factories.invoices import make_seller
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db

SAMPLE = {
    "seller": {"name": "Example Robotics Ltd.", "lines": ["Calgary"], "tax_number": "1"}, "country": "Canada",
    "signed": "1 March 2026", "expires": "31 December 2029",
}  # fmt: skip
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


def packed(objects: bytes) -> bytes:
    """A PDF whose objects are packed, as most programs write them."""
    stream = b"<</Type /ObjStm /Filter /FlateDecode>>\nstream\n" + zlib.compress(objects) + b"\nendstream"
    return PDF.replace(b"<<>>", stream)


def add(by, *, signed_on: date = date(2026, 3, 1), content: bytes = PDF, now: datetime | None = None) -> TaxForm:
    return w8.add_form(content=content, signed_on=signed_on, by=by, now=now or timezone.now())


@pytest.mark.parametrize(
    ("signed", "ends"), [(date(2026, 1, 1), date(2029, 12, 31)), (date(2026, 12, 31), date(2029, 12, 31))]
)
def test_B1_a_form_is_good_until_the_end_of_the_third_following_year(signed, ends):
    assert w8.expires_on(signed) == ends


def test_R23_the_stable_address_answers_with_the_version_that_counts(client, admin):
    make_seller()
    add(admin)
    newest = add(admin, content=PDF + b"% second\n%%EOF\n")

    answer = client.get("/w8/?from=invoice")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert b"".join(answer.streaming_content) == newest.file.read()
    assert TaxFormDownload.objects.get().place == "invoice"
    assert client.get("/w8/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    w8.withdraw_form(form=newest, by=admin, now=timezone.now())
    assert b"second" not in b"".join(client.get("/w8/").streaming_content)


@pytest.mark.parametrize("place", ["cart", "account", "\x00", "x" * 900, "'; drop"])
def test_where_it_was_taken_is_one_of_our_places(client, admin, place):
    add(admin)
    client.head("/w8/")

    assert client.get("/w8/", {"from": place}).status_code == 200

    assert TaxFormDownload.objects.get().place == (place if place in ("cart", "account") else "address")


def test_without_a_form_the_page_leads_to_a_person(client, admin):
    make_seller()
    over = add(admin, signed_on=date(2023, 5, 1))
    TaxForm.objects.filter(pk=over.pk).update(expires_on=date(2026, 1, 1))

    answer = client.get("/w8/")

    assert answer.status_code == 404
    assert 'href="/help/"' in answer.content.decode() and "W-9" in answer.content.decode()
    assert "Example Robotics Ltd. is in Canada" in client.get("/w8/about/").content.decode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04 a zip", b"GIF89a%PDF-1.7 %%EOF", b"<html>%PDF-", PDF[:20], b" " + PDF,
        PDF.replace(b"<<>>", b"<</OpenAction 1>>"), PDF.replace(b"<<>>", b"<</S /JavaScript /JS (x)>>"),
        PDF.replace(b"<<>>", b"<</EmbeddedFile 1>>"), PDF.replace(b"<<>>", b"<</Launch 1>>"),
        PDF.replace(b"<<>>", b"<</S /J#61vaScript>>"), packed(b"<</OpenAction <</S /JavaScript>> >>"),
        packed(b"<</Type /Catalog /AA <<>> >>"), packed(b"0" * (pdf_checks.MOST_UNPACKED + 1)),
        PDF.replace(b"<<>>", b"<</Type /ObjStm /Filter /FlateDecode>>\nstream\nnot packed at all\nendstream"),
    ],
)  # fmt: skip
def test_S19_only_a_pdf_that_wants_to_be_read_is_kept(admin, content):
    with pytest.raises(CannotKeepForm):
        add(admin, content=content)

    assert TaxForm.objects.count() == 0


@pytest.mark.parametrize("kept", [b"<</OpenAction [3 0 R /Fit]>>", b"<</AAPL:Keywords [(a)]>>", b"<</JSONish 1>>"])
def test_a_pdf_as_ordinary_programs_write_them_is_kept(admin, kept):
    for content in (PDF.replace(b"<<>>", kept), packed(kept), documents.render("w8", SAMPLE)):
        add(admin, content=content)

    assert TaxForm.objects.count() == 3


def test_S17_S18_an_upload_is_what_it_holds_and_not_what_it_is_called(client, admin):
    sign_in(client, admin)

    def upload(name: str, content: bytes, day: str = "2026-03-01"):
        file = SimpleUploadedFile(name, content, content_type="application/pdf")
        return client.post("/settings/tax-forms/", {"file": file, "signed_on": day})

    assert upload("../../w8.pdf.php", PDF).status_code == 302
    assert TaxForm.objects.get().file.key.count("/") == 1 and "php" not in TaxForm.objects.get().file.key
    for name, content, day in (
        ("w8.pdf", b"MZ evil", "2026-03-01"), ("w8.pdf", PDF, "2999-01-01"), ("w8.pdf", PDF, "2019-01-01"),
        ("w8.pdf", PDF, "no day"), ("w8.pdf", b"", "2026-03-01"), ("w8.pdf", PDF + b"0" * w8.MOST_BYTES, "2026-03-01"),
    ):  # fmt: skip
        assert upload(name, content, day).status_code == 422
    assert client.post("/settings/tax-forms/").status_code == 422
    assert TaxForm.objects.count() == 1
    assert JournalEntry.objects.get().action == "billing.add_tax_form"


def test_B1_admins_are_warned_90_and_30_days_before_once(admin, agent):
    add(admin, signed_on=date(2026, 3, 1), now=datetime(2026, 3, 2, tzinfo=UTC))

    for day in (
        datetime(2029, 10, 3, tzinfo=UTC),
        datetime(2029, 10, 4, tzinfo=UTC),
        datetime(2029, 12, 2, tzinfo=UTC),
    ):
        sweep(now=day)
        sweep(now=day)

    mails = OutgoingMail.objects.order_by("pk")
    assert [mail.to_address for mail in mails] == [admin.email, admin.email]
    assert ["90 days" in mails[0].text, "30 days" in mails[1].text] == [True, True]


def test_a_form_that_was_replaced_warns_nobody(admin):
    make_staff("admin")
    first = add(admin, now=datetime(2026, 3, 2, tzinfo=UTC))
    add(admin, now=datetime(2026, 3, 3, tzinfo=UTC))

    assert w8.warn(form_id=first.pk, days=90, now=datetime(2029, 10, 4, tzinfo=UTC)) == 0
    assert OutgoingMail.objects.count() == 0
