"""Answers before a ticket: shown while one writes, never in the way, and strictly counted (A10, A4, A13)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from knowledgebase.choices import Outcome, Visibility
from knowledgebase.models import SuggestSession
from knowledgebase.queries_searches import deflection
from tests.factories.knowledgebase import make_article, make_space
from tests.factories.tickets import make_ticket
from tickets.actions.deflection import mark_asked_again
from tickets.models import ContactForm, ContactReason, Team, Ticket

pytestmark = pytest.mark.django_db
QUESTION = {
    "name": "Dana",
    "address": "dana@school.example",
    "subject": "where is your w-8 form",
    "text": "We need it.",
}


@pytest.fixture
def shelf(db):
    public = make_space(visibility=Visibility.PUBLIC)
    inside = make_space(visibility=Visibility.STAFF)
    for number in range(7):
        make_article(public, f"Tax form W-8 question {number}", "The W-8BEN-E form. <img src=x onerror=alert(1)>")
    make_article(inside, "W-8 refund override", "Where the form W-8 is ignored.")
    return public


def token_of(page) -> str:
    return page.context["suggest"]


def test_at_most_five_published_answers_and_sending_goes_on(client, shelf):
    """A10, A4, A13: at most five, none of the staff's, markup stays text; "send anyway" always works."""
    page = client.get("/help/")
    assert "Send your question" in page.content.decode()
    data = QUESTION | {"suggest": token_of(page)}
    listed = client.post("/articles/suggestions/", data).content.decode()
    assert listed.count("<li") == 5
    assert "override" not in listed
    assert "<img" not in listed
    looked = client.post("/help/", data | {"look": "1"})
    assert looked.status_code == 200
    assert looked.content.decode().count("This solved it") == 5
    assert "Send your question" in looked.content.decode()
    assert 'value="where is your w-8 form"' in looked.content.decode()
    assert not Ticket.objects.exists()
    assert client.post("/help/", data).status_code == 302
    session = SuggestSession.objects.get()
    assert (session.outcome, session.ticket_id) == (Outcome.SENT, Ticket.objects.get().pk)


def test_solved_opens_no_ticket_until_the_same_person_asks_about_the_same_thing(client, shelf, settings):
    """A10: "this solved it" sends nothing; the same person and driver within 72 h is no deflection, others are."""
    now = timezone.now()
    for address in ["dana@school.example", "eli@school.example", "fay@school.example", "gus@school.example"]:
        page = client.get("/help/")
        data = QUESTION | {"suggest": token_of(page), "address": address}
        client.post("/articles/suggestions/", data)
        article = SuggestSession.objects.get(token=token_of(page)).shown[0]
        done = client.post("/articles/suggestions/solved/", {"suggest": token_of(page), "article": article})
        assert "Nothing was sent" in done.content.decode()
    assert not Ticket.objects.exists()
    ask(client, address="dana@school.example", subject="your w-8 form again")
    ask(client, address="eli@school.example", subject="Our parcel was dented", text="The box arrived open.")
    late = SuggestSession.objects.get(email="fay@school.example")
    SuggestSession.objects.filter(pk=late.pk).update(
        created_at=now - timedelta(hours=80), ended_at=now - timedelta(hours=73)
    )
    ask(client, address="fay@school.example", subject="your w-8 form again")
    later = timezone.now() + timedelta(minutes=1)
    one = SuggestSession.objects.get(email="dana@school.example")
    SuggestSession.objects.bulk_create(  # a busy day after it: nobody of these asked again
        SuggestSession(
            token=f"busy{number}", surface=one.surface, email=f"busy{number}@school.example", outcome=Outcome.SOLVED,
            created_at=later, ended_at=later, shown=one.shown, solved_by=one.solved_by,
        )
        for number in range(600)
    )  # fmt: skip
    assert [mark_asked_again(now=later), mark_asked_again(now=later)] == [1, 0]
    SuggestSession.objects.filter(token__startswith="busy").delete()
    again = SuggestSession.objects.get(outcome=Outcome.ASKED_AGAIN)
    assert (again.email, again.ticket_id) == ("dana@school.example", Ticket.objects.order_by("pk").first().pk)
    figures = deflection(now - timedelta(days=5), later)
    assert (figures.sessions, figures.solved, figures.again, figures.share) == (4, 3, 1, 75)


def ask(client, **words) -> None:
    page = client.get("/help/")
    assert client.post("/help/", QUESTION | {"receipt": page.context["receipt"]} | words).status_code == 302


def test_a_forms_own_reason_tells_the_driver_and_frames_show_public_articles_alone(client, shelf, customer):
    """A10: two known reasons that differ are two drivers. A4: in a frame everybody is a stranger."""
    tax, parcel = (ContactReason.objects.create(name=name) for name in ["Papers of tax", "Dented parcels"])
    form = ContactForm.objects.create(
        slug="papers", name="Papers", heading="Ask", team=Team.objects.first(), reason=tax,
        origins=["https://shop.example"],
    )  # fmt: skip
    inside = make_space(visibility=Visibility.CUSTOMERS)
    make_article(inside, "W-8 form for customers", "The W-8 form, signed in. " * 3)
    client.force_login(customer)
    page = client.get(f"/embed/{form.slug}/")
    data = QUESTION | {"suggest": token_of(page), "address": customer.email}
    listed = client.post(f"/embed/{form.slug}/suggestions/", data).content.decode()
    assert "Tax form" in listed
    assert "for customers" not in listed
    session = SuggestSession.objects.get()
    assert (session.reason_id, session.surface, session.person) == (tax.pk, "embed", None)
    assert client.post(f"/embed/{form.slug}/solved/", {"suggest": session.token}).status_code == 200
    ticket = make_ticket(requester=customer, subject="your w-8 form")
    Ticket.objects.filter(pk=ticket.pk).update(contact_reason=parcel, created_at=timezone.now())
    later = timezone.now() + timedelta(minutes=1)
    assert mark_asked_again(now=later) == 0
    closed_at = later + timedelta(days=40)
    Ticket.objects.filter(pk=ticket.pk).update(contact_reason=tax, updated_at=closed_at)
    assert mark_asked_again(now=closed_at + timedelta(days=9)) == 0, "nothing changed lately"
    assert mark_asked_again(now=closed_at + timedelta(days=9), is_thorough=True) == 1, "workers that slept"
    SuggestSession.objects.update(outcome=Outcome.SOLVED)
    assert mark_asked_again(now=closed_at + timedelta(minutes=1)) == 1, "its reason was known weeks after it was asked"


@pytest.mark.parametrize("token", ["", "0" * 32, "x" * 500, "\0", "../..", "0" * 31 + "g"])
def test_no_token_is_worth_anything_of_its_own(client, shelf, token):
    """Hostile tokens: no row that was not begun by a form's own list, no error, and the question still goes out."""
    for address in ["/articles/suggestions/solved/", "/articles/suggestions/"]:
        assert (
            client.post(address, {"suggest": token, "article": "9" * 30, "text": "\0", "subject": ""}).status_code
            == 200
        )
    assert not SuggestSession.objects.exists()
    assert client.post("/help/", QUESTION | {"suggest": token}).status_code == 302
    assert Ticket.objects.count() == 1
