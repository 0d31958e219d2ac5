"""What happens when a timer of the desk falls due. An edge: each handler calls one action."""

from datetime import datetime

from tickets.actions import clocks, delivery, notify, publishing, tags, watching
from tickets.actions.bulk import run
from tickets.actions.imports import work as imports
from tickets.actions.processes import warning
from tickets.actions.setup.recompute import PATIENCE, wake_worker
from tickets.actions.start_of_day import events


def look(timer, now: datetime) -> datetime | None:
    """A ticket's next date has come."""
    return clocks.look(ticket_id=timer.subject, visit=timer.visit, now=now)


def delivery_failed(timer, now: datetime) -> None:
    """Mail gave up on a recipient of a message."""
    delivery.note_delivery(message_id=timer.subject, now=now)


def delivery_sent(timer, now: datetime) -> None:
    """A mail of a message left."""
    delivery.note_delivery(message_id=timer.subject, now=now)


def publish_message(timer, now: datetime) -> datetime | None:
    """An agent's words can no longer be taken back: other programs may know them."""
    return publishing.publish_message(message_id=timer.subject, now=now)


def webhook_given_up(timer, now: datetime) -> None:
    """An endpoint was switched off because nothing arrived there."""
    notify.webhook_given_up(endpoint_id=timer.subject, now=now)


def watched_message(timer, now: datetime) -> datetime | None:
    """Public words stand on a ticket that somebody follows."""
    return watching.tell_of_message(message_id=timer.subject, now=now)


def watched_note(timer, now: datetime) -> None:
    """A note stands on a ticket that somebody follows."""
    watching.tell_of_note(note_id=timer.subject, now=now)


def watched_close(timer, now: datetime) -> None:
    """A ticket that somebody follows was closed."""
    watching.tell_of_close(ticket_id=timer.subject, visit=timer.visit, now=now)


def rename_tag(timer, now: datetime) -> datetime | None:
    """Tickets still carry the old word."""
    return tags.carry(tag_id=timer.subject, now=now)


def recompute_level(timer, now: datetime) -> datetime:
    """A promise changed and its tickets are not all recomputed yet: wake a worker again."""
    wake_worker(level_id=timer.subject)
    return now + PATIENCE


def bulk(timer, now: datetime) -> datetime | None:
    """A bulk job is not done yet: wake a worker again."""
    return run.wake_again(job_id=timer.subject, now=now)


def source_event(timer, now: datetime) -> None:
    """A source told something that is on no ticket yet."""
    events.take_in_event(event_id=timer.subject, now=now)


def step_due(timer, now: datetime) -> None:
    """The date of a step of a process has come."""
    warning.step_due(step_id=timer.subject, now=now)


def import_waits(timer, now: datetime) -> datetime | None:
    """An import is not through yet: wake a worker again."""
    return imports.wake_again(run_id=timer.subject, now=now)
