"""The desk when something is slow, cut off, enlarged or walked through by Tab."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from tests.e2e.conftest import Visit, _cookie
from tests.e2e.hands import box, listening
from tests.factories.tickets import make_ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_session_that_ends_is_said_in_words_and_no_sign_in_page_enters_the_list(visit: Visit, company):
    """U7, S28."""
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    listening(page)
    box(page).fill("Half a thought")

    Session.objects.all().delete()
    make_ticket(requester=company.dana, subject="After the end", mailbox=company.mailbox)

    expect(page.locator("#trouble")).to_contain_text("You are signed out.")
    expect(box(page)).to_have_value("Half a thought")
    assert "After the end" not in page.locator("#tickets").inner_text()
    assert page.locator("input[name=password]").count() == 0


def test_sending_after_the_session_ended_keeps_every_word_on_the_page(visit: Visit, company):
    """U48."""
    screen = visit(company.maya)
    screen.page.route("**/live/", lambda route: route.abort())
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    box(page).fill("My answer.")
    Session.objects.all().delete()

    box(page).press("Control+Enter")

    expect(page.locator("#trouble")).to_contain_text("You are signed out.")
    expect(box(page)).to_have_value("My answer.")
    assert f"/{company.declined.pk}/" in page.url
    assert not company.declined.messages.filter(author="agent").exists()
    screen.failures.clear()  # the browser's own word for the stream that we cut


def test_without_the_live_stream_the_page_looks_by_itself(visit: Visit, company):
    """U7: the fallback of stack.md, every fifteen seconds."""
    screen = visit(company.maya)
    screen.page.route("**/live/", lambda route: route.abort())
    screen.open("/inbox/unassigned/")
    expect(screen.page.locator("body")).to_have_attribute("data-live-state", "off")

    make_ticket(requester=company.dana, subject="Found by looking", mailbox=company.mailbox)

    expect(screen.page.locator("#tickets")).to_contain_text("Found by looking", timeout=20_000)
    screen.failures.clear()  # the browser's own word for the stream that we cut


def test_a_slow_answer_shows_at_once_that_something_happens(visit: Visit, company):
    """U48: as soon as it is sent, before any answer; and a second press does nothing."""
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page = screen.page
    box(page).fill("My answer.")
    held = []
    page.route("**/write/**", lambda route: held.append(route))

    box(page).press("Control+Enter")

    expect(page.locator("#composer.htmx-request")).to_be_visible()
    box(page).press("Control+Enter")
    assert len(held) == 1
    held.pop().continue_()
    expect(page).not_to_have_url(re.compile(rf"/{company.declined.pk}/"))
    assert company.declined.messages.filter(author="agent").count() == 1


def test_an_answer_goes_into_its_place_although_what_asked_for_it_is_gone(visit: Visit, company):
    """U14: undo, whose button `/live` takes away before the answer comes; the page was put into itself."""
    screen, ticket = visit(company.maya), company.declined
    page = screen.page
    screen.open(f"/inbox/mine/{ticket.pk}/")
    listening(page)
    page.keyboard.press("e")
    expect(page.locator("#dialog[open]").get_by_text("Likely")).to_be_visible()
    page.keyboard.press("Enter")
    undo = page.locator("#outbox .toast button")
    expect(undo).to_be_visible()
    held = []
    page.route("**/desk/undo/**", lambda route: held.append((route, route.fetch())))

    undo.click()
    expect(undo).to_have_count(0)
    route, answer = held.pop()
    route.fulfill(response=answer)

    expect(page.get_by_text(f"Taken back: ticket {ticket.pk}.").first).to_be_visible()
    expect(page.locator("main")).to_have_count(1)


SPACING = """() => { const sheet = new CSSStyleSheet();
  sheet.replaceSync("*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}");
  document.adoptedStyleSheets = [sheet]; }"""


@pytest.mark.parametrize("path", ["/inbox/mine/", "/inbox/mine/{0}/", "/desk/tickets/{0}/snooze/", "/failed-mail/"])
def test_wide_letters_and_large_text_lose_nothing(visit: Visit, company, path):
    """U46."""
    company.undelivered()
    screen = visit(company.maya, width=1280)
    screen.open(path.format(company.declined.pk))

    screen.page.evaluate(SPACING)
    assert screen.sideways() == []
    screen.page.set_viewport_size({"width": 640, "height": 400})
    assert screen.sideways() == []


def test_every_control_that_is_reached_by_tab_is_seen_and_not_covered(visit: Visit, company):
    """U45."""
    screen = visit(company.maya)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    page, bad, seen = screen.page, [], 0

    for _ in range(120):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or stop == "again":
            break
        seen += 1
        if not (stop["outlined"] and stop["inside"] and stop["uncovered"]):
            bad.append(stop)

    assert bad == []
    assert seen > 25


STOP = """() => { const e = document.activeElement;
  if (e === document.body) return null;
  if (e.dataset.tabbed) return "again";
  e.dataset.tabbed = "yes";
  if (e.tagName === "IFRAME") return {outlined: true, inside: true, uncovered: true};
  const host = getComputedStyle(e).opacity === "0" && e.closest("label") || e;
  const box = host.getBoundingClientRect(), style = getComputedStyle(host);
  const x = Math.min(innerWidth - 1, Math.max(0, box.x + box.width / 2));
  const y = Math.min(innerHeight - 1, Math.max(0, box.y + Math.min(box.height / 2, 20)));
  const top = document.elementFromPoint(x, y);
  return {
    what: e.outerHTML.slice(0, 80),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight,
    uncovered: Boolean(top && (host.contains(top) || top.contains(host))),
  };
}"""


def break_once(page, pattern: str, method: str) -> list[str]:
    """The next request to `pattern` is answered by a server that failed; answers what was broken so far."""
    broken: list[str] = []

    def once(route):
        if route.request.method != method or broken:
            return route.fallback()
        broken.append(route.request.url)
        return route.fulfill(status=500, body="<h1>Something broke on our side</h1>")

    page.route(pattern, once)
    return broken


def test_what_failed_is_asked_again_in_place_with_everything_that_was_typed(visit: Visit, company):
    """U48: opening a dialog, a form in it, an answer, and many tickets at once; each by the banner's one button."""
    screen, ticket = visit(company.maya), company.declined
    page, trouble = screen.page, screen.page.locator("#trouble")
    screen.open(f"/inbox/mine/{ticket.pk}/")
    listening(page)
    again = page.get_by_role("button", name="Try again")

    break_once(page, "**/details/**", "GET")
    page.keyboard.press("d")
    expect(trouble).to_contain_text("nothing was changed")
    again.click()
    form = page.locator("#dialog[open]")
    form.get_by_label("Subject").fill("A better subject")
    break_once(page, "**/details/**", "POST")
    form.get_by_role("button", name="Save").click()
    expect(form.locator("#trouble")).to_contain_text("nothing was changed")
    expect(form.get_by_label("Subject")).to_have_value("A better subject")
    for width, scheme in ((1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        screen.picture(f"failed-form-{width}-{scheme}")
        assert [*screen.axe(), *screen.sideways()] == []
    page.set_viewport_size({"width": 1440, "height": 900})
    form.get_by_role("button", name="Try again").click()
    expect(page.locator("#main")).to_contain_text("A better subject")
    expect(trouble).to_be_hidden()

    broken = break_once(page, "**/write/**", "POST")
    box(page).fill("My answer.")
    box(page).press("Control+Enter")
    expect(trouble).to_contain_text("nothing was changed")
    expect(box(page)).to_have_value("My answer.")
    again.click()
    expect(page).not_to_have_url(re.compile(rf"/{ticket.pk}/"))
    assert len(broken) == 1
    assert ticket.messages.filter(author="agent", text="My answer.").count() == 1

    break_once(page, "**/desk/bulk/", "POST")
    page.locator("#tickets a[data-ticket]").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("a")
    expect(trouble).to_contain_text("nothing was changed")
    again.click()
    expect(page.locator("#dialog[open]")).to_contain_text("Assign: 1 ticket")
    screen.failures.clear()  # the browser's own words for the answers that we broke


def signs_in_anew(screen, person) -> None:
    """In another tab: another session and another token than this page holds."""
    screen.page.context.clear_cookies()
    screen.page.context.add_cookies([_cookie(person, screen.address)])


def test_a_form_keeps_its_words_through_the_end_of_the_session_and_offline(visit: Visit, company):
    """U48, S28: no sign-in page in a dialog; a form that is a page of its own is not sent into nothing."""
    screen, ticket = visit(company.maya), company.declined
    page, trouble = screen.page, screen.page.locator("#trouble")
    looked = []
    page.route("**/seen/", lambda route: looked.append(route))  # the page tells by itself that somebody looked: later
    with page.expect_request("**/seen/"):
        screen.open(f"/inbox/mine/{ticket.pk}/")
    page.keyboard.press("d")
    form = page.locator("#dialog[open]")
    form.get_by_label("Subject").fill("Half a subject")
    Session.objects.all().delete()

    form.get_by_role("button", name="Save").click()
    expect(trouble).to_contain_text("You are signed out.")
    expect(form.get_by_label("Subject")).to_have_value("Half a subject")
    assert page.locator("input[name=password]").count() == 0
    form.get_by_role("button", name="Try again").click()
    expect(trouble).to_contain_text("You are not signed in yet.")
    signs_in_anew(screen, company.priya)
    form.get_by_role("button", name="Try again").click()
    expect(trouble).to_contain_text("Somebody else is signed in now.")
    expect(form.get_by_label("Subject")).to_have_value("Half a subject")
    form.get_by_role("button", name="Save").click()
    expect(trouble).to_contain_text("This page is out of date")
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/seen/")):
        looked.pop().continue_()  # refused as well: "Try again" goes on meaning the form
    expect(trouble).to_contain_text("This page is out of date")
    signs_in_anew(screen, company.maya)
    form.get_by_role("button", name="Try again").click()
    expect(page.locator("#main")).to_contain_text("Half a subject")

    screen.open("/settings/teams/new/")
    name = page.get_by_label("Name", exact=True)
    name.fill("Said offline")
    page.context.set_offline(True)
    name.press("Enter")
    expect(trouble).to_contain_text("You are offline, so nothing was sent.")
    expect(name).to_have_value("Said offline")
    page.context.set_offline(False)
    expect(trouble).to_contain_text("You are back online.")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#main")).to_contain_text("Said offline")
    screen.failures.clear()  # the browser's own words for the requests that were cut
