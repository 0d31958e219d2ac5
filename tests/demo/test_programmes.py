"""The demo's Customer Days, months and goals can be laid on any day of the year."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from insights.models import CustomerDay, GoalsRead, InvoiceMonth, Observation
from insights.programme_choices import DayState
from supportdesk.demo.company import STAFF, Company
from supportdesk.demo.programmes import lay_programmes
from tests.factories.accounts import make_staff
from tickets.models import ContactReason

DAYS = ((2026, 11, 23), (2026, 10, 1), (2026, 10, 4), (2026, 12, 31), (2027, 1, 1), (2028, 2, 29), (2027, 3, 27))


@pytest.mark.django_db
@pytest.mark.parametrize("day", DAYS)
def test_programmes_are_laid_on_any_day(day):
    """First and last days of quarters, week-ends and a leap day: what cannot be has not happened, nothing breaks."""
    now = datetime(*day, 15, tzinfo=UTC)
    company = Company(admin=make_staff(*STAFF[0].roles, name=STAFF[0].name))
    for member in STAFF[1:]:
        company.staff[member.email] = make_staff(*member.roles, name=member.name)
    billing = ContactReason.objects.create(name="Billing")
    ContactReason.objects.create(name="Cannot open invoice", parent=billing)
    with transaction.atomic():
        for person in company.staff.values():
            person.grants.update(granted_at=now - timedelta(weeks=8))
        company.admin.grants.update(granted_at=now - timedelta(weeks=8))
        lay_programmes(company=company, now=now)

    states = list(CustomerDay.objects.values_list("state", flat=True))
    assert len(states) == len(STAFF) - 1, "the observer is left out"
    assert states.count(DayState.DEBRIEFED) in (0, 1) and Observation.objects.count() in (0, 3)
    if day == DAYS[0]:
        assert states.count(DayState.DEBRIEFED) == states.count(DayState.PLANNED) == 1
    months = list(InvoiceMonth.objects.order_by("month").values_list("state", flat=True))
    assert len(months) >= 4 and months[-1] == "open" and set(months[:-1]) == {"closed"}
    assert GoalsRead.objects.count() == len(STAFF) - 1
