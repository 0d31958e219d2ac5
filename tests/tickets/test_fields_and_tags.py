"""The desk's own typed fields, and tags that are renamed (the bar: tags, typed custom fields)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.access import NotAllowed
from accounts.models import JournalEntry
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets import custom_fields
from tickets.actions import details, fields, reply, state
from tickets.actions.setup import fields as setup
from tickets.actions.setup import tags as tag_setup
from tickets.choices import FieldKind
from tickets.models import CustomField, Tag, Team, Ticket
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db


def define(admin, name="Serial number", kind="text", **said) -> CustomField:
    return setup.create_field(kind=kind, definition=setup.Definition(name=name, **said), by=admin, now=WEDNESDAY)


def fill(ticket, by, **values) -> dict:
    fields.fill(ticket=ticket, values=values, by=by, now=WEDNESDAY)
    return Ticket.objects.get(pk=ticket.pk).custom


COLOURS = ("Red", "Light blue", "Grün")
GOOD = [
    ("text", "  A-17\t b ", "A-17 b"),
    ("text", "<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("long", "two\r\nlines", "two\nlines"),
    ("number", "12,50", 12.5),
    ("number", 12, 12),
    ("number", "-3.0", -3),
    ("date", "2026-02-28", "2026-02-28"),
    ("truth", "Yes", True),
    ("truth", False, False),
    ("choice", "light BLUE", "light_blue"),
    ("several", "grun, Red", ["red", "grun"]),
    ("several", ["red"], ["red"]),
    ("address", "https://example.org/a?b=1", "https://example.org/a?b=1"),
]
BAD = [
    ("text", "x" * 501), ("text", 5), ("text", ["a"]), ("long", "x" * 10_001), ("long", {"a": 1}),
    ("number", "twelve"), ("number", "1_000"), ("number", "NaN"), ("number", "1e400"), ("number", "inf"),
    ("number", True), ("number", "٣"), ("number", "9" * 41), ("number", "0.0000001"), ("number", 10**15),
    ("date", "28.2.2026"), ("date", "2026-02-30"), ("date", "0001-01-01"), ("date", 20260228),
    ("truth", "maybe"), ("truth", 1), ("choice", "purple"), ("choice", ["red"]), ("several", ["purple"]),
    ("several", [["red"]]), ("several", 7), ("address", "javascript:alert(1)"), ("address", "example.org"),
    ("address", "https://" + "x" * 2000), ("address", "ftp://example.org/"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "kept"), GOOD)
def test_what_a_field_can_hold_is_kept_as_its_type_and_found(admin, agent, kind, given, kept):
    field = define(admin, kind=kind, options=COLOURS)
    ticket, other = make_ticket(), make_ticket()

    assert fill(ticket, agent, serial_number=given) == {"serial_number": kept}

    wanted = custom_fields.with_value("serial_number", custom_fields.shown(field, kept) if kind != "date" else kept)
    assert list(Ticket.objects.filter(wanted)) == [ticket]
    assert list(Ticket.objects.filter(custom_fields.read_filter("Serial number=*"))) == [ticket]
    assert fill(ticket, agent, serial_number=None) == {}
    assert other.custom == {}


@pytest.mark.parametrize(("kind", "given"), BAD)
def test_what_a_field_cannot_hold_is_refused_with_its_name_and_changes_nothing(admin, agent, kind, given):
    define(admin, kind=kind, options=COLOURS)
    ticket = make_ticket()

    with pytest.raises(fields.CannotFill, match="Serial number: "):
        fill(ticket, agent, serial_number=given)

    assert Ticket.objects.get(pk=ticket.pk).custom == {}
    assert not JournalEntry.objects.filter(action="tickets.fill_fields").exists()


def test_bounds_hold_and_unknown_fields_are_refused(admin, agent):
    define(admin, name="Seats", kind="number", smallest=Decimal("1"), largest=Decimal("40"))
    ticket = make_ticket()

    for given, sentence in [(0, "1 or more"), (41, "40 or less")]:
        with pytest.raises(fields.CannotFill, match=sentence):
            fill(ticket, agent, seats=given)
    with pytest.raises(fields.CannotFill, match="no field called colour"):
        fill(ticket, agent, seats=3, colour="red")
    assert fill(ticket, agent, seats=40) == {"seats": 40}


def test_a_field_is_for_its_types_and_teams_and_keeps_values_when_archived(admin, agent):
    team = Team.objects.create(name="Repairs")
    field = define(admin, types=["problem"], teams=[team])
    ticket = make_ticket()
    with pytest.raises(fields.CannotFill, match="not a field of this ticket's type and team"):
        fill(ticket, agent, serial_number="A-17")
    details.change(ticket=ticket, by=agent, now=WEDNESDAY, type="problem", team=team)
    fill(ticket, agent, serial_number="A-17")

    setup.archive_field(row=field, by=admin, now=WEDNESDAY)

    assert custom_fields.fields_of(Ticket.objects.get(pk=ticket.pk)) == []
    assert list(Ticket.objects.filter(custom_fields.with_value("serial_number", "A-17"))) == [ticket]
    setup.bring_back_field(row=field, by=admin, now=WEDNESDAY)
    row = Ticket.objects.get(pk=ticket.pk)
    assert custom_fields.filled(row, custom_fields.fields_of(row)) == [(field, "A-17")]


def test_a_key_is_never_used_again_and_a_retired_option_stays_readable(admin, agent):
    field = define(admin, name="Colour", kind="choice", options=COLOURS)
    ticket = make_ticket()
    fill(ticket, agent, colour="Red")
    setup.archive_field(row=field, by=admin, now=WEDNESDAY)
    assert define(admin, name="Colour").key == "colour_2"

    changed = setup.change_field(
        row=field, definition=setup.Definition(name="Paint", options=["Grün", "Black"]), by=admin, now=WEDNESDAY
    )

    assert custom_fields.shown(changed, "red") == "Red"
    assert [(each["key"], each["is_active"]) for each in changed.options] == [
        ("grun", True), ("black", True), ("red", False), ("light_blue", False),
    ]  # fmt: skip


def test_required_fields_stop_staff_from_closing_and_not_the_customer(admin, agent, customer):
    define(admin, is_required_at_close=True)
    ticket, theirs = make_ticket(requester=customer), make_ticket(requester=customer)

    with pytest.raises(custom_fields.FieldsMissing, match="Fill in before closing: Serial number"):
        state.close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, unanswered=True)
    with pytest.raises(reply.CannotReply, match="Serial number"):
        reply.reply(ticket=ticket, by=agent, text="Done", last_seen=2**40, then="closed", now=WEDNESDAY)
    state.close_ticket(ticket=theirs, by=customer, now=WEDNESDAY)
    fill(ticket, agent, serial_number="A-17")
    state.close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, unanswered=True)

    assert set(Ticket.objects.values_list("category", flat=True)) == {"closed"}


def test_only_admins_define_fields_and_rename_tags(agent):
    with pytest.raises(NotAllowed):
        define(agent)
    tag = Tag.objects.create(name="w8", made_at=WEDNESDAY)
    with pytest.raises(NotAllowed):
        tag_setup.rename_tag(tag=tag, to="w-8", by=agent, now=WEDNESDAY)
    assert not CustomField.objects.exists()


@pytest.mark.parametrize(
    ("name", "kind", "said", "sentence"),
    [
        ("Colour", "rainbow", {}, "Choose what the field holds"),
        ("Colour", "choice", {}, "at least one option"),
        ("serial NUMBER", "text", {}, "already a field called"),
        ("Seats", "number", {"smallest": Decimal(9), "largest": Decimal(1)}, "above the largest"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(admin, name, kind, said, sentence):
    define(admin)

    with pytest.raises(setup.CannotChangeField, match=sentence):
        define(admin, name=name, kind=kind, **said)

    assert CustomField.objects.count() == 1


def test_every_kind_has_its_reader():
    assert set(custom_fields._CLEANERS) == set(FieldKind)


# Tags.


def test_a_tag_is_known_once_used_and_renamed_on_every_ticket(admin, agent, monkeypatch):
    monkeypatch.setattr("tickets.actions.tags.AT_ONCE", 2)
    tickets = [make_ticket() for _ in range(5)]
    for number, ticket in enumerate(tickets):
        wanted = ["w8", "W-8"] if number == 0 else ["w8", "school"]
        details.change(ticket=ticket, by=agent, now=WEDNESDAY, tags=wanted)
    assert set(Tag.objects.values_list("name", flat=True)) == {"w8", "w-8", "school"}

    stays = tag_setup.rename_tag(tag=Tag.objects.get(name="w8"), to=" #W-8 ", by=admin, now=WEDNESDAY)
    for second in range(8):
        sweep(now=WEDNESDAY + timedelta(seconds=second))

    assert stays.name == "w-8"
    found = [Ticket.objects.get(pk=ticket.pk).tags for ticket in tickets]
    assert found == [["w-8"], *[["w-8", "school"]] * 4]
    assert set(Tag.objects.values_list("name", flat=True)) == {"w-8", "school"}
    assert JournalEntry.objects.get(action="tickets.rename_tag").data == {"from": "w8", "to": "w-8"}


def test_a_rename_that_goes_nowhere_is_refused(admin):
    one, other = (Tag.objects.create(name=name, made_at=WEDNESDAY) for name in ("one", "other"))

    for to, sentence in [("", "new word"), ("one", "its name already"), ("x" * 61, "60 characters"), ("a,b", "comma")]:
        with pytest.raises(tag_setup.CannotRename, match=sentence):
            tag_setup.rename_tag(tag=one, to=to, by=admin, now=WEDNESDAY)
    tag_setup.rename_tag(tag=one, to="other", by=admin, now=WEDNESDAY)
    with pytest.raises(tag_setup.CannotRename, match="becoming “other”"):
        tag_setup.rename_tag(tag=other, to="one", by=admin, now=WEDNESDAY)
    with pytest.raises(tag_setup.CannotRename, match="already"):
        tag_setup.rename_tag(tag=one, to="third", by=admin, now=WEDNESDAY)


@pytest.mark.django_db(transaction=True)
def test_tags_are_carried_once_by_three_workers_at_once(at_once, admin, agent):
    tickets = [make_ticket() for _ in range(6)]
    for ticket in tickets:
        details.change(ticket=ticket, by=agent, now=WEDNESDAY, tags=["old"])
    tag_setup.rename_tag(tag=Tag.objects.get(), to="new", by=admin, now=WEDNESDAY)

    for minute in (1, 2, 3):
        at_once(*[("sweep",)] * 3, now=WEDNESDAY + timedelta(minutes=minute))

    assert list(Ticket.objects.values_list("tags", flat=True)) == [["new"]] * 6
    assert list(Tag.objects.values_list("name", flat=True)) == ["new"]
