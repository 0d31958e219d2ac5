"""Merging, splitting and tying tickets on the desk's pages, and what customers meet afterwards."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories.tickets import make_ticket
from tests.tickets.customer.conftest import token_of
from tickets.actions import intake, links, merge, note, relations
from tickets.models import Message, Ticket, TicketRelation

# What a hostile or mistaken hand may put where a ticket's number belongs.
NO_NUMBERS = ["", "0", "-1", "#", "abc", "9" * 19, "9" * 40, "1 or 1=1", "١٢", "\x00", "<b>"]


def do(desk, name: str, *keys, **typed):
    return desk.post(reverse(f"desk:{name}", args=keys), {"in": "all", **typed})


@pytest.fixture
def other(customer):
    return make_ticket(requester=customer, subject="The same order", text="Second mail", now=timezone.now())


def test_the_merge_is_shown_before_it_is_made(desk, ticket, other, stranger):
    """The bar: a preview says what will happen, in numbers, and who reads what."""
    start = desk.get(reverse("desk:merge", args=[other.pk]))
    assert [row.pk for row in start.context["suggestions"]] == [ticket.pk]
    for words in (str(ticket.pk), f"#{ticket.pk}", "held since Thursday"):
        found = desk.get(reverse("desk:merge", args=[other.pk]), {"find": words})
        assert [row.pk for row in found.context["found"]] == [ticket.pk], words
    theirs = make_ticket(requester=stranger)

    page = desk.get(reverse("desk:merge", args=[theirs.pk]), {"into": ticket.pk})

    preview = page.context["preview"]
    assert (preview.messages, preview.notes, preview.files, preview.strangers) == (1, 0, 0, [stranger])
    assert "Stan Stranger takes no part" in " ".join(page.content.decode().split())
    assert Ticket.objects.filter(merged_into=None).count() == 3


def test_merge_and_undo_by_plain_forms(desk, ticket, other):
    """U53, complaint 20."""
    done = do(desk, "merge", other.pk, into=f"#{ticket.pk}")

    assert done["Location"] == f"/inbox/all/{ticket.pk}/"
    assert Ticket.objects.get(pk=other.pk).merged_into_id == ticket.pk
    gone = desk.get(f"/inbox/all/{other.pk}/").content.decode()
    assert f'Merged into <a href="/desk/tickets/{ticket.pk}/">' in gone
    assert reverse("desk:unmerge", args=[other.pk]) in gone
    survivor = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()
    assert "Second mail" in survivor
    assert f"Undo the merge of #{other.pk}" in survivor
    assert do(desk, "unmerge", other.pk).status_code == 303
    assert Ticket.objects.get(pk=other.pk).merged_into_id is None
    assert do(desk, "unmerge", other.pk).status_code == 303


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_a_number_that_is_none_is_refused_beside_what_was_typed(desk, ticket, number):
    merged = do(desk, "merge", ticket.pk, into=number)
    tied = do(desk, "relate", ticket.pk, number=number, side="related")
    asked = desk.get(reverse("desk:merge", args=[ticket.pk]), {"into": number, "find": number})

    assert (merged.status_code, tied.status_code) == (422, 422)
    assert asked.status_code in (200, 422)
    assert not TicketRelation.objects.exists()
    assert Ticket.objects.get(pk=ticket.pk).merged_into_id is None


def test_a_merge_that_cannot_be_says_why_and_keeps_the_form(desk, agent, ticket, other):
    merge.merge(ticket=other, into=ticket, by=agent, now=timezone.now())

    itself = do(desk, "merge", ticket.pk, into=ticket.pk)
    circle = do(desk, "merge", ticket.pk, into=other.pk)
    nothing = do(desk, "merge", ticket.pk, into=999_999)

    assert "cannot be merged into itself" in itself.content.decode()
    assert f"Choose ticket {ticket.pk} instead" in circle.content.decode()
    assert "There is no ticket 999999" in nothing.content.decode()
    assert {page.status_code for page in (itself, circle, nothing)} == {422}


def test_split_and_put_back_by_plain_forms(desk, ticket, customer):
    more = intake.add_customer_message(
        ticket=ticket, person=customer, text="Where is my invoice?", channel="web", now=timezone.now()
    )
    form = desk.get(reverse("desk:split", args=[ticket.pk]), {"message": more.pk}).content.decode()
    assert f'value="{more.pk}" id="id_messages_1" checked' in form

    refused = do(desk, "split", ticket.pk, subject="My words stay", messages=[])
    assert refused.status_code == 422
    assert "Choose at least one message" in refused.content.decode()
    assert "My words stay" in refused.content.decode()
    for keys in (["x"], [2**70], ["\x00"], [-1]):
        assert do(desk, "split", ticket.pk, subject="Invoice", messages=keys).status_code == 422
    do(desk, "split", ticket.pk, subject="Invoice", messages=[more.pk])

    new = Ticket.objects.get(subject="Invoice")
    page = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()
    assert f'went to <a href="/desk/tickets/{new.pk}/">ticket {new.pk}</a>' in page
    back = do(desk, "unsplit", new.pk)
    assert back["Location"] == f"/inbox/all/{ticket.pk}/"
    assert ticket.messages.filter(pk=more.pk).exists()
    assert do(desk, "unsplit", new.pk).status_code == 303


def test_children_stand_on_their_parent_with_their_progress(desk, agent, ticket):
    do(desk, "child", ticket.pk, subject="Ask the warehouse", text="CANARY", team=ticket.team_id, sees="staff")
    relations.open_child(parent=ticket, subject="Ask billing", text="", by=agent, now=timezone.now())
    first = Ticket.objects.get(subject="Ask the warehouse")
    do(desk, "close", first.pk)

    page = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()
    assert "1 of 2 closed" in page
    stopped = do(desk, "close", ticket.pk)
    assert stopped.status_code == 422
    assert "a child that is still open" in stopped.content.decode()
    assert reverse("desk:close_family", args=[ticket.pk]) in stopped.content.decode()
    do(desk, "close_family", ticket.pk, **{"with": "children"})
    assert "waits for an answer" in desk.get(f"/inbox/all/{ticket.pk}/").content.decode()
    do(desk, "close_family", ticket.pk, **{"with": "children", "unanswered": "on"})

    assert set(Ticket.objects.values_list("category", flat=True)) == {"closed"}


def test_ties_are_made_from_either_side_and_untied(desk, ticket, other):
    do(desk, "relate", ticket.pk, number=other.pk, side="child")
    tie = TicketRelation.objects.get()
    assert (tie.kind, tie.one_id, tie.other_id) == ("parent", other.pk, ticket.pk)

    assert desk.post(reverse("desk:untie", args=[make_ticket().pk, tie.pk])).status_code == 404
    assert desk.post(reverse("desk:untie", args=[ticket.pk, 2**63 - 1])).status_code == 404
    assert do(desk, "untie", ticket.pk, tie.pk).status_code == 303
    assert not TicketRelation.objects.exists()


def test_a_ticket_with_a_hundred_ties_costs_no_more_queries_than_one(
    desk, agent, ticket, django_assert_max_num_queries
):
    def queries() -> int:
        with django_assert_max_num_queries(60) as counted:
            desk.get(f"/inbox/all/{ticket.pk}/")
        return len(counted)

    relations.relate(one=ticket, other=make_ticket(), kind="related", by=agent, now=timezone.now())
    queries()  # what is read once a process
    one = queries()
    for _ in range(5):
        relations.relate(one=ticket, other=make_ticket(), kind="parent", by=agent, now=timezone.now())

    assert queries() == one


# What customers meet.


def test_an_old_page_of_the_customer_leads_to_the_survivor_and_loses_no_words(client, agent, customer, ticket, other):
    merge.merge(ticket=other, into=ticket, by=agent, now=timezone.now())
    client.force_login(customer)

    assert client.get(f"/tickets/{other.pk}/")["Location"] == f"/tickets/{ticket.pk}/"
    answered = client.post(f"/tickets/{other.pk}/answer/", {"text": "Typed before the merge"})

    assert answered["Location"] == f"/tickets/{ticket.pk}/"
    assert ticket.messages.filter(text="Typed before the merge", is_held=False).exists()


def test_an_old_secure_link_opens_the_survivor_and_the_undone_ticket(client, agent, customer, ticket, other):
    """Email case 66 by the link's door."""
    address = links.make_link(ticket=other, person=customer, now=timezone.now())
    path = f"/t/{token_of(address)}/"
    merge.merge(ticket=other, into=ticket, by=agent, now=timezone.now())

    page = client.get(path).content.decode()
    client.post(f"{path}answer/", {"text": "Through the link"})

    assert f"Ticket {ticket.pk}" in page
    assert "Second mail" in page
    assert ticket.messages.filter(text="Through the link").exists()
    merge.unmerge(ticket=other, by=agent, now=timezone.now())
    assert f"Ticket {other.pk}" in client.get(path).content.decode()


def test_S24_customers_of_two_merged_tickets_meet_none_of_the_others_words(
    client, django_client, agent, customer, stranger, ticket
):
    """The canary: merged without an invitation, neither reads the other, by page, list, link or file."""
    theirs = make_ticket(requester=stranger, subject="Other", text="CANARY of the stranger")
    note.add_note(ticket=theirs, by=agent, text="CANARY of the staff", now=timezone.now())
    link = f"/t/{token_of(links.make_link(ticket=theirs, person=stranger, now=timezone.now()))}/"
    merge.merge(ticket=theirs, into=ticket, by=agent, now=timezone.now())
    intake.add_customer_message(
        ticket=ticket, person=customer, text="SECRET of the customer", channel="web", now=timezone.now()
    )
    client.force_login(customer)
    foreign = django_client()
    foreign.force_login(stranger)

    seen = client.get("/tickets/").content + client.get(f"/tickets/{ticket.pk}/").content
    theirs_seen = b"".join(foreign.get(path).content for path in ("/tickets/", f"/tickets/{theirs.pk}/", link))

    assert b"CANARY" not in seen
    assert b"CANARY of the stranger" in theirs_seen
    assert b"CANARY of the staff" not in theirs_seen
    assert b"SECRET" not in theirs_seen
    assert foreign.get(f"/tickets/{ticket.pk}/").status_code == 404
    assert foreign.post(f"/tickets/{theirs.pk}/reopen/").status_code == 302
    assert foreign.post(f"/tickets/{theirs.pk}/answer/", {"text": "Hello?"}).status_code == 302
    held = Message.objects.get(text="Hello?")
    assert (held.ticket_id, held.is_held) == (ticket.pk, True)
    assert b"Hello?" not in client.get(f"/tickets/{ticket.pk}/").content
