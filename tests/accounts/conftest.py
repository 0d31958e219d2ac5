"""A real browser for the pages of this app."""

import os
from pathlib import Path

import pytest

from tests.factories.accounts import sign_in

AXE = (Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# With SHOTS=folder every combination is opened and kept as a picture; two of them see each width and each scheme.
ALL = [(1440, "light"), (390, "dark"), (1440, "dark"), (390, "light")]
VARIANTS = ALL if os.environ.get("SHOTS") else ALL[:2]


@pytest.fixture(scope="session")
def browser(chromium):
    """Chromium."""
    return chromium


@pytest.fixture
def look(browser, live_server, client):
    """Open an address as somebody in every width and scheme, and answer what is wrong with each."""

    def open_page(address: str, *, person=None, fill=None, name: str = "") -> list[str]:
        cookies = []
        if person:
            sign_in(client, person)
            cookies = [
                {"name": key, "value": cookie.value, "url": live_server.url} for key, cookie in client.cookies.items()
            ]
        return [
            fault
            for variant in VARIANTS
            for fault in _faults(browser, live_server.url + address, variant, cookies, fill, name)
        ]

    return open_page


def _faults(browser, url, variant, cookies, fill, name) -> list[str]:
    width, scheme = variant
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.add_cookies(cookies)
    page = context.new_page()
    # The stream is another process's, which this server does not have; 204 tells a browser not to ask again.
    page.route("**/live/**", lambda route: route.fulfill(status=204))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    answer = page.goto(url)
    if fill:
        fill(page)
    page.wait_for_load_state("load")
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name or 'page'}-{width}-{scheme}.png", full_page=True)
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    faults = [f"{url} {width} {scheme}: {one['id']} {one['nodes'][0]['html']}" for one in found["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append(f"{url} {width}: scrolls sideways")
    if answer.status >= 400 or any("422" not in text for text in said):
        faults.append(f"{url}: {answer.status} {said}")
    context.close()
    return faults
