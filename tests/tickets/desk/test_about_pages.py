"""Priority, type, tags, fields and following by one key each, and the settings of fields and tags."""

import pytest
from django.urls import reverse

from tests.factories.accounts import sign_in
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import details
from tickets.actions.setup import fields as setup
from tickets.models import CustomField, Tag, Ticket


def do(desk, name: str, *keys, **typed):
    return desk.post(reverse(f"desk:{name}", args=keys), {"in": "all", **typed})


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


@pytest.fixture
def office(django_client, admin):
    """The admin's browser."""
    client = django_client()
    sign_in(client, admin)
    return client


@pytest.mark.parametrize(("name", "word"), [("priority", "urgent"), ("type", "problem")])
def test_priority_and_type_are_set_by_one_choice(desk, ticket, name, word):
    assert do(desk, name, ticket.pk, value=word)["Location"] == f"/inbox/all/{ticket.pk}/"
    assert getattr(again(ticket), name) == word

    for nonsense in ("", "purple", "\x00", "x" * 5000):
        assert do(desk, name, ticket.pk, value=nonsense).status_code == 422
    assert getattr(again(ticket), name) == word


def test_tags_come_and_go_and_are_offered(desk, agent, ticket):
    details.change(ticket=ticket, by=agent, now=WEDNESDAY, tags=["school", "w-8"])

    assert do(desk, "tags", ticket.pk, keep=["school"], add="Shipment, #Big order").status_code == 303

    assert again(ticket).tags == ["school", "shipment", "big order"]
    options = desk.get(reverse("desk:tag_options"), {"add": "shipment, sc"}).content.decode()
    assert options.split() == ["<option", 'value="shipment,', 'school"></option>']
    for typed in ("\x00", "%", "'", "x" * 5000, "\u202e"):
        assert desk.get(reverse("desk:tag_options"), {"add": typed}).status_code == 200
    refused = do(desk, "tags", ticket.pk, keep=["gone"], add="x" * 61)
    assert refused.status_code == 422
    assert "x" * 61 in refused.content.decode()


def test_fields_are_filled_in_beside_the_ticket_and_refused_beside_the_field(desk, admin, ticket):
    number = setup.Definition(name="Seats", largest=40, is_required_at_close=True)
    setup.create_field(kind="number", definition=number, by=admin, now=WEDNESDAY)
    setup.create_field(kind="address", definition=setup.Definition(name="Page"), by=admin, now=WEDNESDAY)
    page = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()
    assert "Needed before closing" in page

    refused = do(desk, "fields", ticket.pk, field_seats="400", field_page="javascript:alert(1)")

    words = refused.content.decode()
    assert refused.status_code == 422
    assert "Write 40 or less" in words
    assert 'value="javascript:alert(1)"' in words
    assert again(ticket).custom == {}
    do(desk, "fields", ticket.pk, field_seats="12", field_page="https://example.org/<b>")
    assert again(ticket).custom["seats"] == 12
    shown = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()
    assert "https://example.org/&lt;b&gt;" in shown or again(ticket).custom.get("page") is None
    close = desk.get(reverse("desk:close", args=[make_ticket().pk])).content.decode()
    assert "Fill in before closing:" in close


def test_the_search_box_finds_by_a_field_and_what_one_follows(desk, agent, admin, ticket):
    setup.create_field(kind="text", definition=setup.Definition(name="Serial number"), by=admin, now=WEDNESDAY)
    do(desk, "fields", ticket.pk, field_serial_number="A 17")
    do(desk, "follow", make_ticket(subject="Followed").pk)

    def found(words: str) -> list[str]:
        page = desk.get("/inbox/search/", {"q": words})
        return [subject for subject in ("Where is my order?", "Followed") if subject in page.content.decode()]

    assert found('field:"Serial number=A 17"') == found("field:serial_number=*") == ["Where is my order?"]
    assert found("is:followed") == ["Followed"]
    for nonsense in ("field:x", "field:serial_number", "field:nothing=1", "field:=", 'field:"serial_number=\x00"'):
        assert found(nonsense) is not None


def test_following_is_one_press_each_way(desk, agent, ticket):
    do(desk, "follow", ticket.pk)
    assert again(ticket).is_watched
    assert "Follow no longer" in desk.get(f"/inbox/all/{ticket.pk}/").content.decode()

    do(desk, "unfollow", ticket.pk)

    assert not again(ticket).is_watched


def test_a_page_with_ten_fields_costs_no_more_queries_than_one(desk, admin, ticket, django_assert_max_num_queries):
    def queries() -> int:
        with django_assert_max_num_queries(60) as counted:
            desk.get(f"/inbox/all/{ticket.pk}/")
        return len(counted)

    queries()  # what is read once a process
    none = queries()
    for number in range(10):
        setup.create_field(kind="text", definition=setup.Definition(name=f"Field {number}"), by=admin, now=WEDNESDAY)

    assert queries() == none


# Settings.

WHOLE = {
    "name": "Serial", "kind": "choice", "options": "Red\n Blue ", "types": ["problem"], "is_required_at_close": "on",
}  # fmt: skip


def test_an_admin_defines_orders_archives_and_brings_back_fields(office):
    assert office.post("/settings/fields/new/", WHOLE).status_code == 302
    office.post("/settings/fields/new/", {"name": "Seats", "kind": "number", "smallest": "1"})
    first, second = CustomField.objects.order_by("position")
    assert [option["label"] for option in first.options] == ["Red", "Blue"]

    office.post(f"/settings/fields/{second.pk}/move/", {"to": "up"})
    office.post(f"/settings/fields/{first.pk}/archive/")
    office.post(f"/settings/fields/{second.pk}/", {"name": "Places", "smallest": "2", "largest": "9"})

    listed = office.get("/settings/fields/").content.decode()
    assert listed.index("Places") < listed.index('id="old-h"') < listed.rindex("Serial")
    office.post(f"/settings/fields/{first.pk}/bring-back/")
    assert list(CustomField.objects.filter(archived_at=None).order_by("position")) == [second, first]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Enter what the field is called"),
        ({"name": "x" * 81}, "Use at most 80 characters"),
        ({"kind": "rainbow"}, "Choose from the list"),
        ({"options": ""}, "at least one option"),
        ({"options": "a\nA"}, "stands there twice"),
        ({"options": "a,b"}, "holds no comma"),
        ({"options": "x" * 81}, "80 characters at most"),
        ({"smallest": "1e999"}, "Write a"),
        ({"teams": ["x"]}, "Choose teams from the list"),
        ({"types": ["wish"]}, "Choose types from the list"),
    ],
)
def test_a_definition_that_cannot_be_is_refused_beside_what_was_typed(office, typed, sentence):
    refused = office.post("/settings/fields/new/", {**WHOLE, "help_text": "Kept words", **typed})

    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert "Kept words" in refused.content.decode()
    assert not CustomField.objects.exists()


def test_tags_are_listed_found_and_renamed(office, agent, ticket):
    details.change(ticket=ticket, by=agent, now=WEDNESDAY, tags=["w8", "school"])
    tag = Tag.objects.get(name="w8")

    listed = office.get("/settings/tags/", {"q": "W8"}).content.decode()
    assert "w8" in listed
    assert "school" not in listed
    assert office.post(f"/settings/tags/{tag.pk}/rename/", {"name": "w8"}).status_code == 422
    assert office.post(f"/settings/tags/{tag.pk}/rename/", {"name": "w-8"}).status_code == 302
    assert "Becoming w-8" in office.get("/settings/tags/").content.decode()
    for after in ("\x00", "x" * 500, "'"):
        assert office.get("/settings/tags/", {"after": after, "q": after}).status_code == 200
