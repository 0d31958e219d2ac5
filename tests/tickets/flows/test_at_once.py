"""Timers and decisions of cases, at once, a hundred times, killed in the middle: one effect each (D5, R73, R75)."""

from datetime import timedelta

import pytest

from accounts.models import WorkRoleMember
from mail.models import OutgoingMail
from tests.factories.accounts import make_person
from tests.factories.tickets import make_ticket
from tests.tickets.flows.conftest import at, mails, order_of, pay_for, staff_roles, work
from tickets.actions.flows import by_hand, falling_due
from tickets.models import Case, CaseEvent, CaseVisit, Flow, FollowUp
from timers.models import Timer

pytestmark = pytest.mark.django_db(transaction=True)

DUE = at(11, 10, 1)


@pytest.fixture
def asked(agent) -> Case:
    """An estimate was sent on Wednesday at ten; the mail that asks again falls due 40 open hours later."""
    staff_roles()
    return begin(agent)


def begin(agent) -> Case:
    ticket = make_ticket(requester=make_person(), now=at(4, 9, 30))
    case = by_hand.begin_by_hand(flow=Flow.objects.get(key="proposal"), ticket=ticket, by=agent, now=at(4, 10))
    front_desk = WorkRoleMember.objects.get(role__key="front-desk").person
    return by_hand.go_on(case=case, visit=1, by=front_desk, now=at(4, 10))


def test_D5_twenty_timers_and_three_workers_are_twenty_mails(agent, at_once):
    staff_roles()
    cases = [begin(agent) for _ in range(20)]

    at_once(*[("sweep",)] * 3, now=DUE)
    work(DUE + timedelta(hours=1))  # whoever stood in another's way is tried again

    assert FollowUp.objects.count() == OutgoingMail.objects.filter(kind="bulk").count() == len(cases)
    assert not Timer.objects.filter(kind="tickets.case_reminder", number=2, done_at=None).exists()


def test_D5_the_same_timer_a_hundred_times_and_by_two_workers_at_once_is_one_mail(asked, at_once):
    at_once(*[("remind", asked.pk, 2, 2)] * 3, now=DUE)
    for minute in range(100):
        falling_due.remind(case_id=asked.pk, visit=2, number=2, now=DUE + timedelta(minutes=minute))

    assert len(mails(asked.person.email, kind="bulk")) == 1
    assert FollowUp.objects.count() == 1


def test_D5_a_worker_killed_after_a_reminder_was_written_leaves_it_to_the_next(asked, desk):
    process = desk("sweep", now=DUE, FAILPOINT="tickets.flows.reminded")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    assert mails(asked.person.email, kind="bulk") == []

    work(DUE + timedelta(minutes=5))

    assert len(mails(asked.person.email, kind="bulk")) == 1


def test_D1_a_worker_killed_while_a_case_begins_leaves_no_half_of_it(agent, admin, buyer, desk):
    staff_roles()
    pay_for(order_of(buyer, now=at(4, 9)), by=admin, now=at(4, 10))
    process = desk("sweep", now=at(4, 10), FAILPOINT="tickets.flows.begun")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    assert not Case.objects.exists()

    work(at(4, 10, 1))

    assert (Case.objects.count(), len(mails())) == (1, 1)


def test_R75_two_people_bring_a_case_on_at_once_and_it_goes_one_stage(asked, lead, admin, at_once):
    said = at_once(("go_on", asked.pk, 2, lead.pk), ("go_on", asked.pk, 2, admin.pk), now=at(4, 11))

    assert said == ["MovedOn", "done"]
    assert CaseVisit.objects.filter(case=asked).count() == 3
    assert CaseEvent.objects.filter(case=asked, kind="left", visit=2).count() == 1


def test_an_answer_and_a_reminder_at_once_send_no_reminder_after_the_answer(asked, at_once):
    at_once(("write", asked.ticket_id, asked.person_id), ("remind", asked.pk, 2, 2), now=DUE)

    answered = CaseEvent.objects.get(case=asked, kind="answered")
    assert all(one.pk < answered.pk for one in CaseEvent.objects.filter(case=asked, key="mail:2:r2"))
    assert not Timer.objects.filter(subject=asked.pk, kind="tickets.case_exhausted", done_at=None).exists()
