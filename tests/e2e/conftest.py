"""Journeys in Debian's Chromium against the product's own processes. Set TEST_BROWSER=1 where Chromium is installed."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.company import Company
from tests.e2e.servers import site as running_site

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "tests" / "vendor" / "axe.min.js"
PUBLISHED = {
    "desk-1440-light", "desk-1440-dark", "desk-390-light", "snooze-dialog-1440-light", "bulk-bar-1440-light",
    "palette-1440-dark", "together-preview-1440-light", "failed-delivery-1440-light",
    "customer-thread-390-light", "customer-contact-390-light",
}  # fmt: skip
# Browsers, servers and databases of several tests share a small machine; how fast a page is, `make bench` says.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def address(django_db_setup) -> Iterator[str]:
    """Where the pages are."""
    with running_site() as where:
        yield where


class Screen:
    """A page in a browser, and what went wrong on it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.violations: list[str] = []
        self.failures: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.failures.append(str(error)))

    def _listen(self, message) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.violations.append(message.text)
        elif message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.failures.append(message.text)

    def open(self, path: str) -> None:
        """Go there and wait until it stands."""
        answer = self.page.goto(self.address + path, wait_until="load")
        assert answer is not None and answer.ok, f"{path} answered {answer and answer.status}"

    def axe(self) -> list[str]:
        """What axe finds wrong, in a line each."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", TAGS
        )
        return [
            f"{one['impact']} {one['id']} x{len(one['nodes'])}: {one['nodes'][0]['target']}"
            f" {one['nodes'][0]['failureSummary'].splitlines()[1].strip()}"
            for one in found["violations"]
        ]

    def picture(self, name: str, *, full_page: bool = False) -> None:
        """A picture in VAR_DIR/pictures; with TEST_PICTURES=1 the README's own are taken anew in docs/screenshots."""
        is_wanted = name in PUBLISHED and os.environ.get("TEST_PICTURES") == "1"
        folder = ROOT / "docs" / "screenshots" if is_wanted else Path(settings.VAR_DIR) / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", full_page=full_page)

    def sideways(self) -> list[str]:
        """What sticks out of the window to the right."""
        return self.page.evaluate(
            """() => { const W = document.documentElement.clientWidth;
              const out = document.documentElement.scrollWidth > W + 1 ? ['the page scrolls sideways'] : [];
              for (const e of document.querySelectorAll('body *')) { const r = e.getBoundingClientRect();
                if (r.width && r.right > W + 1 && !e.closest('.tabs,dialog:not([open]),.vh,svg,.table-scroll,pre,.clip')
                  && getComputedStyle(e).position !== 'absolute') out.push(e.tagName + '.' + e.className); }
              return out.slice(0, 4); }"""
        )

    def focused(self) -> str:
        """The id, or the tag, of what has the focus."""
        return self.page.evaluate("document.activeElement.id || document.activeElement.tagName")


Visit = Callable[..., Screen]


@pytest.fixture
def company(transactional_db) -> Company:
    """Example Robotics, this morning."""
    return Company(timezone.now())


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visit]:
    """`visit(agent)` is a browser of somebody who is signed in. No page may break the CSP (U49)."""
    screens: list[tuple[Screen, BrowserContext]] = []

    def start(person=None, *, width: int = 1440, scheme: str = "light", script: bool = True, **options) -> Screen:
        is_phone = width < 800
        context = chromium.new_context(
            viewport={"width": width, "height": 844 if is_phone else 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=script,
            has_touch=is_phone,
            is_mobile=is_phone,
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        if person is not None:
            context.add_cookies([_cookie(person, address)])
        screen = Screen(context.new_page(), address)
        screens.append((screen, context))
        return screen

    yield start
    violations = [line for screen, _ in screens for line in screen.violations]
    failures = [line for screen, _ in screens for line in screen.failures]
    for _, context in screens:
        context.close()
    assert violations == []
    assert failures == []


def _cookie(person, address: str) -> dict:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": address}
