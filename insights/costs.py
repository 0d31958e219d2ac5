"""What an hour, a month and a contact cost. Sums are minor units of the rules' currency."""

from datetime import date
from decimal import Decimal

from insights.models import CostRules, MonthCost


def rules() -> CostRules:
    """The desk's cost rules; the defaults where nobody has saved any."""
    return CostRules.objects.filter(pk=1).first() or CostRules(pk=1)


def loaded_rate() -> int:
    """Cents of an hour of support work, with everything that it takes."""
    return rules().rate


def cost_of(month: MonthCost, of: CostRules) -> int | None:
    """Support pay and tools of a month; None while nobody entered pay or hours."""
    pay = month.support_pay
    if pay is None:
        if month.support_hours is None:
            return None
        pay = int((month.support_hours * of.rate).quantize(Decimal(1)))
    return pay + (of.tools if month.tools is None else month.tools)


def months_entered(since: date, until: date) -> dict[date, MonthCost]:
    """What was entered for the months from `since` to `until`, by first day. One query."""
    return {row.month: row for row in MonthCost.objects.filter(month__range=(since, until))}
