"""Programmes run twice, two at once, or killed in the middle: one mail, one row, one place on a day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from insights.actions import customer_day, invoice_months, observations, programme
from insights.models import CustomerDay, CustomerDayRules, InvoiceMonth, InvoiceRules, Observation
from insights.programme_choices import DayState
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.mail.processes import at_once, python
from tickets.models import ContactReason

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("held_here")]

JULY_1, JULY_15, SEPTEMBER_1 = (datetime(2026, month, day, 9, tzinfo=UTC) for month, day in ((7, 1), (7, 15), (9, 1)))
LOOK_AFTER = """
from datetime import datetime
from insights.actions import {module}
{module}.look_after(now=datetime.fromisoformat("{now}"))
"""


@pytest.fixture
def held_here(db):
    """Customer Day is held, with room for one on each day; questions about invoices are counted since May."""
    CustomerDayRules.objects.update_or_create(pk=1, defaults={"is_enabled": True, "most_a_day": 1})
    branch = ContactReason.objects.create(name="Invoices")
    since = {"branch": branch, "since": date(2026, 6, 1), "owner": make_staff("lead")}
    InvoiceRules.objects.update_or_create(pk=1, defaults=since)


def subjects() -> list[str]:
    return sorted(OutgoingMail.objects.values_list("subject", flat=True))


def looked_after(now: datetime, module: str = "programme", **environment: str) -> int:
    return python(LOOK_AFTER.format(now=now.isoformat(), module=module), **environment).returncode


def test_invitations_reminders_and_dates_leave_once_though_killed_and_doubled_B7(agent):
    """A kill before the commit sends nothing; whoever comes next does it; two at once do it once."""
    assert looked_after(JULY_1, FAILPOINT="insights.programme.invited") == -9
    assert (CustomerDay.objects.count(), subjects()) == (0, [])
    at_once(*[lambda: programme.look_after(now=JULY_1)] * 3)
    people = CustomerDay.objects.count()
    assert people == 2 and subjects() == ["Your Customer Day this quarter"] * people

    for now, subject in ((JULY_15, "Choose your Customer Day"), (SEPTEMBER_1, "A date for your Customer Day")):
        assert looked_after(now, FAILPOINT="insights.programme.reminded") == -9
        assert subject not in subjects()
        at_once(*[lambda now=now: programme.look_after(now=now)] * 3)
        programme.look_after(now=now)
        assert subjects().count(subject) == people


def test_a_month_is_opened_and_told_of_once_though_killed_and_doubled_B9():
    now = datetime(2026, 7, 1, 0, 1, tzinfo=UTC)
    assert looked_after(now, "invoice_months", FAILPOINT="insights.invoice_month.opened") == -9
    assert (InvoiceMonth.objects.count(), subjects()) == (0, [])
    at_once(*[lambda: invoice_months.look_after(now=now)] * 3)
    assert (InvoiceMonth.objects.count(), subjects()) == (1, ["Invoice questions of June 2026"])


def test_two_who_want_the_last_place_of_a_day_and_a_third_observation_twice(agent, ben):
    """Who wins does not matter; that one does, and that the other is told."""
    programme.look_after(now=JULY_1)
    days = [CustomerDay.objects.get(person=person) for person in (agent, ben)]
    on, refused = date(2026, 7, 6), []

    def book(day: CustomerDay) -> None:
        try:
            customer_day.book(day=day, on=on, by=day.person, now=JULY_1)
        except customer_day.CannotDoThat as refusal:
            refused.append(str(refusal))

    at_once(*[lambda day=day: book(day) for day in days])
    assert CustomerDay.objects.filter(date=on).count() == 1
    assert refused == ["Others have that day already. Choose another."]

    day = CustomerDay.objects.get(date=on)
    CustomerDay.objects.filter(pk=day.pk).update(state=DayState.WORKING)
    said, now = [], JULY_1 + timedelta(days=5)

    def observe() -> None:
        try:
            observations.observe(
                day=day, words="The same at once", owner=ben, due=date(2026, 8, 1), by=day.person, now=now
            )
        except observations.CannotObserve as refusal:
            said.append(str(refusal))

    at_once(*[observe] * 5)
    assert sorted(Observation.objects.values_list("n", flat=True)) == [1, 2, 3] and len(said) == 2
