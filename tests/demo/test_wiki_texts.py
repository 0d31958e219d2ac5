"""What the demo's wiki says is complete, leads somewhere, and is what the product does."""

import re
from collections import Counter

from billing.allowances import BUILT_IN
from billing.models import Seller
from billing.review_facts_refund import PAID_WITHIN, PHOTO_FROM
from knowledgebase.choices import ArticleKind
from knowledgebase.markdown import render
from knowledgebase.process_text import read
from supportdesk.demo.store import SELLER, WARES
from supportdesk.demo.wiki import Page, all_pages
from supportdesk.demo.wiki_changes import all_changes
from supportdesk.lib import money
from tickets.flow_words import KNOWN

LINK = re.compile(r"\[\[([a-z0-9-]+)")
PAGES = {page.slug: page for page in all_pages()}


def _shown(amount: int) -> str:
    return money.shown(amount, "USD").removeprefix("US")


def _says(slug: str, *figures: str) -> list[str]:
    """Those of `figures` that the page does not say."""
    return [figure for figure in figures if figure not in PAGES[slug].markdown]


def test_the_demo_has_forty_articles_eight_processes_and_the_mails_of_two_flows():
    kinds = Counter((page.space, page.kind) for page in PAGES.values())
    assert sum(count for (_, kind), count in kinds.items() if kind == ArticleKind.PAGE) >= 40
    assert kinds["help", ArticleKind.PAGE] >= 24
    assert kinds["customers", ArticleKind.PAGE] >= 5
    assert kinds["work", ArticleKind.PROCESS] == 8
    assert kinds["templates", ArticleKind.TEMPLATE] >= 14
    assert PAGES["refund-override"].space == "work"  # what A4 looks for


def test_every_link_leads_to_a_page_that_the_same_people_read():
    reads = {"help": {"help"}, "customers": {"help", "customers"}, "templates": {"help", "customers"}}
    for page in PAGES.values():
        for slug in LINK.findall(page.markdown):
            assert slug in PAGES, f"{page.slug} leads to {slug}"
            assert PAGES[slug].space in reads.get(page.space, {"help", "customers", "work", "templates"}), page.slug
        addresses = [address for address in render(page.markdown).links if address.startswith("/a/")]
        assert len(addresses) == len(set(LINK.findall(page.markdown))), f"a link of {page.slug} is broken by its table"


def test_processes_can_be_run_and_mails_can_be_filled():
    for page in PAGES.values():
        if page.kind == ArticleKind.PROCESS:
            text = read(page.markdown)
            assert text.problems == [] and text.how and text.when and text.who, page.slug
            assert len(text.steps) >= 4 and all(step.who and step.due_minutes for step in text.steps), page.slug
        if page.kind == ArticleKind.TEMPLATE:
            assert set(re.findall(r"\{([a-z_]+)\}", page.markdown)) <= set(KNOWN), page.slug


def test_each_change_fits_the_text_that_it_changed():
    for page in PAGES.values():
        _rewind(page)
    assert {change.slug for change in all_changes()} <= set(PAGES)
    assert Counter(change.waits for change in all_changes())[True] == 1


def _rewind(page: Page) -> None:
    text = page.markdown
    for change in reversed([one for one in all_changes() if one.slug == page.slug]):
        for before, now in reversed(change.swaps):
            held = before if change.waits or change.answer else now
            assert text.count(held) == 1, (page.slug, held)
            if not (change.waits or change.answer):
                text = text.replace(now, before)


def test_figures_are_those_of_the_store_and_of_the_rules():
    prices = [_shown(ware.price) for ware in WARES if ware.price]
    sizes = [_shown(price) for ware in WARES for size in ware.sizes for price in size[1:]]
    assert _says("store", *prices, *sizes) == []
    starter = money.shown(Seller().starter_credit_limit, "USD")
    assert _says("credit-on-account", starter, f"within {SELLER['due_days']} days") == []
    assert _says("tax-exemption", money.shown(Seller().exemption_threshold, "USD")) == []
    assert _says("refunds", f"**{PAID_WITHIN} days**", money.shown(PHOTO_FROM, "USD")) == []
    assert _says("coupons", "WELCOME100", "US$19.00") == []
    limits = {role: BUILT_IN[role] for role in ("agent", "lead")}
    assert _says("refund-override", *(_shown(one.refund_most) for one in limits.values())) == []
    assert _says("money-at-the-desk", _shown(limits["agent"].goodwill_a_day)) == []
