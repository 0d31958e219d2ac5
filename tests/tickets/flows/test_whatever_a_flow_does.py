"""What came is kept and nobody is asked in vain, whatever a flow does: its seams with mail, money, dates (D2, D7)."""

from datetime import date

import pytest
from django.db.models import F

from accounts.models import WorkRole
from billing.actions import paid
from billing.models import Invoice
from mail.models import OutgoingMail
from tests.factories.accounts import make_person
from tests.factories.knowledgebase import make_article
from tests.factories.mails import arrive, make_mail
from tests.factories.tickets import make_ticket
from tests.tickets.flows.conftest import again, at, left, mails, order_of, pay_for, tasks, work
from tickets.actions import intake, state
from tickets.actions.flows import by_hand, welcome, writing
from tickets.actions.flows.writing import CannotPublish
from tickets.flow_choices import BeginsOn, CaseState, CountsFrom, ExitOn, ReminderFrom, ReminderSort
from tickets.models import Case, CaseTask, Flow, Ticket, Welcome
from timers.models import Timer

pytestmark = pytest.mark.django_db

NOW = at(4, 9)


@pytest.fixture
def write(staffed, admin):
    """Write and publish a flow from what is special about its stages."""

    def published(name: str, *stages: dict) -> Flow:
        flow = writing.create_flow(name=name, about="", begins_on=BeginsOn.MANUAL, by=admin, now=NOW)
        for no, stage in enumerate(stages, 1):
            reminders = stage.pop("reminders", [])
            entered = {"name": f"Step {no}", "words": f"Words of {name}, step {no}.", "due_minutes": 480}
            entered["owner_role"] = WorkRole.objects.get(key="owner")
            writing.save_stage(
                flow=flow, stage=None, entered=entered | stage, reminders=reminders, by=admin, now=NOW
            )  # fmt: skip
        writing.publish(flow=flow, by=admin, now=NOW)
        return Flow.objects.get(pk=flow.pk)

    return published


def begun(flow: Flow, person, by, **more) -> Case:
    ticket = make_ticket(requester=person, now=NOW)
    return by_hand.begin_by_hand(flow=flow, ticket=ticket, by=by, now=at(4, 10), **more)


def test_an_answer_is_kept_where_the_flow_that_it_starts_was_switched_off(write, customer, admin):
    inner = write("Inner", {})
    flow = write("Outer", {"exit_on": ExitOn.CUSTOMER_REPLY}, {"exit_on": ExitOn.CHILD_DONE, "child_flow": inner})
    case = begun(flow, customer, admin)
    Flow.objects.filter(pk=inner.pk).update(is_enabled=False)

    said = intake.add_customer_message(ticket=case.ticket, person=customer, text="Go on.", channel="web", now=at(4, 11))

    case = again(case)
    assert case.ticket.messages.filter(pk=said.pk).exists()
    assert (case.stage.name, case.state) == ("Step 2", CaseState.BLOCKED)
    assert "Inner is switched off" in case.reason
    assert [one[0].startswith("Say how this goes on. Inner is switched off") for one in tasks(case)] == [True]


def test_flows_that_start_each_other_are_not_published_and_never_run_in_a_circle(write, customer, admin):
    inner = write("Inner", {})
    outer = write("Outer", {"exit_on": ExitOn.CHILD_DONE, "child_flow": inner})
    draft = writing.begin_draft(flow=inner, by=admin, now=NOW)
    entered = {"name": "Step 1", "exit_on": ExitOn.CHILD_DONE, "child_flow": outer}
    writing.save_stage(flow=inner, stage=draft.stages.get(), entered=entered, reminders=[], by=admin, now=NOW)
    with pytest.raises(CannotPublish, match="leads back to this one"):
        writing.publish(flow=inner, by=admin, now=NOW)

    draft.refresh_from_db()  # as two at once would have published them
    draft.published_at = NOW
    draft.save()
    Flow.objects.filter(pk=inner.pk).update(published=draft)
    case = begun(outer, customer, admin)

    assert [one.flow.name for one in Case.objects.select_related("flow").order_by("pk")] == ["Outer", "Inner"]
    assert (Case.objects.get(parent=case).state, Case.objects.get(parent=case).reason) == (
        CaseState.BLOCKED, "Outer would start itself, for ever."
    )  # fmt: skip


def test_with_a_case_end_the_cases_below_it_however_deep(write, customer, admin):
    last = write("Last", {"exit_on": ExitOn.CUSTOMER_REPLY, "escalate_minutes": 60})
    inner = write("Inner", {"exit_on": ExitOn.CHILD_DONE, "child_flow": last})
    case = begun(write("Outer", {"exit_on": ExitOn.CHILD_DONE, "child_flow": inner}), customer, admin)

    by_hand.give_up(case=case, visit=1, reason="Too dear", by=admin, now=at(4, 11))

    assert set(Case.objects.values_list("state", flat=True)) == {CaseState.LOST}
    assert not Timer.objects.filter(kind__startswith="tickets.case_", done_at=None).exists()


def test_a_child_that_ends_with_its_parent_by_one_answer_stays_ended(write, customer, admin):
    inner = write("Inner", {"exit_on": ExitOn.CUSTOMER_REPLY}, {})
    case = begun(write("Outer", {"exit_on": ExitOn.CUSTOMER_REPLY, "child_flow": inner}), customer, admin)

    intake.add_customer_message(ticket=case.ticket, person=customer, text="Go on.", channel="web", now=at(4, 11))

    assert [one.state for one in Case.objects.order_by("pk")] == [CaseState.DONE, CaseState.LOST]


def test_whatever_breaks_in_a_flow_the_mail_is_kept_and_a_person_is_told(write, customer, admin):
    """Any fault of any seam; here a visit that stands already, as by somebody's hand in the database."""
    flow = write("Outer", {"exit_on": ExitOn.CUSTOMER_REPLY, "escalate_minutes": 60}, {"exit_on": ExitOn.MANUAL})
    case = begun(flow, customer, admin)
    case.visits.create(no=2, stage=case.stage, entered_at=NOW)

    said = intake.add_customer_message(ticket=case.ticket, person=customer, text="Go on.", channel="web", now=at(4, 11))

    case = again(case)
    assert case.ticket.messages.filter(pk=said.pk).exists()
    assert case.ticket.last_message_id == said.pk
    assert (case.visit, case.state) == (1, CaseState.BLOCKED)
    todo = "The flow could not go on by itself after a message came: read it and say how this goes on"
    assert [one[0] for one in tasks(case)] == [todo]
    assert not Timer.objects.filter(kind__startswith="tickets.case_", subject=case.pk, done_at=None).exists()


def test_who_has_paid_is_neither_asked_nor_reminded_nor_given_up(write, buyer, admin):
    """A stage that waits for money is entered after the payment; another payment comes while no timer ran."""
    ask = {"sort": ReminderSort.MAIL, "after_minutes": 60, "words": "Please pay."}
    flow = write("Money", {"words": "Before."}, {"exit_on": ExitOn.PAYMENT_CLEARED, "reminders": [ask]}, {})
    Flow.objects.filter(key="onboarding").update(is_enabled=False)
    early, late = order_of(buyer, now=at(4, 9, 10)), order_of(buyer, now=at(4, 9, 20))
    paid_early, paid_late = begun(flow, buyer, admin, order=early), begun(flow, buyer, admin, order=late)
    pay_for(early, by=admin, now=at(4, 10, 30))
    work(at(4, 10, 31))

    by_hand.go_on(case=paid_early, visit=1, by=admin, now=at(4, 11))
    by_hand.go_on(case=paid_late, visit=1, by=admin, now=at(4, 11))
    left(at(4, 11))
    work(at(4, 11, 1))

    assert (again(paid_early).stage.name, again(paid_late).stage.name) == ("Step 3", "Step 2")
    asked = OutgoingMail.objects.filter(text__contains="Words of Money, step 2")
    assert [one.subject_key for one in asked] == [f"ticket:{paid_late.ticket_id}"], "who has paid was not asked to"

    pay_for(late, by=admin, now=at(4, 11, 30))
    Timer.objects.filter(kind="tickets.order_paid", subject=late.pk).delete()  # the reminder is looked at first
    work(at(4, 12, 1))

    assert again(paid_late).stage.name == "Step 3"
    assert not OutgoingMail.objects.filter(text__contains="Please pay").exists()


def test_a_date_that_is_missed_again_is_chased_again_and_each_change_is_told_once(write, customer, staffed, admin):
    chase = {
        "sort": ReminderSort.TASK, "after_minutes": 0, "counts_from": ReminderFrom.DUE, "words": "Chase the supplier",
        "due_minutes": 240,
    }  # fmt: skip
    flow = write(
        "Parts",
        {"exit_on": ExitOn.FIELD_SET, "date_label": "Date"},
        {"words": "Expected on {date}.", "due_from": CountsFrom.DATE, "due_days": 0, "reminders": [chase]},
    )
    case = begun(flow, customer, admin)
    by_hand.go_on(case=case, visit=1, by=admin, now=at(4, 11), date_on=date(2026, 3, 5))
    work(at(5, 17))
    assert [one[0] for one in tasks(case)] == ["Chase the supplier"]
    by_hand.do_task(task=CaseTask.objects.get(case=case, done_at=None), outcome="10 March", by=admin, now=at(6, 10))

    def change(day: int) -> None:
        by_hand.change_date(
            case=case, visit=2, date_on=date(2026, 3, day), date_words="", by=admin, now=at(6, 11)
        )  # fmt: skip

    for day in (9, 9, 10, 9, 10):  # pressed twice; corrected, and corrected back
        change(day)
    told = OutgoingMail.objects.filter(text__contains="Expected on").order_by("pk")
    assert [one.text[12:].split(".")[0].split("on ")[-1] for one in told] == [
        "5 March 2026", "9 March 2026", "10 March 2026", "9 March 2026", "10 March 2026"
    ]  # fmt: skip
    work(at(9, 17))
    assert tasks(case) == [], "the day before the last date that was named"
    work(at(10, 17))
    work(at(11, 12))

    assert [one[0] for one in tasks(case)] == ["Chase the supplier"]


def test_a_welcome_whose_template_was_put_away_says_the_words_that_are_shipped(staffed):
    template = make_article(title="Welcome", markdown="Hello {customer_first_name}!", kind="template")
    Welcome.objects.update(template=template)
    type(template).objects.filter(pk=template.pk).update(archived_at=NOW)
    person = make_person(email="new@school.example")

    welcome.welcome(person_id=person.pk, now=NOW)

    assert "your account is ready" in OutgoingMail.objects.get(to_address="new@school.example").text
    assert mails("new@school.example") == []


def test_held_words_are_unread_also_where_a_case_hears_of_them(onboarded):
    case, mail = onboarded, OutgoingMail.objects.get(source_key__startswith="message:")
    Ticket.objects.update(is_unread=False)
    answer = make_mail(sender="dana@home.example", to=mail.reply_to_address, subject=mail.subject, text="Room 12.")

    assert arrive(answer, mailbox=mail.mailbox, now=at(4, 10, 20)).outcome == "held"

    case = again(case)
    assert (case.visit, case.ticket.is_unread) == (2, True)


def test_a_closed_ticket_asks_nobody_again_but_somebody_of_ours(onboarded, buyer):
    left(at(4, 10, 2))
    state.close_ticket(ticket=onboarded.ticket, by=buyer, now=at(4, 11))
    work(at(9, 12))

    assert mails(kind="bulk") == []
    assert {one[0].partition(". ")[0] for one in tasks(onboarded)} == {"Write to the customer yourself"}
    assert "The ticket was closed" in tasks(onboarded)[0][0]


def test_nobody_is_reminded_of_an_order_whose_money_went_back_and_none_begins_for_it(onboarded, buyer, admin):
    later = order_of(buyer, now=at(4, 10, 5))
    pay_for(later, by=admin, now=at(4, 10, 10))
    for order in (onboarded.order, later):
        Invoice.objects.filter(order=order).update(refunded=F("paid"))
        for _ in range(2):
            paid.when_given_back(Invoice.objects.get(order=order), at(4, 10, 30))
    left(at(4, 10, 30))
    work(at(4, 10, 31))
    work(at(12, 12))

    case = Case.objects.select_related("stage").get()
    assert (case.pk, case.stage.key, case.state, mails(kind="bulk")) == (
        onboarded.pk, "order-paid", CaseState.ACTIVE, []
    )  # fmt: skip
    assert [one[:2] for one in tasks(case)] == [
        ("All that was paid for the order goes back: say how this goes on", "assistant")
    ]
