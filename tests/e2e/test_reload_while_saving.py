"""A page that is loaded again while its words are still on their way to the server: one writer, one draft (U5)."""

from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.e2e.conftest import Visit
from tests.e2e.hands import box
from tests.e2e.test_composer import saved
from tickets.models import Draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LATE, UNANSWERED, LOST = "late", "unanswered", "lost"
# A page that ends as in a crash sends nothing with its last breath.
NO_LAST_BREATH = """(() => { const send = window.fetch.bind(window);
  window.fetch = (where, how) => (how?.keepalive ? Promise.reject(new TypeError("gone")) : send(where, how)); })()"""


class Road:
    """The way from a page to the server. The first page's first save arrives LATE, right before that of the next page;
    or at once, and its answer is lost; or never. What the first page saves after it never arrives.
    """

    def __init__(self, page: Page, first: str) -> None:
        self.page, self.first = page, first
        self.held: Request | None = None
        page.add_init_script(NO_LAST_BREATH)
        page.route("**/draft/", self._pass)

    def _pass(self, route: Route) -> None:
        key = key_of(route.request)
        if self.held is None:
            self.held, self.key = route.request, key
            if self.first == UNANSWERED:
                self._deliver()
        elif key != self.key:
            if self.first == LATE:
                self._deliver()
            self.first = LOST
            route.continue_()

    def _deliver(self) -> None:
        assert self.held is not None
        said = {name: self.held.headers[name] for name in ("accept", "content-type", "x-csrftoken")}
        answer = self.page.request.post(self.held.url, data=self.held.post_data, headers=said)
        assert answer.status == 200


def key_of(request: Request) -> str:
    return parse_qs(request.post_data or "")["key"][0]


def types(page: Page, first: str, then: str) -> None:
    """The first words are being saved when the others are typed; the others are in this browser alone."""
    with page.expect_request("**/draft/"):
        box(page).press_sequentially(first)
    box(page).press_sequentially(then)
    page.wait_for_function("then => Object.values(localStorage).some((one) => one.includes(then))", arg=then)


@pytest.mark.parametrize("first", [LATE, UNANSWERED])
def test_a_save_under_way_while_the_page_is_loaded_again_is_no_other_window(visit: Visit, company, first):
    """Late: the new page is refused because of the old page's save. Unanswered: it is drawn with half of the words."""
    screen = visit(company.maya)
    page = screen.page
    Road(page, first)
    screen.open(f"/inbox/mine/{company.declined.pk}/")
    types(page, "Dear Dana", ", thank you")
    page.locator("#composer details.extras summary").click()
    page.locator("#id_cc").fill("bea@school.example")
    page.wait_for_function("() => Object.values(localStorage).some((one) => one.includes('bea@'))")

    page.reload()

    expect(box(page)).to_have_value("Dear Dana, thank you")
    saved(page)
    with page.expect_response(lambda one: "thank+you%21" in (one.request.post_data or "") and one.ok):
        box(page).press_sequentially("!")
    expect(page.locator("#id_cc")).to_have_value("bea@school.example")
    expect(page.locator("[data-clash]")).to_be_hidden()
    page.wait_for_function("() => !Object.keys(localStorage).some((one) => one.startsWith('draft:'))")
    draft = Draft.objects.get()
    assert (draft.text, draft.cc) == ("Dear Dana, thank you!", "bea@school.example")
    page.unroute_all(behavior="ignoreErrors")
    screen.failures.clear()  # the browser's own words for what we cut


def test_words_of_a_real_other_window_are_told_after_a_reload_too(visit: Visit, company):
    """What this browser sent is its own; what somebody wrote elsewhere meanwhile is not, and both texts stay."""
    screen, other = visit(company.maya), visit(company.maya)
    page = screen.page
    Road(page, LOST)
    for one in (screen, other):
        one.open(f"/inbox/mine/{company.declined.pk}/")
    types(page, "From the", " office")
    box(other.page).press_sequentially("From the train")
    saved(other.page)

    page.reload()

    expect(page.locator("[data-clash]")).to_contain_text("which the desk never got")
    page.get_by_role("button", name="Add the other words below").click()
    expect(box(page)).to_have_value("From the train\n\nFrom the office")
    saved(page)
    assert Draft.objects.get().text == "From the train\n\nFrom the office"
    page.unroute_all(behavior="ignoreErrors")
    screen.failures.clear()
