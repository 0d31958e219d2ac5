"""One table of due things and one sweep.

timers.register("tickets.first_response_due", handler)          # in AppConfig.ready()
timers.schedule(kind="tickets.first_response_due", subject=ticket.pk, due_at=due)
timers.cancel(kind="tickets.first_response_due", subject=ticket.pk)
"""

from timers.actions.schedule import cancel, schedule
from timers.actions.schedule_many import cancel_many, schedule_many
from timers.registry import UnknownKind, register

__all__ = ["UnknownKind", "cancel", "cancel_many", "register", "schedule", "schedule_many"]
