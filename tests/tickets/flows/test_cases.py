"""Cases of the shipped flows: what begins one, what moves it, what never does (D1, D2, D3, D6, R44, R45, R47)."""

from datetime import timedelta

import pytest

from mail.actions.bounces import record_bounce
from mail.models import OutgoingMail
from supportdesk.faults.invariants import violations
from tests.factories.accounts import make_person
from tests.factories.mails import arrive, make_mail
from tests.factories.tickets import make_ticket
from tests.tickets.flows.conftest import again, at, left, mails, order_of, pay_for, tasks, work
from tickets.actions import intake, merge
from tickets.actions.flows import hearing, writing
from tickets.choices import Category
from tickets.flow_choices import CaseState
from tickets.models import BusinessCalendar, CalendarHoliday, Case, CaseEvent, CaseVisit, Flow
from timers.models import Timer

pytestmark = pytest.mark.django_db


def waiting(case) -> set[tuple[str, int]]:
    rows = Timer.objects.filter(subject=case.pk, kind__startswith="tickets.case_", done_at=None)
    return set(rows.values_list("kind", "number"))


def test_D1_R44_R47_paid_at_ten_asked_by_10_01_answered_from_another_address_and_handed_to_the_project_manager(
    onboarded, staffed
):
    case = onboarded
    (mail,) = OutgoingMail.objects.filter(to_address="dana@school.example", source_key__startswith="message:")
    assert mail.created_at == at(4, 10, 1)
    assert case.order.number in mail.subject and case.order.number in mail.text
    assert (case.stage.key, case.state, case.ticket.category) == ("order-paid", CaseState.WAITING, Category.WAITING)
    assert waiting(case) == {("tickets.case_reminder", 1), ("tickets.case_reminder", 2), ("tickets.case_reminder", 3)}

    left(at(4, 10, 2))
    answer = make_mail(
        sender="Dana at home <dana@home.example>", to=mail.reply_to_address, subject=f"Re: {mail.subject}",
        text="Robots for room 12, please.",
    )  # fmt: skip
    outcome = arrive(answer, mailbox=mail.mailbox, now=at(4, 10, 20))

    assert outcome.outcome == "held", "nobody reads a stranger's words before an agent accepts them (S8)"
    case = again(case)
    assert (case.stage.key, case.entered_at, case.role.key) == ("tasks-received", at(4, 10, 20), "project-manager")
    assert waiting(case) == {("tickets.case_escalates", 0)}, "all reminders are cancelled"
    assert tasks(case) == [
        ("Acknowledge the tasks to the customer", "project-manager", at(4, 14, 20)),
        ("Check the scope: can we do all of it?", "project-manager", at(5, 10, 20)),
    ]
    told = OutgoingMail.objects.filter(to_address="project-manager@desk.example")
    assert [one.subject for one in told] == [f"Onboarding, case {case.pk}: Tasks received is yours to do"]
    work(at(31, 12))
    assert len(mails(kind="bulk")) == 0, "no reminder after the answer"


def test_D2_a_machine_our_own_copy_a_forger_staff_and_a_bounce_move_nothing_and_a_bounce_opens_a_task(
    onboarded, staffed
):
    case, mail = onboarded, OutgoingMail.objects.get(source_key__startswith="message:")
    left(at(4, 10, 2))
    reply_to, re = mail.reply_to_address, f"Re: {mail.subject}"

    away = make_mail(
        sender="Dana <dana@school.example>", to=reply_to, subject=re, text="I am away.",
        headers=(("Auto-Submitted", "auto-replied"),),
    )  # fmt: skip
    assert arrive(away, mailbox=mail.mailbox, now=at(4, 10, 5)).outcome == "auto_reply"
    copy = make_mail(sender="Example Desk <help@desk.example>", message_id=mail.message_id, text=mail.text)
    assert arrive(copy, mailbox=mail.mailbox, now=at(4, 10, 6)).outcome == "own_mail"
    forged = make_mail(
        sender="dana@elsewhere.example", to=reply_to, subject=re, text="It is me.",
        headers=(("Authentication-Results", "mx.desk.example; dmarc=fail header.from=elsewhere.example"),),
    )  # fmt: skip
    assert arrive(forged, mailbox=mail.mailbox, now=at(4, 10, 7)).outcome == "held"
    intake.add_customer_message(
        ticket=case.ticket, person=staffed["assistant"], text="For the file.", channel="web", now=at(4, 10, 8)
    )
    before = again(case)
    assert (before.stage.key, before.visit, len(waiting(case)), tasks(case)) == ("order-paid", 1, 3, [])

    record_bounce(mail=mail, status="5.1.1", diagnostic="No such user", now=at(4, 10, 30))
    work(at(4, 10, 31))
    work(at(4, 10, 31))

    assert (again(case).stage.key, again(case).visit) == ("order-paid", 1)
    assert tasks(case) == [
        ("A mail to the customer came back: call them, or find another address", "assistant", at(4, 14, 31))
    ]


@pytest.mark.parametrize(("holiday", "reminded_on"), [(False, 9), (True, 10)])
def test_D3_R45_R70_eight_open_hours_after_friday_four_are_monday_four_and_tuesday_after_a_holiday(
    staffed, buyer, admin, holiday, reminded_on
):
    """R72."""
    pay_for(order_of(buyer, now=at(6, 15)), by=admin, now=at(6, 16))
    work(at(6, 16))
    left(at(6, 16))
    case = Case.objects.get()
    assert Timer.objects.get(subject=case.pk, kind="tickets.case_reminder", number=1).due_at == at(9, 16)
    if holiday:  # entered when the timer stood already
        CalendarHoliday.objects.create(calendar=BusinessCalendar.objects.get(), day_on="2026-03-09", name="Day off")

    work(at(reminded_on, 15, 59))
    assert mails(kind="bulk") == []
    work(at(reminded_on, 16))

    assert mails(kind="bulk") == [f"Re: {case.ticket.subject}"]


def test_R45_eight_and_24_hours_mails_and_at_40_a_call_by_the_assistant(onboarded):
    case = onboarded
    for day, hour in ((5, 10), (9, 10), (11, 10)):
        left(at(day, hour))
        work(at(day, hour, 2))

    assert len(mails(kind="bulk")) == 2
    assert tasks(case) == [("Call the customer and write down their tasks", "assistant", at(12, 10, 2))]
    assert list(case.follow_ups.order_by("pk").values_list("sort", "role__key", "open_minutes")) == [
        ("mail", "assistant", 8 * 60 + 1), ("mail", "assistant", 24 * 60 + 1)
    ]  # fmt: skip


def test_paid_twice_and_asked_five_times_is_one_case_and_a_second_order_another(onboarded, buyer, admin):
    case = onboarded
    for _ in range(5):
        hearing.order_paid(order_id=case.order_id, now=at(4, 11))
    assert Case.objects.count() == 1

    pay_for(order_of(buyer, now=at(4, 12)), by=admin, now=at(4, 12))
    work(at(4, 12, 1))
    assert Case.objects.count() == 2


def test_an_answer_reaches_its_case_through_a_merge(onboarded, buyer, agent):
    other = make_ticket(requester=buyer, now=at(4, 11))
    merge.merge(ticket=onboarded.ticket, into=other, by=agent, now=at(4, 11, 5))

    intake.add_customer_message(ticket=other, person=buyer, text="Room 12.", channel="web", now=at(4, 12))

    assert again(onboarded).stage.key == "tasks-received"


def test_whoever_takes_no_part_in_the_survivor_of_a_merge_moves_no_case_of_it(onboarded, agent):
    theirs = make_ticket(requester=make_person(), now=at(4, 11))
    merge.merge(ticket=theirs, into=onboarded.ticket, by=agent, now=at(4, 11, 5))

    held = intake.add_customer_message(
        ticket=theirs, person=theirs.requester, text="And mine?", channel="web", now=at(4, 12)
    )

    assert (held.is_held, again(onboarded).visit) == (True, 1)


def test_an_answer_on_another_ticket_moves_nothing(onboarded, buyer):
    other = make_ticket(requester=buyer, now=at(4, 11))
    intake.add_customer_message(ticket=other, person=buyer, text="Room 12.", channel="web", now=at(4, 12))
    intake.add_customer_message(ticket=other, person=make_person(), text="Me too.", channel="web", now=at(4, 12))

    assert again(onboarded).visit == 1


def test_what_cannot_be_mailed_is_a_task_that_says_why_and_never_a_mail_with_a_gap(staffed, buyer, admin):
    """A missing placeholder; an address that takes no mail."""
    flow = Flow.objects.get(key="onboarding")
    draft = writing.begin_draft(flow=flow, by=admin, now=at(4, 9))
    first = draft.stages.get(no=1)
    entered = {"name": first.name, "words": "Hello {organisation}, on {date} we come."}
    writing.save_stage(flow=flow, stage=first, entered=entered, reminders=[], by=admin, now=at(4, 9))
    writing.publish(flow=flow, by=admin, now=at(4, 9))

    pay_for(order_of(buyer, now=at(4, 9)), by=admin, now=at(4, 10))
    work(at(4, 10, 1))

    case = Case.objects.get()
    assert mails() == []
    (todo,) = tasks(case)
    assert "“The date that was entered last” is not known for this case" in todo[0]
    assert case.ticket.messages.get().text == f"Order {case.order.number} is paid. We tell you here what happens next."


def test_a_flow_that_is_switched_off_begins_nothing(staffed, buyer, admin):
    Flow.objects.update(is_enabled=False)
    pay_for(order_of(buyer, now=at(4, 9)), by=admin, now=at(4, 10))
    work(at(4, 10, 1))

    assert not Case.objects.exists()


def test_verify_invariants_names_a_case_that_is_in_two_stages_and_a_timer_of_one_that_was_left(onboarded):
    def named() -> set[tuple[str, str]]:
        return {(one.says, one.row) for one in violations(now=at(4, 10, 2)) if one.invariant == "I12"}

    assert named() == set()
    Case.objects.filter(pk=onboarded.pk).update(visit=2)

    assert named() == {
        ("a case that runs is in one stage, and one that is over in none", f"case:{onboarded.pk}"),
        ("nothing waits for a stage that was left", f"case:{onboarded.pk}"),
    }


def test_history_says_what_happened_and_never_changes(onboarded, buyer):
    intake.add_customer_message(ticket=onboarded.ticket, person=buyer, text="Room 12.", channel="web", now=at(4, 12))

    kinds = list(CaseEvent.objects.filter(case=onboarded).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["begun", "entered", "mail", "left", "entered", "mail", "task", "task"]
    visits = list(CaseVisit.objects.order_by("no").values_list("stage__key", "left_at", "how"))
    assert visits == [("order-paid", at(4, 12), "customer_reply"), ("tasks-received", None, "")]
    with pytest.raises(Exception, match="append_only"):
        CaseEvent.objects.filter(case=onboarded).update(text="Nothing happened", at=at(4, 9) - timedelta(days=1))
