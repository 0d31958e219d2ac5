"""Say what support costs: the rules, and month by month."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from accounts import access
from accounts.journal import record
from insights.models import CostRules, MonthCost

RULES = ("rate", "tools", "budget", "contact_rate_goal", "engineering_target")
MONTH = ("support_hours", "support_pay", "tools", "engineering_hours")


@transaction.atomic
def _rules() -> CostRules:
    CostRules.objects.get_or_create(pk=1)
    return CostRules.objects.select_for_update().get(pk=1)


def save_rules(*, by, now: datetime, **chosen: int | Decimal | None) -> CostRules:
    """Change the rate, the tools, the budget and the goals, from now on and for months past. Raises NotAllowed."""
    access.require(by, "desk.set_up", now=now)
    with transaction.atomic():
        of = _rules()
        for name in RULES:
            setattr(of, name, chosen[name])
        of.save()
        record(by=by, action="insights.change_cost_rules", subject=of, data=_plain(chosen), now=now)
    return of


def enter_month(*, by, month: date, now: datetime, **entered: int | Decimal | None) -> MonthCost:
    """Say what a month took; said again, the last word counts. Raises NotAllowed."""
    access.require(by, "desk.set_up", now=now)
    with transaction.atomic():
        _rules()  # two who enter the same month stand in line
        row, _ = MonthCost.objects.update_or_create(
            month=month.replace(day=1),
            defaults={**{name: entered[name] for name in MONTH}, "entered_by": by, "entered_at": now},
        )
        data = {"month": row.month.isoformat(), **_plain(entered)}
        record(by=by, action="insights.enter_costs", subject=row, data=data, now=now)
    return row


def _plain(values: dict) -> dict:
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}
