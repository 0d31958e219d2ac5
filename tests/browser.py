"""Debian's Chromium for tests that look at pages. One a process: Playwright keeps its loop in the test's thread."""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

Result = TypeVar("Result")

# Both are Debian's and draw with the same engine. The shell has no windows around its pages, and takes a third of the
# processor for a test.
SHELL, FULL = Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")
CHROMIUM = SHELL if SHELL.exists() else FULL
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
IS_WANTED = os.environ.get("TEST_BROWSER") == "1" and CHROMIUM.exists()

if IS_WANTED:
    # The loop runs on between tests, where Django would take every query for one from inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of this process.

    What Django opened before is closed: beside a running loop it looks for its connections in another place, so that
    these would stay open, unseen, and come back in a forked process, which has no loop.
    """
    connections.close_all()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


def run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """What `asyncio.run` gives, in a thread of its own: Playwright's loop goes on running in the tests' thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need a browser run where TEST_BROWSER=1 and there is one."""
    for item in items:
        if not IS_WANTED and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="Set TEST_BROWSER=1 where Chromium or its headless shell is."))
