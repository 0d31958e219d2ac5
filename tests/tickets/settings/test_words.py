"""Contact reasons and reply templates."""

import pytest

from tests.factories.tickets import make_ticket
from tests.tickets.settings.conftest import done
from tickets.actions.setup import reasons
from tickets.models import ContactReason, ReplyTemplate
from tickets.placeholders import EXAMPLE, PLACEHOLDERS, pieces

pytestmark = pytest.mark.django_db


def test_reasons_go_three_levels_deep_and_no_deeper(browser, admin, now):
    top = reasons.add_reason(name="Billing", parent=None, by=admin, now=now)
    middle = reasons.add_reason(name="Card", parent=top, by=admin, now=now)
    bottom = reasons.add_reason(name="Declined", parent=middle, by=admin, now=now)

    with pytest.raises(reasons.CannotChangeReason, match="three levels deep"):
        reasons.add_reason(name="By the bank", parent=bottom, by=admin, now=now)
    response = browser.post("/settings/reasons/new/", {"name": "By the bank", "parent": bottom.pk})

    assert response.status_code == 422
    assert "Choose a reason from the list" in response.content.decode()
    assert ContactReason.objects.filter(name="By the bank").count() == 0


def test_a_reason_stands_once_below_its_parent(browser, admin, now):
    top = reasons.add_reason(name="Billing", parent=None, by=admin, now=now)
    reasons.add_reason(name="Other", parent=top, by=admin, now=now)

    assert browser.post("/settings/reasons/new/", {"name": "other", "parent": top.pk}).status_code == 422
    assert browser.post("/settings/reasons/new/", {"name": "Other"}).status_code == 302


def test_retiring_a_reason_takes_what_is_below_it_and_bringing_back_what_is_above(browser, admin, now):
    top = reasons.add_reason(name="Billing", parent=None, by=admin, now=now)
    middle = reasons.add_reason(name="Card", parent=top, by=admin, now=now)
    side = reasons.add_reason(name="Invoice", parent=top, by=admin, now=now)

    browser.post(f"/settings/reasons/{top.pk}/retire/")
    assert not ContactReason.objects.filter(pk__in=[top.pk, middle.pk, side.pk], is_active=True).exists()

    browser.post(f"/settings/reasons/{middle.pk}/bring-back/")
    active = ContactReason.objects.filter(pk__in=[top.pk, middle.pk, side.pk], is_active=True)
    assert set(active) == {top, middle}


def test_a_reason_gets_other_words(browser, admin, now):
    top = reasons.add_reason(name="Billing", parent=None, by=admin, now=now)

    browser.post(f"/settings/reasons/{top.pk}/", {"name": "Money", "is_active": "", "parent": top.pk})

    top.refresh_from_db()
    assert (top.name, top.is_active, top.parent) == ("Money", True, None)
    assert done("tickets.rename_contact_reason") == [{"before": "Billing", "name": "Money"}]


def test_a_template_is_kept_word_for_word(browser):
    """S55."""
    body = "Hi {customer_first_name},\n{{7*7}} {user.password} {% debug %} ${x} %(y)s <script>alert(1)</script>"

    browser.post("/settings/templates/new/", {"name": "Odd", "body": body})

    row = ReplyTemplate.objects.get(name="Odd")
    page = browser.get(f"/settings/templates/{row.pk}/").content.decode()
    assert row.body == body
    for verbatim in (
        "{{7*7}}",
        "{user.password}",
        "{% debug %}",
        "${x}",
        "%(y)s",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ):
        assert verbatim in page
    assert "<script>alert" not in page
    assert ">49<" not in page


def test_the_preview_shows_values_and_gaps_and_saves_nothing(browser):
    body = "Hi {customer_first_name}, about {ticket_number}: {colour}"

    response = browser.post("/settings/templates/new/", {"name": "Try", "body": body, "do": "preview"})

    page = response.content.decode()
    assert response.status_code == 200
    assert "<mark>Dana</mark>" in page
    assert '<mark class="gap">[customer_first_name?]</mark>' in page
    assert '<span class="unknown">{colour}</span>' in page
    assert not ReplyTemplate.objects.filter(name="Try").exists()


def test_a_value_is_never_read_again_for_placeholders():
    """S55."""
    values = EXAMPLE | {"customer_name": "{agent_name}"}

    assert "".join(piece.text for piece in pieces("{customer_name}", values)) == "{agent_name}"


def test_the_preview_speaks_of_the_same_placeholders_as_the_desk(client, agent):
    ReplyTemplate.objects.create(name="All", body=" ".join("{" + name + "}" for name in PLACEHOLDERS))
    client.force_login(agent)

    address = f"/desk/tickets/{make_ticket().pk}/saved-replies/"
    [reply] = client.get(address, headers={"Accept": "application/json"}).json()["replies"]

    kinds = [kind for kind, text in reply["pieces"] if text.strip()]
    assert len(kinds) == len(PLACEHOLDERS)
    assert set(kinds) <= {"value", "gap"}
    assert EXAMPLE.keys() == PLACEHOLDERS.keys()


def test_a_template_is_changed_and_removed_and_the_journal_keeps_its_words(browser):
    browser.post("/settings/templates/new/", {"name": "One", "body": "First"})
    row = ReplyTemplate.objects.get(name="One")
    browser.post(f"/settings/templates/{row.pk}/", {"name": "One", "body": "Second"})
    browser.post(f"/settings/templates/{row.pk}/remove/")

    assert not ReplyTemplate.objects.filter(pk=row.pk).exists()
    assert done("tickets.remove_reply_template") == [{"name": "One", "body": "Second"}]
