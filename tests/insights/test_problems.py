"""Contact drivers, their problems, and whether fixes helped (B10, R3, R4, R59 to R64, R67)."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.choices import Role
from insights import effects
from insights import queries_problems as reading
from insights.actions import drivers, judging
from insights.actions import problems as acting
from insights.models import ActiveCount, CostRules, DirtyMonth, Driver, DriverMonth, Handled, Problem
from insights.problem_choices import ProblemState
from insights.queries_problem_page import friction, groups_of_other
from knowledgebase.choices import Visibility
from mail.models import OutgoingMail
from tests.billing.money import killed_at
from tests.crowds import Crowd
from tests.factories.accounts import make_staff, sign_in
from tests.factories.closed import Asked, close_many
from tests.factories.knowledgebase import make_article, make_space
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.insights.conftest import gathered, say
from tickets.actions import assign, state
from tickets.models import ContactReason, Ticket

pytestmark = pytest.mark.usefixtures("rules")
TODAY = WEDNESDAY.date()
DAY = timedelta(days=1)


@pytest.fixture
def reason(db):
    """A reason people write for, at 12 minutes and 40 dollars an hour."""
    made = ContactReason.objects.create(name="Cannot open invoice")
    Driver.objects.create(reason=made, minutes=12)
    CostRules.objects.update_or_create(pk=1, defaults={"rate": 4000})
    return made


def ask(reason, count, since, days=28):
    """So many contacts, spread over days from `since` on."""
    close_many(Asked(f"Please {number}", reason, since + DAY * (number * days // count)) for number in range(count))


def problem_of(reason, owner, *, fixed_on=None, now=WEDNESDAY):
    """A problem with an owner, fixed or not."""
    made = acting.plan_fix(
        driver=reason, title="The link needs a password", owner=owner, fix="Invoice link without login",
        planned_for=None, by=owner, now=now,
    )  # fmt: skip
    if fixed_on:
        acting.fixed(problem=made, fix=made.fix, fixed_on=fixed_on, today=fixed_on, by=owner, now=now)
        made.refresh_from_db()
    return made


def test_B10_forty_tickets_of_twelve_minutes_at_forty_dollars_cost_320_a_month(reason, lead):
    """B10, R3, R60: shown on the problem and in the ranking, engineering on top (R59)."""
    ask(reason, 40, WEDNESDAY - 28 * DAY + timedelta(hours=30))
    gathered(WEDNESDAY)
    problem = problem_of(reason, lead)

    (row,) = reading.table(WEDNESDAY)
    assert (row.now, row.cost_a_month, row.owner) == (40, 320_00, lead.shown_name)
    acting.note_effort(problem=problem, on=TODAY, minutes=90, words="", by=lead, now=WEDNESDAY)
    (driver,) = reading.driver_rows([TODAY.replace(day=1)], WEDNESDAY)
    assert (driver.cost, driver.minutes, driver.share, driver.cumulative) == (320_00 + 60_00, 12, 1.0, 1.0)
    assert reading.engineering_minutes(TODAY, TODAY) == 90


@pytest.mark.parametrize(
    ("after", "customers", "state", "left"),
    [
        (24, (), ProblemState.FIXED, 0.6),  # B10: 0.6 of baseline is not verified
        (20, (), ProblemState.VERIFIED, 0.5),
        (21, (), ProblemState.FIXED, 0.525),
        (41, (), ProblemState.REOPENED, 1.025),  # above baseline
        (40, (), ProblemState.FIXED, 1.0),
        (0, (), ProblemState.VERIFIED, 0.0),
        (30, (100, 200), ProblemState.VERIFIED, 0.375),  # twice the customers, and fewer contacts
        (20, (200, 100), ProblemState.FIXED, 1.0),  # half the customers are gone: nothing was fixed
    ],
)
def test_B10_a_fix_is_verified_at_half_of_the_contacts_or_less(reason, lead, after, customers, state, left):
    """B10, R67: 28 days after ÷ 56 before, corrected for customers; the saving is in money; the owner is told once."""
    fixed_on = date(2026, 3, 1)
    noon = WEDNESDAY.replace(year=2026, month=3, day=1, hour=12)
    ask(reason, 80, noon - 56 * DAY, days=56)
    if after:
        ask(reason, after, noon)
    for month in (date(2026, 1, 1), date(2026, 2, 1)):
        ActiveCount.objects.create(month=month, customers=customers[0] if customers else 0)
    ActiveCount.objects.create(month=date(2026, 3, 1), customers=customers[1] if customers else 0)
    problem = problem_of(reason, lead, fixed_on=fixed_on, now=noon)
    OutgoingMail.objects.all().delete()
    gathered(noon + 27 * DAY)

    assert judging.look_at_problems(now=noon + 27 * DAY) == 0  # the 28th day is not over yet
    assert judging.look_at_problems(now=noon + 28 * DAY) == 1
    assert judging.look_at_problems(now=noon + 28 * DAY) == 0  # run twice

    problem.refresh_from_db()
    assert (problem.state, problem.before, problem.after) == (state, 80, after)
    side = effects.Side(80, 56, problem.before_customers), effects.Side(after, 28, problem.after_customers)
    assert float(effects.effect(*side)) == pytest.approx(left, rel=0.07 if customers else 1e-9)
    assert OutgoingMail.objects.filter(to_address=lead.email).count() == 1
    if state == ProblemState.VERIFIED and not customers:
        assert problem.saved == (40 - after) * 12 * 4000 // 60
    if state == ProblemState.REOPENED:
        assert problem.moves.filter(state=ProblemState.REOPENED, by=None).count() == 1


def test_B10_what_comes_back_above_its_baseline_is_opened_again_and_told_once(reason, lead):
    noon = WEDNESDAY.replace(year=2026, month=3, day=1, hour=12)
    ask(reason, 80, noon - 56 * DAY, days=56)
    ask(reason, 5, noon)
    problem = problem_of(reason, lead, fixed_on=noon.date(), now=noon)
    gathered(noon + 28 * DAY)
    judging.look_at_problems(now=noon + 28 * DAY)
    problem.refresh_from_db()
    assert (problem.state, problem.saved) == (ProblemState.VERIFIED, 35 * 12 * 4000 // 60)
    OutgoingMail.objects.all().delete()
    ask(reason, 41, noon + 40 * DAY)
    gathered(noon + 67 * DAY)

    assert [judging.look_at_problems(now=noon + 67 * DAY + timedelta(hours=n)) for n in range(3)] == [1, 0, 0]

    problem.refresh_from_db()
    assert (problem.state, problem.times_reopened, problem.saved) == (ProblemState.REOPENED, 1, None)
    assert OutgoingMail.objects.get(to_address=lead.email).subject == f"Opened again: {problem.title}"


def test_B10_judging_killed_or_twice_at_once_tells_the_owner_once(transactional_db, rules, lead):
    reason = ContactReason.objects.create(name="Cannot open invoice")
    noon = WEDNESDAY.replace(year=2026, month=3, day=1, hour=12)
    ask(reason, 20, noon - 56 * DAY, days=56)
    problem = problem_of(reason, lead, fixed_on=noon.date(), now=noon)
    gathered(noon + 28 * DAY)
    late = noon + 28 * DAY
    before = OutgoingMail.objects.count()

    assert killed_at("insights.judge.written", lambda: judging.look_at_problems(now=late))
    problem.refresh_from_db()
    assert (problem.state, OutgoingMail.objects.count()) == (ProblemState.FIXED, before)
    with Crowd(4) as crowd:
        done = crowd.act([lambda: judging.look_at_problems(now=late)] * 4)

    assert sum(done) == 1
    assert OutgoingMail.objects.count() == before + 1


def test_R4_three_assignees_are_two_hand_offs(reason, agent, ben, lead, customer):
    """R4: whichever verb gave it on, the database notes whose it was; replies and minutes beside it."""
    ticket = make_ticket(requester=customer)
    for person in (agent, ben, None, lead, agent):
        assign.assign(ticket=ticket, to=person, by=lead, now=WEDNESDAY)
    say(ticket, agent)
    say(ticket, agent, "And forty more.")
    state.close_ticket(ticket=ticket, by=agent, reason=reason, now=WEDNESDAY)
    gathered(WEDNESDAY + DAY)

    fact = Handled.objects.get(ticket=ticket)
    assert (fact.hand_offs, fact.replies, fact.minutes) == (2, 2, 2 + 2 * 6)
    (one,) = friction(TODAY.replace(day=1), reading.read_tree())
    assert (one.hand_offs, one.replies_p50, one.replies_p90) == (2, 2, 2)


def test_R62_R64_the_costliest_without_an_owner_stands_on_top_and_is_overlooked_after_a_week(reason, lead, db):
    """R62, R64: ten contacts a month make a problem by themselves; seven days without an owner are told."""
    big, small = (ContactReason.objects.create(name=name) for name in ("Where is my order", "Password"))
    taken, sales = (ContactReason.objects.create(name=name) for name in ("Refunds", "Wants to buy"))
    Driver.objects.create(reason=sales, is_preventable=False)
    Driver.objects.create(reason=big, minutes=12)
    for which, count in ((big, 30), (small, 10), (taken, 50), (sales, 40), (reason, 9)):
        ask(which, count, WEDNESDAY - 26 * DAY, days=26)
    gathered(WEDNESDAY)
    problem_of(taken, lead)

    assert judging.look_at_problems(now=WEDNESDAY) == 2
    assert judging.look_at_problems(now=WEDNESDAY) == 0

    assert [row.name for row in reading.table(WEDNESDAY)] == ["Where is my order", "Password", "Refunds"]
    assert reading.overlooked(WEDNESDAY + 6 * DAY) == []
    late = WEDNESDAY + 7 * DAY
    assert [row.name for row in reading.overlooked(late)] == ["Where is my order"]  # Password fell below ten
    rows = reading.driver_rows([TODAY.replace(day=1)], WEDNESDAY)
    assert [row.name for row in rows if row.is_unowned][:1] == ["Where is my order"]
    assert [row.cost for row in rows] == sorted((row.cost for row in rows), reverse=True)
    assert rows[-1].cumulative == pytest.approx(1)


def test_R64_a_problem_that_somebody_looks_into_has_an_owner_whoever_writes_the_row(reason, lead, agent, customer):
    problem = acting.open_problem(driver=reason, title="Why", by=lead, now=WEDNESDAY)
    given = {"problem": problem, "title": "Why", "cause": "", "workaround": None, "by": lead, "now": WEDNESDAY}

    for bad in (
        {"owner": None, "state": "diagnosing"},
        {"owner": customer, "state": "diagnosing"},
        {"owner": agent, "state": "known_error"},  # without a cause
        {"owner": agent, "state": "verified"},  # counting alone verifies
        {"owner": agent, "state": "planned"},  # without a plan
    ):
        with pytest.raises(acting.CannotDoThat):
            acting.change(**given, **bad)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update insights_problem set state = 'planned' where id = %s", [problem.pk])
    with pytest.raises(acting.CannotDoThat, match="same driver"):
        acting.open_problem(driver=reason, title="Twice", by=lead, now=WEDNESDAY)
    acting.change(**given | {"cause": "A login"}, owner=agent, state="known_error")
    with pytest.raises(acting.CannotDoThat, match="today or earlier"):
        acting.fixed(problem=problem, fix="x", fixed_on=TODAY + DAY, today=TODAY, by=lead, now=WEDNESDAY)
    assert Problem.objects.get().state == "known_error"


def test_R61_other_above_15_percent_warns_and_names_what_hides_there(client, reason, lead):
    other = ContactReason.objects.create(name="Other")
    at = WEDNESDAY - 3 * DAY
    close_many(Asked(f"Gripper squeaks {n}", other, at) for n in range(4))
    close_many(Asked(f"Gripper oil {n}", None, at) for n in range(2))
    close_many(Asked(f"Invoice {n}", reason, at) for n in range(34))
    gathered(WEDNESDAY)

    assert reading.share_of_other(WEDNESDAY) == pytest.approx(0.15)
    (group,) = groups_of_other(now=WEDNESDAY)
    assert (group.word, group.count) == ("gripper", 6)
    Driver.objects.create(reason=other, is_other=False)
    assert reading.share_of_other(WEDNESDAY) == pytest.approx(0.05)
    assert [row.is_other for row in reading.driver_rows([TODAY.replace(day=1)], WEDNESDAY)] == [False, False]


def test_months_equal_the_rows_and_a_kill_loses_none(transactional_db, rules, lead, agent):
    """The rollup of drivers is the sum of its facts, again after a change, and after a kill in the middle."""
    reason, other = (ContactReason.objects.create(name=name) for name in ("Alpha", "Beta"))
    tickets = [
        ticket
        for which, at in ((reason, WEDNESDAY), (other, WEDNESDAY), (reason, WEDNESDAY - 40 * DAY))
        for ticket in close_many(Asked(f"Please {n}", which, at) for n in range(7))
    ]
    assert killed_at("insights.count.month_counted", lambda: gathered(WEDNESDAY))
    assert DirtyMonth.objects.exists()
    gathered(WEDNESDAY)
    Ticket.objects.filter(pk=tickets[0].pk).update(contact_reason=other, updated_at=WEDNESDAY + DAY)
    gathered(WEDNESDAY + 2 * DAY)

    def counted(which):
        months = DriverMonth.objects.filter(reason_id=which.pk).order_by("month")
        return [(row.contacts, row.tickets, row.minutes) for row in months]

    assert counted(reason) == [(7, 7, 14), (6, 6, 12)]
    assert counted(other) == [(8, 8, 16)]
    assert not DirtyMonth.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("select sum(contacts) from insights_figure where dimension = 'reason' and key <> ''")
        assert cursor.fetchone()[0] == sum(DriverMonth.objects.values_list("contacts", flat=True)) == 21
    drivers.describe_driver(reason=reason, minutes=30, is_preventable=True, is_other=False, by=lead, now=WEDNESDAY)
    assert reading.read_counts(WEDNESDAY).minutes_of(reason.pk) == Fraction(30)


def test_pages_read_plan_and_fix_and_refuse_in_sentences(client, reason, lead, agent, observer):
    """R63: observers read, and change nothing; U27: what was typed stays."""
    ask(reason, 12, WEDNESDAY - 20 * DAY, days=20)
    gathered(WEDNESDAY)
    sign_in(client, lead)
    plan = f"/insights/problems/plan/{reason.pk}/"
    bad = client.post(plan, {"title": "T", "owner": "", "fix": "x\x00" * 300, "planned_for": "soon"})
    assert bad.status_code == 422
    for words in ("Choose who is responsible", "Enter a day like 2026-09-14", "Error: "):
        assert words in bad.content.decode()
    assert client.post(plan, {"title": "T", "owner": lead.pk, "fix": "A link", "evil": "1"}).status_code == 422
    done = client.post(plan, {"title": "A <b>login</b>", "owner": lead.pk, "fix": "A link", "planned_for": ""})
    problem = Problem.objects.get()
    page = f"/insights/problems/{problem.pk}/"
    assert (done.status_code, done["Location"]) == (302, page)
    shown = client.get(page).content.decode()
    assert "A &lt;b&gt;login&lt;/b&gt;" in shown
    posts = {
        "change/": ({"title": "", "state": "fixed"}, {"title": "Login", "owner": lead.pk, "state": "known_error",
                                                      "cause": "A wall", "workaround": ""}),
        "effort/": ({"on": "0001-01-01", "hours": "1e99"}, {"on": "2026-03-01", "hours": "1.5", "words": ""}),
        "fixed/": ({"fix": "", "fixed_on": "9999-12-31"}, {"fix": "A link", "fixed_on": "2020-03-01"}),
        "again/": ({"words": ""}, {"words": "It was none"}),
    }  # fmt: skip
    for name, (wrong, right) in posts.items():
        assert client.post(page + name, wrong).status_code == 422, name
        assert client.post(page + name, right).status_code == 302, name
    problem.refresh_from_db()
    assert (problem.state, problem.times_reopened, problem.efforts.get().minutes) == ("reopened", 1, 90)
    driver = f"/insights/drivers/{reason.pk}/"
    assert client.post(driver, {"minutes": "0"}).status_code == 422
    assert client.post(driver, {"minutes": "15", "is_preventable": "on"}).status_code == 302
    readable = ["/insights/problems/", "/insights/problems/other/", "/insights/problems/reasons.csv", page, driver]
    for person in (lead, observer):
        sign_in(client, person)
        assert [client.get(address).status_code for address in readable] == [200] * 5
    for name in posts:
        assert client.post(page + name, {}).status_code == 403
    assert client.post(driver, {"minutes": "9"}).status_code == client.post(plan, {}).status_code == 403
    sign_in(client, agent)
    assert client.get(page).status_code == 403
    sign_in(client, lead)
    for missing in ("/insights/problems/999/", "/insights/drivers/99999999999999999999/", "/insights/problems/plan/0/"):
        assert client.get(missing).status_code == 404


def test_A4_a_workaround_that_somebody_may_not_read_stays_unnamed_when_they_save(client, reason, lead):
    """It was cleared by whoever saved the form without being offered it."""
    kept = make_article(make_space(Visibility.ROLE, roles=[Role.REVIEWER]), "The reviewers' own way")
    problem = problem_of(reason, lead)
    Problem.objects.filter(pk=problem.pk).update(workaround=kept)
    sign_in(client, lead)

    page = client.get(f"/insights/problems/{problem.pk}/").content.decode()
    client.post(f"/insights/problems/{problem.pk}/change/", {
        "title": "Said anew", "owner": lead.pk, "state": problem.state, "cause": "", "workaround": "",
    })  # fmt: skip

    assert "An article that you cannot choose" in page and "own way" not in page
    problem.refresh_from_db()
    assert (problem.title, problem.workaround) == ("Said anew", kept)


def test_the_page_of_problems_costs_the_same_with_many_rows(client, lead, django_assert_num_queries):
    """Query counts are literals and do not depend on rows."""
    owners = make_staff("lead", name="Lea Two", email="lea2@desk.example")
    sign_in(client, lead)

    for wave in range(2):
        for number in range(1 + wave * 6):
            reason = ContactReason.objects.create(name=f"R{wave}{number}")
            ask(reason, 3, WEDNESDAY - 5 * DAY, days=3)
            problem_of(reason, owners)
        gathered(WEDNESDAY)
        client.get("/insights/problems/")
        with django_assert_num_queries(21):
            client.get("/insights/problems/")
