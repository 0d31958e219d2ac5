"""Reply templates of everybody, of a team and of one person: who writes them, who is offered them, in which folder."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.access import NotAllowed
from accounts.models import JournalEntry
from tests.factories.accounts import make_staff, sign_in
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets import rule_conditions, steps
from tickets.actions.setup import templates
from tickets.models import ReplyTemplate, Team, TeamMember
from tickets.queries_desk.saved_replies import saved_replies_for

pytestmark = pytest.mark.django_db

SECRET = "words that are only mine"


@pytest.fixture
def browser(client, agent):
    sign_in(client, agent)
    return client


def names(person) -> set[str]:
    return {one.name for one in saved_replies_for(person)}


def test_an_agent_keeps_their_own_in_a_folder_and_nobody_else_meets_it(browser, agent, lead, admin):
    typed = {"name": "Mine", "folder": "  Shipping   late ", "body": SECRET}
    page = browser.get("/settings/templates/new/").content.decode()
    assert "Only you are offered it." in page and 'name="audience"' not in page

    assert browser.post("/settings/templates/new/", typed).status_code == 302

    row = ReplyTemplate.objects.get()
    assert (row.owner, row.team, row.folder) == (agent, None, "Shipping late")
    assert "Shipping late › " in browser.get("/settings/templates/").content.decode()
    assert (names(agent), names(lead), names(admin)) == ({"Mine"}, set(), set())
    ticket = make_ticket()
    offered = browser.get(reverse("desk:saved_replies", args=[ticket.pk]), headers={"Accept": "application/json"})
    assert [(one["folder"], one["text"]) for one in offered.json()["replies"]] == [("Shipping late", SECRET)]
    assert SECRET not in str(list(JournalEntry.objects.values_list("data", flat=True)))

    for other in (lead, admin):
        sign_in(browser, other)
        assert SECRET not in browser.get("/settings/templates/").content.decode()
        assert browser.get(f"/settings/templates/{row.pk}/").status_code in (403, 404)
        assert browser.post(f"/settings/templates/{row.pk}/", {**typed, "name": "Taken"}).status_code in (403, 404)
        assert browser.post(f"/settings/templates/{row.pk}/remove/").status_code in (403, 404)
        assert browser.post(reverse("desk:use_saved_reply", args=[ticket.pk, row.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        templates.change_template(template=row, name="Taken", body="x", by=admin, now=WEDNESDAY)
    assert ReplyTemplate.objects.get().name == "Mine"

    sign_in(browser, agent)
    assert browser.post(f"/settings/templates/{row.pk}/", {**typed, "body": "Other words"}).status_code == 302
    assert browser.post(f"/settings/templates/{row.pk}/remove/").status_code == 302
    assert not ReplyTemplate.objects.exists()


def test_an_admin_keeps_them_for_a_team_for_everybody_or_for_themselves(client, admin, agent, lead):
    team = Team.objects.create(name="Money")
    TeamMember.objects.create(team=team, person=lead)
    sign_in(client, admin)

    for name, audience in (("All", "all"), ("Team", f"team:{team.pk}"), ("Own", "own"), ("Unsaid", "")):
        typed = {"name": name, "folder": "Refunds", "body": "x", "audience": audience}
        assert client.post("/settings/templates/new/", typed).status_code == 302

    assert names(agent) == {"All", "Unsaid"}
    assert names(lead) == {"All", "Unsaid", "Team"}
    assert names(admin) == {"All", "Unsaid", "Own"}
    row = ReplyTemplate.objects.get(name="Team")
    page = client.get(f"/settings/templates/{row.pk}/").content.decode()
    assert f'value="team:{team.pk}"' in page.partition("checked")[0].rpartition("<input")[2]
    assert '<option value="Refunds">' in page
    team.delete()
    assert names(agent) == {"All", "Unsaid", "Team"}


@pytest.mark.parametrize("audience", ["all", "team:1", "team:x", "team:99999999999999999999", "nobody", "\x00"])
def test_an_agent_keeps_nothing_for_others(browser, audience):
    answer = browser.post("/settings/templates/new/", {"name": "N", "body": "Words", "audience": audience})

    assert answer.status_code == 422
    assert not ReplyTemplate.objects.exists()


def test_a_name_stands_once_among_the_shared_and_once_among_ones_own(agent, admin):
    first = templates.create_template(name="Hello", body="1", by=admin, now=WEDNESDAY)
    own = templates.create_template(name="hello", body="2", by=agent, now=WEDNESDAY, is_own=True)
    templates.create_template(name="Hello", body="3", by=make_staff(), now=WEDNESDAY, is_own=True)

    with pytest.raises(templates.CannotChangeTemplate, match="already a template called HELLO"):
        templates.create_template(name="HELLO", body="4", by=agent, now=WEDNESDAY, is_own=True)
    with pytest.raises(templates.CannotChangeTemplate, match="already a template called Hello"):
        templates.create_template(name="Hello", body="4", by=admin, now=WEDNESDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReplyTemplate.objects.create(name="Hello", body="5")

    assert (first.owner, own.owner) == (None, agent)


def test_a_rule_mails_nothing_that_somebody_keeps_for_themselves(agent, admin):
    """A rule is everybody's: it neither offers such words nor takes them by name."""
    templates.create_template(name="Private", body=SECRET, by=agent, now=WEDNESDAY, is_own=True)
    templates.create_template(name="Public", body="Hi", by=admin, now=WEDNESDAY)

    assert steps.STEPS["mail"].offers() == ["Public"]
    with pytest.raises(rule_conditions.CannotRead, match="There are: Public"):
        steps.read(do="mail", value="Private", for_macro=False)
