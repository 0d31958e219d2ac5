"""What strangers put into addresses and forms: never an error of ours, and no secret of an address in a log."""

import re
from collections.abc import Iterable
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.choices import Role
from supportdesk.lib.logging import hide_secrets
from tests.factories.accounts import make_person, make_staff, sign_in
from tests.house.test_audience import PATTERNS, STAFF, audience_of, methods_of

CANARY = "canary-Canary_canary-Canary_canary-Canary_1"  # as long as a token of 256 bits


def test_S58_what_opens_something_by_its_address_alone_stands_in_no_log():
    shown = []
    for route, _ in PATTERNS:
        address = re.sub(r"<(?:str:)?(?:token|key)>", CANARY, route)
        if CANARY in address and CANARY[-20:] in hide_secrets(f"Not Found: {re.sub('<.*?>', '7', address)}"):
            shown.append(route)

    assert shown == []


# Every name that a page of ours reads off its address, with what is worst where a day, and where a number, is read.
DAYS = ("at", "day", "days", "month", "months", "since", "until", "week", "before")
NUMBERS = (
    "after",
    "following",
    "kind",
    "made_in",
    "n",
    "order",
    "page",
    "person",
    "reason",
    "team",
    "ticket",
    "trainer",
)
WORDS = ("find", "hardware", "in", "next", "of", "priority", "product", "q", "s", "state", "tz", "version")
MARKUP = "\"'><img src=x onerror=alert(1)>\x00\u202e"
NONSENSE = {
    "markup": dict.fromkeys((*DAYS, *NUMBERS, *WORDS), MARKUP),
    "beyond all days and numbers": {
        **dict.fromkeys(DAYS, "9999-12-31T23:59Z"), **dict.fromkeys(NUMBERS, "9" * 30), **dict.fromkeys(WORDS, "²"),
    },
}  # fmt: skip
GAPS = ("%00", "%FF%C3%A9", "9999-12", "0" * 300)
PLAIN = [(route, pattern) for route, pattern in PATTERNS if not pattern.pattern.converters]
TEXT = [(route, pattern) for route, pattern in PATTERNS if re.search(r"<(?:str|slug|path):", route)]


@pytest.fixture
def boss(db) -> Client:
    """Whoever may do everything. An error that no page foresaw is an answer here, so that all are seen at once."""
    client = Client(raise_request_exception=False)
    sign_in(client, make_staff(Role.AGENT, Role.LEAD, Role.ADMIN, Role.REVIEWER, Role.EDITOR))
    return client


@pytest.fixture
def somebody(db) -> Client:
    """A customer, who is not asked to prove it again."""
    client = Client(raise_request_exception=False)
    sign_in(client, make_person())
    return client


def broken(client: Client, tries: Iterable[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """The method, the address and the status of what is an error of ours, or shows markup as it came."""
    found = []
    for method, address in tries:
        answer = client.generic(method, address)
        is_page = "html" in answer.headers.get("Content-Type", "")
        if answer.status_code >= 500 or (is_page and b"<img src=x" in answer.content):
            found.append((method, address[:80], answer.status_code))
    return found


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_S25_any_page_takes_any_question_behind_its_address(boss, somebody, nonsense):
    asked = urlencode(NONSENSE[nonsense])
    pages = [
        (route, audience_of(pattern.callback)) for route, pattern in PLAIN if "GET" in methods_of(pattern.callback)
    ]
    ours = [("GET", f"{route}?{asked}") for route, whom in pages if whom.startswith(STAFF)]
    theirs = [("GET", f"{route}?{asked}") for route, whom in pages if not whom.startswith(STAFF)]

    assert len(ours) > 60 and len(theirs) > 20
    assert broken(boss, ours) + broken(somebody, theirs) == []


def test_S25_any_text_in_an_address_is_a_page_that_says_so(boss, somebody):
    """Tokens, months, days, names of pages: what was never made is 404, 410 or a sentence, by every method."""
    ours, theirs = [], []
    for route, pattern in TEXT:
        by = ours if audience_of(pattern.callback).startswith(STAFF) else theirs
        for gap in GAPS:
            address = re.sub(r"<int:\w+>", "1", re.sub(r"<(?:str|slug|path):\w+>", gap, route))
            by += [(method, address) for method in ("GET", "POST") if method in methods_of(pattern.callback)]

    assert len(ours) > 60 and len(theirs) > 100
    assert broken(boss, ours) + broken(somebody, theirs) == []
