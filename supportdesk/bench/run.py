"""Measure one size of desk in an empty database of its own."""

import sys
import time
from dataclasses import dataclass

from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from tqdm import tqdm

from accounts.models import Person
from supportdesk.bench import (
    accounts,
    background,
    bulk,
    imports,
    insights,
    pages,
    processes,
    reasons,
    review,
    shop,
    training,
    wiki,
)
from supportdesk.bench.scene import Scene, set_scene
from supportdesk.load.run import load


@dataclass(frozen=True)
class Effort:
    """How often each thing is measured."""

    rounds: int
    actions: int
    mails: int
    timers: int
    live: int
    bulks: int

    @classmethod
    def for_size(cls, tickets: int) -> "Effort":
        """Enough for a steady median; small sizes are for trying the bench itself."""
        if tickets < 5_000:
            return cls(rounds=4, actions=2, mails=10, timers=400, live=2, bulks=1)
        return cls(rounds=60, actions=30, mails=500, timers=100_000, live=25, bulks=9)


class NotEmpty(Exception):
    """The bench only measures what it loaded itself."""


@dataclass(frozen=True)
class Scenes:
    """What each part is measured on, and how many people and articles were asked for."""

    desk: Scene
    shop: shop.ShopScene
    review: review.ReviewScene
    insights: insights.InsightsScene
    accounts: accounts.AccountScene
    training: training.TrainingScene
    wiki: wiki.WikiScene
    people: int
    articles: int


def measure(*, tickets: int, invoices: int | None = None) -> dict:
    """Everything of performance.md that exists, as one dictionary. Takes a few minutes at 100,000 tickets.

    `invoices` left out: one for each ticket, at most 100,000.
    """
    effort, wanted = Effort.for_size(tickets), invoices or min(tickets, shop.USUAL_INVOICES)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if Person.objects.exists():
        raise NotEmpty("The bench needs an empty database.")
    results: dict = {"tickets": tickets, "messages": tickets * 4}
    scenes = _lay(results, tickets=tickets, invoices=wanted)
    with processes.web() as port:
        _measure_pages(results, scenes, port, effort=effort, selling=Effort.for_size(wanted))
    _measure_alone(results, scenes, effort=effort, selling=Effort.for_size(wanted))
    connections.close_all()
    with processes.whole_product() as (process, port, smtp_port):
        _measure_whole(results, scenes, process, port, smtp_port, effort=effort)
    return results


def _lay(results: dict, *, tickets: int, invoices: int) -> Scenes:
    """Fill the database; how long that took is the first of the results."""
    background.mailbox()
    with tqdm(total=tickets, unit=" tickets", unit_scale=True, file=sys.stderr, disable=None) as bar:
        results["load"] = load(tickets=tickets, now=timezone.now(), progress=bar.update).as_dict()
    desk = set_scene(tickets=tickets, now=timezone.now())
    results["shop_load"] = shop.open_shop(invoices=invoices, now=timezone.now()).as_dict()
    people, articles = min(tickets, accounts.USUAL_ACCOUNTS), min(tickets, wiki.USUAL_ARTICLES)
    return Scenes(
        desk=desk,
        shop=shop.set_shop_scene(session=desk.session, now=timezone.now()),
        review=review.set_review_scene(now=timezone.now()),
        insights=insights.set_insights_scene(now=timezone.now()),
        accounts=accounts.set_account_scene(accounts=people, staff=desk.agent, now=timezone.now()),
        training=training.set_training_scene(customer=Person.objects.latest("pk"), now=timezone.now()),
        wiki=wiki.set_wiki_scene(articles=articles, now=timezone.now()),
        people=people,
        articles=articles,
    )


def _measure_pages(results: dict, scenes: Scenes, port: int, *, effort: Effort, selling: Effort) -> None:
    """What one web process answers."""
    for_people, for_articles = Effort.for_size(scenes.people), Effort.for_size(scenes.articles)
    staff = {"staff": scenes.desk.session}
    for name, part, its_scene, rounds, options in (
        ("shop", shop.measure_pages, scenes.shop, selling.rounds, {}),
        ("review", review.measure, scenes.review, selling.rounds, staff),
        ("insights", insights.measure, scenes.insights, effort.rounds, staff),
        ("accounts", accounts.measure, scenes.accounts, for_people.rounds, {}),
        ("training", training.measure, scenes.training, effort.rounds, staff),
        ("wiki", wiki.measure, scenes.wiki, for_articles.rounds, staff),
        ("pages", pages.measure_pages, scenes.desk, effort.rounds, {}),
        ("actions", pages.measure_actions, scenes.desk, effort.actions, {}),
    ):
        results[name] = _step(name, part, its_scene, processes.HOST, port, rounds=rounds, **options)
    results["bytes"] = _step("bytes", pages.measure_bytes, scenes.desk, processes.HOST, port)


def _measure_alone(results: dict, scenes: Scenes, *, effort: Effort, selling: Effort) -> None:
    """What no web process takes part in."""
    rows = min(max(results["tickets"], imports.FEWEST), imports.USUAL_ROWS)
    for name, part, options in (
        ("slots", training.measure_search, {"scene": scenes.training, "rounds": effort.rounds}),
        ("pdf", shop.measure_pdf, {"count": selling.rounds}),
        ("issuing", shop.measure_issuing, {}),
        ("intake", background.measure_intake, {"count": effort.mails}),
        ("timers", background.measure_timers, {"count": effort.timers}),
        ("reasons", reasons.measure, {}),
        ("imports", imports.measure, {"rows": rows}),
    ):
        results[name] = _step(name, part, now=timezone.now(), **options)


def _measure_whole(results: dict, scenes: Scenes, process, port: int, smtp_port: int, *, effort: Effort) -> None:
    """Web, worker, timers and the listener together, as they are run."""
    desk = scenes.desk
    results["rest"] = _step("at rest", processes.wait_for_rest, process)
    results["memory"] = _step("memory", processes.measure_memory, process)
    results["worker"] = _step("worker", background.measure_worker, count=effort.mails, now=timezone.now())
    results["bulk"] = _step("bulk", bulk.measure_bulk, desk, processes.HOST, port, rounds=effort.bulks)
    measured = {"port": port, "smtp_port": smtp_port, "session": desk.session, "count": effort.live}
    results["mail_to_screen"] = _step("mail to screen", processes.measure_mail_to_screen, **measured)


def _step(name: str, function, *args, **options):
    """One part of the whole. A part that fails says so in the results and takes nothing else with it."""
    began = time.monotonic()
    try:
        result = function(*args, **options)
    except Exception as error:
        result = {"error": f"{type(error).__name__}: {error}"}
        print(f"{name}: {result['error']}", file=sys.stderr)
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return result
