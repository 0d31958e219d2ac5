"""How many customers were active in a month: those who signed in or paid an invoice."""

from datetime import date

from insights.models import ActiveCount


def active_customers(month: date) -> int:
    """Organisations, and people without one, that were active in the month in which `month` lies."""
    return active_by_month(month, month).get(month.replace(day=1), 0)


def active_by_month(since: date, until: date) -> dict[date, int]:
    """The same for every month from `since` to `until` in which anybody was. One query."""
    rows = ActiveCount.objects.filter(month__range=(since.replace(day=1), until.replace(day=1)))
    return dict(rows.values_list("month", "customers"))
