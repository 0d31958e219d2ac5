"""The store for programs: money moves once, for those who may, and lists are pages (S22, S26, S30, S31)."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.choices import Role
from accounts.models import ApiRequest, JournalEntry
from billing.models import CreditNote, Invoice, MoneyRight, Order, Payment, Refund, Shipment
from tests.factories.accounts import make_organisation, make_staff
from tests.factories.invoices import make_buyer, make_invoice, make_seller
from tests.factories.shop import make_shop

KEY = {"Idempotency_Key": "k-1"}


@pytest.fixture
def shop(db) -> dict[str, int]:
    return make_shop(make_organisation())


def may_refund(person):
    MoneyRight.objects.create(person=person, right="refund", granted_at=timezone.now())
    return person


@pytest.fixture
def clerk(program, lead):
    """A lead's program: leads decide about money, and this one may refund."""
    return program(may_refund(lead))


MOVES = [
    ("invoices/{invoice}/void/", {"reason": "Twice"}),
    ("invoices/{invoice}/credit-notes/", {"reason": "Broken", "amount": 1_000}),
    ("invoices/{invoice}/transfers/", {"reference": "FT 26-118", "amount": 1_000}),
    ("payments/{payment}/refunds/", {"reason": "Broken", "amount": 1_000}),
]


def moved() -> list:
    sums = Invoice.objects.order_by("pk").values_list("pk", "state", "paid", "refunded", "credited")
    return [
        list(sums),
        *(list(model.objects.order_by("pk").values_list("pk")) for model in (Payment, CreditNote, Refund)),
    ]


@pytest.mark.parametrize(("path", "body"), MOVES, ids=[path for path, _ in MOVES])
def test_nothing_moves_money_without_a_key_and_nothing_twice_with_one_s31(clerk, shop, path, body):
    path = path.format(**shop)
    before = moved()
    refused = clerk.post(path, body)
    assert (refused.status_code, moved()) == (400, before)
    assert "Idempotency-Key" in refused.json()["error"]["message"]

    first = clerk.post(path, body, **KEY)
    after = moved()
    again = clerk.post(path, body, **KEY)

    assert after != before
    assert (again.status_code, again.json(), moved()) == (first.status_code, first.json(), after)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (
        clerk.post(
            path, {**body, "reason": "Another"} if "reason" in body else {**body, "amount": 2}, **KEY
        ).status_code
        == 422
    )

    ApiRequest.objects.all().delete()  # a day later the desk has forgotten the request, not what it did
    clerk.post(path, body, **KEY)
    assert moved() == after


def test_a_credit_note_takes_back_lines_or_an_amount_never_both_and_never_too_much(clerk, shop):
    path = f"invoices/{shop['invoice']}/credit-notes/"
    line = clerk.get(f"invoices/{shop['invoice']}/").json()["lines"][0]["id"]
    for number, (body, status) in enumerate([
        ({"reason": "x", "amount": 1, "lines": [{"line": line, "amount": 1}]}, 400),
        ({"reason": "x", "lines": [{"line": line, "amount": 1}, {"line": line, "amount": 1}]}, 400),
        ({"reason": "x", "lines": []}, 400),
        ({"reason": "", "amount": 1}, 400),
        ({"reason": "x", "amount": 0}, 400),
        ({"reason": "x", "amount": -5}, 400),
        ({"reason": "x", "amount": 10.5}, 400),
        ({"reason": "x", "amount": "5"}, 400),
        ({"reason": "x", "amount": 10**9}, 400),
        ({"reason": "x", "amount": 99_999_999}, 422),
        ({"reason": "x", "lines": [{"line": 2**40, "amount": 1}]}, 422),
        ({"reason": "x", "amount": 1, "currency": "JPY"}, 400),
        ({"reason": "x", "lines": [{"line": line, "amount": 10_500}]}, 201),
    ]):  # fmt: skip
        answer = clerk.post(path, body, Idempotency_Key=f"n-{number}")
        assert answer.status_code == status, (body, answer.content)

    [note] = clerk.get(path).json()["results"]
    assert (note["total"], note["tax"], note["reduces_debt"]) == (10_500, 500, 10_500)
    assert note["lines"][0]["invoice_line"] == line
    invoice = clerk.get(f"invoices/{shop['invoice']}/").json()
    assert (invoice["due"], invoice["credited"]) == (105_000 - 10_500, 10_500)


def test_a_transfer_is_at_most_what_is_due_and_pays_the_invoice(clerk, shop):
    path = f"invoices/{shop['invoice']}/transfers/"

    assert clerk.post(path, {"amount": 105_001, "reference": "A"}, **KEY).status_code == 422
    paid = clerk.post(path, {"amount": 105_000, "reference": "A"}, Idempotency_Key="k-2")

    assert (paid.status_code, paid.json()["state"], paid.json()["method"]) == (201, "succeeded", "transfer")
    assert paid.headers["Location"] == paid.json()["url"]
    assert clerk.get(f"invoices/{shop['invoice']}/").json()["state"] == "paid"
    assert clerk.post(path, {"amount": 1, "reference": "B"}, Idempotency_Key="k-3").status_code == 422
    void = clerk.post(f"invoices/{shop['invoice']}/void/", {"reason": "x"}, Idempotency_Key="k-4")
    assert (void.status_code, void.json()["error"]["code"]) == (422, "refused")


def test_refunds_together_are_at_most_the_payment_r98(clerk, shop):
    path = f"payments/{shop['payment']}/refunds/"

    answers = [
        clerk.post(path, {"amount": amount, "reason": "Broken"}, Idempotency_Key=f"r-{place}").status_code
        for place, amount in enumerate([30_000, 20_001, 20_000, 1])
    ]

    assert answers == [201, 422, 201, 422]
    assert clerk.get(f"payments/{shop['payment']}/").json()["refunded"] == 50_000
    assert sum(row["amount"] for row in clerk.get("refunds/?state=queued").json()["results"]) == 50_000
    assert JournalEntry.objects.filter(action="billing.queue_refund").count() == 2


def test_E3_a_program_refunds_within_the_right_and_the_limit_of_its_person_and_not_to_a_linked_account(
    program, agent, shop
):
    path, body = f"payments/{shop['payment']}/refunds/", {"amount": 10_001, "reason": "Broken"}
    who = program(agent)
    assert who.post(path, body, **KEY).status_code == 403
    assert JournalEntry.objects.get(action="accounts.refused").data == {"tried": "money.refund"}
    may_refund(agent)

    answer = who.post(path, body, Idempotency_Key="more")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "refused")
    assert "You may send $100.00 more back" in answer.json()["error"]["message"]
    assert who.post(path, {**body, "amount": 6_000}, Idempotency_Key="first").status_code == 201
    assert who.post(path, {**body, "amount": 4_001}, Idempotency_Key="second").status_code == 422
    Payment.objects.get(pk=shop["payment"]).invoice.customer.recipients.create(
        email=agent.email, added_at=timezone.now()
    )
    assert who.post(path, {**body, "amount": 1}, Idempotency_Key="mine").status_code == 422
    assert JournalEntry.objects.filter(action="billing.linked_account", by=agent).count() == 1
    assert Refund.objects.exclude(state="failed").count() == 1


def test_those_who_pack_end_our_own_holds_and_decide_nothing_about_credit(program, agent, clerk, shop):
    packer, box = program(agent), f"shipments/{shop['box']}/"

    assert packer.post(f"{box}release/", {"reason": "credit"}).status_code == 403
    assert packer.get(box).json()["holds"][0]["reason"] == "credit"
    assert packer.post(f"{box}ship/", {"carrier": "ups", "tracking_number": "1Z999AA101"}).status_code == 409
    assert clerk.post(f"{box}release/", {"reason": "credit"}).json()["state"] == "ready"
    assert clerk.post(f"{box}release/", {"reason": "credit"}).status_code == 409
    assert clerk.post(f"{box}release/", {"reason": "mood"}).status_code == 400
    for number, status in (("12", 400), ("1Z/../", 400), ("1Z 999-AA1 01", 200), ("1Z999AA101", 409)):
        answer = packer.post(f"{box}ship/", {"carrier": "ups", "tracking_number": number})
        assert answer.status_code == status, number
    assert Shipment.objects.get(pk=shop["box"]).tracking_number == "1Z999AA101"
    assert packer.post(f"{box}ship/", {"carrier": "pigeon", "tracking_number": "1Z999AA101"}).status_code == 400


LISTS = (
    "customers", "products", "orders", "shipments", "subscriptions", "invoices", "payments", "refunds",
    "refund-requests",
)  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_one_and_for_many_and_goes_on_where_it_stopped(
    clerk, shop, name, django_assert_num_queries
):
    clerk.get(f"{name}/")
    with django_assert_num_queries(QUERIES[name]):
        one = clerk.get(f"{name}/").json()["results"]
    for number in range(3):
        make_more(number)
    with django_assert_num_queries(QUERIES[name]):
        many = clerk.get(f"{name}/").json()["results"]

    assert len(many) > len(one) or name == "refunds"
    assert [row["id"] for row in many] == sorted((row["id"] for row in many), reverse=True)
    walked, page = [], clerk.get(f"{name}/?limit=1").json()
    while True:
        walked += page["results"]
        if page["next"] is None:
            break
        page = clerk.get(page["next"].partition("/api/")[2]).json()
    assert walked == many


QUERIES = {
    "customers": 4, "products": 5, "orders": 6, "shipments": 5, "subscriptions": 4, "invoices": 4, "payments": 4,
    "refunds": 4, "refund-requests": 5,
}  # fmt: skip


def make_more(number: int) -> None:
    Order.objects.filter(number="SO-2026-0042").update(number=f"SO-2026-1{number}42", key=f"moved-{number}")
    make_shop(make_organisation())


def test_an_invoice_is_whole_with_lines_taxes_and_its_pdf(clerk, shop):
    invoice = clerk.get(f"invoices/{shop['invoice']}/").json()

    assert (invoice["subtotal"], invoice["tax"], invoice["total"], invoice["due"]) == (100_000, 5_000, 105_000, 105_000)
    assert [line["name"] for line in invoice["lines"]] == ["Starter robot kit"]
    assert invoice["taxes"] == [
        {"name": "GST", "rate_ppm": 50_000, "base": 100_000, "amount": 5_000, "exemption": ""}
    ]  # fmt: skip
    pdf = clerk.get(invoice["pdf"].partition("/api/")[2])
    assert b"".join(pdf.streaming_content)[:5] == b"%PDF-"
    assert "attachment" in pdf.headers["Content-Disposition"]
    assert "no-store" in pdf.headers["Cache-Control"]
    assert [row["number"] for row in clerk.get(f"invoices/?number={invoice['number']}").json()["results"]] == [
        invoice["number"]
    ]  # fmt: skip


@pytest.mark.django_db
def test_drafts_and_unknown_numbers_are_not_there(clerk):
    make_seller()
    draft = Invoice.objects.create(customer=make_buyer(), key="draft", created_at=timezone.now())

    assert clerk.get("invoices/").json()["results"] == []
    for number in (draft.pk, 2**63 - 1, 2**63, 10**30, 0):
        for path in ("invoices/{}/", "invoices/{}/pdf/", "invoices/{}/credit-notes/", "payments/{}/", "orders/{}/"):
            assert clerk.get(path.format(number)).status_code == 404, (path, number)
    assert clerk.get("invoices/?state=draft").status_code == 400
    assert clerk.get("invoices/?sort=total").status_code == 400
    assert clerk.get("payments/?customer__person__password=x").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_with_one_key_refund_once_s31(program):
    lead = may_refund(make_staff(Role.LEAD, Role.AGENT))
    with transaction.atomic():  # a product is published together with its prices
        shop = make_shop(make_organisation())
    clerk = program(lead)
    answers, start = [], threading.Barrier(20)

    def send() -> None:
        start.wait(10)
        try:
            answers.append(
                clerk.post(f"payments/{shop['payment']}/refunds/", {"amount": 50_000, "reason": "x"}, **KEY).status_code
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert answers == [201] * 20
    assert Refund.objects.exclude(state="failed").count() == 1
    assert Payment.objects.get(pk=shop["payment"]).refunded == 50_000


@pytest.mark.django_db
def test_an_invoice_of_another_customer_is_not_among_those_of_one(clerk):
    first, second = make_invoice(), make_invoice()

    found = clerk.get(f"invoices/?customer={first.customer_id}").json()["results"]

    assert [row["id"] for row in found] == [first.pk]
    assert second.pk not in [row["id"] for row in found]
