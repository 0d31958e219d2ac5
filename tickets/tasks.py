"""What workers of the desk do. Each task takes ids, calls one action, and may run twice, late or never."""

from celery import shared_task
from django.utils import timezone

from mail.models import RawMail
from tickets.actions import deflection, learn, links, tidy, train
from tickets.actions.automation.forget import forget_runs
from tickets.actions.bulk import run as bulk
from tickets.actions.imports import begin as imports
from tickets.actions.imports import work as import_work
from tickets.actions.learn_words import learn_words
from tickets.actions.read_files import read_file, waiting
from tickets.actions.setup.recompute import recompute
from tickets.actions.start_of_day import days
from tickets.actions.take_in import take_in

AT_ONCE = 200
FILES_AT_ONCE = 40


@shared_task(name="tickets.take_in", soft_time_limit=60, time_limit=90)
def take_in_mail(*, raw_id: int) -> None:
    """A mail was stored."""
    take_in(raw_id=raw_id, now=timezone.now())


@shared_task(name="tickets.take_in_pending", soft_time_limit=240, time_limit=300)
def take_in_pending() -> int:
    """Every mail that waits, oldest first; one that fails never stops those behind it (F19)."""
    done = 0
    for raw_id in RawMail.objects.due(timezone.now()).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]:
        try:
            take_in(raw_id=raw_id, now=timezone.now())
            done += 1
        except Exception:  # noqa: S112 - logged by the action, written on the row, tried again by the next sweep
            continue
    return done


@shared_task(name="tickets.recompute_clocks", soft_time_limit=600, time_limit=660)
def recompute_clocks(*, level_id: int) -> int:
    """A service level or its calendar changed: every unsolved ticket under it gets its new due times."""
    return recompute(level_id=level_id, now=timezone.now())


@shared_task(name="tickets.mail_fresh_links", soft_time_limit=30, time_limit=45)
def mail_fresh_links(*, address: str) -> int:
    """Somebody asked for links to the tickets of an address."""
    return links.mail_fresh_links(address=address, now=timezone.now())


@shared_task(name="tickets.learn_reasons", soft_time_limit=60, time_limit=90)
def learn_reasons(*, ticket_ids: list[int]) -> int:
    """Tickets were closed with a contact reason, or got another one."""
    return sum(learn.learn_reason(ticket_id=ticket_id) for ticket_id in ticket_ids)


@shared_task(name="tickets.train_reasons", soft_time_limit=240, time_limit=260)
def train_reasons() -> bool:
    """Enough tickets were closed since the guess of their reasons was trained; looked at every quarter of an hour."""
    return train.train_reasons(now=timezone.now()) is not None


@shared_task(name="tickets.run_bulk", soft_time_limit=120, time_limit=150)
def run_bulk(*, job_id: int) -> bool:
    """Somebody acts on many tickets, or takes it back."""
    return bulk.run(job_id=job_id, now=timezone.now())


@shared_task(name="tickets.tidy", soft_time_limit=300, time_limit=360)
def tidy_desk() -> int:
    """What nobody can take back any more goes."""
    return tidy.tidy(now=timezone.now())


@shared_task(name="tickets.forget_runs", soft_time_limit=240, time_limit=300)
def forget_old_runs() -> int:
    """What rules did a quarter of a year ago."""
    return forget_runs(now=timezone.now())


@shared_task(name="tickets.read_files", soft_time_limit=240, time_limit=300)
def read_files() -> int:
    """Files that came and whose words the search does not know yet."""
    keys = waiting(now=timezone.now(), most=FILES_AT_ONCE)
    return sum(read_file(attachment=pk, now=timezone.now()) for pk in keys)


@shared_task(name="tickets.learn_words", soft_time_limit=120, time_limit=150)
def learn_new_words() -> int:
    """Words of new messages, for the spelling of searches."""
    return learn_words()


@shared_task(name="tickets.keep_day", soft_time_limit=50, time_limit=60)
def keep_day() -> None:
    """The day of the desk: its people, its captain, who is late, and whether anything lies unseen; every minute."""
    days.keep(now=timezone.now())


@shared_task(name="tickets.mark_all_asked_again", soft_time_limit=600, time_limit=660)
def mark_all_asked_again() -> int:
    """The same for every ticket, once a day: for those that changed while no worker looked."""
    return deflection.mark_asked_again(now=timezone.now(), is_thorough=True)


@shared_task(name="tickets.mark_asked_again", soft_time_limit=50, time_limit=60)
def mark_asked_again() -> int:
    """Whoever said that an article solved it, and asked about the same thing after all; runs every minute."""
    return deflection.mark_asked_again(now=timezone.now())


@shared_task(name="tickets.import_rows", soft_time_limit=120, time_limit=150)
def import_rows(*, run_id: int) -> bool:
    """History of another desk is being brought here."""
    return import_work.work(run_id=run_id, now=timezone.now)


@shared_task(name="tickets.forget_import_files", soft_time_limit=60, time_limit=90)
def forget_import_files() -> int:
    """Files of imports that were over a week ago; runs once an hour."""
    return imports.forget_files(now=timezone.now())
