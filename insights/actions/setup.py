"""How this desk asks its customers."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.journal import record
from insights.models import SurveyRules

CHOSEN = ("is_enabled", "after_hours", "pause_days", "change_days", "asks_effort", "low_tells_lead", "low_reopens")


def lay_foundations() -> None:
    """Surveys are on from the day of the installation; what was closed before is not asked about."""
    SurveyRules.objects.get_or_create(pk=1, defaults={"enabled_at": timezone.now()})


def change_rules(*, by, now: datetime, **chosen: object) -> None:
    """Change how customers are asked. Switching on asks about what is closed from now on. Raises NotAllowed."""
    access.require(by, "desk.set_up", now=now)
    with transaction.atomic():
        rules = SurveyRules.objects.select_for_update().get(pk=1)
        if chosen["is_enabled"] and not rules.is_enabled:
            rules.enabled_at = now
        for name in CHOSEN:
            setattr(rules, name, chosen[name])
        rules.save()
        record(by=by, action="insights.change_survey_rules", subject=rules, data=dict(chosen), now=now)
