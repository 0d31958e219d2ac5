"""The next ticket stands there at once (U1)."""

import re
import statistics

import pytest
from playwright.sync_api import Page, Request, expect

from tests.e2e.conftest import Visit
from tests.e2e.hands import box, listening, writes
from tests.factories.tickets import make_ticket
from tickets.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Milliseconds from the server's answer to the frame in which the next ticket's heading stands. What the server itself
# takes is measured by `make bench`: on a busy machine it says nothing.
PAINTED = """heading => new Promise((done) => {
  const start = performance.now();
  const isReply = (entry) => entry.name.includes("/write/");
  const answered = () => performance.getEntriesByType("resource").filter(isReply).pop().responseEnd;
  const look = () => {
    const now = document.querySelector("h2[data-heading]");
    if (now && now.id !== heading) requestAnimationFrame(() => done(performance.now() - answered()));
    else if (performance.now() - start > 10000) done(null); else requestAnimationFrame(look);
  };
  look(); })"""


def holds(page: Page, ticket: int) -> None:
    """Wait until the page of `ticket` has been fetched without being shown."""
    expect(page.locator("body")).to_have_attribute("data-ahead", re.compile(rf"/{ticket}/$"))


def is_page(request: Request) -> bool:
    """Whether a ticket's page is asked for in order to be shown."""
    is_ticket = re.search(r"/inbox/\w+/\d+/$", request.url) is not None
    return request.method == "GET" and is_ticket and request.headers.get("x-quiet") != "yes"


def row_after(page: Page) -> int:
    rows = page.locator("#tickets a[data-ticket]").evaluate_all("links => links.map((link) => +link.dataset.ticket)")
    return rows[rows.index(int(page.locator("#conversation").get_attribute("data-ticket"))) + 1]


def test_the_next_ticket_is_shown_from_what_was_fetched_and_is_read_only_then(visit: Visit, company):
    """U1: one key, no page load; what is shown is what the server would send; the cursor is ready."""
    for number in range(6):
        make_ticket(requester=company.dana, subject=f"Question {number}", mailbox=company.mailbox)
    screen = visit(company.maya)
    page = screen.page
    screen.open("/inbox/unassigned/")
    listening(page)
    page.keyboard.press("j")
    expect(page.locator("#conversation")).to_be_visible()
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url) if is_page(request) else None)
    times = []
    for _ in range(4):
        following = row_after(page)
        holds(page, following)
        assert Ticket.objects.get(pk=following).is_unread
        box(page).fill("Thank you, it is done.")
        page.evaluate(f"void (window.painted = ({PAINTED})(document.querySelector('h2[data-heading]').id))")
        box(page).press("Control+Enter")
        times.append(page.evaluate("window.painted"))
        expect(page).to_have_url(re.compile(rf"/{following}/$"))
        expect(page.locator(f"#text-{following}")).to_be_focused()

    assert loads == []
    assert statistics.median(times) < 300
    assert Ticket.objects.filter(category="closed", subject__startswith="Question").count() >= 3


def test_a_copy_is_dropped_when_the_customer_writes_meanwhile(visit: Visit, company):
    """What is shown is never older than what is known."""
    screen = visit(company.maya)
    page = screen.page
    screen.open("/inbox/mine/")
    listening(page)
    page.keyboard.press("j")
    expect(page.locator("#conversation")).to_be_visible()
    following = row_after(page)
    holds(page, following)

    writes(Ticket.objects.get(pk=following), "One more thing: it is urgent.")
    expect(page.locator("body")).not_to_have_attribute("data-ahead", re.compile("."))
    page.keyboard.press("j")

    expect(page.locator("#items")).to_contain_text("One more thing: it is urgent.")
    expect(page.locator(f"#tk-{following}")).to_be_focused()
    expect(page.locator(f"#conversation[data-ticket='{following}']")).to_be_visible()


def test_going_on_fetches_each_ticket_once_and_leaves_the_list_where_it_stands(visit: Visit, company):
    """U9, and at most 15 kB for a later page: nothing that the screen shows already comes again."""
    made = [make_ticket(requester=company.dana, subject=f"Question {number}") for number in range(4)]
    Ticket.objects.update(is_unread=False)
    screen = visit(company.maya)
    page = screen.page
    screen.open("/inbox/unassigned/")
    listening(page)
    asked: list[Request] = []

    def note(request: Request) -> None:
        """Pages gone to; what the live stream has fetched again says so (X-Regions) and has its own test."""
        if re.search(r"/unassigned/\d+/$", request.url) and "x-regions" not in request.headers:
            asked.append(request)

    page.on("request", note)
    page.evaluate("document.querySelector('#tickets').isTheOne = true")
    page.keyboard.press("j")
    expect(page.locator("#conversation")).to_be_visible()
    for _ in range(2):
        following = row_after(page)
        holds(page, following)
        page.keyboard.press("j")
        expect(page.locator(f"#conversation[data-ticket='{following}']")).to_be_visible()
        expect(page.locator("#tickets [aria-current]")).to_have_id(f"tk-{following}")
    holds(page, row_after(page))

    order = [request.url for request in asked]
    assert len(order) == len(set(order)) == len(made)
    assert page.evaluate("document.querySelector('#tickets').isTheOne")
    for request in asked:
        answer = request.response()
        assert answer is not None and 'id="tickets"' not in answer.text()
        assert request.sizes()["responseBodySize"] < 10_000
    page.locator("#tickets a").first.click()
    expect(page.locator("#tickets [aria-current]")).to_have_count(1)
