"""A refusal of the desk as an answer of the API: its own sentence, and nothing changed."""

from supportdesk.lib.rest.errors import ApiError
from supportdesk.lib.rest.views import ApiView
from tickets.actions.flows.by_hand import MovedOn
from tickets.actions.flows.moving import AlreadyRuns
from tickets.actions.passing import LeaseOver
from tickets.actions.processes.stepping import StepTaken
from tickets.actions.reply import CannotRetry, CannotTakeBack, StaleReply
from tickets.api.shown import MessageShown
from tickets.refusals import Refused


class SaysWhy(ApiView):
    """For views that call the desk's verbs. Too late is 409, not possible is 422."""

    def handle_exception(self, error: Exception):
        if isinstance(error, StaleReply):
            newer = MessageShown(error.newer, many=True).data
            error = ApiError(409, "stale", str(error), newer=newer)
        elif isinstance(error, CannotTakeBack | CannotRetry | LeaseOver | StepTaken | MovedOn | AlreadyRuns):
            error = ApiError(409, "too_late", str(error))
        elif isinstance(error, Refused):
            error = ApiError(422, "refused", str(error))
        return super().handle_exception(error)
