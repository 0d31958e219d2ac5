"""Who gets the next ticket, and which go back: complaints 15 and 24."""

from datetime import timedelta

import pytest

from accounts.actions.people import deactivate_person
from accounts.models import JournalEntry
from tests.factories.accounts import make_staff
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.tickets.automation.conftest import again, at, do, make_rule, said, work
from tickets.actions import assign, details, intake, reply, state
from tickets.actions.automation import away
from tickets.actions.note import add_note
from tickets.actions.setup.teamwork import set_distribution
from tickets.models import Absence, Handout, Team, TeamMember

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def team(lead):
    """Three agents: Ann, Ben, Cy, in this order."""
    team = Team.objects.get()
    for name in ("Ann", "Ben", "Cy"):
        TeamMember.objects.create(team=team, person=make_staff(name=name, email=f"{name.lower()}@desk.example"))
    return team


def hand_out(team, lead, mode="in_turn", now=WEDNESDAY, members=None, **fields):
    fields = {"returns_from_absent": True, "returns_after_hours": False, "idle_minutes": None, **fields}
    rows = {one.person.name: one.pk for one in team.members.select_related("person")}
    given = {rows[name]: value for name, value in (members or {}).items()}
    return set_distribution(team=team, mode=mode, members=given, by=lead, now=now, **fields)


def owner(ticket) -> str:
    person = again(ticket).assignee
    return person.name if person else ""


def person(team, name):
    return team.members.select_related("person").get(person__name=name).person


def test_complaint_24_new_tickets_go_round_in_turn(team, lead):
    hand_out(team, lead)

    tickets = [make_ticket() for _ in range(5)]
    work(WEDNESDAY)

    assert [owner(ticket) for ticket in tickets] == ["Ann", "Ben", "Cy", "Ann", "Ben"]
    assert said(tickets[0], "assigned") == ["Given to Ann in turn."]
    assert JournalEntry.objects.filter(action="tickets.hand_out").count() == 5
    work(WEDNESDAY + MINUTE)
    assert Handout.objects.count() == 5


def test_by_load_gives_to_whoever_has_the_fewest_and_room(team, lead):
    for _ in range(2):
        assign.assign(ticket=make_ticket(), to=person(team, "Ann"), by=lead, now=WEDNESDAY)
    assign.assign(ticket=make_ticket(), to=person(team, "Ben"), by=lead, now=WEDNESDAY)
    hand_out(team, lead, "by_load", members={"Cy": (1, []), "Ben": (2, []), "Ann": (2, [])})

    tickets = [make_ticket() for _ in range(3)]
    work(WEDNESDAY)

    # Cy takes one and is full, Ben takes one and is full, Ann was: the third waits and everybody can see it.
    assert sorted(owner(ticket) for ticket in tickets) == ["", "Ben", "Cy"]
    waiting = next(ticket for ticket in tickets if not owner(ticket))
    state.close_ticket(ticket=next(t for t in tickets if owner(t) == "Cy"), by=lead, now=WEDNESDAY, unanswered=True)
    work(WEDNESDAY + 3 * MINUTE)
    assert owner(waiting) == "Cy"


def test_a_skill_comes_before_the_turn(team, lead):
    hand_out(team, lead, members={"Cy": (None, ["money"])})
    make_rule(lead, do("add_tags", "money"))

    first, second = make_ticket(), make_ticket()
    work(WEDNESDAY)

    assert [owner(first), owner(second)] == ["Cy", "Cy"]


def test_nobody_gets_a_ticket_at_night_or_while_away(team, lead):
    hand_out(team, lead, now=at(4, 9))
    away.leave(person=person(team, "Ann"), until=at(6, 9), by=person(team, "Ann"), now=at(4, 9))

    ticket = make_ticket(now=at(4, 20))
    work(at(4, 20, 5))
    assert owner(ticket) == ""
    work(at(5, 9, 1))
    assert owner(ticket) == "Ben"

    later = make_ticket(now=at(9, 10))  # Ann is back
    work(at(9, 10))
    work(at(9, 10, 1))
    assert [owner(later), Handout.objects.count()] == ["Cy", 2]
    assert owner(_next(at(9, 11))) == "Ann"


def _next(now):
    ticket = make_ticket(now=now)
    work(now)
    return ticket


def test_reopened_moved_and_given_back_tickets_are_handed_out_too(team, lead, customer):
    hand_out(team, lead)
    other = Team.objects.create(name="Other")
    ticket = make_ticket(requester=customer, team=other)
    work(WEDNESDAY)
    assert owner(ticket) == ""

    details.change(ticket=ticket, team=team, by=lead, now=WEDNESDAY)
    work(WEDNESDAY)
    assert owner(ticket) == "Ann"

    assign.assign(ticket=ticket, to=None, by=lead, now=WEDNESDAY)
    work(WEDNESDAY)
    assert owner(ticket) == "Ben"

    state.close_ticket(ticket=ticket, by=lead, now=WEDNESDAY, unanswered=True)
    assign.assign(ticket=ticket, to=None, by=lead, now=WEDNESDAY)
    intake.add_customer_message(ticket=ticket, person=customer, text="Again", channel="web", now=WEDNESDAY + MINUTE)
    work(WEDNESDAY + MINUTE)
    assert owner(ticket) == "Cy"


def test_a_team_by_hand_is_left_alone(team, lead):
    ticket = make_ticket()
    work(WEDNESDAY)

    assert owner(ticket) == ""


def test_who_goes_away_gives_back_what_customers_wait_for_and_keeps_the_rest(team, lead, customer):
    hand_out(team, lead)
    ann = person(team, "Ann")
    waits, answered = make_ticket(), make_ticket(requester=customer)
    for ticket in (waits, answered):
        assign.assign(ticket=ticket, to=ann, by=lead, now=WEDNESDAY)
    reply.reply(ticket=answered, by=ann, text="Done?", last_seen=answered.last_message_id, now=WEDNESDAY)

    away.leave(person=ann, until=None, by=ann, now=WEDNESDAY + MINUTE)
    work(WEDNESDAY + MINUTE)

    assert [owner(waits), owner(answered)] == ["Ben", "Ann"]
    assert said(waits, "assigned")[-1] == "Given to Ben in turn: Ann is away."
    assert again(waits).came_back == "Given back"

    intake.add_customer_message(ticket=answered, person=customer, text="No", channel="web", now=WEDNESDAY + 2 * MINUTE)
    work(WEDNESDAY + 2 * MINUTE)
    assert owner(answered) == "Cy"

    away.come_back(person=ann, by=ann, now=WEDNESDAY + 3 * MINUTE)
    assert not Absence.objects.exists()


def test_complaint_15_an_owner_who_does_nothing_for_open_hours_loses_the_ticket(team, lead, customer):
    """Weekends do not count; a note, a reply or the assignment itself does."""
    hand_out(team, lead, "in_turn", idle_minutes=240, now=at(6, 9))
    ticket = make_ticket(requester=customer, now=at(6, 15))
    work(at(6, 15))
    assert owner(ticket) == "Ann"

    work(at(9, 10, 58))  # Monday: 2 h on Friday and not quite 2 h today
    assert owner(ticket) == "Ann"
    add_note(ticket=ticket, by=person(team, "Ann"), text="I look at it.", now=at(9, 10, 59))
    work(at(9, 14))
    assert owner(ticket) == "Ann"
    work(at(9, 15, 1))
    assert owner(ticket) == "Ben"
    assert said(ticket, "assigned")[-1] == "Given to Ben in turn: Ann did not get to it."
    assert Handout.objects.get(person__name="Ann").why_ended == "Ann did not get to it"


def test_what_was_not_answered_at_closing_time_goes_back_and_out_in_the_morning(team, lead):
    hand_out(team, lead, returns_after_hours=True, now=at(4, 9))
    ticket = make_ticket(now=at(4, 16))
    work(at(4, 16))
    assert owner(ticket) == "Ann"

    work(at(4, 17, 1))
    assert owner(ticket) == ""
    assert said(ticket, "assigned")[-1] == "Given back to Support: the desk closed before Ann got to it."
    work(at(5, 9, 1))
    assert owner(ticket) == "Ben"


def test_work_of_somebody_who_left_the_company_goes_back(team, lead, admin):
    """Also what waits on the customer, and also where the team hands nothing out."""
    ann = person(team, "Ann")
    live, waiting = make_ticket(), make_ticket()
    for ticket in (live, waiting):
        assign.assign(ticket=ticket, to=ann, by=lead, now=WEDNESDAY)
    state.set_waiting(ticket=waiting, by=lead, now=WEDNESDAY)

    deactivate_person(person=ann, by=admin, now=WEDNESDAY + MINUTE)
    work(WEDNESDAY + MINUTE)

    assert [owner(live), owner(waiting)] == ["", ""]
    assert said(live, "assigned")[-1] == "Given back to Support: Ann does not work here any more."


def test_away_has_an_end_that_makes_sense_and_only_leads_say_it_of_others(team, lead):
    ann, ben = person(team, "Ann"), person(team, "Ben")
    for until in (WEDNESDAY, WEDNESDAY - MINUTE, WEDNESDAY + timedelta(days=400)):
        with pytest.raises(away.CannotBeAway):
            away.leave(person=ann, until=until, by=ann, now=WEDNESDAY)
    with pytest.raises(away.access.NotAllowed):
        away.leave(person=ann, until=None, by=ben, now=WEDNESDAY)

    away.leave(person=ann, until=None, by=lead, now=WEDNESDAY)

    assert Absence.objects.get().person == ann
