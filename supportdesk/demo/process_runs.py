"""Processes of the wiki at work on the demo's tickets: some done, some under way, one on an older version."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from knowledgebase.actions import receipts
from knowledgebase.choices import ArticleKind, Evidence
from knowledgebase.models import Article
from supportdesk.demo.company import Company
from supportdesk.demo.wiki import who
from supportdesk.demo.work_roles import ROLES
from supportdesk.demo.world import Story
from tickets.actions.processes import starting, stepping
from tickets.actions.processes.running import current_steps
from tickets.actions.setup import process_rules
from tickets.models import ProcessRun, RunStep, Ticket

FIRST_OF = {key: first_names[0] for key, _, _, first_names, _ in ROLES}
PROOF = {
    Evidence.WORDS: "Looked at it with the customer on the telephone: as they say.",
    Evidence.LINK: "https://tax.state.example/certificates/lookup",
    Evidence.NUMBER: "12",
}
READERS = ("priya", "marc", "joanna", "dana", "tom")
NEW_FOR_DAYS = 30
SKIPPED = "The bank answered, so this is not needed"


GOODS = ("Refund for", "drive motors missing", "hub cracked", "Wrong color", "arrived wet", "short on a pallet")
TEACHING = ("Training day", "webinar", "Thursday session", "add mine", "crash course", "Which training")
SHIPPING = ("When will order", "Partial shipment", "Summer hours", "delivery address", "lift gate", "Tracking says")


@dataclass(frozen=True)
class Run:
    """On the newest open ticket whose subject has one of `words`: so many steps `done`; `skips`: number of one."""

    slug: str
    words: tuple[str, ...]
    days_ago: float
    by: str
    done: int
    skips: int = 0


RUNS = (
    Run("refund-a-paid-invoice", (*GOODS, "hex keys", "Quote", "PO "), 16, "priya", 5),
    Run("book-a-training-hour", (*TEACHING, "How many robots"), 9, "dana", 2),
    Run("battery-or-smoke", ("swollen", "Smoke", "restarts", "grinding", "Recycling"), 6, "marc", 3),
    Run("card-declined-at-the-desk", ("declined", "P-card", "Paid twice", "Remit-to"), 1.6, "marc", 2),
    Run("check-a-tax-certificate", ("sales tax", "W-9", "W-8BEN-E", "Vendor"), 1.2, "joanna", 1),
    Run("held-shipment", SHIPPING, 0.9, "priya", 2),
    Run("card-declined-at-the-desk", ("Credit card", "declined", "Past due", "dollars"), 0.7, "priya", 2, skips=3),
    Run("on-account-credit", ("net 45", "Past due", "split by funding", "PO "), 0.6, "joanna", 1),
    Run("refund-a-paid-invoice", GOODS, 0.3, "priya", 1),
    Run("start-of-day", ("Thank you from", "Field trip", "account manager", "raffle", "Video for"), 0.15, "marc", 1),
)


def stories(company: Company, *, until: datetime) -> Iterator[Story]:
    """One for each run; tell them to the World."""
    for run in RUNS:
        yield _run(company, run, until)


def ask_what_we_learned(company: Company, *, now: datetime) -> None:
    """From now on the first ticket of a new client teaches the wiki something, or says why not."""
    process_rules.set_rules(asks_what_we_learned=True, new_for_days=NEW_FOR_DAYS, by=company.admin, now=now)


def confirm(company: Company, *, now: datetime) -> None:
    """Who says that they read the processes as published: most of them, the newest version nobody but its author."""
    rows = Article.objects.published().filter(kind=ArticleKind.PROCESS).select_related("published__author")
    for place, article in enumerate(rows.order_by("pk")):
        for first_name in READERS[place % 3 :]:
            revision = article.published
            by, at = who(company, first_name), now - timedelta(hours=30 - place)
            if revision and (revision.created_at < now - timedelta(days=3) or revision.author == by):
                receipts.confirm(article=article, no=revision.no, by=by, now=at)


def _run(company: Company, run: Run, until: datetime) -> Story:
    at = until - timedelta(days=run.days_ago)
    yield at
    ticket = _ticket(run.words)
    if ticket is None:
        return
    article = Article.objects.get(slug=run.slug)
    begun = starting.start_run(ticket=ticket, article=article, by=who(company, run.by), now=at)
    for number in range(1, max(run.done, run.skips) + 1):
        at = min(at + timedelta(hours=2 if run.days_ago > 2 else 0.4), until)
        yield at
        step = _open_step(begun, number)
        if step is None:
            return
        by = who(company, FIRST_OF[step.role.key] if step.role else run.by)
        if number == run.skips:
            stepping.skip(step=step, reason=SKIPPED, by=by, now=at)
        else:
            stepping.finish(step=step, by=by, now=at, evidence=PROOF.get(Evidence(step.step.evidence), ""))


def _ticket(words: tuple[str, ...]) -> Ticket | None:
    """The newest open one that runs nothing yet, or None: its customer may have had their answer."""
    rows = Ticket.objects.unsolved().filter(merged_into=None, runs__isnull=True, cases__isnull=True).order_by("-pk")
    return next((found for word in words if (found := rows.filter(subject__icontains=word).first())), None)


def _open_step(run: ProcessRun, number: int) -> RunStep | None:
    """The step of that number, while the run and its ticket are still open."""
    run = ProcessRun.objects.select_related("ticket").get(pk=run.pk)
    if run.ended_at is not None or run.ticket.category == "closed" or run.ticket.merged_into_id:
        return None
    return next((step for step in current_steps(run) if step.step.no == number and step.settled_at is None), None)
