"""`verify_invariants` of the programmes (I12): silent where they are held well, and each check finds what is wrong."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from accounts.models import Person
from insights.actions import announcing, customer_day, goals, invoice_months, judging, observations, programme
from insights.actions import problems as acting
from insights.actions.activity import keep_activity
from insights.actions.programme_rules import change_invoice_rules
from insights.actions.weekly import choose, mail_the_week
from insights.models import CustomerDay, CustomerDayRules, InvoiceMonth
from insights.programme_choices import ActionKind
from supportdesk.faults import programme_invariants
from supportdesk.faults.invariants import violations
from tests.factories.accounts import make_person
from tests.factories.closed import Asked, close_many
from tests.factories.invoices import make_invoice
from tests.factories.tickets import make_mailbox, make_ticket
from tests.insights.conftest import gathered, say
from tickets.models import ContactReason

DAY = timedelta(days=1)
BEGAN = datetime(2026, 7, 6, 14, tzinfo=UTC)  # a Monday
NOW = BEGAN + 60 * DAY
BROKEN = (
    ("what a programme tells somebody it tells once",
     "update mail_outgoingmail set source_key = 'weekly:1', to_address = 'a@b.example' where kind = 'notification'"),
    ("a Customer Day of a quarter that is over was held or missed",
     "update insights_customerday set quarter = '2026-04-01' where state = 'invited'"),
    ("a Customer Day goes step by step", "update insights_customerday set started_at = null where state = 'debriefed'"),
    ("an observation stands where its last step brought it", "update insights_observation set state = 'shipped'"),
    ("observations of a day are numbered from one", "update insights_observation set n = 3"),
    ("a problem stands where its last step brought it", "update insights_problem set state = 'fixed'"),
    ("a verified fix left half of the contacts or less", "update insights_problem set after = before"),
    ("a fix is judged once its 28 days are over",
     "update insights_problem set judged_at = null, state = 'fixed', before = null, after = null"),
    ("an announcement reaches a linked ticket in time, or says why not",
     "update insights_told set state = 'waiting', message_id = null"),
    ("an announcement reaches a linked ticket in time, or says why not", "update insights_told set state = 'failed'"),
    ("an announcement stands on a ticket once",
     "update tickets_message set ticket_id = (select min(ticket_id) from insights_told)"
     " where id in (select message_id from insights_told)"),
    ("every month of invoices since the first is there in time",
     "update insights_invoicerules set since = '2026-04-01'"),
    ("a month of invoices adds up to its reasons, and was over when it was closed",
     "update insights_invoicemonth set questions = 7"),
    ("a month of invoices adds up to its reasons, and was over when it was closed",
     "update insights_invoicemonth set closed_at = '2026-06-30' where closed_at is not null"),
    ("the invoices of a month are as many as were counted",
     "update insights_issuedcount set invoices = invoices + 1 where month = '2026-06-01'"),
    ("whoever read what support is for is not asked to, and nobody read what was never there",
     "update accounts_person set must_read = '/insights/goals/'"),
    ("whoever read what support is for is not asked to, and nobody read what was never there",
     "update insights_goalsread set version = 9"),
    ("a counted day is what its facts say", "delete from insights_figure where dimension = 'all' and contacts > 0"),
    ("a counted day is what its facts say", "delete from insights_answer"),
    ("a counted month of customers is who was active in it", "update insights_activecount set customers = 99"),
)  # fmt: skip


@pytest.fixture
def held(db, rules, admin, agent, lead):
    """A desk that held a Customer Day, fixed something and told of it, closed a month and wrote down its goals."""
    make_mailbox()
    CustomerDayRules.objects.update_or_create(pk=1, defaults={"enabled_at": BEGAN})
    programme.look_after(now=BEGAN - 5 * DAY)
    day = customer_day.book(day=CustomerDay.objects.get(person=agent), on=BEGAN.date(), by=agent, now=BEGAN - DAY)
    customer_day.tick(day=day, lines=set(range(len(day.checklist))), by=agent, now=BEGAN)
    customer_day.begin(day=day, by=agent, now=BEGAN)
    given = {"words": "Nobody finds the page", "owner": lead, "due": date(2026, 8, 1)}
    seen = observations.observe(day=day, by=agent, now=BEGAN, **given)
    observations.move(observation=seen, to="accepted", words="", by=lead, now=BEGAN)
    customer_day.debrief(day=day, learned="Much", by=agent, now=BEGAN)
    _fix_and_tell(lead)
    branch = ContactReason.objects.create(name="Invoices")
    change_invoice_rules(branch=branch, owner=lead, by=admin, now=BEGAN)
    make_invoice(now=BEGAN - 20 * DAY)
    invoice_months.keep_counts(now=BEGAN)
    invoice_months.look_after(now=BEGAN)
    june = InvoiceMonth.objects.get()
    words = {"kind": ActionKind.ARTICLE, "words": "A page", "owner": lead, "article": None}
    invoice_months.act(month=june, by=lead, now=BEGAN, **words)
    invoice_months.close(month=june, by=lead, now=BEGAN)
    for later in (BEGAN, BEGAN + 15 * DAY, NOW - DAY, NOW):
        programme.look_after(now=later)
        invoice_months.look_after(now=later)
    goals.write(text="We help.", article=None, asks_again=False, targets={}, by=admin, now=BEGAN)
    goals.confirm(version=1, by=lead, now=BEGAN)
    choose(person=lead, is_wanted=True, now=BEGAN)
    Person.objects.filter(pk=make_person().pk).update(last_seen_at=NOW - DAY)
    keep_activity(now=NOW)
    gathered(NOW)
    mail_the_week(now=NOW)


def _fix_and_tell(lead) -> None:
    reason = ContactReason.objects.create(name="Held orders")
    close_many(Asked(f"Where is {n}?", reason, BEGAN - 40 * DAY + n * DAY) for n in range(20))
    problem = acting.plan_fix(
        driver=reason, title="Held", owner=lead, fix="It says why", planned_for=None, by=lead, now=BEGAN - DAY
    )
    for number in range(2):
        ticket = make_ticket(requester=make_person(email=f"c{number}@school.example"), now=BEGAN)
        say(ticket, lead, now=BEGAN)
        acting.link(problem=problem, ticket=ticket, by=lead, now=BEGAN)
    on = BEGAN.date()
    acting.fixed(problem=problem, fix="It says why", fixed_on=on, today=on, by=lead, now=BEGAN)
    announcing.announce(problem=problem, text="It says why now.", closes=False, form_key="a" * 32, by=lead, now=BEGAN)
    announcing.tell_of_fixes(now=BEGAN)
    gathered(BEGAN + 29 * DAY)
    judging.look_at_problems(now=BEGAN + 29 * DAY)


def ours(now: datetime) -> set[str]:
    """The checks of programmes that say something."""
    known = {says for _, says, _ in programme_invariants.CHECKS}
    return {one.says for one in violations(now=now)} & known


def test_I12_programmes_that_are_held_break_nothing_and_each_check_finds_its_row(held):
    """I12: one mail, one step, one answer each, and figures that are their rows; what is wrong is named, alone."""
    assert ours(NOW + timedelta(hours=1)) == set()
    for says, statement in BROKEN:
        point = transaction.savepoint()
        with connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            cursor.execute(statement)
            assert cursor.rowcount, statement
        assert says in ours(NOW + timedelta(hours=1)), statement
        transaction.savepoint_rollback(point)
    assert {says for says, _ in BROKEN} == {says for _, says, _ in programme_invariants.CHECKS}, "every check is tried"
