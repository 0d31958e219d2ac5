"""Two workers at once, and one killed in the middle: every rule, reminder and assignment happens once."""

from datetime import timedelta

import pytest

from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.mails import make_mail
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tests.tickets.automation.conftest import again, at, do, make_rule, work
from tests.tickets.automation.test_nudges import WORDS, left
from tests.tickets.test_at_once import stored
from tickets.actions import reply
from tickets.actions.setup.teamwork import set_distribution, set_nudges
from tickets.choices import RuleMoment
from tickets.models import Handout, Macro, MacroUse, Nudge, ReplyTemplate, RuleRun, Team, TeamMember, Ticket

pytestmark = pytest.mark.django_db(transaction=True)

# Later than any pause after a first attempt.
PAUSE = timedelta(minutes=20)
NEW = {"field": "state", "op": "is", "value": "category:new"}


@pytest.fixture
def rotation(lead):
    team = Team.objects.get()
    for name in ("Ann", "Ben", "Cy"):
        TeamMember.objects.create(team=team, person=make_staff(name=name))
    return set_distribution(
        team=team, mode="in_turn", returns_from_absent=True, returns_after_hours=False, idle_minutes=None, members={},
        by=lead, now=WEDNESDAY,
    )  # fmt: skip


def kill(desk, place: str, now) -> None:
    """A sweep that dies at `place` as by kill -9."""
    process = desk("sweep", now=now, FAILPOINT=place)
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9


def shares() -> list[int]:
    people = TeamMember.objects.order_by("pk").values_list("person", flat=True)
    return [Ticket.objects.filter(assignee=person).count() for person in people]


def test_mails_that_come_at_once_do_not_break_the_rotation(at_once, rotation):
    """Complaint 24: nobody gets two while somebody else gets none, and nothing is given twice."""
    raws = [stored(make_mail(subject=f"Mail {number}", sender=f"p{number}@x.example")) for number in range(3)]
    at_once(*[("take_in", raw.pk) for raw in raws])
    for _ in range(3):
        make_ticket()

    at_once(*[("sweep",)] * 2)
    work(WEDNESDAY + PAUSE)

    assert shares() == [2, 2, 2]
    assert Handout.objects.count() == 6


@pytest.mark.parametrize("place", ["hand_out.changed", "rules.acted", "nudge.done"])
def test_a_worker_killed_in_the_middle_and_two_at_once_do_each_thing_once(desk, at_once, agent, lead, rotation, place):
    """Assignment, a rule on an event, a rule on time and a reminder: one mail each, however often it is begun."""
    make_mailbox()
    ReplyTemplate.objects.create(name="Welcome", body="Hello.")
    days = {"first_after": 2, "second_after": 1, "close_after": 3}
    set_nudges(team=Team.objects.get(), is_enabled=True, **days, **WORDS, by=lead, now=at(2, 9))
    waiting = make_ticket(now=at(5, 10))
    reply.reply(ticket=waiting, by=agent, text="Thirty.", last_seen=waiting.last_message_id, now=at(5, 10))
    left(at(5, 10))
    make_rule(lead, do("mail", "Welcome"), do("raise"))
    timed = make_rule(lead, do("tell", lead.name), moment=RuleMoment.CREATED, minutes=1, all_of=[NEW])
    tickets = [make_ticket(now=at(9, 9, 58)) for _ in range(3)]
    due = at(9, 10, 1)

    kill(desk, f"tickets.{place}", due)
    at_once(*[("sweep",)] * 2, now=due)
    work(due + PAUSE)
    work(due + 2 * PAUSE)

    assert shares() == [1, 1, 1]
    assert Handout.objects.count() == len(tickets)
    mails = OutgoingMail.objects.filter(kind="bulk")
    assert sorted(mail.text.partition("\n")[0] for mail in mails) == ["Hello."] * 3 + ["Is it solved?"]
    assert OutgoingMail.objects.filter(kind="notification", subject__contains=timed.name).count() == len(tickets)
    assert [again(ticket).priority for ticket in tickets] == ["high"] * 3
    assert RuleRun.objects.filter(state="done").count() == 2 * len(tickets)
    assert Nudge.objects.count() == 1


def test_a_macro_of_one_job_is_applied_once_by_two_workers(at_once, agent):
    macro = Macro.objects.create(name="Up", steps=[{"do": "raise", "value": ""}])
    ticket = make_ticket()

    at_once(*[("macro", ticket.pk, agent.pk, macro.pk)] * 2)

    assert again(ticket).priority == "high"
    assert MacroUse.objects.get().text == "priority to High"
