"""What a screen of the desk brings over the wire: 80 kB at first, 15 kB later. Bytes are no time: they can be held."""

import re
from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from supportdesk.load.words import Words
from tests.factories.accounts import make_person
from tests.factories.tickets import make_ticket
from tickets.actions import intake
from tickets.models import Ticket
from tickets.queries_desk.inbox import PAGE_SIZE

pytestmark = pytest.mark.django_db

FIRST, LATER = 80_000, 15_000
ASSET = re.compile(r'(?:href|src)="/static/([^"#]+)')
HEADERS = 480  # of an answer, measured
PART = {"hx-request": "true", "hx-boosted": "true"}


def weight(desk: Client, path: str, **headers: str) -> tuple[int, str]:
    """Bytes of a page over the wire, and its text."""
    answer = desk.get(path, headers={"accept-encoding": "gzip, br", **headers})
    return len(answer.content) + HEADERS, brotli.decompress(answer.content).decode()


def of_asset(name: str) -> int:
    """Bytes of a static file as it is served: what is not packed already is packed as tightly as can be."""
    path = finders.find(name)
    assert isinstance(path, str), name
    content = Path(path).read_bytes()
    return HEADERS + (len(content) if name.endswith(".woff2") else len(brotli.compress(content)))


def test_a_screen_weighs_no_more_than_it_has_to(desk, agent):
    """A full list of different people and words, and a ticket with five messages."""
    words, told = Words(seed=5), [Words(seed=6).ticket() for _ in range(PAGE_SIZE + 1)]
    for number, one in enumerate(told):
        person = make_person(email=f"person{number}@school.example", name=words.spiced("Person")[:30])
        ticket = make_ticket(requester=person, subject=f"{one.subject} {number}", text=words.spiced(one.subject) * 3)
    for _ in range(4):
        intake.add_customer_message(
            ticket=ticket, person=person, text=words.spiced("It still does not work.") * 4, channel="mail",
            now=timezone.now(),
        )  # fmt: skip
    ticket = Ticket.objects.get(pk=ticket.pk)
    page, text = weight(desk, f"/inbox/all/{ticket.pk}/")
    assets = {name: of_asset(name) for name in dict.fromkeys(ASSET.findall(text))}
    listed, _ = weight(desk, "/inbox/all/")
    whole, _ = weight(desk, f"/inbox/all/{ticket.pk}/", **PART)
    beside, pane = weight(desk, f"/inbox/all/{ticket.pk}/", **PART, **{"x-list": "/inbox/all/"})
    refreshed, live = weight(desk, f"/inbox/all/{ticket.pk}/", **PART, **{"x-regions": "live"})

    assert page + sum(assets.values()) < FIRST, assets
    assert listed + sum(assets.values()) < FIRST
    assert max(whole, refreshed) < LATER
    assert beside < LATER * 2 / 3
    assert 'id="tickets"' not in pane and 'id="composer"' in pane
    assert 'id="tickets"' in live and 'id="composer"' not in live


@pytest.mark.parametrize("beside", ["/inbox/mine/", "/inbox/all/?after=x", "", "\x00"])
def test_a_ticket_of_another_list_brings_its_own(desk, ticket, beside):
    """What the screen shows is left out only where it is the very same list, and never of a page that is loaded."""
    assert 'id="tickets"' in weight(desk, f"/inbox/all/{ticket.pk}/", **PART, **{"x-list": beside})[1]
    assert 'id="tickets"' in weight(desk, f"/inbox/all/{ticket.pk}/", **{"x-list": "/inbox/all/"})[1]


def test_a_reply_that_is_refused_comes_back_whole(desk, ticket):
    headers = {**PART, "x-list": "/inbox/all/", "x-regions": "live"}
    answer = desk.post(f"/inbox/all/{ticket.pk}/write/", {"kind": "reply", "text": "", "then": "stay"}, headers=headers)

    assert answer.status_code == 422
    assert 'id="tickets"' in answer.content.decode() and 'id="composer"' in answer.content.decode()
