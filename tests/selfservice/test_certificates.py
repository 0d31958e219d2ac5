"""A customer uploads a tax certificate and is exempt at once: from the account, cart and checkout (R28, U22)."""

import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.choices import Role
from accounts.models import JournalEntry
from billing.actions import certificates
from billing.actions.certificates import Sent
from billing.choices import CertificateKind
from billing.models import Certificate, Customer, Order, PrivateFile, PrivateFileLook
from tests.billing.file_samples import PDF, PNG
from tests.factories.accounts import make_member, make_organisation, make_person, make_staff, sign_in
from tests.factories.billing import NOON, make_customer, make_goods, make_seller, make_tax
from tests.selfservice.shop import agreed, answers, hidden, put

pytestmark = pytest.mark.django_db
NEW = "/account/certificates/new/"
KEY = "a-key-of-the-page-0001"
QUERIES = (21, 6)


@pytest.fixture
def person():
    make_seller()
    make_tax(57_500)
    return make_person(email="dana@lakeview.example", name="Dana Whitfield")


def sheet(name: str = "exempt.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/html")


def typed(**more) -> dict:
    known = {"key": KEY, "place": "US-OH", "purchaser": "Lakeview School", "number": "12-3", "ground": "M"}
    return {**known, "file": sheet(), **more}


def kept_for(customer: Customer, **fields) -> Certificate:
    known = {
        "kind": CertificateKind.US_STATE, "country": "US", "region": "OH", "purchaser": "Lakeview School",
        "number": "", "ground": "", "file": Sent(PDF, "exempt.pdf"), "by": customer.person, "key": f"k{customer.pk}",
    }  # fmt: skip
    return certificates.upload(customer=customer, now=NOON, **known | fields)


def test_U22_uploaded_on_the_account_the_cart_is_exempt_and_the_account_says_when_it_is_checked(client, person):
    make_customer(person=person)
    sign_in(client, person)
    put(client, make_goods(10_000))
    assert (
        "$5.75" in client.get("/cart/").content.decode() and f"{NEW}?from=cart" in client.get("/cart/").content.decode()
    )

    answer = client.post(f"{NEW}?from=cart", typed(), follow=True)

    certificate = Certificate.objects.get()
    body = answer.content.decode()
    assert answer.redirect_chain == [("/cart/", 302)]
    assert f"Exempt: certificate {certificate.reference} for Ohio" in body and "$5.75" not in body
    account = client.get("/account/").content.decode()
    assert "Active now" in account and re.search(r"checks it at the next review, \w+day \d+ \w+, \d\d:\d\d", account)
    page = client.get(f"/account/certificates/{certificate.pk}/").content.decode()
    assert "You pay no tax in Ohio" in page and certificate.reference in page and "exempt.pdf" in page
    assert client.post(NEW, typed(), follow=True).redirect_chain[0][0].endswith(f"/{certificate.pk}/")  # sent twice
    assert Certificate.objects.count() == 1


def test_R28_uploaded_at_the_checkout_the_same_page_comes_back_without_tax_and_with_all_that_was_typed(client, person):
    sign_in(client, person)  # who never ordered before
    put(client, make_goods(10_000))
    sent = answers(client.post("/checkout/", answers(client.get("/checkout/"), po_number="PO 77")), po_number="PO 77")
    assert sent["total"] == "10575"

    more = {"certificate": "1", "certificate-file": sheet(), "certificate_key": KEY, "certificate-number": "12-3"}
    page = client.post("/checkout/", sent | more)

    certificate, body = Certificate.objects.get(), page.content.decode()
    assert page.status_code == 200 and "You pay no tax in Ohio" in body and 'value="PO 77"' in body
    assert (hidden(page, "total"), Order.objects.count()) == ("10000", 0)
    assert (certificate.purchaser, certificate.region, certificate.number) == ("Lakeview School", "OH", "12-3")
    done = client.post("/checkout/", answers(page, po_number="PO 77"))
    order = Order.objects.get()
    assert done.url == f"/orders/{order.number}/" and (order.tax, order.total, order.po_number) == (0, 10_000, "PO 77")
    assert certificate.reference in client.get(done.url).content.decode()


def test_at_the_checkout_a_refused_file_loses_nothing_and_one_without_an_address_says_so(client, person):
    sign_in(client, person)
    put(client, make_goods(10_000))
    sent = answers(client.post("/checkout/", answers(client.get("/checkout/"))), po_number="PO 77")

    for more, words in (
        ({"certificate": "1"}, "Choose a PDF, PNG, JPEG or HEIC up to 10 MB"),
        ({"certificate-file": sheet(content=b"MZ")}, "is not a whole PDF"),
        ({"certificate-file": sheet(), "region": ""}, "Enter first where it goes"),
        ({"certificate-file": sheet(), "certificate-ground": "Z"}, "Choose one of the reasons"),
    ):
        page = client.post("/checkout/", sent | more)
        body = page.content.decode()
        assert page.status_code == 422 and words in body and 'value="PO 77"' in body, words
        assert "<title>Error: " in body and 'id="id_certificate-' in body
    assert (Certificate.objects.count(), Order.objects.count(), Customer.objects.count()) == (0, 0, 0)


def test_R30_the_order_page_says_until_when_a_large_order_is_held(client, person):
    make_customer(person=person)
    kept_for(person.customer)
    sign_in(client, person)
    put(client, make_goods(1_000_000))

    done = client.post("/checkout/", agreed(client))

    body = client.get(done.url).content.decode()
    assert "Held until your tax certificate is approved" in body and "A person checks the certificate on " in body
    assert "It waits until a tax certificate for it is approved." in client.get("/account/").content.decode()
    certificates.reject(
        certificate=Certificate.objects.get(), reason="Another name", by=make_staff(Role.REVIEWER), now=NOON
    )
    assert "upload another one" in client.get(done.url).content.decode()


def test_U36_the_reason_of_a_rejection_is_read_word_for_word_and_another_can_be_sent(client, person):
    customer = make_customer(person=person)
    reason = "The form is of 2019 & <i>unsigned</i>"
    certificates.reject(certificate=kept_for(customer), reason=reason, by=make_staff(Role.REVIEWER), now=NOON)
    sign_in(client, person)
    escaped = "The form is of 2019 &amp; &lt;i&gt;unsigned&lt;/i&gt;"

    account, page = client.get("/account/"), client.get(f"/account/certificates/{Certificate.objects.get().pk}/")

    assert escaped in account.content.decode() and "Not accepted" in account.content.decode()
    assert escaped in page.content.decode() and "Send another one" in page.content.decode()
    assert client.post(NEW, typed()).status_code == 302
    assert escaped not in client.get("/account/").content.decode()
    assert escaped in client.get(f"/account/{customer.pk}/certificates/").content.decode()


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"file": ""}, "file", "Choose a PDF, PNG, JPEG or HEIC up to 10 MB"),
        ({"file": sheet(content=b"")}, "file", "Choose a PDF"),
        ({"file": sheet("a.exe", b"MZ evil")}, "file", "a.exe is not a whole PDF"),
        ({"file": sheet(content=PDF + b" " * 10 * 1024 * 1024)}, "file", "larger than 10 MB"),
        ({"place": "US-XX"}, "place", "Choose the state"), ({"place": ""}, "place", "Choose the state"),
        ({"place": "\x00"}, "place", "Choose the state"), ({"purchaser": ""}, "purchaser", "Enter the purchaser"),
        ({"purchaser": "a\x00b"}, "purchaser", "without special signs"),
        ({"number": "9" * 61}, "number", "at most 60"), ({"ground": "MM"}, "ground", "Choose one"),
        ({"place": "CA", "number": ""}, "number", "Enter the GST/HST number"),
    ],
)  # fmt: skip
def test_U27_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(client, person, more, field, words):
    make_customer(person=person)
    sign_in(client, person)

    page = client.post(NEW, typed(**more))

    body = page.content.decode()
    assert page.status_code == 422 and words in body and "<title>Error: " in body
    assert f'href="#id_{field}"' in body and 'aria-invalid="true"' in body
    assert "purchaser" in more or 'value="Lakeview School"' in body
    assert (Certificate.objects.count(), PrivateFile.objects.count()) == (0, 0)


def test_S19_a_private_file_is_a_download_for_its_own_people_and_reviewers_and_every_look_is_written_down(
    client, person
):
    customer = make_customer(person=person)
    kept_for(customer, file=Sent(PNG, "..\\..\\a\u202e.png.html"))
    kept = PrivateFile.objects.get()
    address = f"/files/private/{kept.pk}/"
    reviewer = make_staff(Role.REVIEWER)
    for stranger in (make_person(), make_staff(Role.AGENT), make_staff(Role.ADMIN), make_staff(Role.OBSERVER)):
        sign_in(client, stranger)
        assert client.get(address).status_code == 404
    for reader in (person, reviewer):
        sign_in(client, reader)
        answer = client.get(address)
        assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PNG, "image/png")
        assert answer["Content-Disposition"] == 'attachment; filename="a.png.png"'
        assert answer["X-Content-Type-Options"] == "nosniff" and "no-store" in answer["Cache-Control"]
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    client.logout()
    assert client.get(address).status_code == 302
    assert list(PrivateFileLook.objects.order_by("pk").values_list("by", flat=True)) == [person.pk, reviewer.pk]
    assert JournalEntry.objects.filter(action="billing.open_private_file").count() == 2
    sign_in(client, person)
    for number in (0, kept.pk + 1, 2**63, 10**30):
        assert client.get(f"/files/private/{number}/").status_code == 404
    (kept.file.__class__).objects.update(key="00/gone")
    assert client.get(address).status_code == 410


def test_S22_nobody_reaches_the_certificates_of_somebody_else(client, person):
    other = make_customer(person=make_person())
    certificate = kept_for(other)
    sign_in(client, person)

    for address in (f"/account/certificates/{certificate.pk}/", f"/account/{other.pk}/certificates/",
                    f"{NEW}?for={other.pk}", f"{NEW}?for=x", f"/account/certificates/{10**20}/"):  # fmt: skip
        assert client.get(address).status_code == 404, address
    assert client.post(f"/account/certificates/{certificate.pk}/withdraw/").status_code == 404
    assert client.post(f"{NEW}?for={other.pk}", typed()).status_code == 404
    certificate.refresh_from_db()
    assert (certificate.state, Certificate.objects.count()) == ("provisional", 1)


def test_a_member_uploads_for_the_organisation_and_takes_it_back(client, person):
    organisation = make_organisation(name="Lakeview School District")
    customer = make_customer(organisation=organisation, name="Lakeview School District")
    member = make_member(organisation=organisation)
    sign_in(client, member)

    answer = client.post(f"{NEW}?for={customer.pk}", typed(place="CA", number="123456789 RT0001"))

    certificate = Certificate.objects.get()
    assert answer.url == f"/account/certificates/{certificate.pk}/"
    assert (certificate.customer, certificate.kind, certificate.region) == (customer, "canada", "")
    assert "All of Canada" in client.get(NEW).content.decode()
    for _ in range(2):
        client.post(f"/account/certificates/{certificate.pk}/withdraw/")
    certificate.refresh_from_db()
    assert certificate.state == "withdrawn"
    assert "does not count any more" in client.get(f"/account/certificates/{certificate.pk}/").content.decode()


def test_an_approved_one_says_until_when_it_is_good(client, person):
    customer = make_customer(person=person)
    certificates.approve(
        certificate=kept_for(customer), valid_until=date(2036, 3, 31), by=make_staff(Role.REVIEWER), now=NOON
    )
    sign_in(client, person)

    assert "Good until 31 March 2036." in client.get("/account/").content.decode()


def test_one_certificate_and_eight_cost_the_same_queries_on_the_account_and_in_their_list(
    client, person, django_assert_num_queries
):
    customer = make_customer(person=person)
    sign_in(client, person)
    kept_for(customer)
    places = ("/account/", f"/account/{customer.pk}/certificates/")
    for place, queries in zip(places, QUERIES, strict=True):
        client.get(place)
        with django_assert_num_queries(queries):
            client.get(place)
    for number, region in enumerate(("CA", "NY", "TX", "WA", "MI", "FL", "IL")):
        one = kept_for(customer, region=region, key=f"more{number}")
        if number % 2:
            certificates.approve(certificate=one, valid_until=None, by=make_staff(Role.REVIEWER), now=NOON)
    for place, queries in zip(places, QUERIES, strict=True):
        with django_assert_num_queries(queries):
            assert client.get(place).status_code == 200
