"""How an admin sets the desk up, mostly with scripts switched off."""

import re
import time

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Invite
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind, MailState
from mail.models import Mailbox, OutgoingMail
from tests.e2e.company import Company
from tests.e2e.conftest import Screen, Visit
from tests.e2e.servers import free_port
from tickets.actions.setup import calendars, levels, reasons, statuses, teams
from tickets.models import BusinessCalendar, ReplyTemplate, Team

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(transactional_db) -> Company:
    return Company(timezone.now())


def prove(screen: Screen, person) -> None:
    """As if the person at this browser had signed in a moment ago."""
    cookies = {cookie["name"]: cookie["value"] for cookie in screen.page.context.cookies()}
    session = SessionStore(cookies[settings.SESSION_COOKIE_NAME])
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


def test_an_admin_makes_a_promise_without_scripts(visit: Visit, company):
    """U53: a calendar with a lunch break, a level that counts by it, a team that keeps it."""
    screen = visit(company.maya, script=False)
    page = screen.page
    screen.open("/settings/")
    page.get_by_role("main").get_by_role("link", name=re.compile("^Calendars")).click()
    page.get_by_role("link", name="New calendar").click()
    page.get_by_label("Name", exact=True).fill("Calgary")
    page.get_by_label("Time zone").select_option("America/Edmonton")
    page.get_by_label("Monday").fill("09:00–12:00, 13:00–17:30")
    page.get_by_label("Public holidays of").fill("CA")
    page.get_by_label("Province or state").fill("AB")
    page.get_by_role("button", name="Show holidays").click()
    expect(page.get_by_role("main")).to_contain_text("Family Day")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("The calendar is ready.")

    screen.open("/settings/service-levels/new/")
    page.get_by_label("Name", exact=True).fill("Priority support")
    page.get_by_label("Calendar").select_option(label="Calgary")
    page.get_by_label("First reply, urgent priority").fill("30 min")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("The service level is ready.")

    screen.open("/settings/teams/new/")
    page.get_by_label("Name", exact=True).fill("Returns")
    page.get_by_label("Service level").select_option(label="Priority support")
    page.get_by_label(re.compile("Priya Raman")).check()
    page.get_by_role("button", name="Make the team").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("The team is ready.")

    team = Team.objects.get(name="Returns")
    assert team.service_level.targets.get().first_response_minutes == 30
    assert list(team.members.values_list("person", flat=True)) == [company.priya.pk]


def test_what_cannot_be_hours_is_said_where_a_person_looks(visit: Visit, company):
    """U27."""
    calendar = BusinessCalendar.objects.order_by("pk").first()
    screen = visit(company.maya)
    page = screen.page
    screen.open(f"/settings/calendars/{calendar.pk}/")
    page.get_by_label("Wednesday").fill("nine to five")

    page.get_by_role("button", name="Save").click()

    expect(page).to_have_title(re.compile("^Error: "))
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Wednesday")).to_have_value("nine to five")
    summary.get_by_role("link").click()
    expect(page.get_by_label("Wednesday")).to_be_focused()
    assert screen.axe() == []


def test_a_mailbox_whose_server_is_not_there_shows_the_answer(visit: Visit, company):
    Mailbox.objects.filter(pk=company.mailbox.pk).update(
        imap_host="127.0.0.1", imap_port=free_port(), imap_security="none", imap_username="x"
    )
    screen = visit(company.maya, script=False)
    screen.open(f"/settings/mailboxes/{company.mailbox.pk}/")

    screen.page.get_by_role("button", name="Try the servers").click()

    expect(screen.page.get_by_role("main")).to_contain_text("Fetching (IMAP) does not work.")
    expect(screen.page.get_by_role("main")).to_contain_text("127.0.0.1 cannot be reached")


def test_an_admin_invites_somebody_and_takes_a_role_away_without_scripts(visit: Visit, company):
    """S27, U53."""
    screen = visit(company.maya, script=False)
    prove(screen, company.maya)
    page = screen.page
    screen.open("/settings/people/")
    page.get_by_role("link", name="Invite").click()
    page.get_by_label("Email address").fill("new@desk.example")
    page.get_by_label(re.compile("^Agent")).check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("The invitation is on its way.")
    assert Invite.objects.get().roles == ["agent"]

    page.get_by_role("link", name="Priya Raman").click()
    page.get_by_role("button", name="Take away the role Agent").click()
    expect(page.get_by_role("main").get_by_role("status")).to_contain_text("no longer has the role Agent")
    company.priya.forget_roles()
    assert not company.priya.is_staff_member


def everything(company: Company) -> list[str]:
    """Every page of the settings with something on it."""
    now, by = timezone.now(), company.maya
    status = statuses.add_status(name="With the workshop", category="hold", by=by, now=now)
    top = reasons.add_reason(name="Money", parent=None, by=by, now=now)
    reasons.retire_reason(reason=reasons.add_reason(name="Fax", parent=top, by=by, now=now), by=by, now=now)
    calendar = calendars.create_calendar(
        name="Calgary", time_zone="America/Edmonton", country="CA", subdivision="AB",
        week={day: [(540, 720), (780, 1050)] for day in range(5)}, own_days={}, by=by, now=now,
    )  # fmt: skip
    level = levels.create_level(
        name="Priority support", calendar=calendar, warn_at_percent=80, escalate_to=company.priya, is_default=False,
        promises={"urgent": levels.Promise(30, 60, 480)}, by=by, now=now,
    )  # fmt: skip
    team = teams.create_team(
        name="Returns", lead=company.priya, members=[company.priya], service_level=level, by=by, now=now
    )
    Mailbox.objects.filter(pk=company.mailbox.pk).update(
        imap_host="imap.example", failing_since=now, last_fetched_at=now,
        last_error="imap.example refused our sign-in: [AUTHENTICATIONFAILED] Invalid credentials (Failure)",
    )  # fmt: skip
    mail = queue_mail(
        kind=Kind.TRANSACTIONAL, mailbox=company.mailbox, to=Address("gone@x.example"), subject="x", text="x", now=now
    )
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.FAILED, last_error="550 5.1.1 No such user here")
    template = ReplyTemplate.objects.order_by("pk").first()
    organisation = company.dana.memberships.get().organisation_id
    return [
        "", "mailboxes/", "mailboxes/new/", f"mailboxes/{company.mailbox.pk}/", "health/", "teams/", "teams/new/",
        f"teams/{team.pk}/", "states/", f"states/{status.pk}/", "reasons/", f"reasons/{top.pk}/", "templates/",
        "templates/new/", f"templates/{template.pk}/", "calendars/", "calendars/new/", f"calendars/{calendar.pk}/",
        "service-levels/", "service-levels/new/", f"service-levels/{level.pk}/", "people/", "people/?of=everybody",
        "people/?q=nobody", "people/invite/", f"people/{company.priya.pk}/", f"people/{company.dana.pk}/",
        "organisations/", "organisations/new/", f"organisations/{organisation}/", "journal/", "journal/?subject=no",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_settings_is_accessible_and_fits(visit: Visit, company, width, scheme):
    """U44, U46, U49."""
    screen = visit(company.maya, width=width, scheme=scheme)
    prove(screen, company.maya)
    found = []

    for path in everything(company):
        screen.open(f"/settings/{path}")
        found += [f"{path} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]

    assert found == []
