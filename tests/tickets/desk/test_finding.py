"""What a search finds in real text, what it shows of it, and what it offers when it finds nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from supportdesk.lib.excerpts import Lexemes
from tests.factories.mail import make_file
from tests.factories.tickets import learn_all_words, make_ticket
from tickets.actions import intake, note
from tickets.actions.learn_words import learn_words
from tickets.models import Attachment, DeskWord, FileText, Message, Ticket
from tickets.queries_desk import search as searching
from tickets.queries_desk.search_spelling import steps

PAYLOAD = "<img src=x onerror=alert(1)> <script>alert(2)</script> </mark><mark> &lt;b&gt;"


def found(person, q: str, **options) -> list[int]:
    """Ticket numbers, newest first."""
    search = searching.read(q)
    return searching.look(Ticket.objects.all(), search, person=person, now=timezone.now(), **options).tickets


@pytest.mark.parametrize(
    ("text", "finding", "missing"),
    [
        ("Please send your W-8BEN-E again.",
         ["w8", "W-8", "w8ben", "w-8ben", "W-8BEN-E", "W8BENE", "w-8*"], ["w9", "w-9"]),
        ("Our PO-2231 and invoice INV-2026-0042.", ["PO-2231", "po2231", "2231", "INV-2026-0042", "inv2026*", "0042"],
         ["PO-22", "inv-2027"]),
        ("By e-mail to dana.lee@oak-hill.example", ["email", "e-mail", "dana.lee@oak-hill.example", "dana", "oak-hill"],
         ["lee.dana"]),
        ("Die Rechnungen für Müller GmbH, Größe 12", ["rechnung*", "Muller", "MÜLLER", "größe", "die Rechnungen"],
         ["Rechner"]),
        ("Où est ma commande ? L'école attend.", ["école", "ecole", "L'école", "commande"], ["commander*x"]),
        ("注文の返金をお願いします", ["返金", "注文", "お願い"], ["金返"]),
        ("Łukasz wrote ﬁnally", ["łukasz", "lukasz", "finally"], ["łuka"]),
        ("See https://shop.example/kits/rover-2?x=1", ["shop.example", "rover-2", "kits", "https://shop.example/kits"],
         ["shop.kits"]),
        ("It can't be out of order", ["can't", '"out of order"', "order"], ['"order of out"', '"out order"']),
        ("robots refunded batteries", ["robot", "refund", "battery", "refund*", "batteries*"], ["batt"]),
        ("C++ costs $1,200.00 (50%)", ["$1,200.00", "1,200", "50%"], ["1,300"]),
    ],
)  # fmt: skip
def test_text_is_found_as_people_write_it(agent, customer, text, finding, missing):
    """Codes with and without punctuation, accents, other languages and scripts (product.md, pitfalls)."""
    ticket = make_ticket(requester=customer, subject="x", text=text)

    assert {q: found(agent, q) for q in finding} == {q: [ticket.pk] for q in finding}
    assert {q: found(agent, q) for q in missing} == {q: [] for q in missing}


def test_words_may_stand_in_different_places_of_one_ticket(agent, customer, stranger):
    """A boolean tree is about the ticket; a phrase is about one text."""
    now = timezone.now()
    one = make_ticket(requester=customer, subject="Refund", text="The purchase was a mistake.", now=now)
    intake.add_customer_message(ticket=one, person=customer, text="Order 12 it was.", channel="web", now=now)
    note.add_note(ticket=one, by=agent, text="A chargeback is open.", now=now)
    other = make_ticket(requester=stranger, subject="Chargeback", text="For training.", now=now)

    assert found(agent, "refund order chargeback") == [one.pk]
    assert found(agent, '"purchase order"') == []
    assert found(agent, "(refund OR chargeback) AND NOT training") == [one.pk]
    assert found(agent, "chargeback") == [other.pk, one.pk]
    assert found(agent, "stan") == [other.pk]


def test_a_message_that_moves_is_found_at_its_new_place(agent, ticket, customer):
    """Merge and split: the words and the files go with the message, whoever moves it."""
    other = make_ticket(requester=customer, subject="Another", text="Nothing.")
    message = Message.objects.get(ticket=ticket)
    Attachment.objects.create(message=message, file=make_file(), name="receipt.txt", content_type="x/y", size=1)

    Message.objects.filter(pk=message.pk).update(ticket=other)

    assert found(agent, "thursday") == [other.pk]
    assert found(agent, "file:receipt") == [other.pk]
    assert FileText.objects.get().ticket_id == other.pk


def test_the_walk_stops_when_its_time_is_up_and_goes_on_from_there(agent, customer, monkeypatch):
    """Complaints 3 and 4: a search that has no end starves everything or ends in a 504.

    Any length of history: newest matches first, an honest "so far", and nothing is skipped or shown twice.
    """
    tickets = [make_ticket(requester=customer, subject=f"Rover {number}", text="kit") for number in range(6)]
    monkeypatch.setattr(searching, "FIRST_WIDTH", 2)
    monkeypatch.setattr(searching, "AT_ONCE", 2)
    monkeypatch.setattr(searching, "FEW", -1)

    seen, below, parts = [], None, 0
    while parts < 50:
        part = searching.look(
            Ticket.objects.all(), searching.read("rover -3"), person=agent, now=timezone.now(), below=below, seconds=0
        )
        seen, below, parts = seen + part.tickets, part.looked_to, parts + 1
        if part.is_whole:
            break

    assert parts > 2
    assert seen == [ticket.pk for ticket in reversed(tickets) if ticket.subject != "Rover 3"]


def test_words_slower_than_their_statistics_are_still_answered(agent, customer, monkeypatch):
    """Complaints 3 and 4: no statement of a search runs on.

    A statement that runs too long is given up, and the tickets are looked at one by one.
    """
    ticket = make_ticket(requester=customer, subject="Slow", text="kit")
    asked = []

    def slow(*_, **__):
        asked.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(searching, "having_any", slow)
    monkeypatch.setattr(searching, "FIRST_WIDTH", ticket.pk + 1)  # there is no smaller step to try first

    assert found(agent, "kit") == [ticket.pk]
    assert asked == [1]


def test_pages_of_a_search_hold_every_match_once(desk, customer):
    for number in range(27):
        make_ticket(requester=customer, subject=f"Gripper {number}", text="x")

    first = desk.get("/inbox/search/?q=gripper").context["shelf"]
    second = desk.get(first.next_address).context["shelf"]

    assert first.searched.total == "27"
    assert [len(first.rows), len(second.rows), second.next_address] == [25, 2, ""]
    assert len({row.ticket.pk for row in (*first.rows, *second.rows)}) == 27


def test_the_row_shows_where_the_words_stand(desk, agent, ticket):
    note.add_note(ticket=ticket, by=agent, text="Their bank in Wyoming refused twice.", now=timezone.now())

    html = desk.get("/inbox/search/?q=wyoming").content.decode()

    assert '<span class="src">Note</span> Their bank in <mark>Wyoming</mark> refused twice.' in html
    assert "is my <mark>order</mark>?" in desk.get("/inbox/search/?q=orders").content.decode()


@pytest.mark.parametrize("where", ["subject", "message", "note", "name"])
def test_marks_never_let_markup_through(desk, agent, customer, where):
    """Escaped first, then marked (product.md, pitfalls; S28)."""
    hostile = f"{PAYLOAD} needle {PAYLOAD}"
    customer.name = hostile[:255] if where == "name" else customer.name
    customer.save(update_fields=["name"])
    ticket = make_ticket(requester=customer, subject=hostile if where == "subject" else "x",
                         text=hostile if where == "message" else "needle")  # fmt: skip
    if where == "note":
        note.add_note(ticket=ticket, by=agent, text=hostile, now=timezone.now())

    for q in ("needle", "script alert", "img needle", '"alert"', "mark"):
        html = desk.get("/inbox/search/", {"q": q}).content.decode()
        assert "<img" not in html
        assert "alert(2)</script>" not in html
        assert "</mark><mark> " not in html


def test_customers_never_reach_a_search_that_knows_notes(client, customer, ticket, agent):
    """S29: a canary in a note is nowhere in what a customer can ask."""
    note.add_note(ticket=ticket, by=agent, text="canary7731", now=timezone.now())
    client.force_login(customer)

    for address in ("/inbox/search/", "/go/", "/api/search/", "/inbox/all/"):
        answer = client.get(address, {"q": "canary7731"})
        assert answer.status_code in (403, 404)
        assert b"thursday" not in answer.content.lower()
    assert b"canary7731" not in client.get("/tickets/").content


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("'refund'", "Refunds were refunded, refundable", ["Refunds", "refunded", "refundable"]),
        ("'batteri'", "battery batteries batting", ["battery", "batteries"]),
        ("'kit'", "kit Kits kitchen", ["kit", "Kits"]),
        ("'w' <-> '8' | 'w8'", "a W-8 form, 8 pages", ["W-8"]),
        ("'refun':*", "refunding it", ["refunding"]),
        ("'muller'", "Frau Müller", ["Müller"]),
        ("'返' <-> '金'", "返金を", ["返", "金"]),
    ],
)
def test_every_usual_form_of_a_word_is_marked(query, text, marked):
    assert [piece.text for piece in Lexemes([query]).marked(text) if piece.is_match] == marked


def test_a_long_text_is_cut_around_its_matches():
    text = "filler " * 400 + "the needle is here " + "more " * 400

    pieces = Lexemes(["'needl' | 'needle'"]).excerpt(text)

    said = "".join(piece.text for piece in pieces)
    assert "needle" in said
    assert said.startswith("…")
    assert said.endswith("…")
    assert len(said) < 200


def test_a_misspelt_search_offers_what_is_meant(desk, customer):
    """U16: the nearest spelling, from the words of this desk."""
    for text in ("I did not receive my refund", "Please refund me", "When do I receive it"):
        make_ticket(requester=customer, subject="x", text=text)
    learn_all_words()
    assert learn_words() == 0

    page = desk.get("/inbox/search/", {"q": "recieve refnd"})

    hint = page.context["shelf"].searched.hint
    assert (hint.spelling.q, hint.spelling.count) == ("receive refund", "1")
    assert "?q=receive%20refund" in page.content.decode()
    assert DeskWord.objects.get(word="receive").texts == 2


def test_a_search_without_result_offers_to_drop_each_condition(desk, customer, stranger):
    """U16: and says how many tickets each gives."""
    make_ticket(requester=customer, subject="Gripper", text="x")
    make_ticket(requester=customer, subject="Gripper two", text="x")
    make_ticket(requester=stranger, subject="Motor", text="x")

    hint = desk.get("/inbox/search/", {"q": "gripper from:stan is:open"}).context["shelf"].searched.hint

    assert [(offer.without, offer.q, offer.count) for offer in hint.offers] == [
        ("gripper", "from:stan is:open", "1"),
        ("from:stan", "gripper is:open", "2"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "most", "expected"),
    [("refnd", "refund", 2, 1), ("recieve", "receive", 2, 1), ("invoce", "invoice", 2, 1), ("same", "same", 2, 0),
     ("kit", "training", 2, 3)],
)  # fmt: skip
def test_steps_between_spellings(one, other, most, expected):
    assert steps(one, other, most) == expected


@pytest.mark.parametrize("days", ["7d", "1w", "yesterday", "2w", "2026-01", "2026"])
def test_times_may_be_relative(agent, customer, days):
    old = make_ticket(requester=customer, subject="Old rover", text="x", now=timezone.now() - timedelta(days=900))
    new = make_ticket(requester=customer, subject="New rover", text="x", now=timezone.now())

    assert found(agent, f"rover before:{days}") == [old.pk]
    assert found(agent, f"rover after:{days}") in ([new.pk], [])  # this year is not over
    assert found(agent, f"before:{days} -rover") == []
    assert found(agent, "rover on:today") == found(agent, "rover opened:1h") == [new.pk]


def test_text_of_any_kind_can_be_stored(customer):
    """The words of a text are kept with it: no text may be too much for them."""
    for text in (
        "".join(chr(66352 + number % 26) + chr(66352 + number // 26 % 26) + "-1 " for number in range(30_000)),
        "\ufdfa" * 100_000, "a-b" * 40_000, "a1" * 60_000, " ".join(f"{number}x" for number in range(40_000)),
        "\ud7ff\u200b\u202e" * 1000, "'" * 100_000, "\\" * 1000, "1e999999 0x1F -8 .5 1.2.3.4" * 1000,
    ):  # fmt: skip
        ticket = make_ticket(requester=customer, subject="x", text=text)
        assert Message.objects.filter(ticket=ticket).exists()
