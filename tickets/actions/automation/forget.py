"""Forget what rules did long ago. The thread and the journal keep it; these rows keep a rule from acting twice."""

import time
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from tickets.choices import RunState
from tickets.models import Rule, RuleRun

# As far back as somebody asks on the page of a rule what it did: a quarter of a year.
KEPT_FOR = timedelta(days=92)
AT_ONCE = 2_000
SECONDS = 120.0


def forget_runs(*, now: datetime, size: int = AT_ONCE, seconds: float = SECONDS) -> int:
    """Remove runs of more than 92 days ago, `size` looked at in a batch each; how many went.

    An event is shown to rules once and is gone, so its runs may go. A moment may still stand: of a rule on time the
    newest run on each ticket stays, or the rule would act again for it. So does each rule's newest run, which its page
    shows. Stops after about `seconds`; killed, twice or two at once it removes the same rows.
    """
    started, after, gone = time.monotonic(), 0, 0
    kept = _newest_of_rules()
    while time.monotonic() - started < seconds:
        part = list(RuleRun.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:size])
        if not part:
            break
        after = part[-1]
        old = list(_over(now).filter(pk__in=part).exclude(pk__in=kept).values_list("pk", flat=True))
        gone += RuleRun.objects.filter(pk__in=old).delete()[0]
    return gone


def _newest_of_rules() -> set[int]:
    newest = RuleRun.objects.filter(rule=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    return set(Rule.objects.annotate(newest=Subquery(newest)).exclude(newest=None).values_list("newest", flat=True))


def _over(now: datetime) -> QuerySet[RuleRun]:
    newer = RuleRun.objects.filter(
        rule=OuterRef("rule"), ticket=OuterRef("ticket"), cause=OuterRef("cause"), cause_at__gt=OuterRef("cause_at")
    )
    rows = RuleRun.objects.filter(at__lt=now - KEPT_FOR).exclude(state=RunState.WAITING)
    return rows.filter(Q(cause_at__isnull=True) | Exists(newer))
