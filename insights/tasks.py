"""Wake-ups."""

from celery import shared_task
from django.utils import timezone

from insights.actions import announcing, goals, invoice_months, judging, programme
from insights.actions.activity import keep_activity
from insights.actions.gather import gather
from insights.actions.weekly import mail_the_week
from supportdesk.lib.locks import try_lock


@shared_task(name="insights.gather", soft_time_limit=600, time_limit=660)
def gather_facts() -> int:
    """Bring the facts of reports up to date; runs every 20 seconds. One at a time."""
    return gather(now=timezone.now())


@shared_task(name="insights.gather_all", soft_time_limit=600, time_limit=660)
def gather_all_facts() -> int:
    """The same for every ticket, however old its last change is, and then what the counted days say: fixes whose 28
    days are over, what came back, and drivers that many ask about. Runs every hour.
    """
    now = timezone.now()
    done = gather(now=now, is_thorough=True)
    judging.look_at_problems(now=now)
    return done


@shared_task(name="insights.keep_activity")
def keep_activity_lately() -> int:
    """Write down who was a customer this month; runs every 5 minutes, before anybody is seen again in the next."""
    return keep_activity(now=timezone.now())


@shared_task(name="insights.keep_all_activity", soft_time_limit=600, time_limit=660)
def keep_all_activity() -> int:
    """The same for every month, for invoices and sign-ins that came in late; runs once a day."""
    return keep_activity(now=timezone.now(), is_thorough=True)


@shared_task(name="insights.look_after_programmes", soft_time_limit=240, time_limit=300)
def look_after_programmes() -> None:
    """Customer Day, the months of invoice questions, and who still has to read the goals; runs every minute."""
    now = timezone.now()
    with try_lock("insights.look_after_programmes") as got:
        if got:
            goals.hand_out()
            programme.look_after(now=now)
            invoice_months.keep_counts(now=now)
            invoice_months.look_after(now=now)


@shared_task(name="insights.mail_the_week")
def mail_the_week_now() -> int:
    """The founder's page by mail on Mondays; runs every ten minutes and finds nobody twice."""
    return mail_the_week(now=timezone.now())


@shared_task(name="insights.tell_of_fixes", soft_time_limit=120, time_limit=150)
def tell_of_fixes() -> int:
    """Messages of announcements that wait; runs every ten seconds, and at once when one is made."""
    return announcing.tell_of_fixes(now=timezone.now())
