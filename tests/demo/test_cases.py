"""The demo's cases: an order in its store begins onboarding by itself, and time and customers move it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from accounts.choices import Role
from knowledgebase.models import Receipt
from supportdesk.demo import cases, history, process_runs, wiki
from supportdesk.demo.company import office_hours, set_up
from supportdesk.demo.customers import Customer, settle
from supportdesk.demo.store import open_store
from supportdesk.demo.stories import Teller
from supportdesk.demo.work_roles import keep_roles
from supportdesk.demo.world import Story, World, nobody_woken
from supportdesk.faults.invariants import violations
from tickets.actions import intake
from tickets.choices import Channel
from tickets.models import Case, FollowUp, Message, ProcessRun, RunStep, Ticket

NOW = datetime(2026, 3, 24, 16, 0, tzinfo=UTC)  # a Tuesday


def _desk() -> tuple[World, cases.Desk, list[Customer]]:
    since = NOW - timedelta(weeks=8, days=1)
    random = Random(1)  # noqa: S311 - the same weeks every time
    company = set_up(now=since)
    customers = settle(admin=company.admin, now=since, random=random)
    world = World(office=office_hours(since), now=NOW, random=random)
    keep_roles(company, now=since)
    cases.rest()
    wares = open_store(admin=company.admin, now=since)
    desk = cases.Desk(Teller(world, company, customers), company, wares, company.admin)
    return world, desk, list({each.place.domain: each for each in reversed(customers)}.values())[::-1]


def _ask(desk: cases.Desk, school: Customer, run: process_runs.Run) -> Story:
    """Somebody writes about what the run is for, an hour before it begins."""
    at = NOW - timedelta(days=run.days_ago, hours=1)
    yield at
    intake.open_ticket(
        requester=school.person, subject=f"{run.words[0]}: a question", text="Can you help?", channel=Channel.WEB,
        by=None, now=at, mailbox=desk.company.mailboxes["Support"], organisation=school.organisation,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_cases_of_both_flows_stand_at_every_stage():
    with nobody_woken():
        world, desk, schools = _desk()
        pages = [page for page in wiki.all_pages() if page.space in ("templates", "work")]
        wiki.begin(desk.company, pages, now=NOW - timedelta(weeks=8, days=1))
        for life in wiki.lives(desk.company, pages, since=NOW - timedelta(weeks=8, days=1), until=NOW):
            world.tell(life)
        for story in (*cases.stories(desk, schools, until=NOW), *process_runs.stories(desk.company, until=NOW)):
            world.tell(story)
        for number, run in enumerate(process_runs.RUNS):
            world.tell(_ask(desk, schools[number], run))
        assert world.live(lambda: None).unfinished == 0
        process_runs.confirm(desk.company, now=NOW)
        process_runs.ask_what_we_learned(desk.company, now=NOW)
        history.make_pdfs(now=NOW)

    assert list(violations(now=NOW)) == []
    runs = ProcessRun.objects.select_related("article", "revision")
    assert runs.count() == len(process_runs.RUNS) and runs.filter(state="done").exists()
    assert [run.article.slug for run in runs if run.revision_id != run.article.published_id]  # on an older version
    assert RunStep.objects.filter(state="skipped").exclude(reason="").exists()
    assert RunStep.objects.filter(warned_at__isnull=False).exists()
    assert Receipt.objects.values("person").distinct().count() >= 4
    onboarding = Counter(
        (case.state, case.stage.key) for case in Case.objects.filter(flow__key="onboarding").select_related("stage")
    )
    assert sum(onboarding.values()) == len(cases.ONBOARDINGS)
    assert {state for state, _ in onboarding} >= {"done", "waiting", "active"}
    proposals = Case.objects.filter(flow__key="proposal").select_related("stage")
    assert {case.stage.key for case in proposals if case.is_live} >= {
        "inquiry", "estimate-sent", "purchase-order", "parts-received",
    }  # fmt: skip
    lost = [case.reason for case in proposals if case.state == "lost"]
    assert len(lost) >= 2 and "The district bought tablets instead" in lost
    assert proposals.filter(state="done").count() >= 3
    for case in Case.objects.filter(flow__key="onboarding").select_related("order__invoice"):
        assert case.begun_at - case.order.invoice.paid_at <= timedelta(minutes=1)  # D1: nobody began it
    assert FollowUp.objects.filter(case__stage__key="order-paid", sort="mail").count() >= 1  # time moved it (D3)
    assert Message.objects.filter(
        text__contains="hours of help, and we would like to use the first of them well"
    ).exists()
    assert not Ticket.objects.unsolved().filter(cases__state__in=["done", "lost"]).exists()
    assert FollowUp.objects.values("role").distinct().count() >= 2
    assert Case.objects.get(scope_said_by__isnull=False).person.grants.filter(role=Role.AGENT).count() == 0
