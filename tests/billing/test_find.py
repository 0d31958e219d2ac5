"""Found by what a customer reads out: exactly, by its beginning, within bounds, for whoever may (issue 4, 9; R40)."""

import pytest
import time_machine
from django.db import connection

from billing import queries_find
from billing.models import Card, Customer, Invoice, Order, Payment, Shipment
from supportdesk.lib import palette
from tests.billing.test_customer_pane import NOW
from tests.factories.billing import make_customer
from tests.factories.invoices import make_buyer, make_invoice, make_payment, make_seller
from tests.factories.shop import make_order
from tests.factories.tickets import make_ticket
from tickets.models import Ticket
from tickets.queries_desk.search import find, read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        make_seller()
        yield


@pytest.fixture
def shelf():
    """A shop with three customers, each found in another way."""
    lake, hill, card = make_buyer(name="Lakeview"), make_buyer(name="Hillside Academy"), make_buyer(name="Cardiff")
    first = make_invoice(customer=lake, po_number="4500-118")
    second = make_invoice(customer=hill, po_number="4500-1187")
    third = make_invoice(customer=card)
    make_payment(invoice=third, last4="4242")
    Card.objects.create(customer=card, provider_id="pm_1", brand="visa", last4="4242", added_at=NOW)
    order = make_order(hill, "SO-2026-0042")
    Shipment.objects.create(order=order, state="shipped", shipped_at=NOW, tracking_number="1Z999AA10123456784")
    return {"first": first, "second": second, "third": third, "order": order}


def numbers(text: str) -> list[str]:
    finds = queries_find.find(text, now=NOW)
    return [
        *(str(one.number) for one in finds.invoices), *(one.number for one in finds.orders),
        *(one.tracking_number for one in finds.shipments), *(f"card:{one.invoice.number}" for one in finds.payments),
        *(f"kept:{one.customer.name}" for one in finds.cards), *(one.name for one in finds.customers),
    ]  # fmt: skip


def test_a_number_is_found_however_it_is_read_out(shelf):
    first = shelf["first"]
    year, sequence = first.year, first.sequence
    spoken = (first.number, first.number.lower(), f"inv {year} {sequence}", f"INV{sequence}", f"{year}-{sequence}",
              f"  {first.number}\u200b ", f"inv-{sequence}")  # fmt: skip
    for text in spoken:
        assert numbers(text)[0] == first.number, text
    assert numbers(f"INV-{year}-") == [one.number for one in sorted(
        (shelf["first"], shelf["second"], shelf["third"]), key=lambda one: -one.pk)]  # fmt: skip
    assert numbers("so 42") == numbers("SO-2026-0042") == ["SO-2026-0042"]


def test_a_po_is_found_exactly_before_what_only_begins_so(shelf):
    assert numbers("4500-118") == [shelf["first"].number, shelf["second"].number]
    assert numbers("4500-1187") == [shelf["second"].number]
    assert set(numbers("4500-")) == {shelf["first"].number, shelf["second"].number}
    assert queries_find.find("4500-118", now=NOW).named == {("invoice", shelf["first"].pk)}


def test_a_parcel_is_found_with_its_gaps_and_by_its_beginning(shelf):
    for text in ("1Z999AA10123456784", "1z 999 AA1 0123 4567 84", "1Z999AA1"):
        assert numbers(text) == ["1Z999AA10123456784"], text
    assert numbers("1Z9") == []


def test_four_digits_find_the_payments_and_the_cards_on_file(shelf):
    assert numbers("4242") == numbers("•••• 4242") == numbers("card 4242") == [
        f"card:{shelf['third'].number}", "kept:Cardiff"
    ]  # fmt: skip
    assert numbers("0002") != numbers("4242")


def test_a_part_of_a_name_finds_the_customer(shelf):
    assert numbers("illsi") == ["Hillside Academy"]
    assert numbers("hi") == []


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "%", "_", "%%%", "___", "\\", "'; drop table billing_invoice; --", "INV-", "INV-2026-\x00",
     "9" * 400, "INV-99999999999999999999", "²²²²", "４２４２", "💸" * 80, "\u202e4242", "SO-0000-0", "null",
     "[]", "-1", "1e9"],
)  # fmt: skip
def test_nonsense_finds_nothing_and_breaks_nothing_s53(shelf, client, agent, text):
    client.force_login(agent)

    assert client.get("/billing/find/", {"q": text}).status_code == 200
    assert not queries_find.find(text, now=NOW).named


def test_every_kind_is_bounded_whatever_there_is(shelf, django_assert_max_num_queries):
    customer = make_customer()
    for number in range(30):
        make_order(customer, f"SO-2025-{number + 1000}")
    with django_assert_max_num_queries(20):
        finds = queries_find.find("SO-2025", now=NOW)
    assert len(finds.orders) == queries_find.A_KIND
    assert [one.number for one in finds.orders] == [f"SO-2025-{number}" for number in range(1029, 1021, -1)]


def test_an_index_answers_each_kind(shelf):
    """Without one, 100,000 invoices would be read for each letter that is typed."""
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        looked_for = {
            "invoice_po_number": Invoice.objects.exclude(po_number="").filter(po_number__istartswith="45"),
            "shipment_tracking_number": Shipment.objects.exclude(tracking_number="").filter(
                tracking_number__istartswith="1Z"
            ),
            "payments_by_last4": Payment.objects.exclude(last4="").filter(last4="4242"),
            "cards_by_last4": Card.objects.filter(last4="4242"),
            "customer_name_parts": Customer.objects.filter(name__icontains="illsi"),
            "billing_order_number": Order.objects.filter(number__startswith="SO-2025"),
        }
        plans = {name: rows.explain() for name, rows in looked_for.items()}
    for name, plan in plans.items():
        assert name in plan, plan


def test_the_palette_finds_it_for_staff_who_may_and_for_nobody_else(shelf, agent, editor, customer):
    question = palette.asked(shelf["first"].number)

    groups = palette.find(agent, question, NOW)

    assert groups[0].title == "Invoices and orders"
    assert groups[0].found[0].address == f"/billing/invoices/{shelf['first'].number}/"
    assert groups[0].is_exact
    for nobody in (editor, customer):
        assert not [one for one in palette.find(nobody, question, NOW) if one.kind == "invoices"]


def test_the_page_answers_while_one_types_and_without_a_script(shelf, client, agent):
    client.force_login(agent)

    whole = client.get("/billing/find/", {"q": "4500"})
    part = client.get("/billing/find/", {"q": "4500"}, headers={"HX-Request": "true", "HX-Target": "found"})

    assert b"<html" in whole.content and b"<html" not in part.content
    for answer in (whole, part):
        assert shelf["first"].number.encode() in answer.content
    assert b"Nothing has" in client.get("/billing/find/", {"q": "4711 0815"}).content


@pytest.mark.parametrize(
    ("words", "who"),
    [("invoice:{first}", "lake"), ("po:4500-1187", "hill"), ("order:SO-2026-0042", "hill"),
     ("tracking:1Z999AA1", "hill"), ("card:4242", "card"), ("invoice:none", ""), ("card:42", "")],
)  # fmt: skip
def test_the_desks_search_finds_the_tickets_of_whoever_it_is(shelf, agent, words, who):
    owners = {"lake": shelf["first"].customer, "hill": shelf["second"].customer, "card": shelf["third"].customer}
    tickets = {name: make_ticket(organisation=owner.organisation) for name, owner in owners.items()}
    search = read(words.format(first=shelf["first"].number))

    found = set(find(Ticket.objects.all(), search, person=agent, now=NOW))

    assert found == ({tickets[who]} if who else set())
