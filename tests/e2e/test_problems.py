"""Problems as leads meet them: in four looks, and from the plan to the customers' mail without scripts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from insights.actions import announcing, judging
from insights.actions import problems as acting
from insights.actions.gather import gather
from insights.models import CostRules, Driver, Problem
from mail.models import OutgoingMail
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_staff
from tests.factories.closed import Asked, close_many
from tickets.models import ContactReason

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
DAY = timedelta(days=1)


@pytest.fixture
def asked(company) -> dict[str, ContactReason]:
    """Three reasons: one that nobody took, one that was fixed and verified, and “other”."""
    now = timezone.now()
    CostRules.objects.update_or_create(pk=1, defaults={"rate": 4000})
    names = ("Where is my order", "Cannot open invoice", "Other")
    made = {name: ContactReason.objects.create(name=name) for name in names}
    Driver.objects.create(reason=made["Where is my order"], minutes=12)
    for name, count, first, days in (
        ("Where is my order", 40, 27, 26), ("Cannot open invoice", 30, 95, 50), ("Cannot open invoice", 4, 30, 28),
        ("Other", 12, 20, 18),
    ):  # fmt: skip
        close_many(
            Asked(f"{name}, please {number}", made[name], now - DAY * first + DAY * (number * days // count))
            for number in range(count)
        )
    fixed_on = (now - DAY * 40).date()
    problem = acting.plan_fix(
        driver=made["Cannot open invoice"], title="The link wants a password", owner=company.maya,
        fix="Invoice link without login", planned_for=None, by=company.maya, now=now - DAY * 41,
    )  # fmt: skip
    acting.fixed(
        problem=problem, fix=problem.fix, fixed_on=fixed_on, today=fixed_on, by=company.maya, now=now - DAY * 40
    )
    gather(now=now)
    judging.look_at_problems(now=now)
    return made


def test_every_screen_of_problems_in_every_look(visit: Visit, company, asked):
    """U42, U44, U46: no fault of axe, nothing sideways, in light and dark, wide and narrow."""
    fixed, taken = Problem.objects.get(state="verified"), Problem.objects.get(owner=None)
    order = asked["Where is my order"]
    paths = [
        "/insights/problems/", f"/insights/problems/{fixed.pk}/", f"/insights/problems/{taken.pk}/",
        f"/insights/problems/plan/{order.pk}/", f"/insights/problems/{fixed.pk}/announce/",
        "/insights/problems/other/", f"/insights/drivers/{order.pk}/",
    ]  # fmt: skip
    found = []
    for width, scheme in LOOKS:
        screen = visit(company.maya, width=width, scheme=scheme)
        for number, path in enumerate(paths):
            screen.open(path)
            screen.picture(f"problems-{number}-{width}-{scheme}", full_page=True)
            found += [f"{path} {width} {scheme}: {fault}" for fault in (*screen.axe(), *screen.sideways())]
    assert found == []


def test_from_an_unowned_problem_to_the_customers_mail_without_scripts(visit: Visit, company, asked):
    """B10, B12, U53: plan, fix, link, tell; each page a plain form."""
    page = visit(company.maya, script=False)
    page.open("/insights/problems/")
    row = page.page.get_by_role("row", name="People ask about Where is my order")
    expect(row).to_contain_text("Nobody")
    expect(row).to_contain_text("$320.00")
    row.get_by_role("link", name="People ask about Where is my order").click()
    page.page.get_by_role("link", name="Plan a fix").click()
    page.page.get_by_role("button", name="Plan it").click()
    expect(page.page.get_by_role("alert")).to_contain_text("Choose who is responsible")
    page.page.get_by_label("Who is responsible").select_option(index=1)
    page.page.get_by_label("What will be changed").fill("Held orders say why, and until when")
    page.page.get_by_role("button", name="Plan it").click()
    expect(page.page.get_by_text("The fix is planned.")).to_be_visible()
    page.page.get_by_role("button", name="Mark as fixed").click()
    expect(page.page.get_by_text("Contacts are counted from that day on.")).to_be_visible()
    page.page.get_by_role("button", name="Link 40 more of 84 days").click()
    page.page.get_by_role("link", name="Tell the customers").click()
    page.page.get_by_role("button", name="Send 40 messages").click()
    expect(page.page.get_by_text("On its way: one message on each ticket.")).to_be_visible()
    announcing.tell_of_fixes(now=timezone.now())
    page.page.reload()
    expect(page.page.get_by_text("40 of 40 sent")).to_be_visible()
    assert OutgoingMail.objects.filter(text__contains="Held orders say why").count() == 40


def test_an_agent_links_a_ticket_from_its_panel(visit: Visit, company, asked):
    """The fold beside the ticket loads when it is opened, and suggests the problem of the ticket's reason."""
    agent = make_staff(Role.AGENT, name="Al Agent")
    ticket = close_many([Asked("Order?", asked["Where is my order"], timezone.now() - DAY)])[0]
    screen = visit(agent)
    screen.open(f"/inbox/all/{ticket.pk}/")
    screen.page.locator("#fold-problem summary").click()
    screen.page.get_by_role("button", name="Link it").click()
    expect(screen.page.get_by_text("is linked: its customer hears of the fix")).to_be_visible()
    assert Problem.objects.get(tickets__ticket=ticket).driver == asked["Where is my order"]
