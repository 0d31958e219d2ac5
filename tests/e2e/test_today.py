"""The start of the day as an agent goes through it: by the keyboard, without scripts, in four looks (R8, R9, B4)."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.hands import listening
from tests.tickets.start_of_day.mornings import make_it_morning
from tickets.actions.start_of_day import counting, days, events
from tickets.models import DayRun, DeskDay, InboxSource, SourceGap, SourceItem, Ticket
from tickets.sources.facts import Facts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def morning(company) -> datetime:
    """Zendesk counts two more than the desk holds, the messenger is silent, voicemail waits to be counted, and two
    tickets of Maya's are left from before today.
    """
    now = timezone.now()
    make_it_morning(now)
    began = (now - timedelta(days=3)).date()
    places = (("zendesk", "Old Zendesk", 0), ("intercom", "Messenger", 40), ("other", "Voicemail", 0))
    made = {
        kind: InboxSource.objects.create(
            name=name, kind=kind, key=kind, began_on=began, created_at=now, last_ok_at=now - timedelta(minutes=minutes),
            freshness_minutes=None if kind == "other" else 15,
        )
        for kind, name, minutes in places
    }  # fmt: skip
    told = [_fact(number, now - timedelta(days=1)) for number in (4410, 4411, 4412)]
    events.keep_events(source=made["zendesk"], facts=told[:1], now=now)
    events.take_in_event(event_id=made["zendesk"].events.get().pk, now=now)
    lines = [f"{fact.item},{fact.at},{fact.subject},{fact.email}" for fact in told]
    content = "\n".join(["id,created at,subject,email", *lines]).encode()
    counting.take_export(source=made["zendesk"], content=content, by=company.maya, now=now)
    mine = Ticket.objects.unsolved().order_by("pk").values_list("pk", flat=True)[:3]
    Ticket.objects.filter(pk__in=list(mine)).update(assignee=company.maya)
    Ticket.objects.filter(pk__in=list(mine)[:2]).update(next_action_at=now - timedelta(days=2))
    days.keep_day(now=now)
    DeskDay.objects.update(captain=company.priya)
    return now


def _fact(number: int, at: datetime) -> Facts:
    moment = at.replace(microsecond=0).isoformat()
    return Facts(
        event=f"ticket:{number}", item=str(number), at=moment, opened_at=moment, subject=f"Gripper {number}",
        words="It is cracked.", name="Sam Whitlock", email="sam@whitlock.example",
    )  # fmt: skip


def test_every_screen_of_the_day_in_every_look(visit: Visit, company, morning):
    """U44, U46, U49, errors included."""
    zendesk, on = InboxSource.objects.get(kind="zendesk").pk, DeskDay.objects.get().on.isoformat()
    paths = ["/today/", f"/today/sources/{zendesk}/", f"/today/{on}/", "/inbox/mine/"]
    paths += [f"/settings/sources/{name}" for name in ("", "new/", f"{zendesk}/")]
    found = []
    for width, scheme in LOOKS:
        screen = visit(company.maya, width=width, scheme=scheme)
        for path in paths:
            screen.open(path)
            name = path.strip("/").replace("/", "-")
            screen.picture(f"today-{name}-{width}-{scheme}", full_page=True)
            found += [(path, width, scheme, line) for line in (*screen.axe(), *screen.sideways())]
        screen.open("/today/")
        screen.page.get_by_role("button", name="My start of the day is done").click()
        expect(screen.page.get_by_role("alert")).to_contain_text("Left from before today")
        screen.picture(f"today-stopped-{width}-{scheme}", full_page=True)
        found += [("stopped", width, scheme, line) for line in (*screen.axe(), *screen.sideways())]
    assert found == []


@pytest.mark.parametrize("script", [True, False])
def test_B4_an_agent_settles_what_is_missing_says_what_she_does_and_is_done(visit: Visit, company, morning, script):
    """U45, U53: with the keyboard alone, and with forms alone."""
    screen = visit(company.maya, script=script)
    page = screen.page
    screen.open("/inbox/mine/")
    page.get_by_role("link", name="Your start of the day is not done yet.").press("Enter")
    expect(page.get_by_role("heading", name="Did everything arrive?")).to_be_visible()
    if script:
        listening(page)
    page.keyboard.press("b") if script else page.get_by_role("button", name="Begin").press("Enter")
    expect(page.get_by_role("button", name="Begin")).to_have_count(0)

    page.get_by_role("link", name="Old Zendesk").press("Enter")
    page.get_by_role("button", name="Bring it in 4411").press("Enter")
    expect(page.get_by_role("status").filter(has_text="on a ticket now")).to_be_visible()
    page.get_by_label("Why 4412 is not missing").fill("A test of ours")
    page.get_by_label("Why 4412 is not missing").press("Enter")
    expect(page.get_by_text("“A test of ours”")).to_be_visible()
    for name in ("Messenger", "Voicemail"):
        page.get_by_role("link", name="Today").last.press("Enter")
        page.get_by_role("link", name=name).press("Enter")
        page.get_by_label("How many came there").fill("0")
        if name == "Voicemail":
            page.get_by_label("How many of them are on tickets here").fill("0")
        page.get_by_role("button", name="Keep the count").press("Enter")
        expect(page.get_by_text("Nothing missing")).to_be_visible()

    screen.open("/today/")
    for words in ("I ring them at two", "The carrier answers today"):
        page.get_by_placeholder("What you do about it today").first.fill(words)
        page.get_by_placeholder("What you do about it today").first.press("Enter")
        expect(page.get_by_text(words)).to_be_visible()
    page.get_by_label("What tomorrow has to know").fill("Say that the boxes are late.")
    page.get_by_role("button", name="My start of the day is done").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Your start of the day is done.")).to_be_visible()
    screen.open("/inbox/mine/")
    expect(page.get_by_role("link", name="Your start of the day is not done yet.")).to_have_count(0)

    run = DayRun.objects.get(person=company.maya)
    assert (run.checks.count() >= 3, run.handover) == (True, "Say that the boxes are late.")
    assert SourceItem.objects.get(external_id="4411").ticket.requester.email == "sam@whitlock.example"
    assert not SourceGap.objects.filter(state="missing").exists()
