"""Macros: all steps or none, once for a job, taken back exactly."""

import pytest

from accounts.models import JournalEntry
from tests.factories.accounts import make_staff
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.tickets.automation.conftest import again, said
from tickets import steps
from tickets.actions import deeds, details
from tickets.actions.automation import macros
from tickets.actions.automation.carry_out import CannotCarryOut
from tickets.choices import Category, Priority
from tickets.may_close import CustomerWaits
from tickets.models import ContactReason, Deed, Draft, Macro, MacroUse, Team

pytestmark = pytest.mark.django_db


def make_macro(*todo: tuple[str, str], name="Refund", text="", **fields) -> Macro:
    kept = [steps.read(do=do, value=value, for_macro=True) for do, value in todo]
    return Macro.objects.create(name=name, text=text, steps=kept, **fields)


def test_a_macro_does_all_its_steps_and_one_undo_restores_every_one(agent):
    ContactReason.objects.create(name="Money back")
    Team.objects.create(name="Billing")
    macro = make_macro(
        ("team", "Billing"), ("priority", "High"), ("add_tags", "refund"), ("assign", "me"), ("reason", "money back"),
        ("state", "Closed"), ("type", "request"),
    )  # fmt: skip
    ticket = make_ticket()
    before = {name: value for name, value in vars(again(ticket)).items() if name != "_state"}

    use = macros.apply(macro=macro, ticket=ticket, by=agent, now=WEDNESDAY)

    after = again(ticket)
    assert (after.category, after.priority, after.tags, after.type) == ("closed", "high", ["refund"], "request")
    assert (after.team.name, after.assignee, after.contact_reason.name) == ("Billing", agent, "Money back")
    assert said(ticket, "macro") == [f"Alma Agent used the macro “Refund”: {use.text}."]
    assert JournalEntry.objects.filter(action="tickets.use_macro").count() == 1

    deeds.undo(deed=Deed.objects.get(), by=agent, now=WEDNESDAY)

    restored = vars(again(ticket))
    same = set(before) - {"visit", "updated_at", "_state", "state_since", "next_action_at", "next_action"}
    assert {name: restored[name] for name in same if not name.startswith("_")} == {
        name: before[name] for name in same if not name.startswith("_")
    }


def test_undo_leaves_what_somebody_changed_since(agent, lead):
    macro = make_macro(("priority", "high"), ("type", "task"))
    ticket = make_ticket()
    macros.apply(macro=macro, ticket=ticket, by=agent, now=WEDNESDAY)
    details.change(ticket=ticket, by=lead, now=WEDNESDAY, priority="urgent")

    outcome = deeds.undo(deed=Deed.objects.get(), by=agent, now=WEDNESDAY)

    assert (outcome.restored, outcome.left) == (["the type"], ["the priority"])
    assert again(ticket).priority == Priority.URGENT


def test_a_step_that_cannot_be_done_leaves_the_ticket_as_it_was(agent):
    macro = make_macro(("priority", "high"), ("assign", agent.name))
    leaver = make_staff(name="Lou")
    macro.steps[1]["value"] = leaver.pk
    macro.save()
    leaver.grants.all().delete()
    ticket = make_ticket()

    with pytest.raises(CannotCarryOut):
        macros.apply(macro=macro, ticket=ticket, by=agent, now=WEDNESDAY)

    assert again(ticket).priority == Priority.NORMAL
    assert not MacroUse.objects.exists()


def test_a_job_applies_a_macro_to_a_ticket_once(agent):
    """For bulk: a worker that is killed and goes on does nothing twice."""
    macro = make_macro(("raise", ""), ("note", "Called."))
    ticket = make_ticket()

    uses = [macros.apply(macro=macro, ticket=ticket, by=agent, now=WEDNESDAY, key="bulk:7") for _ in range(3)]

    assert {use.pk for use in uses} == {uses[0].pk}
    assert again(ticket).priority == Priority.HIGH
    assert ticket.notes.count() == 1
    macro.refresh_from_db()
    assert macro.uses == 1


def test_the_picker_shows_what_would_happen_and_the_words_go_below_the_draft(client, agent):
    """U53: a plain form. What is so already is said to be; a name that is missing is a gap that blocks sending."""
    client.force_login(agent)
    macro = make_macro(("priority", "Normal"), ("add_tags", "greeted"), text="Hello {customer_name} of {organisation}")
    make_macro(name="Hidden", text="x", owner=make_staff())
    ticket = make_ticket()
    address = f"/desk/tickets/{ticket.pk}/macros/"

    page = client.get(address).content.decode()
    answer = client.post(f"{address}{macro.pk}/", {"view": "all"})

    assert "Is so already: </span>set the priority to Normal" in page
    assert "add greeted" in page
    assert "<mark>[organisation?]</mark>" in page
    assert "Hidden" not in page
    assert answer.status_code == 303
    assert answer["Location"].endswith("write=reply")
    assert again(ticket).tags == ["greeted"]
    assert Draft.objects.get().text == f"Hello {ticket.requester.name} of [organisation?]"


def test_a_macro_that_is_not_ones_own_or_gone_is_not_there(client, agent, customer, django_client):
    client.force_login(agent)
    ticket, theirs = make_ticket(), make_macro(text="x", owner=make_staff())
    stranger = django_client()
    stranger.force_login(customer)

    for pk in (theirs.pk, 0, 2**62):
        assert client.post(f"/desk/tickets/{ticket.pk}/macros/{pk}/").status_code == 404
    assert stranger.get(f"/desk/tickets/{ticket.pk}/macros/").status_code == 404
    assert client.get("/desk/tickets/99999999999/macros/").status_code == 404


def test_being_away_is_one_press_and_so_is_coming_back(client, agent):
    client.force_login(agent)

    assert client.post("/desk/away/", {"how": "at", "until": "\x00never"}).status_code == 422
    assert client.post("/desk/away/", {"how": "at"}).status_code == 422
    assert client.post("/desk/away/", {"how": "week"}).status_code == 303
    agent.absence.refresh_from_db()
    assert agent.absence.until.weekday() == 0
    assert "You are away" in client.get("/desk/away/").content.decode()
    assert client.post("/desk/away/back/").status_code == 303
    assert "I am away" in client.get("/desk/away/").content.decode()


def test_a_closed_ticket_can_be_opened_again_by_a_macro(agent):
    macro = make_macro(("state", "Waiting on customer"))
    ticket = make_ticket()
    ContactReason.objects.create(name="Spam")
    end = make_macro(("state", "Closed"), ("reason", "spam"), name="End")
    macros.apply(macro=end, ticket=ticket, by=agent, now=WEDNESDAY)

    macros.apply(macro=macro, ticket=ticket, by=agent, now=WEDNESDAY)

    assert again(ticket).category == Category.WAITING


def test_b6_a_macro_closes_over_a_customer_who_waits_only_with_a_reason(agent):
    """One rule in every door; the reason may come after the close in its steps."""
    ContactReason.objects.create(name="Spam")
    ticket = make_ticket()

    with pytest.raises(CustomerWaits, match="waits for an answer"):
        macros.apply(macro=make_macro(("priority", "low"), ("state", "Closed")), ticket=ticket, by=agent, now=WEDNESDAY)
    assert (again(ticket).category, again(ticket).priority) == ("new", "normal")

    closing = make_macro(("state", "Closed"), ("reason", "spam"), name="Spam")
    macros.apply(macro=closing, ticket=ticket, by=agent, now=WEDNESDAY)
    assert (again(ticket).category, again(ticket).closed_unanswered) == ("closed", True)
