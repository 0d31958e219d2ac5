"""What rules did goes after a quarter of a year, and no rule acts a second time because of it."""

from datetime import timedelta

import pytest

from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.tickets.automation.conftest import again, do, make_rule, said, work
from tickets.actions import intake
from tickets.actions.automation.forget import KEPT_FOR, forget_runs
from tickets.choices import Happened, RuleMoment
from tickets.models import RuleRun

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = WEDNESDAY + KEPT_FOR + 10 * DAY


def test_runs_of_long_ago_go_and_no_moment_is_met_again(lead):
    """Runs twice without harm. The newest run of a rule, and of a rule on time on each ticket, stays."""
    by_event = make_rule(lead, do("add_tags", "new"), now=WEDNESDAY)
    once = make_rule(lead, do("note", "Old by now."), moment=RuleMoment.CREATED, minutes=60, now=WEDNESDAY)
    each = make_rule(lead, do("note", "Written."), moment=RuleMoment.CUSTOMER_WROTE, minutes=60, now=WEDNESDAY)
    make_rule(lead, do("add_tags", "wrote"), events=[Happened.CUSTOMER_WROTE], now=WEDNESDAY)
    tickets = [make_ticket(now=WEDNESDAY), make_ticket(now=WEDNESDAY)]
    work(WEDNESDAY)
    for day in (1, 2, 3):
        now = WEDNESDAY + day * DAY
        work(now)
        for ticket in tickets:
            intake.add_customer_message(ticket=ticket, person=ticket.requester, text="And?", channel="web", now=now)
        work(now)
    work(WEDNESDAY + 4 * DAY)

    def runs(rule) -> int:
        return RuleRun.objects.filter(rule=rule).count()

    assert (runs(by_event), runs(once), runs(each)) == (2, 2, 8)
    notes = [ticket.notes.count() for ticket in tickets]

    assert forget_runs(now=LATER - 10 * DAY, size=3) == 0
    assert forget_runs(now=LATER, size=3) == 1 + 6 + 5
    assert forget_runs(now=LATER, size=3) == 0

    assert (runs(by_event), runs(once), runs(each)) == (1, 2, 2)
    work(LATER)
    assert [ticket.notes.count() for ticket in tickets] == notes
    assert [again(ticket).tags for ticket in tickets] == [["new", "wrote"]] * 2
    assert said(tickets[0], "rule_failed") == []


def test_a_run_that_still_waits_is_never_forgotten(lead):
    rule = make_rule(lead, do("note", "Late."), moment=RuleMoment.CREATED, minutes=60, now=WEDNESDAY)
    ticket = make_ticket(now=WEDNESDAY)
    RuleRun.objects.create(rule=rule, version=1, ticket=ticket, cause="created", cause_at=WEDNESDAY, at=WEDNESDAY)
    other = make_ticket(now=WEDNESDAY)
    RuleRun.objects.create(rule=rule, version=1, ticket=other, cause="event:1", state="done", at=LATER)

    assert forget_runs(now=LATER) == 0
