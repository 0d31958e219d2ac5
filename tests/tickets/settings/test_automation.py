"""Rules, macros, assignment and reminders as leads set them and agents see them."""

import pytest
from django.utils import timezone

from accounts.access import NotAllowed
from tests.factories.accounts import make_staff, sign_in
from tests.factories.tickets import make_ticket
from tests.tickets.settings.conftest import done
from tickets.actions.setup import rules, teamwork
from tickets.models import Distribution, Macro, NudgePlan, ReplyTemplate, Rule, Team, TeamMember
from timers.models import Timer

pytestmark = pytest.mark.django_db

RULE = {
    "name": "Invoices",
    "trigger": "happens",
    "events": ["created", "customer_wrote"],
    "all_rows": "2",
    "all_0_what": "subject",
    "all_0_op": "contains",
    "all_0_value": "invoice",
    "any_rows": "1",
    "step_rows": "2",
    "step_0_what": "priority",
    "step_0_value": "High",
    "step_1_what": "add_tags",
    "step_1_value": "money, #Invoice",
}


@pytest.fixture
def browser(client, lead):
    """A lead's browser: leads may automate."""
    sign_in(client, lead)
    return client


def test_a_rule_is_written_tried_and_switched_on(browser, lead):
    """Nothing acts before it was seen: a new rule rests, and its dry run names exactly the tickets that fit."""
    fits, other = make_ticket(subject="Your INVOICE is wrong"), make_ticket(subject="Which licence?")

    answer = browser.post("/settings/rules/new/", RULE, follow=True)

    rule = Rule.objects.get()
    body = answer.content.decode()
    assert answer.redirect_chain == [(f"/settings/rules/{rule.pk}/dry-run/", 302)]
    assert (rule.is_enabled, rule.events) == (False, ["created", "customer_wrote"])
    assert rule.all_of == [{"field": "subject", "op": "contains", "value": "invoice"}]
    assert rule.steps == [{"do": "priority", "value": "high"}, {"do": "add_tags", "value": ["money", "invoice"]}]
    assert f"#{fits.pk} Your INVOICE is wrong" in body
    assert "set the priority to High, add money, invoice" in body
    assert f"#{other.pk} " not in body

    browser.post(f"/settings/rules/{rule.pk}/on/")

    rule.refresh_from_db()
    assert rule.is_enabled
    assert rule.versions.count() == 2
    assert [entry["name"] for entry in done("tickets.switch_rule_on")] == ["Invoices"]


def test_what_cannot_be_read_is_said_beside_its_row_and_stays(browser):
    """U27: a sentence with the names that there are; nothing that was typed goes away."""
    typed = RULE | {
        "all_0_what": "team", "all_0_op": "is", "all_0_value": "Bilinng<script>",
        "any_0_value": "lonely", "step_1_what": "snooze", "step_1_value": "9999999999999999 h",
    }  # fmt: skip

    answer = browser.post("/settings/rules/new/", typed)

    body = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in body
    assert "“Bilinng&lt;script&gt;” is no team of this desk. There are: Support." in body
    assert "Choose what this value belongs to" in body
    assert "Enter a number of hours from 1 to 336, which is 14 days." in body
    assert 'value="9999999999999999 h"' in body
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {}, {"trigger": "moment"}, {"trigger": "moment", "moment": "created", "after": "soon"}, {"name": "\x00"},
        {"trigger": "moment", "moment": "closed", "side": "before", "after": "4 h"}, {"all_rows": "9" * 40},
        {"events": ["nothing"], "trigger": "happens", "all_0_what": "nothing", "step_0_what": "mail"},
        {"all_rows": "-3", "step_rows": "x", "all_0_what": "tag", "all_0_value": "a" * 3000},
        {"all_0_what": "state", "all_0_op": "contains", "all_0_value": "status:99999999999999999999"},
    ],
)  # fmt: skip
def test_nothing_typed_into_a_rule_is_an_error_of_ours(browser, typed):
    assert browser.post("/settings/rules/new/", typed).status_code == 422
    assert browser.post("/settings/rules/new/", typed | {"do": "more_all"}).status_code == 200
    assert not Rule.objects.exists()


def test_a_row_is_added_without_losing_a_word_and_a_preview_keeps_nothing(browser):
    """U53: plain buttons of the form."""
    ticket = make_ticket(subject="One invoice")
    more = browser.post("/settings/rules/new/", RULE | {"do": "more_step"}).content.decode()
    preview = browser.post("/settings/rules/new/", RULE | {"do": "preview"}).content.decode()

    assert 'name="step_2_what"' in more
    assert 'value="money, #Invoice"' in more
    assert f"#{ticket.pk} One invoice" in preview
    assert not Rule.objects.exists()


def test_a_rule_on_time_leaves_what_lies_there_alone_when_asked_to(browser, lead):
    timed = {
        "name": "Old", "trigger": "moment", "moment": "created", "after": "1 h", "side": "after",
        "step_0_what": "raise", "step_rows": "1",
    }  # fmt: skip
    browser.post("/settings/rules/new/", timed)
    rule = Rule.objects.get()

    browser.post(f"/settings/rules/{rule.pk}/on/", {})

    rule.refresh_from_db()
    assert rule.acts_from is not None
    assert Timer.objects.filter(kind="tickets.rule_looks", subject=rule.pk, visit=rule.version).exists()


def test_rules_change_places_change_words_and_go(browser, lead):
    now = timezone.now()
    first, second = (
        rules.create_rule(
            definition=rules.Definition(name=name, events=["created"], steps=[{"do": "raise", "value": ""}]),
            by=lead, now=now,
        )
        for name in ("First", "Second")
    )  # fmt: skip

    browser.post(f"/settings/rules/{second.pk}/move/", {"to": "up"})
    browser.post(f"/settings/rules/{second.pk}/move/", {"to": "sideways"})
    assert list(Rule.objects.order_by("position").values_list("name", flat=True)) == ["Second", "First"]

    browser.post(f"/settings/rules/{first.pk}/", RULE | {"name": "second"})
    first.refresh_from_db()
    assert first.name == "First"
    browser.post(f"/settings/rules/{first.pk}/", RULE)
    first.refresh_from_db()
    assert (first.name, first.version, first.versions.count()) == ("Invoices", 2, 2)

    browser.post(f"/settings/rules/{first.pk}/remove/")
    assert not Rule.objects.filter(pk=first.pk).exists()
    assert browser.get(f"/settings/rules/{first.pk}/").status_code == 404


def test_a_rule_that_names_something_gone_says_so_in_the_list(browser):
    """The trap of a missing template that nobody ever hears of."""
    template = ReplyTemplate.objects.create(name="Hello", body="Hello")
    rule = Rule.objects.create(
        name="Mail", position=1, is_enabled=True, events=["created"], steps=[{"do": "mail", "value": template.pk}]
    )
    assert "Names something that is gone" not in browser.get("/settings/rules/").content.decode()

    template.delete()

    assert "Names something that is gone" in browser.get("/settings/rules/").content.decode()
    assert browser.get(f"/settings/rules/{rule.pk}/").status_code == 200


@pytest.mark.parametrize(
    "address", ["rules/", "rules/log/?rule=x&before=99999999999999999999&ticket=%00", "macros/", "teamwork/"]
)
def test_agents_see_how_it_is_set_up_and_change_nothing(client, agent, address):
    client.force_login(agent)
    rule = Rule.objects.create(name="R", position=1, events=["created"], steps=[{"do": "raise", "value": ""}])

    body = client.get(f"/settings/{address}").content.decode()

    assert "Switch on" not in body
    assert client.get(f"/settings/rules/{rule.pk}/dry-run/").status_code == 200
    assert client.post(f"/settings/rules/{rule.pk}/on/").status_code == 403
    assert not Rule.objects.get().is_enabled


def test_a_macro_of_ones_own_is_made_by_agents_and_seen_by_nobody_else(client, agent, django_client):
    client.force_login(agent)
    other = django_client()
    other.force_login(make_staff())
    typed = {
        "name": "Thanks", "audience": "own", "text": "Dear {customer_name}",
        "step_rows": "1", "step_0_what": "state", "step_0_value": "closed",
    }  # fmt: skip

    assert client.post("/settings/macros/new/", typed).status_code == 302
    assert client.post("/settings/macros/new/", typed).status_code == 422
    assert client.post("/settings/macros/new/", typed | {"audience": "all", "name": "x"}).status_code == 422

    macro = Macro.objects.get()
    assert (macro.owner, macro.text) == (agent, "Dear {customer_name}")
    assert other.get(f"/settings/macros/{macro.pk}/").status_code == 404
    assert other.post(f"/settings/macros/{macro.pk}/remove/").status_code == 404
    assert client.post(f"/settings/macros/{macro.pk}/remove/").status_code == 302
    assert not Macro.objects.exists()


def test_a_team_says_who_gets_the_next_ticket(browser, agent, lead):
    team = Team.objects.get()
    member = TeamMember.objects.create(team=team, person=agent)
    waiting = make_ticket()
    typed = {
        "mode": "by_load", "returns_from_absent": "on", "idle": "4 h",
        f"most_{member.pk}": "5", f"skills_{member.pk}": "Money, #refund",
    }  # fmt: skip

    assert browser.post(f"/settings/teams/{team.pk}/work/", typed | {"idle": "soon"}).status_code == 422
    assert browser.post(f"/settings/teams/{team.pk}/work/", typed).status_code == 302

    rotation = Distribution.objects.get()
    member.refresh_from_db()
    assert (rotation.mode, rotation.idle_minutes, rotation.returns_after_hours) == ("by_load", 240, False)
    assert (member.most_open, member.skills) == (5, ["money", "refund"])
    assert Timer.objects.filter(kind="tickets.hand_out", subject=waiting.pk).count() == 1
    assert "after 4 h without a touch" in browser.get("/settings/teamwork/").content.decode()


def test_reminders_are_not_switched_on_without_words(browser):
    team = Team.objects.get()
    typed = {
        "is_enabled": "on", "first_after": "3", "second_after": "3", "close_after": "4",
        "first_text": "Hello", "second_text": "", "close_text": "Closed",
    }  # fmt: skip
    address = f"/settings/teams/{team.pk}/reminders/"

    assert "Write the second words" in browser.post(address, typed).content.decode()
    assert "Nobody knows what {nobody}" in browser.post(address, typed | {"second_text": "{nobody}"}).content.decode()
    assert not NudgePlan.objects.filter(is_enabled=True).exists()
    assert browser.post(address, typed | {"second_text": "Again"}).status_code == 302
    plan = NudgePlan.objects.get()
    assert plan.is_enabled
    assert Timer.objects.filter(kind="tickets.nudge_looks", subject=plan.pk, visit=plan.version).exists()


def test_actions_ask_for_the_right_themselves(agent, now):
    """S27."""
    with pytest.raises(NotAllowed):
        rules.create_rule(definition=rules.Definition(name="Mine", events=["created"]), by=agent, now=now)
    with pytest.raises(NotAllowed):
        teamwork.set_nudges(
            team=Team.objects.get(), is_enabled=False, first_after=1, second_after=1, close_after=1,
            first_text="", second_text="", close_text="", by=agent, now=now,
        )  # fmt: skip

    assert not Rule.objects.exists()
    assert done("accounts.refused") == [{"tried": "desk.automate"}] * 2
