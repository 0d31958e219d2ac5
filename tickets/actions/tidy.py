"""Forget what nobody can take back any more."""

from datetime import datetime, timedelta

from django.db.models import Q

from tickets.actions.learn import learn_missed
from tickets.choices import BulkState
from tickets.models import BulkJob, Deed

DEEDS_FOR = timedelta(days=1)
UNUSED_FOR = timedelta(days=1)
JOBS_FOR = timedelta(days=30)


def tidy(*, now: datetime) -> int:
    """Drop deeds of yesterday, choices that were never begun and jobs of a month ago; learn what was missed.

    Answers how many rows went. The journal keeps who did what.
    """
    gone = Deed.objects.filter(until__lt=now - DEEDS_FOR).delete()[0]
    unused = Q(state=BulkState.CHOSEN, chosen_at__lt=now - UNUSED_FOR)
    old = Q(state__in=[BulkState.DONE, BulkState.UNDONE], chosen_at__lt=now - JOBS_FOR)
    gone += BulkJob.objects.filter(unused | old).delete()[0]
    learn_missed()
    return gone
