"""Rules on what happens and on time: each acts once for each cause, and nothing one of them does stops another."""

from datetime import timedelta

import pytest

from accounts.models import JournalEntry
from mail.models import OutgoingMail
from tests.factories.accounts import make_organisation, make_person
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tests.tickets.automation.conftest import again, at, do, make_rule, said, when, work
from tickets import rule_matching
from tickets.actions import assign, details, happenings, intake, reply, state
from tickets.actions.automation.rules import MOST_DEPTH
from tickets.actions.note import add_note
from tickets.actions.setup.rules import Definition, change_rule, switch_off
from tickets.choices import Category, Happened, Priority, RuleMoment, RunState
from tickets.models import CustomField, Happening, Message, Note, ReplyTemplate, Rule, RuleRun, Team, Ticket
from tickets.queries_desk.automation import preview
from tickets.rule_conditions import FIELDS, Asked, CannotRead
from tickets.steps import STEPS
from timers.models import Timer

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def answer(ticket, agent, now, then="waiting"):
    return reply.reply(
        ticket=ticket, by=agent, text="Thirty seats.", last_seen=again(ticket).last_message_id, now=now, then=then
    )


def states() -> list[str]:
    return list(RuleRun.objects.order_by("pk").values_list("state", flat=True))


def test_a_new_ticket_that_fits_gets_every_step_and_its_thread_says_so(agent, lead):
    billing = Team.objects.create(name="Billing")
    rule = make_rule(
        lead, do("team", "billing"), do("priority", "high"), do("add_tags", "invoice, money"), do("assign", agent.name),
        name="Money", all_of=[when("subject", "contains", "INVOICE")], any_of=[when("channel", "is", "mail")],
    )  # fmt: skip

    ticket, other = make_ticket(subject="An invoice is wrong"), make_ticket(subject="Which licence?")
    work(WEDNESDAY)

    ticket = again(ticket)
    assert (ticket.team, ticket.priority, ticket.tags) == (billing, Priority.HIGH, ["invoice", "money"])
    assert ticket.assignee == agent
    assert said(ticket) == [
        "The rule “Money”: team to Billing, priority to High, tags + invoice, money, given to Alma Agent."
    ]
    assert again(other).priority == Priority.NORMAL
    assert list(RuleRun.objects.values_list("rule", "ticket", "state")) == [(rule.pk, ticket.pk, RunState.DONE)]
    assert not Happening.objects.exists()
    assert JournalEntry.objects.filter(action="tickets.rules").count() == 1


def test_each_event_sets_off_its_own_rule_once(agent, lead, customer):
    """Item 3: created, wrote, replied, noted, state, assignee, team, priority, tags, at risk, broken, rated."""
    events = list(Happened)
    for event in events:
        make_rule(lead, do("follow_up", "30 h"), name=event.value, events=[event.value])
    other = Team.objects.create(name="Other")

    ticket = make_ticket(requester=customer)
    work(WEDNESDAY)
    add_note(ticket=ticket, by=agent, text="Ask Ben.", now=WEDNESDAY)
    happenings.tell(again(ticket), Happened.RATED, now=WEDNESDAY)
    details.change(ticket=ticket, by=agent, now=WEDNESDAY, priority="high", tags=["a"], team=other)
    assign.assign(ticket=ticket, to=agent, by=agent, now=WEDNESDAY)
    work(WEDNESDAY)
    intake.add_customer_message(ticket=ticket, person=customer, text="And?", channel="web", now=WEDNESDAY)
    for quarter in range(1, 9):
        work(WEDNESDAY + quarter * HOUR / 4)
    sent = answer(ticket, agent, at(4, 17))
    work(sent.sends_at)

    acted = dict.fromkeys(RuleRun.objects.order_by("pk").values_list("rule__name", flat=True))
    assert set(acted) == {event.value for event in events}
    assert RuleRun.objects.exclude(state=RunState.DONE).count() == 0


def test_a_reply_that_is_taken_back_sets_nothing_off(agent, lead):
    """The rule waits until the words have left for good."""
    make_rule(lead, do("priority", "low"), events=[Happened.AGENT_WROTE])
    ticket = make_ticket()
    first = answer(ticket, agent, WEDNESDAY)
    work(WEDNESDAY)
    assert again(ticket).priority == Priority.NORMAL

    reply.take_back(message=first, by=agent, now=WEDNESDAY)
    work(WEDNESDAY + HOUR)
    assert again(ticket).priority == Priority.NORMAL

    second = answer(ticket, agent, WEDNESDAY + HOUR)
    work(second.sends_at)
    assert again(ticket).priority == Priority.LOW


def test_a_machine_that_answers_is_no_customer(lead, customer):
    make_rule(lead, do("priority", "high"), events=[Happened.CUSTOMER_WROTE])
    ticket = make_ticket(requester=customer)
    message = intake.add_customer_message(ticket=ticket, person=customer, text="Away", channel="mail", now=WEDNESDAY)
    Message.objects.filter(pk=message.pk).update(auto_reply="auto-replied")

    work(WEDNESDAY)

    assert again(ticket).priority == Priority.NORMAL


def test_rules_act_in_order_and_one_can_stop_the_rest(lead):
    make_rule(lead, do("add_tags", "first"), name="A")
    make_rule(lead, do("add_tags", "second"), name="B", stops=True, all_of=[when("tag", "has", "first")])
    make_rule(lead, do("add_tags", "third"), name="C")

    ticket = make_ticket()
    work(WEDNESDAY)

    assert again(ticket).tags == ["first", "second"]


def test_two_rules_that_undo_each_other_end_and_each_acted_once(lead):
    """Loop protection: at most once for each cause, however long the chain."""
    up = make_rule(lead, do("priority", "high"), events=[Happened.PRIORITY, Happened.CREATED])
    down = make_rule(lead, do("priority", "low"), events=[Happened.PRIORITY])

    ticket = make_ticket()
    work(WEDNESDAY)

    assert sorted(RuleRun.objects.values_list("rule", flat=True)) == sorted([up.pk, down.pk])
    assert again(ticket).priority == Priority.LOW
    assert not Happening.objects.exists()


def test_a_chain_that_is_too_long_stops_where_everybody_can_see_it(lead):
    for number in reversed(range(MOST_DEPTH + 2)):
        fits = [when("tag", "has", f"t{number}")] if number else []
        event = Happened.TAGS if number else Happened.CREATED
        make_rule(lead, do("add_tags", f"t{number + 1}"), events=[event], all_of=fits)

    ticket = make_ticket()
    work(WEDNESDAY)

    assert again(ticket).tags == [f"t{number + 1}" for number in range(MOST_DEPTH + 1)]
    assert said(ticket, "rule_failed") == ["Rules stopped here: more than 5 of them set each other off."]
    assert JournalEntry.objects.filter(action="tickets.rules_stopped").count() == 1


def test_a_rule_that_cannot_act_changes_nothing_says_why_and_stops_nobody(lead):
    """GLPI's trap: a template that is gone is a problem that everybody sees, not a silence."""
    template = ReplyTemplate.objects.create(name="Welcome", body="Hello {customer_name}")
    broken = make_rule(lead, do("add_tags", "half"), do("mail", "Welcome"), name="Broken")
    make_rule(lead, do("add_tags", "whole"), name="Sound")
    template.delete()

    ticket = make_ticket()
    work(WEDNESDAY)

    broken.refresh_from_db()
    assert again(ticket).tags == ["whole"]
    assert states() == [RunState.REFUSED, RunState.DONE]
    assert broken.problem == "The template that it mails is gone, so the customer got nothing."
    assert said(ticket, "rule_failed") == [f"The rule “Broken” did not act: {broken.problem}"]
    assert not OutgoingMail.objects.filter(kind="bulk").exists()


def test_an_error_of_ours_on_one_ticket_never_stops_the_others(lead):
    bad = make_rule(lead, do("raise"), name="Bad", all_of=[when("tag", "has_not", "x")])
    Rule.objects.filter(pk=bad.pk).update(steps=[{"do": "snooze", "value": "many"}])
    make_rule(lead, do("add_tags", "fine"))

    tickets = [make_ticket(), make_ticket()]
    work(WEDNESDAY)

    assert [again(ticket).tags for ticket in tickets] == [["fine"], ["fine"]]
    assert sorted(states()) == [RunState.DONE, RunState.DONE, RunState.FAILED, RunState.FAILED]
    assert not Timer.objects.failing().exists()


def test_a_customer_is_mailed_by_template_once_and_its_words_are_never_evaluated(lead):
    make_mailbox()
    ReplyTemplate.objects.create(name="Welcome", body="Hello {customer_name}, ticket {ticket_number}.")
    make_rule(lead, do("mail", "Welcome"))
    make_rule(lead, do("note", "Was greeted."))

    ticket = make_ticket(requester=make_person(name="{ticket_subject}{{7*7}}"))
    work(WEDNESDAY)
    work(WEDNESDAY + HOUR)

    mail = OutgoingMail.objects.get(kind="bulk")
    assert mail.text.startswith(f"Hello {{ticket_subject}}{{{{7*7}}}}, ticket {ticket.pk}.")
    assert (mail.to_address, mail.opt_out_scope) == (ticket.requester.email, "nudges")
    assert ticket.messages.filter(author="system").count() == 1
    assert Note.objects.get(ticket=ticket).text == "Was greeted."
    assert not any("greeted" in one.text for one in [*OutgoingMail.objects.all(), *Message.objects.all()])
    # The desk answered nothing: the customer still waits.
    assert again(ticket).waiting_since == WEDNESDAY


def test_complaint_14_a_lead_is_told_once_when_a_customer_waits_four_open_hours(agent, lead, customer):
    """And once more only when the customer waits anew. Nights do not count, a stopped worker loses nothing."""
    team = Team.objects.get()
    Team.objects.filter(pk=team.pk).update(lead=lead)
    make_rule(
        lead, do("escalate"), name="Escalate", moment=RuleMoment.CUSTOMER_WAITS, minutes=240, in_open_hours=True,
        now=at(4, 9),
    )  # fmt: skip
    ticket = make_ticket(requester=customer, now=at(4, 15))

    def told():
        return OutgoingMail.objects.filter(kind="notification", subject__contains="The customer waits since").count()

    work(at(5, 10, 58))
    assert told() == 0
    for minute in (0, 1, 2, 3):
        work(at(5, 11, minute))
    assert told() == 1
    assert OutgoingMail.objects.get(subject__contains="The customer waits since").to_address == lead.email
    assert again(ticket).priority == Priority.HIGH

    answer(ticket, agent, at(5, 12))
    intake.add_customer_message(ticket=ticket, person=customer, text="Still?", channel="web", now=at(5, 13))
    work(at(9, 16))  # nobody worked for four days
    work(at(9, 16, 2))
    assert told() == 2


def test_time_rules_have_no_window_and_fire_once_after_four_days_without_workers(lead):
    """The trap of “the last 3 days”: whatever came due meanwhile is found, once each."""
    make_rule(lead, do("raise"), moment=RuleMoment.CREATED, minutes=60)
    tickets = [make_ticket(now=WEDNESDAY + timedelta(minutes=n)) for n in range(3)]

    for later in (timedelta(days=4), timedelta(days=4, minutes=1), timedelta(days=9)):
        work(WEDNESDAY + later)

    assert [again(ticket).priority for ticket in tickets] == [Priority.HIGH] * 3
    assert states() == [RunState.DONE] * 3


@pytest.mark.parametrize(
    ("moment", "fields", "early", "late"),
    [
        (RuleMoment.CREATED, {"minutes": 90}, at(4, 10, 59), at(4, 11, 0)),
        (RuleMoment.CUSTOMER_WROTE, {"minutes": 60}, at(4, 10, 29), at(4, 10, 31)),
        (RuleMoment.IN_STATE, {"minutes": 24 * 60, "in_open_hours": True}, at(9, 9, 29), at(9, 9, 31)),
        (RuleMoment.DUE, {"minutes": 30, "is_before": True}, at(4, 12, 59), at(4, 13, 1)),
        (RuleMoment.DUE, {"minutes": 30}, at(4, 13, 59), at(4, 14, 1)),
    ],
)
def test_each_moment_is_met_on_its_minute(lead, moment, fields, early, late):
    make_rule(lead, do("add_tags", "met"), moment=moment, **fields)
    ticket = make_ticket(now=at(4, 9, 30))

    work(early)
    assert again(ticket).tags == []
    work(late)
    assert again(ticket).tags == ["met"]


def test_moments_of_answers_and_closes_are_met_and_the_rest_is_left_alone(agent, lead):
    make_rule(lead, do("add_tags", "silent"), moment=RuleMoment.AGENT_WROTE, minutes=60)
    make_rule(lead, do("add_tags", "over"), moment=RuleMoment.CLOSED, minutes=60)
    answered, closed, neither = make_ticket(), make_ticket(), make_ticket()
    answer(answered, agent, WEDNESDAY)
    state.close_ticket(ticket=closed, by=agent, now=WEDNESDAY, unanswered=True)

    work(WEDNESDAY + HOUR + timedelta(minutes=1))

    assert [again(one).tags for one in (answered, closed, neither)] == [["silent"], ["over"], []]


def test_a_rule_from_now_on_leaves_what_lies_there_alone(lead):
    old = make_ticket(now=at(4, 9, 30))
    make_rule(lead, do("raise"), moment=RuleMoment.CREATED, minutes=60, now=at(4, 12), present=False)
    new = make_ticket(now=at(4, 11, 30))

    work(at(4, 13))

    assert again(old).priority == Priority.NORMAL
    assert again(new).priority == Priority.HIGH


def test_the_dry_run_lists_exactly_what_the_rule_then_does(agent, lead):
    fits = [make_ticket(subject=f"Refund {number}") for number in range(3)]
    make_ticket(subject="Something else")
    state.close_ticket(ticket=make_ticket(subject="Refund, closed"), by=agent, now=WEDNESDAY, unanswered=True)
    rule = make_rule(
        lead, do("raise"), do("add_tags", "refund"), moment=RuleMoment.CREATED, minutes=30,
        all_of=[when("subject", "contains", "refund")],
    )  # fmt: skip
    Ticket.objects.filter(pk=fits[0].pk).update(priority="urgent")
    now = WEDNESDAY + HOUR

    shown = preview(rule, now=now, after=None)

    assert [(ticket.pk, does) for ticket, does in shown.rows] == [
        (fits[0].pk, ["add refund"]),
        (fits[1].pk, ["raise the priority by one", "add refund"]),
        (fits[2].pk, ["raise the priority by one", "add refund"]),
    ]
    assert (shown.total, shown.is_more, shown.following) == (3, False, None)
    assert not RuleRun.objects.exists()
    work(now)
    assert set(RuleRun.objects.values_list("ticket", flat=True)) == {ticket.pk for ticket in fits}
    assert preview(rule, now=now, after=None).rows == []


def test_a_dry_run_asks_the_same_few_questions_of_three_tickets_and_of_thirty(lead, django_assert_num_queries):
    rule = make_rule(lead, do("raise"))
    for count in (3, 27):
        for _ in range(count):
            make_ticket()
        with django_assert_num_queries(5):
            assert len(preview(rule, now=WEDNESDAY, after=None).rows) in (3, 30)


def test_a_rule_that_was_changed_or_rests_does_not_act_any_more(lead):
    timed = make_rule(lead, do("raise"), moment=RuleMoment.CREATED, minutes=60)
    evented = make_rule(lead, do("raise"))
    ticket = make_ticket()
    for rule in (timed, evented):
        switch_off(rule=rule, by=lead, now=WEDNESDAY)

    work(WEDNESDAY + 2 * HOUR)

    assert again(ticket).priority == Priority.NORMAL
    assert not Timer.objects.waiting().filter(kind="tickets.rule_looks").exists()


def test_every_condition_is_one_question_to_the_database_and_hostile_words_are_only_words(lead, agent, customer):
    """No pattern that somebody types can hang us or match what it does not say (S53, S55)."""
    organisation = make_organisation(name="100%_[a-z]*(")
    customer.memberships.update(organisation=organisation)
    ticket = make_ticket(requester=customer, subject="100%_[a-z]*(", text="a" * 5000)
    details.change(ticket=ticket, by=agent, now=WEDNESDAY, tags=["x"])
    Ticket.objects.filter(pk=ticket.pk).update(support="claimed", scope="best_effort")
    holds = {
        "subject": ("contains", "%_[A-Z]*("), "message": ("contains", "aaaa"), "from_address": ("is", customer.email),
        "from_domain": ("is", "@robotics.example"), "organisation": ("is", "100%_[a-z]*("),
        "mailbox": ("is", "help@desk.example"), "team": ("is", "support"), "assignee": ("is", "nobody"),
        "state": ("is", "new"), "priority": ("is", "normal"), "type": ("is", "question"), "channel": ("is", "mail"),
        "tag": ("has", "#X"), "attachment": ("is", "no"), "open_now": ("is", "yes"), "support": ("is", "claimed"),
        "scope": ("is", "best effort"),
    }  # fmt: skip

    assert set(holds) == set(FIELDS) - {"reason", "field"}
    for field, (op, value) in holds.items():
        for sign, expected in ((op, True), (f"{op}_not", False)):
            rule = Rule(name=field, events=["created"], all_of=[when(field, sign, value)])
            assert rule_matching.fits(rule, ticket.pk, Asked(at(4, 10))) is expected, (field, sign)


def test_every_step_that_can_be_typed_can_be_done(agent, lead, customer):
    ReplyTemplate.objects.create(name="Hi", body="Hi")
    typed = {
        "state": "open", "priority": "low", "raise": "", "type": "task", "add_tags": "a", "remove_tags": "a",
        "team": "support", "assign": "the lead", "snooze": "5 h", "follow_up": "5", "watch": agent.email, "note": "n",
        "tell": "the lead", "mail": "Hi", "escalate": "",
    }  # fmt: skip
    Team.objects.update(lead=lead)
    assert set(typed) == set(STEPS) - {"reason", "field"}
    for what, value in typed.items():
        make_rule(lead, do(what, value), name=what)

    ticket = make_ticket(requester=customer)
    work(WEDNESDAY)

    assert states() == [RunState.DONE] * len(typed)
    assert again(ticket).assignee == lead
    assert again(ticket).category == Category.OPEN


def test_fields_of_the_desks_own_are_asked_and_filled_in(lead):
    CustomField.objects.create(key="seats", name="Seats", kind="number", position=1)
    CustomField.objects.create(key="vip", name="VIP", kind="truth", position=2)
    make_rule(lead, do("field", "Seats = 30"))
    make_rule(lead, do("field", "vip = yes"), events=[Happened.CREATED], all_of=[when("field", "is", "Seats=30")])
    for what in ("Seats", "Seats = many", "Nothing = 1"):
        with pytest.raises(CannotRead):
            do("field", what)

    ticket = make_ticket()
    work(WEDNESDAY)

    assert again(ticket).custom == {"seats": 30, "vip": True}
    assert said(ticket)[0] == "The rule “Rule 1”: Seats to 30."


def test_a_rule_closes_no_ticket_that_a_person_may_not_close(lead):
    """A field that is required at close holds a rule back too, and everybody sees why."""
    CustomField.objects.create(key="serial", name="Serial number", kind="text", is_required_at_close=True)
    make_rule(lead, do("state", "Closed"))

    ticket = make_ticket()
    work(WEDNESDAY)

    assert again(ticket).category == Category.NEW
    assert "Serial number" in said(ticket, "rule_failed")[0]


def test_a_changed_rule_looks_by_its_new_words_only(lead):
    rule = make_rule(lead, do("add_tags", "old"), moment=RuleMoment.CREATED, minutes=60)

    change_rule(
        rule=rule, by=lead, now=WEDNESDAY,
        definition=Definition(name="New", moment=RuleMoment.CREATED, minutes=30, steps=[do("add_tags", "new")]),
    )  # fmt: skip
    ticket = make_ticket()

    work(WEDNESDAY + 2 * HOUR)

    assert again(ticket).tags == ["new"]
    assert RuleRun.objects.get().version == 3
