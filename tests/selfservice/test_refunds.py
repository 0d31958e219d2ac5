"""R31, R32, B6, U34, U36: asking for money back on the account's pages, and seeing where it stands. One's own only."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from billing.actions import money_tasks, pay, refund_requests
from billing.actions.new_links import make_link
from billing.models import Invoice, MoneyTask, PrivateFile, Refund, RefundRequest
from tests.billing.file_samples import PDF, PNG
from tests.billing.money import make_open_invoice, pay_with, work
from tests.factories.accounts import make_member
from tests.factories.billing import make_customer
from tests.factories.invoices import make_invoice, make_line
from tests.selfservice.shop import hidden

pytestmark = pytest.mark.django_db

COMES_BACK = "4000000000005126"


@pytest.fixture
def paid(organisation) -> Invoice:
    """$640.00 of the customer's organisation: two controllers and a cable, paid with a card."""
    buyer = make_customer(organisation=organisation, name="Lakeview School District")
    lines = [make_line(30_000, name="Motor controller", quantity=2), make_line(4_000, name="Cable")]
    invoice = make_invoice(customer=buyer, lines=lines, now=timezone.now())
    pay_with(invoice)
    return Invoice.objects.get(pk=invoice.pk)


def form_of(client, invoice: Invoice) -> str:
    return f"/account/invoices/{invoice.number}/refund/"


def send(client, invoice: Invoice, **said):
    """As a browser does that has the form open."""
    page = client.get(form_of(client, invoice))
    sent = {"key": hidden(page, "key"), "why": "damaged", "much": "all", "words": "", "amount": "", **said}
    return client.post(form_of(client, invoice), sent)


def test_R31_an_invoice_a_reason_submit_and_it_shows_with_the_invoice_and_on_the_account(client, customer, paid):
    client.force_login(customer)
    assert "Request a refund" in client.get(f"/account/invoices/{paid.number}/").content.decode()
    files = [SimpleUploadedFile("../crack.png", PNG), SimpleUploadedFile("note.txt.pdf", PDF)]

    answer = send(client, paid, much="amount", amount="$320.00", words="One has a <b>crack</b>.", files=files)

    request = RefundRequest.objects.get()
    assert (answer.status_code, answer["Location"]) == (
        302, f"/account/invoices/{paid.number}/?asked={request.pk}#refunds",
    )  # fmt: skip
    assert (request.amount_asked, request.by, request.why, request.ticket) == (32_000, customer, "damaged", None)
    kept = list(PrivateFile.objects.order_by("pk").values_list("name", "content_type"))
    assert kept == [("crack.png", "image/png"), ("note.txt.pdf", "application/pdf")]
    page = client.get(answer["Location"]).content.decode()
    for words in (
        f"R-{request.pk}",
        "Waits for its review",
        "One has a &lt;b&gt;crack&lt;/b&gt;.",
        "crack.png",
        "is sent",
    ):
        assert words in page
    assert "Request a refund</a>" not in page
    account = client.get("/account/").content.decode()
    assert "Waits for its review" in account and "Refund to Visa credit ending 4242" in account
    assert "Refund<span" not in account
    assert "Waits for its review" in client.get("/account/refunds/").content.decode()
    again = client.get(form_of(client, paid)).content.decode()
    assert "waits for its review already" in again and 'name="why"' not in again


def test_by_line_and_by_piece(client, customer, paid):
    client.force_login(customer)
    controllers, cable = paid.lines.order_by("position")

    send(client, paid, much="lines", **{f"line-{controllers.pk}": "1", f"count-{controllers.pk}": "1"})

    request = RefundRequest.objects.get()
    assert (request.amount_asked, request.lines) == (30_000, {str(controllers.pk): 30_000})
    assert str(cable.pk) not in request.lines


REFUSED = [
    ({"why": ""}, 422, "Choose why"),
    ({"why": "\x00"}, 422, "Choose one of these reasons"),
    ({"much": "half"}, 422, "Choose one of these"),
    ({"much": "amount", "amount": ""}, 422, "Enter an amount"),
    ({"much": "amount", "amount": "-5"}, 422, "Enter an amount such as 40"),
    ({"much": "amount", "amount": "٣"}, 422, "Enter an amount such as 40"),
    ({"much": "amount", "amount": "0"}, 409, "more than nothing"),
    ({"much": "amount", "amount": "640.01"}, 409, "At most $640.00 can go back"),
    ({"much": "amount", "amount": "9" * 29}, 422, "at most"),
    ({"much": "lines"}, 422, "Tick at least one line"),
    ({"words": "x" * 4001}, 422, "at most 4,000 characters"),
    ({"why": "other", "words": " "}, 409, "few words"),
    ({"key": ""}, 422, "There is a problem"),
    ({"key": "short"}, 422, "There is a problem"),
]


@pytest.mark.parametrize(("said", "status", "words"), REFUSED)
def test_U34_what_cannot_be_is_a_sentence_beside_what_was_typed_and_no_effect(
    client, customer, paid, said, status, words
):
    client.force_login(customer)

    answer = send(client, paid, **{"words": "It arrived <broken>.", **said})

    page = answer.content.decode()
    assert (answer.status_code, RefundRequest.objects.count()) == (status, 0)
    assert words in page and "There is a problem" in page
    if "words" not in said:
        assert "It arrived &lt;broken&gt;." in page


@pytest.mark.parametrize("count", ["0", "3", "x", "", "-1", "٢", "9" * 5000])
def test_a_line_is_asked_for_in_as_many_pieces_as_there_are(client, customer, paid, count):
    client.force_login(customer)
    line = paid.lines.order_by("position")[0]
    answer = send(client, paid, much="lines", **{f"line-{line.pk}": "1", f"count-{line.pk}": count})
    assert (answer.status_code, RefundRequest.objects.count()) == (422, 0)
    assert "choose 1 to 2" in answer.content.decode()


def test_files_that_prove_nothing_are_refused_and_the_words_stay(client, customer, paid):
    client.force_login(customer)
    for files, words in (
        ([SimpleUploadedFile("a.png", b"GIF89a not one")], "is not a whole PDF"),
        ([SimpleUploadedFile(f"{n}.png", PNG + bytes([n])) for n in range(6)], "at most 5 files"),
    ):
        answer = send(client, paid, words="As I said.", files=files)
        page = answer.content.decode()
        assert answer.status_code in (409, 422)
        assert words in page and "As I said." in page
    lost = send(client, paid, much="lines", files=[SimpleUploadedFile("a.png", PNG)])
    assert "Choose your files once more" in lost.content.decode()
    assert (RefundRequest.objects.count(), PrivateFile.objects.count()) == (0, 0)


def test_sent_twice_it_is_asked_once(client, customer, paid):
    client.force_login(customer)
    said = {"key": "k" * 32, "why": "twice", "much": "all"}
    for _ in range(2):
        assert client.post(form_of(client, paid), said).status_code == 302
    assert RefundRequest.objects.count() == 1
    other = {**said, "key": "j" * 32}
    refused = client.post(form_of(client, paid), other)
    assert (refused.status_code, RefundRequest.objects.count()) == (409, 1)
    assert "waits for its review already" in refused.content.decode()


def test_S22_nobody_else_finds_the_form_the_request_or_its_file(client, customer, colleague, stranger, paid):
    client.force_login(customer)
    send(client, paid, files=[SimpleUploadedFile("a.png", PNG)])
    request, file = RefundRequest.objects.get(), PrivateFile.objects.get()
    unproven = make_member(organisation=paid.customer.organisation, verified=False)
    for person in (stranger, unproven):
        client.force_login(person)
        assert client.get(form_of(client, paid)).status_code == 404
        assert client.post(form_of(client, paid), {}).status_code == 404
        assert client.post(f"/account/refunds/{request.pk}/withdraw/").status_code == 404
        assert client.get(f"/billing/files/{file.pk}/").status_code == 404
        assert request.number not in client.get("/account/refunds/").content.decode()
    for path in (
        "/account/invoices/INV-0/refund/",
        "/account/invoices/%00/refund/",
        f"/account/refunds/{10**30}/withdraw/",
    ):
        assert client.post(path, {}).status_code == 404
    client.force_login(colleague)
    assert client.get(f"/account/refunds/{request.pk}/withdraw/").status_code == 405

    client.post(f"/account/refunds/{request.pk}/withdraw/")

    request.refresh_from_db()
    assert request.state == "withdrawn"
    page = client.get(f"/account/invoices/{paid.number}/").content.decode()
    assert "Withdrawn" in page and "Request a refund</a>" in page
    again = client.post(f"/account/refunds/{request.pk}/withdraw/", follow=True)
    assert again.status_code == 200


def test_an_invoice_that_is_owed_or_given_back_says_so_and_asks_nothing(client, customer, organisation, reviewer):
    buyer = make_customer(organisation=organisation)
    owed = make_open_invoice(amount=5_000, customer=buyer)
    client.force_login(customer)
    page = client.get(form_of(client, owed))
    assert (page.status_code, "is still due" in page.content.decode()) == (200, True)
    refused = client.post(form_of(client, owed), {"key": "k" * 32, "why": "twice", "much": "all"})
    assert (refused.status_code, RefundRequest.objects.count()) == (409, 0)
    assert "Request a refund" not in client.get(f"/account/invoices/{owed.number}/").content.decode()


def test_R32_the_whole_way_stands_on_the_account_with_the_banks_reference_and_what_came_back(
    client, customer, organisation, reviewer, lead
):
    """B6: sent, arrived, the trace number, weeks later back again; and what goes by transfer."""
    invoice = make_open_invoice(amount=10_000, customer=make_customer(organisation=organisation))
    pay.record_transfer(invoice=invoice, amount=3_000, reference="W", by=lead, now=timezone.now())
    pay_with(Invoice.objects.get(pk=invoice.pk), COMES_BACK)
    client.force_login(customer)
    page_of = f"/account/invoices/{invoice.number}/"
    send(client, invoice)
    request = RefundRequest.objects.get()
    etag = client.get(page_of)["ETag"]

    refund_requests.approve(
        request=request, amount=8_000, by=reviewer, now=timezone.now(), reason="You are right, our mistake."
    )
    seen = client.get(page_of, headers={"If-None-Match": etag})
    page = seen.content.decode()
    for words in ("Approved: $80.00 of $100.00", "You are right, our mistake.", "$70.00 to Visa", "It is being sent",
                  "$10.00 by bank transfer", "On its way", "Credit note CN-"):  # fmt: skip
        assert words in page, words
    work()
    assert "$70.00 sent to Visa credit ending 5126" in client.get(page_of).content.decode()
    Refund.objects.update(reference="74512290123456789012345")
    assert "reference 74512290123456789012345" in client.get("/account/").content.decode()
    token = (
        make_link(invoice=invoice, email="ap@school.example", name="", now=timezone.now()).rstrip("/").split("/")[-1]
    )
    text = client.get(f"/i/{token}/").content.decode()
    assert "Refunded to Visa credit ending 5126, bank reference 74512290123456789012345" in text
    assert "You are right, our mistake." not in text and "Refunded of it" in text
    money_tasks.close_task(task=MoneyTask.objects.get(), outcome="Sent, ref 9", by=lead, now=timezone.now())
    page = client.get(page_of).content.decode()
    assert "$10.00 sent by bank transfer" in page and "ref 9" not in page
    work(minutes=1)
    work(minutes=2)

    page = client.get("/account/").content.decode()
    assert "Came back to us" in page and "$70.00 came back from Visa" in page and "a person finds another way" in page


def test_the_pages_ask_the_database_as_often_however_many_requests_there_are(
    client, customer, paid, reviewer, django_assert_num_queries
):
    client.force_login(customer)
    for _ in range(3):
        asked = refund_requests.ask(
            invoice=paid, amount=1_000, why="wrong", words="", by=customer, key=f"k{_}", now=timezone.now()
        )
        refund_requests.approve(request=asked, amount=1_000, by=reviewer, now=timezone.now())
        client.get("/account/refunds/")
        with django_assert_num_queries(9):
            client.get("/account/refunds/")
    assert client.get("/account/refunds/", {"after": "x" * 40}).status_code == 200
    assert client.get("/account/refunds/", {"after": str(asked.pk)}).status_code == 200


def test_U53_a_dialog_gets_the_inside_of_the_form_alone_and_says_what_became_of_it(client, customer, paid):
    """Marked, so that a page that came instead (a sign-in) is never put into it."""
    client.force_login(customer)
    sheet = {"X-Sheet": "1"}

    begun = client.get(form_of(client, paid), headers=sheet)
    text = begun.content.decode()
    assert (begun.status_code, begun["X-Sheet"], "<html" in text, "<main" in text) == (200, "1", False, False)
    assert 'id="sheet-h"' in text and "X-Sheet" not in client.get(form_of(client, paid))
    said = {"key": hidden(begun, "key"), "why": "damaged", "much": "amount", "amount": "700", "words": "Cracked"}
    refused = client.post(form_of(client, paid), said, headers=sheet)
    assert (refused.status_code, refused["X-Sheet"], "<html" in refused.content.decode()) == (409, "1", False)
    assert "At most $640.00" in refused.content.decode() and "Cracked" in refused.content.decode()

    for _ in range(2):
        done = client.post(form_of(client, paid), said | {"amount": "300"}, headers=sheet)
        assert (done.status_code, done["X-Sheet"], done.content) == (204, "1", b"")
    assert RefundRequest.objects.get().amount_asked == 30_000
    assert "is sent. The next review" in client.get("/account/").content.decode()
    waits = client.get(form_of(client, paid), headers=sheet).content.decode()
    assert "waits for its review already" in waits and "<form" in waits
    client.logout()
    assert "X-Sheet" not in client.get(form_of(client, paid), headers=sheet)
