"""Wake-ups."""

from celery import shared_task
from django.utils import timezone

from knowledgebase.actions import importing, link_checking, overseeing, popularity
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.locks import try_lock


@shared_task(name="knowledgebase.look_after_checks", soft_time_limit=240, time_limit=300)
def look_after_checks() -> None:
    """The monthly reading begins, and whoever looks after it is told; runs every 5 minutes. One at a time."""
    with try_lock("knowledgebase.look_after_checks") as got:
        if got:
            overseeing.look_after(now=timezone.now())


@shared_task(name="knowledgebase.import_pages", soft_time_limit=240, time_limit=300)
def import_pages(run_id: int) -> bool:
    """Take pages of an import for a while, and come back for the rest."""
    done = importing.work(run_id=run_id, now=timezone.now)
    if not done:
        enqueue_on_commit("knowledgebase.import_pages", run_id=run_id)
    return done


@shared_task(name="knowledgebase.count_popularity", soft_time_limit=240, time_limit=300)
def count_popularity() -> int:
    """How often each article was opened in the last 30 days; runs every hour. Then old searches are forgotten."""
    changed = popularity.count(now=timezone.now())
    popularity.forget(now=timezone.now())
    return changed


@shared_task(name="knowledgebase.check_links", soft_time_limit=840, time_limit=900)
def check_links() -> int:
    """A few addresses outside the wiki are tried, each once a week; runs every 10 minutes."""
    return link_checking.check_outside(now=timezone.now())
