"""Articles beside a ticket: found, inserted, flagged, begun, and never one that the customer may not read."""

import pytest

from knowledgebase.actions import suggesting
from knowledgebase.choices import Outcome, Surface, Visibility
from knowledgebase.models import Article, ArticleDraft, SuggestSession
from supportdesk.lib import palette
from tests.factories.accounts import sign_in
from tests.factories.knowledgebase import NINE, make_article, make_space
from tests.factories.tickets import make_ticket
from tickets.models import Draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(customer):
    return make_ticket(requester=customer, subject="Where is your W-8 form?", text="Our buyer wants the W-8BEN-E.")


@pytest.fixture
def shelf(db):
    return {
        "public": make_article(make_space(Visibility.PUBLIC), "Our W-8BEN-E form", "The W-8 form is on each invoice."),
        "inside": make_article(make_space(Visibility.STAFF), "W-8 form: refund override", "Nobody outside reads this."),
    }


def test_only_what_the_customer_may_read_goes_into_a_reply(client, agent, ticket, shelf, settings):
    """A4 at the desk: staff see their own articles beside the ticket; inserting one for a customer is refused."""
    client.force_login(agent)
    address = f"/desk/tickets/{ticket.pk}/articles/"
    panel = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Our <mark>W-8BEN-E</mark> <mark>form</mark>" in panel
    assert "Not for this customer" in panel
    assert panel.count("/insert/") == 1
    client.post(f"{address}{shelf['inside'].pk}/insert/", {"kind": "reply", "text": "Hello"})
    assert not Draft.objects.exists()
    client.post(f"{address}{shelf['public'].pk}/insert/", {"kind": "reply", "text": "Hello"})
    assert Draft.objects.get().text == (
        f"Hello\n\nOur W-8BEN-E form\n{settings.SITE_URL}/articles/{shelf['public'].slug}/"
    )
    for number in ["0", str(2**63), "999999"]:
        assert client.post(f"{address}{number}/insert/", {"kind": "reply", "text": "x"}).status_code == 404


def test_the_ticket_says_what_its_customer_was_shown_before_they_wrote(client, agent, customer, ticket, shelf):
    """A10: who opened an article and wrote all the same is not sent it again; a page that is away is not named."""
    gone = make_article(make_space(Visibility.PUBLIC), "W-8 gone", "The W-8 form.", slug="gone")
    opened = shelf["public"]
    token = suggesting.new_token()
    found = suggesting.show(
        token=token, person=customer, words="where is your w-8 form", surface=Surface.FORM, now=NINE
    )
    assert {hit.article for hit in found} == {opened, gone}
    suggesting.opened(token=token, article=opened, now=NINE)
    suggesting.sent(token=token, ticket_id=ticket.pk, reason_id=None, now=NINE)
    client.force_login(agent)

    def said():
        return client.get(f"/desk/tickets/{ticket.pk}/articles/", headers={"HX-Request": "true"}).text

    text = said()
    assert "Was shown before they wrote" in text
    assert text.index("Our W-8BEN-E form") < text.index("opened it") < text.index("W-8 gone") < text.index("did not")
    Article.objects.filter(pk=gone.pk).update(space=make_space(Visibility.ROLE))
    assert "W-8 gone" not in said()
    SuggestSession.objects.update(outcome=Outcome.ASKED_AGAIN)
    assert "Said that these solved it, and asked after all" in said()
    sign_in(client, customer)
    assert "before they wrote" not in client.get(f"/tickets/{ticket.pk}/").text


def test_the_palette_finds_pages_and_offers_links_on_a_ticket(agent, customer, ticket, shelf):
    """U8: pages of the wiki by a few letters; on a ticket also as a link for the reply."""
    groups = {group.kind: group.found for group in palette.find(agent, palette.asked("w8 form", str(ticket.pk)), NINE)}
    assert {one.title for one in groups["wiki"]} == {"Our W-8BEN-E form", "W-8 form: refund override"}
    assert [one.address for one in groups["insert_article"]] == [
        f"/desk/tickets/{ticket.pk}/articles/{shelf['public'].pk}/insert/"
    ]
    assert not palette.find(customer, palette.asked("w8 form"), NINE)


def test_a_flag_and_a_new_article_carry_their_ticket(client, agent, ticket, shelf, stranger):
    client.force_login(agent)
    address = f"/desk/tickets/{ticket.pk}/articles/{shelf['public'].pk}/flag/"
    assert client.post(address, {"words": " "}).status_code == 422
    assert client.post(address, {"words": "The form has a new name"}).status_code == 302
    said = Article.objects.get(pk=shelf["public"].pk).needs_change
    assert "The form has a new name" in said
    assert f"#{ticket.pk}" in said
    begun = client.post(f"/desk/tickets/{ticket.pk}/articles/begin/")
    draft = ArticleDraft.objects.get()
    assert (draft.ticket_id, draft.title, draft.person) == (ticket.pk, ticket.subject, agent)
    assert begun["Location"] == f"/wiki/drafts/{draft.pk}/"
    client.force_login(stranger)
    assert client.get(f"/desk/tickets/{ticket.pk}/articles/").status_code == 404
