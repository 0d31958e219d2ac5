"""The palette's server side: what a few letters find, and that it finds nothing for strangers (U8)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from supportdesk.lib import palette
from tests.factories.tickets import learn_all_words, make_ticket
from tickets.actions import assign
from tickets.models import ReplyTemplate, SavedView


def found(desk, q: str, **more) -> dict[str, list[str]]:
    """Titles by group, in the order of the answer."""
    page = desk.get("/go/", {"q": q, **more}, headers={"X-Palette": "options"})
    assert page.status_code == 200
    assert b"<html" not in page.content
    return {group.title: [one.title for one in group.found] for group in page.context["groups"]}


@pytest.fixture
def gripper(customer, agent):
    return make_ticket(requester=customer, subject="Gripper motors hum", text="x")


def test_a_number_comes_first(desk, customer):
    with connection.cursor() as cursor:  # one digit alone is not looked for in words
        cursor.execute("SELECT setval(pg_get_serial_sequence('tickets_ticket', 'id'), 4000)")
    gripper = make_ticket(requester=customer, subject="Gripper motors hum", text="x")
    other = make_ticket(requester=customer, subject=f"About {gripper.pk}", text="x")

    groups = found(desk, f"#{gripper.pk}")
    assert next(iter(groups.items())) == ("Tickets", [f"#{gripper.pk} Gripper motors hum"])
    assert found(desk, str(gripper.pk))["Tickets"] == [
        f"#{gripper.pk} Gripper motors hum",
        f"#{other.pk} {other.subject}",
    ]


def test_three_letters_find_a_ticket_mine_first(desk, gripper, agent, customer):
    """U8."""
    for _ in range(8):
        make_ticket(requester=customer, subject="Gripper again", text="x", now=timezone.now() + timedelta(minutes=1))
    assign.assign(ticket=gripper, to=agent, by=agent, now=timezone.now())

    titles = found(desk, "gri")["Tickets"]
    assert titles[0] == f"#{gripper.pk} Gripper motors hum"
    assert len(titles) == palette.A_GROUP
    assert found(desk, "motors gri")["Tickets"] == [f"#{gripper.pk} Gripper motors hum"]


def test_a_misspelt_word_finds_what_is_meant(desk, gripper, customer):
    make_ticket(requester=customer, subject="x", text="The gripper hums.")
    learn_all_words()

    assert found(desk, "griper")["Tickets"] == [f"#{gripper.pk} Gripper motors hum"]


def test_customers_by_name_address_and_a_slip(desk, customer, stranger):
    assert found(desk, "car")["Customers"] == [customer.shown_name]
    assert found(desk, customer.email)["Customers"] == [customer.shown_name]
    assert customer.shown_name in found(desk, customer.name.replace("C", "K"))["Customers"]
    named = desk.get("/go/", {"q": customer.name}).content.decode()
    assert customer.email not in named and "c•••@robotics.example" in named and f"from%3A%23{customer.pk}" in named
    make_ticket(requester=customer, subject="By number")
    make_ticket(subject="Of somebody else")
    by_number = desk.get("/inbox/search/", {"q": f"from:#{customer.pk}"}).content.decode()
    assert "By number" in by_number and "Of somebody else" not in by_number
    page = desk.get("/go/", {"q": customer.email})
    assert f"?q=from%3A{customer.email.replace('@', '%40')}" in page.content.decode()


def test_views_settings_and_saved_replies(desk, agent, gripper):
    SavedView.objects.create(
        name="Late refunds", q="refund", owner=agent, created_at=timezone.now(), updated_at=timezone.now()
    )
    reply = ReplyTemplate.objects.create(name="W-8 is on your invoice", body="Look at the top.")

    assert found(desk, "unas")["Views"] == ["Unassigned"]
    assert found(desk, "late ref")["Views"] == ["Late refunds"]
    assert "Teams" in found(desk, "tea")["Settings"]
    assert "Journal" not in found(desk, "journal").get("Settings", [])
    assert "Saved replies" not in found(desk, "w-8")
    assert found(desk, "w-8", ticket=gripper.pk)["Saved replies"] == [reply.name]


def test_without_a_script_it_is_a_page_of_links(desk, gripper):
    """U53."""
    html = desk.get("/go/", {"q": "gripper"}).content.decode()

    assert f'href="/inbox/all/{gripper.pk}/"' in html
    assert '<form method="get" action="/go/"' in html
    assert "Nothing is called <b>zyzzyva</b>" in desk.get("/go/", {"q": "zyzzyva"}).content.decode()


@pytest.mark.parametrize(
    "q",
    [
        "\x00",
        "'",
        '"',
        "%",
        "_",
        "#",
        "#99999999999999999999",
        "(" * 300,
        "a" * 5000,
        "\ud7ff",
        "*",
        "-",
        "ﷺ",
        "<b>x</b>",
    ],
)
def test_nothing_that_can_be_typed_breaks_it(desk, gripper, q):
    """S53."""
    for ticket in ("", "x", "-1", "9" * 30, str(gripper.pk)):
        found(desk, q, ticket=ticket)
    assert b"<b>x</b></span>" not in desk.get("/go/", {"q": q}, headers={"X-Palette": "options"}).content


def test_a_subject_is_text(desk, customer):
    """S28."""
    make_ticket(requester=customer, subject="<script>gripper</script>", text="x")

    assert b"<script>gripper" not in desk.get("/go/", {"q": "gripper"}, headers={"X-Palette": "options"}).content


def test_strangers_find_nothing(customer, gripper):
    client = Client()
    assert client.get("/go/", {"q": "gripper"}).status_code == 302
    client.force_login(customer)
    assert client.get("/go/", {"q": "gripper"}).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_its_queries_do_not_depend_on_rows(desk, customer, rows, django_assert_num_queries):
    for number in range(rows):
        make_ticket(requester=customer, subject=f"Gripper {number}", text="x")
    found(desk, "grip")

    # Two of them for invoices, which no word without a digit asks for; seven for the wiki: two groups, words, ranks.
    # Eighteen are savepoints, which are asked for only inside a transaction: a request has none around it.
    with django_assert_num_queries(40):
        found(desk, "grip")
